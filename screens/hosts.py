"""The domains of all hosts in one table: this one's, and those of the settings, each read in a thread of its own."""

from __future__ import annotations

from functools import partial

from textual.app import ComposeResult
from textual.binding import Binding

from xentui.domains.domain import Domain
from xentui.domains.listing import hosts_table
from xentui.domains.side_by_side import Asked, HostWatch, Reading
from xentui.guests.migration.hosts import short
from xentui.screens.columns import row_role
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
    """Nothing is done to the others from here: Enter says how to get there."""

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
        for target in dict.fromkeys((*app.hosts, *app.host.others())):
            self.targets_by_name[short(target)] = target
        asked = [Asked(name, partial(app.host.other, to, ask=False)) for name, to in self.targets_by_name.items()]
        self.watch_hosts([HostWatch(one, self.told, max(_EVERY, app.interval)) for one in asked])
        super().on_mount()

    def snapshot_changed(self) -> None:
        if not (self.query("#heads") and self.query(PickList)):
            return  # not there yet, or closing: a watch may tell late
        own = self.xentui.shown_snapshot
        readings = [Reading(self.xentui.host.name, own.domains if own is not None else ())]
        readings += [watch.reading for watch in self.watches]
        heads, *lines = hosts_table(readings)
        self.rows = [(reading.host, domain) for reading in readings for domain in reading.domains]
        self.rows += [(reading.host, None) for reading in readings if reading.problem is not None]
        self.query_one("#heads", Lines).show([((f"  {heads}", "columns"),)])
        roles = [row_role(domain) if domain is not None else "error" for _host, domain in self.rows]
        self.query_one(PickList).show(
            [((line, role or "text"),) for line, role in zip(lines, roles, strict=True)],
            self.query_one(PickList).cursor,
        )

    def on_cursor_list_chosen(self, event: CursorList.Chosen) -> None:
        self.action_go_there()

    def action_go_there(self) -> None:
        """To the row of this host in its table; for another host, say how."""
        cursor = self.query_one(PickList).cursor
        if cursor >= len(self.rows):
            return
        host, domain = self.rows[cursor]
        if host != self.xentui.host.name:
            self.say(f"To go there: {printable(self.xentui.host.way_to(self.targets_by_name.get(host, host)))}")
        elif domain is not None:
            table = self.xentui.domains_screen.table
            keys = [row.key for row in table.rows]
            self.action_close()
            if domain.key in keys:  # a filter may hide it
                table.place_cursor(keys.index(domain.key))
