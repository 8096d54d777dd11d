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

#: Lines of a headline, where it is the less important; and rows that are left to all else where it is not.
_MOST, _OTHER_ROWS = 6, 9


class MessageDialog(Dialog[None]):
    """`headline` stands; `details` scroll if they are long.

    What went wrong is told whole wherever there is room: its end says what to do about it. A headline that is cut is
    whole in the details.
    """

    DEFAULT_CSS = """
    MessageDialog TextView { height: auto; margin: 1 0 0 0; background: $x-dialog-bg; }
    """
    BINDINGS = [Binding("escape,enter,q", "leave", show=False, priority=True)]

    def __init__(self, headline: str, details: str = "", *, role: str = "danger") -> None:
        super().__init__()
        self.headline, self.details, self.role = headline, details.rstrip("\n"), role

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Prose([(self.headline, self.role)], most=_MOST)
            yield TextView(ground="dialog")
            bar = KeyBar([("Enter", "Close"), ("Up/Down", "Scroll")])
            bar.ground = "dialog"
            yield bar

    def on_mount(self) -> None:
        self._fill()

    def on_resize(self, event: events.Resize) -> None:
        self._fill()

    def _fill(self) -> None:
        prose, view = self.query_one(Prose), self.query_one(TextView)
        needed = len(wrap(self.headline, self.inner_width))
        most = max(_MOST, self.app.size.height - _OTHER_ROWS) if self.role == "danger" else _MOST
        if prose.most != most:
            prose.most = most
            prose.set(prose.paragraphs)
        details = "" if self.details.strip() == self.headline else self.details
        if needed > most:
            details = f"{self.headline}\n\n{details}".rstrip()
        lines = wrap(details, self.inner_width) if details else []
        view.display = bool(lines)
        view.styles.height = max(1, min(len(lines), self.app.size.height - 4 - min(most, needed)))
        view.show(plain(lines, "dialog"))

    def action_leave(self) -> None:
        self.dismiss(None)
