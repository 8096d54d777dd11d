"""The last question before a disk is written to: its name is to be typed, whole."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Input

from xentui.screens.dialogs.dialog import Dialog
from xentui.screens.dialogs.prose import Paragraph, Prose
from xentui.screens.drawing import Line, wrap
from xentui.screens.widgets.key_bar import KeyBar
from xentui.screens.widgets.text_view import TextView


class TypedName(Dialog[bool]):
    """`question` on top, below it all that will happen and be lost, to be scrolled; only `name` in full is a yes."""

    DEFAULT_CSS = """
    TypedName TextView { height: auto; background: $x-dialog-bg; }
    """
    BINDINGS = [
        Binding("escape", "leave", show=False),
        Binding("up", "scroll(-1)", show=False, priority=True),
        Binding("down", "scroll(1)", show=False, priority=True),
        Binding("pageup", "scroll(-8)", show=False, priority=True),
        Binding("pagedown", "scroll(8)", show=False, priority=True),
    ]

    def __init__(self, question: str, paragraphs: Sequence[Paragraph], name: str) -> None:
        super().__init__()
        self.question, self.paragraphs, self.name_to_type = question, list(paragraphs), name

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Prose([(self.question, "danger")], most=3)
            view = TextView(ground="dialog")
            view.can_focus = False
            yield view
            yield Prose([(f"To do it, type the name {self.name_to_type} and press Enter:", "dialog-title")], id="ask")
            entry = Input()
            entry.cursor_blink = False
            yield entry
            bar = KeyBar([("Esc", "No, leave it"), ("Up/Down", "Scroll")], always=1)
            bar.ground = "dialog"
            yield bar

    def on_mount(self) -> None:
        self.xentui.forget_typed()  # it is to be typed by somebody who has seen the question
        self._fill()
        self.query_one(Input).focus()

    def on_resize(self) -> None:
        self._fill()

    def _fill(self) -> None:
        view = self.query_one(TextView)
        lines: list[Line] = [((line, role),) for text, role in self.paragraphs for line in wrap(text, self.inner_width)]
        view.styles.height = max(1, min(len(lines), self.app.size.height - 9))
        view.show(lines)

    def action_scroll(self, lines: int) -> None:
        self.query_one(TextView).action_scroll(lines)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value == self.name_to_type:
            self.dismiss(True)
        else:
            wrong = f"That is not {self.name_to_type}; nothing is written. Esc leaves."
            self.query_one("#ask", Prose).set([(wrong, "danger")])

    def action_leave(self) -> None:
        self.dismiss(False)
