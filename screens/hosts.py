"""The domains of all hosts in one table: this one's, and those of the settings, each read in a thread of its own."""

from __future__ import annotations

from functools import partial

from textual.app import ComposeResult
from textual.binding import Binding

from xentui.domains.domain import Domain
from xentui.domains.listing import hosts_table
from xentui.domains.side_by_side import Asked, HostWatch, Reading
from xentui.guests.migration.hosts import beside
from xentui.host import HostError
from xentui.screens import programs
from xentui.screens.columns import row_role
from xentui.screens.drawing import Line, wrap
from xentui.screens.page import TitleLine
from xentui.screens.watching import WatchingPage
from xentui.screens.widgets.cursor_list import CursorList
from xentui.screens.widgets.key_bar import KeyBar
from xentui.screens.widgets.lines import Lines
from xentui.screens.widgets.pick_list import PickList
from xentui.screens.widgets.status_line import StatusLine
from xentui.subprocesses import printable

#: Seconds between two readings of another host: each is a few programs there.
_EVERY = 5.0


class HostsScreen(WatchingPage):
    """Nothing is done to the others from here: Enter goes there, to a xentui of its own, and q comes back."""

    DEFAULT_CSS = """
    HostsScreen > #heads { height: 1; }
    """
    AUTO_FOCUS = "#rows"
    BINDINGS = [Binding("enter", "go_there", show=False)]
    heading = "All hosts"

    def __init__(self) -> None:
        super().__init__()
        self.targets_by_name: dict[str, str] = {}
        #: What each row shows: the host's name, and its domain; None for a host that does not answer.
        self.rows: list[tuple[str, Domain | None]] = []

    def compose(self) -> ComposeResult:
        yield TitleLine(id="title")
        yield Lines(id="heads")
        yield PickList(id="rows")
        yield StatusLine(self.xentui.glyphs)
        yield KeyBar([("Enter", "Go there"), ("?", "Help"), ("Esc", "Back")], always=2)

    def on_mount(self) -> None:
        app = self.xentui
        self.targets_by_name = beside(app.host, (*app.hosts, *app.host.others()))
        asked = [Asked(name, partial(app.host.other, to, ask=False)) for name, to in self.targets_by_name.items()]
        self.watch_hosts([HostWatch(one, self.told, max(_EVERY, app.interval)) for one in asked])
        super().on_mount()

    def snapshot_changed(self) -> None:
        if not (self.query("#heads") and self.query(PickList)):
            return  # not there yet, or closing: a watch may tell late
        own, width, pick = self.xentui.shown_snapshot, self.app.size.width - 2, self.query_one(PickList)
        readings = [Reading(self.xentui.host.name, own.domains if own is not None else ())]
        readings += [watch.shown for watch in self.watches]
        heads, *lines = hosts_table(readings, width)
        here = _identity(self.rows[pick.cursor]) if pick.cursor < len(self.rows) else None
        self.rows = [(reading.host, domain) for reading in readings for domain in reading.domains]
        shown: list[Line] = [
            ((line, row_role(domain) or "text"),)
            for line, reading_domain in zip(lines, self.rows, strict=False)
            if (domain := reading_domain[1]) is not None
        ]
        silent = [reading.host for reading in readings if reading.problem is not None]
        for host, line in zip(silent, lines[len(shown) :], strict=True):
            first, *rest = wrap(line, width - 2)
            told = [first, *(f"  {more}" for more in rest)]
            self.rows += [(host, None)] * len(told)
            shown += [((words, "error"),) for words in told]
        self.query_one("#heads", Lines).show([((f"  {heads}", "columns"),)])
        # Rows come and go above it: the cursor stays on its guest, not on its line.
        found = [number for number, row in enumerate(self.rows) if _identity(row) == here]
        pick.show(shown, pick.cursor if pick.cursor in found or not found else found[0])

    def on_cursor_list_chosen(self, event: CursorList.Chosen) -> None:
        self.action_go_there()

    def action_go_there(self) -> None:
        """To the row of this host in its table; to another host in a xentui of its own."""
        cursor = self.query_one(PickList).cursor
        if cursor >= len(self.rows):
            return
        host, domain = self.rows[cursor]
        if host != self.xentui.host.name:
            try:
                programs.visit(self.xentui, host, self.targets_by_name.get(host, host))
            except (HostError, OSError) as error:
                self.say(f"No way to {printable(host)}: {printable(str(error))}", "error")
        elif domain is not None:
            table = self.xentui.domains_screen.table
            keys = [row.key for row in table.rows]
            self.action_close()
            if domain.key in keys:  # a filter may hide it
                table.place_cursor(keys.index(domain.key))


def _identity(row: tuple[str, Domain | None]) -> tuple[str, str]:
    """Which guest of which host it is, whatever is known of it at the moment."""
    host, domain = row
    return host, "" if domain is None else domain.key
