"""The main screen: the header, the table of domains, and beside it the consoles."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.widgets import Input

from xentui.actions import ACTIONS, Action, impossible
from xentui.domains.domain import Domain
from xentui.screens import console_acts
from xentui.screens.columns import BY_NAME as COLUMN
from xentui.screens.columns import SORTABLE
from xentui.screens.consoles import session_for, split
from xentui.screens.details import DetailsScreen
from xentui.screens.dialogs.choose import Choice, Choose
from xentui.screens.keys import bindings, shown
from xentui.screens.live_screen import LiveScreen
from xentui.screens.widgets.console_deck import ConsoleDeck
from xentui.screens.widgets.console_keys import LEADER_KEYS
from xentui.screens.widgets.console_pane import ConsolePane
from xentui.screens.widgets.cursor_list import CursorList
from xentui.screens.widgets.domain_table import DomainTable
from xentui.screens.widgets.header import Header, Heading
from xentui.screens.widgets.key_bar import KeyBar, registry_hints
from xentui.screens.widgets.status_line import StatusLine

#: Under so many lines the header is one line and the key bar is left out.
_LOW, _VERY_LOW = 12, 8


class DomainsScreen(LiveScreen):
    """Keys come from the registry; each of its actions is a ``do_`` method here or in the app."""

    DEFAULT_CSS = """
    DomainsScreen > Header { height: 2; }
    DomainsScreen > #desk { height: 1fr; layout: vertical; }
    DomainsScreen > #desk.-wide { layout: horizontal; }
    DomainsScreen DomainTable { height: 1fr; width: 1fr; }
    DomainsScreen #desk.-wide > ConsoleDeck { margin-left: 1; height: 1fr; }
    DomainsScreen.-console-only DomainTable { height: 0; }
    DomainsScreen.-large DomainTable, DomainsScreen.-large > StatusLine, DomainsScreen.-large > KeyBar,
    DomainsScreen.-large > Header { display: none; }
    DomainsScreen.-large.-demo > Header { display: block; }
    DomainsScreen.-large #desk > ConsoleDeck { margin: 0; height: 1fr; width: 1fr; }
    DomainsScreen > #filter, DomainsScreen > #filter:focus {
        height: 1; border: none; padding: 0 1; background-tint: transparent;
        background: $x-input-bg; color: $x-input; text-style: $x-input-style;
    }
    DomainsScreen > StatusLine, DomainsScreen > KeyBar { height: 1; }
    DomainsScreen.-very-low > KeyBar { display: none; }
    """
    AUTO_FOCUS = "#table"
    signs = (
        ("c +", "before a name: its console is open here; it printed something unseen"),
        ("!", "the same; its bell rang, or it printed what is watched for"),
        ("x l f", "under BY: who manages it: xl, libvirt, a file in /etc/xen"),
    )
    BINDINGS = [*bindings(ACTIONS), Binding("escape", "clear", show=False)]

    def compose(self) -> ComposeResult:
        app = self.xentui
        yield Header(app.glyphs, id="header")
        with Container(id="desk"):
            yield DomainTable(app.history, app.glyphs, id="table")
            yield ConsoleDeck(leader=app.leader, watch=app.watch_patterns, id="consoles")
        entry = Input(placeholder="show only domains that hold ...", id="filter", select_on_focus=False)
        entry.cursor_blink = False
        entry.display = False
        yield entry
        yield StatusLine(app.glyphs)
        hints, always = registry_hints(ACTIONS, read_only=app.read_only)
        yield KeyBar(hints, always=always, id="keys")

    @property
    def table(self) -> DomainTable:
        """The table of domains."""
        return self.query_one(DomainTable)

    @property
    def targets(self) -> list[Domain]:
        return self.table.targets if self.is_mounted else []

    def about(self, action: Action) -> Domain | None:
        """The one under the cursor, whatever is marked, unless it goes to all marked ones."""
        if not self.is_mounted or not action.many:
            return self.table.selected if self.is_mounted else None
        return next((d for d in self.targets if impossible(action, d) is None), super().about(action))

    @property
    def out_of_sight(self) -> str:
        hidden = self.is_mounted and self.table.seen.marked and not self.targets
        return "None of the marked domains is shown: Esc takes the filter away." if hidden else ""

    # What is shown

    def snapshot_changed(self) -> None:
        if not self.is_mounted:
            return
        app, size = self.xentui, self.app.size
        snapshot = app.shown_snapshot
        age = app.stale_seconds if app.interval else None
        heading = Heading(app.host.name, app.host.is_demo, app.read_only, age)
        low = size.height < _LOW or self.has_class("-large")
        self.query_one(Header).update(heading, snapshot, size.width, low=low)
        if snapshot is not None:
            self.table.message = "There are no domains here, not even Domain-0. Key i says what is known."
            self.table.set_domains(snapshot.domains)

    def on_mount(self) -> None:
        self.set_class(self.xentui.host.is_demo, "-demo")

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.height < _VERY_LOW, "-very-low")
        self.snapshot_changed()
        self._share_room()
        self._remark()

    def on_cursor_list_moved(self, event: CursorList.Moved) -> None:
        self._remark()

    def on_domain_table_selection_changed(self, event: DomainTable.SelectionChanged) -> None:
        self._remark()

    def on_cursor_list_chosen(self, event: CursorList.Chosen) -> None:
        self.do_details()

    def _remark(self) -> None:
        table = self.table
        parts = []
        if table.seen.marked:
            parts.append(f"{len(table.seen.marked)} marked")
        if table.filter:
            parts.append(f"filter {table.filter!r}: {table.count} of {table.total}")
        if table.count > table.visible_rows:
            parts.append(f"{table.cursor + 1}/{table.count}")
        # A few rows must never look like the whole host.
        short = f"{table.count} of {table.total}" if table.filter else ""
        self.query_one(StatusLine).set_remark("  ".join(parts), short)

    # Consoles

    @property
    def deck(self) -> ConsoleDeck:
        """The open consoles."""
        return self.query_one(ConsoleDeck)

    def do_console(self) -> None:
        if self.table.selected is not None:
            self.open_console(self.table.selected)

    def open_console(self, domain: Domain) -> None:
        """Show the console of a domain and give it the keys."""
        app = self.xentui
        session = session_for(app.host, domain, lambda: app.snapshot, may_type=not app.read_only, share=app.share)
        self._share_room()
        self.run_worker(self.deck.open(session), group="consoles")

    def _share_room(self) -> None:
        """Give table and consoles their parts of the desk."""
        size, deck = self.app.size, self.deck
        at_console = isinstance(self.focused, ConsolePane)
        below = 1 if self.has_class("-very-low") else 2
        room = max(1, size.height - self.query_one(Header).size.height - below)
        shared = split(size.width, room, at_console=at_console, part=deck.part)
        self.query_one("#desk").set_class(shared.side_by_side, "-wide")
        self.set_class(not shared.side_by_side and shared.console >= room, "-console-only")
        large = self.has_class("-large")
        deck.styles.height = None if shared.side_by_side or large else shared.console
        deck.styles.width = shared.console if shared.side_by_side and not large else None

    def on_console_deck_left(self) -> None:
        self.table.focus()

    def on_console_deck_large(self, event: ConsoleDeck.Large) -> None:
        self.set_class(event.large, "-large")
        self._share_room()
        self.snapshot_changed()

    def on_console_deck_changed(self) -> None:
        self.table.set_consoles(self.deck.marks)

    def on_console_pane_noticed(self, event: ConsolePane.Noticed) -> None:
        console_acts.tell(self, event.pane.session.name, event.notice)

    def console_wants(self, pane: ConsolePane, command: str) -> None:
        """What a key after the leader asks for that is not the console's own affair. At once: a dialog takes keys."""
        console_acts.do(self, pane, command)

    def say(self, text: str, role: str = "status") -> None:
        super().say(text, role)
        if self.has_class("-large") and self.deck.current is not None:
            self.deck.current.say(text)  # there is no status line then

    def on_descendant_focus(self) -> None:
        self._share_room()
        self._show_keys()

    def _show_keys(self) -> None:
        """The key bar tells the keys of what has the focus."""
        bar = self.query_one(KeyBar)
        if isinstance(self.focused, ConsolePane):
            words = [(entry.shown, entry.hint) for entry in LEADER_KEYS if entry.hint]
            hints, always = [(shown(self.xentui.leader), "then:"), *words], 0
        else:
            hints, always = registry_hints(ACTIONS, read_only=self.xentui.read_only)
            if self.deck.panes:
                hints.insert(0, ("Tab", "Console"))
        if hints != bar.hints:
            bar.set_hints(hints, always=always)

    # Actions of the table

    def do_details(self) -> None:
        if self.table.selected is not None:
            self.app.push_screen(DetailsScreen(self.table.selected))

    # What these load is not loaded before they are asked for.

    def do_snapshots(self) -> None:
        from xentui.screens.snapshots import SnapshotsScreen

        if self.table.selected is not None:
            self.app.push_screen(SnapshotsScreen(self.table.selected))

    def do_config(self) -> None:
        from xentui.screens.config_editor import ConfigEditor

        if self.table.selected is not None:
            self.app.push_screen(ConfigEditor(self.table.selected))

    def do_clone(self) -> None:
        from xentui.screens.guest_tasks import ask_clone

        if self.table.selected is not None:
            self.xentui.run_dialogs(ask_clone(self.xentui, self.table.selected.name))

    def do_migrate(self) -> None:
        from xentui.screens.moving import ask_move

        if self.table.targets:
            self.xentui.run_dialogs(ask_move(self.xentui, self.table.targets))

    def do_delete_guest(self) -> None:
        from xentui.screens.guest_tasks import ask_delete

        if self.table.selected is not None:
            self.xentui.run_dialogs(ask_delete(self.xentui, self.table.selected.name))

    def do_rename(self) -> None:
        from xentui.screens.guest_tasks import ask_rename

        if self.table.selected is not None:
            self.xentui.run_dialogs(ask_rename(self.xentui, self.table.selected))

    def do_resize(self) -> None:
        from xentui.screens.guest_changes import ask_resize

        if self.table.selected is not None:
            self.xentui.run_dialogs(ask_resize(self.xentui, self.table.selected))

    def do_retype(self) -> None:
        from xentui.screens.guest_changes import ask_retype

        if self.table.selected is not None:
            self.xentui.run_dialogs(ask_retype(self.xentui, self.table.selected))

    def do_update(self) -> None:
        from xentui.screens.guest_changes import ask_update

        if self.table.selected is not None:
            self.xentui.run_dialogs(ask_update(self.xentui, self.table.selected))

    def do_note(self) -> None:
        from xentui.screens.guest_tasks import ask_note

        if self.table.selected is not None:
            self.xentui.run_dialogs(ask_note(self.xentui, self.table.selected))

    def do_make_template(self) -> None:
        from xentui.screens.guest_tasks import ask_template

        if self.table.selected is not None:
            self.xentui.run_dialogs(ask_template(self.xentui, self.table.selected))

    def do_start_order(self) -> None:
        from xentui.screens.guest_tasks import ask_place

        if self.table.selected is not None:
            self.xentui.run_dialogs(ask_place(self.xentui, self.table.selected))

    def do_install(self) -> None:
        from xentui.screens.guest_tasks import ask_install

        if self.table.selected is not None:
            self.xentui.run_dialogs(ask_install(self.xentui, self.table.selected))

    def do_saved_states(self) -> None:
        from xentui.screens.saved_states import ask_saved_states

        if self.table.selected is not None:
            self.xentui.run_dialogs(ask_saved_states(self.xentui, self.table.selected))

    def do_cd_images(self) -> None:
        from xentui.screens.cd_images import ask_cd_images

        self.xentui.run_dialogs(ask_cd_images(self.xentui))

    def do_mark(self) -> None:
        self.table.toggle_mark()

    def do_mark_all(self) -> None:
        self.table.toggle_all()

    def do_filter(self) -> None:
        entry = self.query_one("#filter", Input)
        entry.display = True
        self.set_focus(entry)  # at once: the next key is for it

    @on(Input.Changed, "#filter")
    def _filter_changed(self, event: Input.Changed) -> None:
        self.table.set_filter(event.value)

    @on(Input.Submitted, "#filter")
    def _filter_done(self, event: Input.Submitted) -> None:
        self._close_filter()

    def _close_filter(self) -> None:
        self.set_focus(self.table)
        self.query_one("#filter", Input).display = False

    def action_clear(self) -> None:
        """Esc: away with the filter; if there is none, with the marks."""
        entry, table = self.query_one("#filter", Input), self.table
        if table.filter or entry.display:
            entry.value = ""
            self._close_filter()
        elif table.seen.marked:
            table.clear_marks()
        else:
            self.say("")

    def do_sort(self) -> None:
        self.xentui.run_dialogs(self._choose_sort())

    async def _choose_sort(self) -> None:
        table = self.table
        choices = [Choice(column.name, column.title) for column in SORTABLE]
        answer = await self.app.push_screen_wait(
            Choose("Sort by (the same one again turns it round)", choices, current=table.sort_column)
        )
        if answer is not None:
            table.set_sort(answer, reverse=answer == table.sort_column and not table.sort_reverse)
            self._say_sort()

    def do_sort_previous(self) -> None:
        self.table.next_sort(-1)
        self._say_sort()

    def do_sort_next(self) -> None:
        self.table.next_sort(1)
        self._say_sort()

    def _say_sort(self) -> None:
        table = self.table
        way = ", turned round" if table.sort_reverse else ""
        self.say(f"Sorted by {COLUMN[table.sort_column].title.lower()}{way}.")
