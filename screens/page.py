"""The base of the screens beside the table: a title, one text or list, the status line, the keys."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.widget import Widget

from xentui.screens.drawing import Part, width_of
from xentui.screens.live_screen import LiveScreen
from xentui.screens.widgets.key_bar import Hint, KeyBar
from xentui.screens.widgets.lines import Lines
from xentui.screens.widgets.status_line import StatusLine
from xentui.screens.widgets.text_view import TextView


class TitleLine(Lines):
    """The first line of a page."""

    ground = "header"


class Page(LiveScreen):
    """Closed with Esc or q."""

    DEFAULT_CSS = """
    Page > TitleLine, Page > StatusLine, Page > KeyBar { height: 1; }
    Page > TextView, Page > PickList { height: 1fr; }
    """
    BINDINGS = [Binding("escape,q", "close", show=False)]
    heading = ""
    #: Keys of the page for the key bar, before those for closing and help.
    hints: tuple[Hint, ...] = ()

    def body(self) -> Widget:
        """What stands between title and status line; it gets the focus."""
        return TextView(id="text")

    def compose(self) -> ComposeResult:
        yield TitleLine(id="title")
        yield self.body()
        yield StatusLine(self.xentui.glyphs)
        yield KeyBar([*self.hints, ("?", "Help"), ("Esc", "Back")], always=2)

    def on_mount(self) -> None:
        self.show_title()
        self.snapshot_changed()

    def on_resize(self) -> None:
        if self.is_mounted:
            self.show_title()
            self.call_after_refresh(self._laid_out)

    def _laid_out(self) -> None:
        if self.is_mounted:  # it may have been closed since
            self.snapshot_changed()

    def show_title(self) -> None:
        """The title with the badges that are always there."""
        left: list[Part] = [(" DEMO ", "demo")] if self.xentui.host.is_demo else []
        left.append((f" {self.heading}", "header"))
        right: list[Part] = [(" READ-ONLY ", "read-only")] if self.xentui.read_only else []
        gap = self.app.size.width - sum(width_of(text) for text, _ in (*left, *right))
        self.query_one(TitleLine).show([(*left, (" " * max(0, gap), "header"), *right)])

    def on_text_view_moved(self, event: TextView.Moved) -> None:
        for line in self.query(StatusLine):
            line.set_remark(self.query_one(TextView).position)

    def action_close(self) -> None:
        self.app.pop_screen()
