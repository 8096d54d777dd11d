"""May this be destroyed? Names it, says what is lost, and takes everything but a typed y as no."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical

from xentui.screens.dialogs.dialog import Dialog
from xentui.screens.dialogs.prose import Paragraph, Prose
from xentui.screens.widgets.key_bar import KeyBar


class Confirm(Dialog[bool]):
    """`question` on top, below it the `names` of what is meant, then the `warning` and the commands."""

    BINDINGS = [
        Binding("y", "answer(True)", show=False),
        Binding("enter,escape,n,q", "answer(False)", show=False),
    ]

    def __init__(self, question: str, names: Sequence[str], warning: str, commands: Sequence[str], yes: str) -> None:
        super().__init__()
        self.question, self.names, self.warning = question, list(names), warning
        self.commands, self.yes = list(commands), yes

    def compose(self) -> ComposeResult:
        room = max(1, self.app.size.height - 13)
        names = self.names[:room]
        if len(self.names) > room:
            names[-1] = f"... and {len(self.names) - room + 1} more"
        rest: list[Paragraph] = [("", ""), (self.warning, "dialog")] if self.warning else []
        rest += [(f"By hand: {command}", "dialog-dim") for command in self.commands[:1]]
        with Vertical(id="dialog"):
            yield Prose([(self.question, "dialog-title")])
            yield Prose([(f"  {name}", "danger") for name in names], most=room)
            yield Prose([*rest, ("", "")])
            bar = KeyBar([("Enter", "No, leave it"), ("y", self.yes)], always=2)
            bar.ground = "dialog"
            yield bar

    def action_answer(self, yes: bool) -> None:
        self.dismiss(yes)
