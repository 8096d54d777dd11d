"""What went wrong: the sentence on top, and below it all that the tool said, whole."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical

from xentui.screens.dialogs.dialog import Dialog
from xentui.screens.dialogs.prose import Prose
from xentui.screens.drawing import plain, wrap
from xentui.screens.widgets.key_bar import KeyBar
from xentui.screens.widgets.text_view import TextView


class MessageDialog(Dialog[None]):
    """`headline` stands; `details` scroll if they are long."""

    DEFAULT_CSS = """
    MessageDialog TextView { height: auto; margin: 1 0 0 0; background: $x-dialog-bg; }
    """
    BINDINGS = [Binding("escape,enter,q", "leave", show=False, priority=True)]

    def __init__(self, headline: str, details: str = "", *, role: str = "danger") -> None:
        super().__init__()
        self.headline, self.details, self.role = headline, details.rstrip("\n"), role

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Prose([(self.headline, self.role)], most=6)
            if self.details and self.details.strip() != self.headline:
                yield TextView(ground="dialog")
            bar = KeyBar([("Enter", "Close"), ("Up/Down", "Scroll")])
            bar.ground = "dialog"
            yield bar

    def on_mount(self) -> None:
        self._fill()

    def on_resize(self, event: events.Resize) -> None:
        self._fill()

    def _fill(self) -> None:
        for view in self.query(TextView):
            lines = wrap(self.details, self.inner_width)
            headline_lines = min(6, len(wrap(self.headline, self.inner_width)))
            view.styles.height = max(1, min(len(lines), self.app.size.height - 4 - headline_lines))
            view.show(plain(lines, "dialog"))

    def action_leave(self) -> None:
        self.dismiss(None)
