"""One question with one line for the answer; what is wrong with it is said as a sentence."""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Input

from xentui.screens.dialogs.dialog import Dialog
from xentui.screens.dialogs.prose import Prose
from xentui.screens.widgets.key_bar import KeyBar
from xentui.subprocesses import printable


class Ask(Dialog[str | None]):
    """`complaint` gives a sentence for an answer that will not do. The result is the answer, None when left."""

    BINDINGS = [Binding("escape", "leave", show=False)]

    def __init__(self, prompt: str, default: str, complaint: Callable[[str], str | None], remark: str = "") -> None:
        super().__init__()
        self.prompt, self.default, self.complaint, self.remark = prompt, printable(default), complaint, remark

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Prose([(self.prompt, "dialog-title")])
            answer = Input(self.default, select_on_focus=True)
            answer.cursor_blink = False
            yield answer
            yield Prose([(self.remark, "dialog-dim")], id="complaint")
            bar = KeyBar([("Enter", "Do it"), ("Esc", "Leave it")])
            bar.ground = "dialog"
            yield bar

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        wrong = self.complaint(event.value)
        if wrong is None:
            self.dismiss(event.value)
        else:
            self.query_one("#complaint", Prose).set([(wrong, "danger")])

    def action_leave(self) -> None:
        self.dismiss(None)
