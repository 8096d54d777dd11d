"""The snapshots of a guest as a tree, what they cost, and what can be done with them."""

from __future__ import annotations

import asyncio
import time

from textual import work
from textual.app import ComposeResult

from xentui.actions import Action
from xentui.disk_actions import with_program
from xentui.domains.domain import Domain
from xentui.guest_actions import SNAPSHOTS
from xentui.guests.errors import GuestError
from xentui.guests.files import local_only
from xentui.guests.snapshots import guest
from xentui.guests.snapshots.tree import GuestSnapshot, Tree, load
from xentui.host import HostError
from xentui.screens.dialogs.confirm import Confirm
from xentui.screens.dialogs.form import Field, Form, Values
from xentui.screens.drawing import Line
from xentui.screens.guest_jobs import GuestJob
from xentui.screens.guest_tasks import ask_clone, looked_at, site_as_shown, site_of
from xentui.screens.keys import bindings
from xentui.screens.page import Page, TitleLine
from xentui.screens.widgets.key_bar import KeyBar
from xentui.screens.widgets.lines import Lines
from xentui.screens.widgets.pick_list import PickList
from xentui.screens.widgets.status_line import StatusLine
from xentui.subprocesses import printable

#: So many bytes take long enough for a question more.
_LONG = 1 << 30

_BY_NAME = {action.name: action for action in SNAPSHOTS}


