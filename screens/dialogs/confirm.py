"""May this be destroyed? Names it, says what is lost, and takes everything but a typed y as no."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical

from xentui.screens.dialogs.dialog import Dialog
from xentui.screens.dialogs.prose import Paragraph, Prose
from xentui.screens.drawing import Line, plain, wrap
from xentui.screens.widgets.key_bar import KeyBar
from xentui.screens.widgets.text_view import TextView


class Confirm(Dialog[bool]):
    """`question` on top, below it the `names` if it does not name them, then the `warning` and the commands."""

    DEFAULT_CSS = """
    Confirm TextView { height: auto; background: $x-dialog-bg; }
    """
    BINDINGS = [
        Binding("y", "answer(True)", show=False),
        Binding("enter,escape,n,q", "answer(False)", show=False, priority=True),
    ]

    def __init__(self, question: str, names: Sequence[str], warning: str, commands: Sequence[str], yes: str) -> None:
        super().__init__()
        self.question, self.names, self.warning = question, list(names), warning
        self.commands, self.yes = list(commands), yes

    def compose(self) -> ComposeResult:
        rest: list[Paragraph] = [("", ""), (self.warning, "dialog")] if self.warning else []
        rest += [(f"By hand: {command}", "dialog-dim") for command in self.commands[:1]]
        hints = [("Enter", "No, leave it"), ("y", self.yes)]
        with Vertical(id="dialog"):
            yield Prose([(self.question, "danger")])
            if self.names:
                yield TextView(ground="dialog")  # all of them are to be seen, if need be by scrolling
                hints.append(("Up/Down", "Scroll"))
            yield Prose([*rest, ("", "")])
            bar = KeyBar(hints, always=2)
            bar.ground = "dialog"
            yield bar

    def on_mount(self) -> None:
        self.xentui.forget_typed()  # the y is to be typed by somebody who has seen the question
        self._fill()

    def on_resize(self) -> None:
        self._fill()

    def _fill(self) -> None:
        lines: list[Line] = []
        for name in self.names:
            first, *rest = wrap(name, max(1, self.inner_width - 4))
            lines += plain([f"  {first}", *(f"    {more}" for more in rest)], "danger")
        for view in self.query(TextView):
            view.styles.height = max(1, min(len(lines), self.app.size.height - 12))
            view.show(lines)

    def action_answer(self, yes: bool) -> None:
        self.dismiss(yes)
