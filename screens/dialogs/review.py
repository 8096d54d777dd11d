"""What is about to be done, line by line, to be looked through first; only the named key does it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical

from xentui.screens.dialogs.dialog import Dialog
from xentui.screens.dialogs.prose import Paragraph, Prose
from xentui.screens.drawing import Line
from xentui.screens.widgets.key_bar import Hint, KeyBar
from xentui.screens.widgets.text_view import TextView


class Review(Dialog[bool]):
    """`title` on top, `lines` to scroll, `remarks` below. Without `yes` there is nothing to do but to read."""

    DEFAULT_CSS = """
    Review TextView { height: auto; background: $x-dialog-bg; }
    """
    BINDINGS = [
        Binding("y", "answer(True)", show=False, priority=True),
        Binding("escape,enter,n,q", "answer(False)", show=False, priority=True),
    ]

    def __init__(self, title: str, lines: Sequence[Line], remarks: Sequence[Paragraph] = (), yes: str = "") -> None:
        super().__init__()
        self.heading, self.shown, self.remarks, self.yes = title, list(lines), list(remarks), yes

    def compose(self) -> ComposeResult:
        hints: list[Hint] = [("y", self.yes), ("Enter", "No")] if self.yes else [("Enter", "Close")]
        with Vertical(id="dialog"):
            yield Prose([(self.heading, "dialog-title")], most=3)
            yield TextView(ground="dialog")
            yield Prose(self.remarks, most=8)
            bar = KeyBar([*hints, ("Up/Down", "Scroll")], always=len(hints))
            bar.ground = "dialog"
            yield bar

    def on_mount(self) -> None:
        self.xentui.forget_typed()  # the y is to be typed by somebody who has seen it
        self._fill()
        self.query_one(TextView).focus()

    def on_resize(self) -> None:
        self._fill()

    def _fill(self) -> None:
        view = self.query_one(TextView)
        room = self.app.size.height - 5 - min(3, len(self.heading) // 40 + 1) - min(8, 2 * len(self.remarks))
        view.styles.height = max(1, min(len(self.shown), room))
        view.show(self.shown)

    def action_answer(self, yes: bool) -> None:
        self.dismiss(yes and bool(self.yes))