class SnapshotsScreen(Page):
    """Read in a worker when it is opened, and whenever its file was written."""

    DEFAULT_CSS = """
    SnapshotsScreen > PickList { height: 1fr; }
    SnapshotsScreen > #note { height: 1; }
    """
    AUTO_FOCUS = "#tree"
    BINDINGS = [*bindings(SNAPSHOTS)]
    registry = with_program(SNAPSHOTS)
    signs = (("*", "the guest as it is now came from this one"),)

    def __init__(self, domain: Domain) -> None:
        super().__init__()
        self.domain = domain
        self.heading = f"Snapshots of {printable(domain.name)}"
        self.tree_read = Tree(domain.name)
        self.rows: list[GuestSnapshot] = []
        self._version = -1

    def compose(self) -> ComposeResult:
        yield TitleLine(id="title")
        yield PickList(id="tree")
        yield Lines(id="note")
        yield StatusLine(self.xentui.glyphs)
        hints = [("t", "Take"), ("r", "Revert"), ("x", "Delete"), ("c", "Clone")]
        yield KeyBar([*hints, ("?", "Help"), ("Esc", "Back")], always=2)

    def snapshot_changed(self) -> None:
        version = self._written()
        if self.is_mounted and version != self._version:
            self._version = version
            self._read()

    def _written(self) -> int:
        """When its file was written last, in nanoseconds; 0 where there is none."""
        try:
            return self.xentui.host.path(self.tree_read.path).stat().st_mtime_ns
        except (OSError, HostError):
            return 0

    @work(thread=True, exclusive=True, group="snapshots")
    def _read(self) -> None:
        try:
            local_only(self.xentui.host)
            tree = load(self.xentui.host, self.domain.name)
            site = site_as_shown(self.xentui)
            lines = guest.listing(site, tree)
            problem = ""
        except GuestError as error:
            tree, lines, problem = Tree(self.domain.name), [], error.headline
        if self.app.is_running:
            self.app.call_from_thread(self._take, tree, lines, problem)

    def _take(self, tree: Tree, lines: list[str], problem: str) -> None:
        if not self.is_mounted:
            return
        self.tree_read, self.rows = tree, [one for _depth, one in tree.rows()]
        rows: list[Line] = [((printable(line), "text"),) for line in lines]
        self.query_one(PickList).show(rows)
        self._show_note()
        if problem:
            self.say(printable(problem), "error")

    def _show_note(self) -> None:
        """The words on the one under the cursor, from their beginning: its row may have no room for them."""
        note = self.selected.description if self.selected is not None else "No snapshots yet: t takes the first."
        self.query_one("#note", Lines).show([((f" {printable(note)}", "dim"),)])

    def on_cursor_list_moved(self) -> None:
        self._show_note()

    @property
    def selected(self) -> GuestSnapshot | None:
        """The snapshot under the cursor."""
        cursor = self.query_one(PickList).cursor
        return self.rows[cursor] if cursor < len(self.rows) else None

    def _chosen(self) -> GuestSnapshot | None:
        if self.selected is None:
            self.say("There is no snapshot yet.", "error")
        return self.selected

    def do_take_snapshot(self) -> None:
        self.xentui.run_dialogs(self._take_one())

    async def _take_one(self) -> None:
        name = self.domain.name
        found: list[guest.Taking] = []

        async def attempt(values: Values) -> str | None:
            def look() -> guest.Taking:
                return guest.prepare(site_of(self.xentui), name, values["name"], values["words"].strip())

            try:
                found[:] = [await asyncio.to_thread(look)]
            except GuestError as error:
                return printable(error.headline)
            return None

        fields = [Field("name", "Name", time.strftime("%Y-%m-%d-%H%M")), Field("words", "Description")]
        remark = "a running guest is away for a moment: it is saved, its disks are taken, it is restored"
        form = Form(f"Take a snapshot of {printable(name)}", fields, attempt, remark=remark)
        if not await self.app.push_screen_wait(form):
            return
        [taking] = found
        answer = taking.snapshot.id
        if taking.absence and taking.size > _LONG:
            action = _BY_NAME["take-snapshot"]
            question = f"Take it now? {printable(taking.absence)}"
            if not await self._confirmed(action, question, [], f"xentui snapshot take {name} {answer}"):
                return

        def work(job: GuestJob) -> None:
            toolstack = self.xentui.inventory.toolstack(taking.domain)
            guest.take(site_of(self.xentui), taking, toolstack, job.say, job.cancel)

        self._start("take-snapshot", work)

    def do_revert_snapshot(self) -> None:
        if (chosen := self._chosen()) is not None:
            self.xentui.run_dialogs(self._revert(chosen.id))

    async def _revert(self, wanted: str) -> None:
        name, action = self.domain.name, _BY_NAME["revert-snapshot"]
        reverting = await looked_at(self.xentui, lambda site: guest.prepare_revert(site, name, wanted))
        if reverting is None:
            return
        lines = [printable(line) for line in reverting.describe()]
        question = f"Revert {printable(name)} to {wanted}?"
        if not await self._confirmed(action, question, lines, f"xentui snapshot revert {name} {wanted}"):
            return

        def work(job: GuestJob) -> None:
            site = site_of(self.xentui)
            again = guest.prepare_revert(site, name, wanted)  # it may run by now
            guest.revert(site, again, self.xentui.inventory.toolstack(again.domain), job.say)

        self._start(action.name, work)

    def do_delete_snapshot(self) -> None:
        if (chosen := self._chosen()) is not None:
            self.xentui.run_dialogs(self._delete(chosen))

    async def _delete(self, chosen: GuestSnapshot) -> None:
        name, action = self.domain.name, _BY_NAME["delete-snapshot"]
        lines = [printable(part.place) for part in chosen.disks] + ([printable(chosen.memory)] if chosen.memory else [])
        question = f"Delete the snapshot {chosen.id} of {printable(name)}?"
        if await self._confirmed(action, question, lines, f"xentui snapshot delete {name} {chosen.id}"):
            self._start(action.name, lambda _job: guest.delete(site_of(self.xentui), name, chosen.id))

    def do_clone_snapshot(self) -> None:
        if (chosen := self._chosen()) is not None:
            self.xentui.run_dialogs(ask_clone(self.xentui, self.domain.name, chosen.id))

    async def _confirmed(self, action: Action, question: str, lines: list[str], command: str) -> bool:
        if await self.app.push_screen_wait(Confirm(question, lines, action.warning, [command], action.title)):
            return True
        self.say("Nothing was done.")
        return False

    def _start(self, action: str, work: object) -> None:
        self.xentui.start_job(GuestJob(_BY_NAME[action], self.domain, work))  # type: ignore[arg-type]
