"""The app: it owns the host, the clock, what was seen and what runs; the screens show it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from textual.binding import Binding
from textual.driver import Driver

from xentui.actions import ACTIONS, Action, Group
from xentui.actions import BY_NAME as ACTION
from xentui.domains.domain import Domain, Snapshot, State
from xentui.domains.inventory import Inventory
from xentui.guests.errors import GuestError
from xentui.guests.files import local_only
from xentui.host import Host, HostError
from xentui.livecd.room import Room
from xentui.screens import formats, programs
from xentui.screens.command_log import CommandLogScreen
from xentui.screens.dialogs.choose import Choice, Choose
from xentui.screens.dialogs.dialog import Dialog
from xentui.screens.dialogs.message import MessageDialog
from xentui.screens.domains import DomainsScreen
from xentui.screens.failures import Failure, failure_of, merged
from xentui.screens.glyphs import SETS, Glyphs
from xentui.screens.guest_answers import Answers
from xentui.screens.help import HelpScreen
from xentui.screens.history import History
from xentui.screens.host_info import HostInfoScreen
from xentui.screens.hosts import HostsScreen
from xentui.screens.jobs import Job, Jobs
from xentui.screens.keys import bindings, shown
from xentui.screens.live_screen import LiveScreen
from xentui.screens.messages import InventoryChanged, JobEnded, SnapshotTaken
from xentui.screens.mistakes import tell_mistakes
from xentui.screens.palette import palette_choices
from xentui.screens.performing import perform
from xentui.screens.ready import tell_ready
from xentui.screens.refresher import InventoryLike, Refresher
from xentui.screens.stale import aged
from xentui.screens.terminal import capabilities, reflex
from xentui.screens.terminal.lean import LeanDriver
from xentui.screens.terminal.redraw import redraw
from xentui.screens.terminal_status import TerminalScreen
from xentui.screens.themes import Theme, default_theme, load_themes
from xentui.screens.type_ahead import TypeAhead
from xentui.settings import Settings
from xentui.subprocesses import printable

if TYPE_CHECKING:
    from xentui.disks.device import Disks
    from xentui.screens.walkthrough import WalkthroughScreen
    from xentui.walkthroughs.walkthrough import Walkthrough

#: Seconds between two readings.
INTERVAL = 2.0
#: Seconds that work on two hosts gets to end cleanly when xentui is left.
_ENDING = 30.0
#: A reading that takes so many intervals is said to hang.
_HANGS_AFTER = 3

#: What every screen can do: the keys of the program, and two screens.
_EVERYWHERE = [a for a in ACTIONS if a.group is Group.PROGRAM or a.name in ("host-info", "command-log", "refresh")]


class XentuiApp(TypeAhead[int], inherit_bindings=False):
    """xentui's full screen over one host."""

    TITLE = "xentui"
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    BINDINGS = [*bindings(_EVERYWHERE), Binding("ctrl+c", "how_to_leave", show=False)]
    CSS = """
    LiveScreen { background: $x-text-bg; color: $x-text; overflow: hidden; }
    Screen.-screen-suspended { text-style: none; }
    .-border-solid #dialog { border: solid $x-border; }
    .-border-ascii #dialog { border: ascii $x-border; }
    """

    def __init__(
        self,
        host: Host,
        inventory: InventoryLike | None = None,
        *,
        read_only: bool = False,
        theme: str | None = None,
        glyphs: Glyphs = SETS["unicode"],
        leader: str = "ctrl+right_square_bracket",
        colours: int = 256,
        interval: float = INTERVAL,
        share: bool | str = True,
        watch: Sequence[str] = (),
        hosts: Sequence[str] = (),
        driver_class: type[Driver] | None = None,
    ) -> None:
        # Before Textual takes NO_COLOR out of the environment.
        standard = default_theme(colours)
        super().__init__(driver_class=driver_class)
        self.host, self.read_only, self.glyphs = host, read_only, glyphs
        self.inventory: InventoryLike = inventory if inventory is not None else Inventory(host)
        self.interval, self.leader, self.share = interval, leader, share
        #: What raises a notice when a guest prints it.
        self.watch_patterns = tuple(watch)
        #: The other hosts of the settings: guests can be moved to them.
        self.hosts = tuple(hosts)
        self.history, self.jobs, self.room = History(), Jobs(), Room()
        #: Images that the user made or asked for: nobody else may know of them.
        self.disk_images: list[str] = []
        self.read_disks: Callable[[], Disks] = self._read_disks
        self.snapshot: Snapshot | None = None
        #: The walkthrough that is open, whether or not it is in view.
        self.walkthrough: WalkthroughScreen | None = None
        self.refresher = Refresher(self.inventory, lambda taken: self.post_message(SnapshotTaken(taken)))
        self.themes, self.theme_complaints = load_themes()
        self._failures: list[Failure] = []
        self.guest_answers = Answers()
        self._first_words = ""
        for found in self.themes.values():
            self.register_theme(found.textual())
        self.palette = self._choose_theme(theme, standard)
        self.theme = f"xentui-{self.palette.name}"
        self.set_class(True, f"-border-{glyphs.border}")

    def _choose_theme(self, wanted: str | None, standard: str) -> Theme:
        if wanted is not None and wanted not in self.themes:
            self.theme_complaints.append(
                f"There is no theme {printable(wanted)}; there is {', '.join(sorted(self.themes))}."
            )
        for name in (wanted, standard, "monochrome"):
            if name in self.themes:
                return self.themes[name]
        # Somebody took the files away: drawn in the terminal's own colours, it can still be used.
        bare = Theme("bare", "Bare", terminal_colours=True)
        self.register_theme(bare.textual())
        return bare

    # Start and end

    def on_mount(self) -> None:
        tell_mistakes(lambda sentence: self.say(sentence, "error") if self._is_open else None)
        self.inventory.watch(self._inventory_changed)
        self.push_screen(DomainsScreen())
        self.refresher.start()
        self.refresher.request()
        if self.interval:
            self.set_interval(self.interval, self.tick)
        if self.theme_complaints:
            self.call_after_refresh(self._show_theme_complaints)

    def _show_theme_complaints(self) -> None:
        self.push_screen(MessageDialog("A theme cannot be used.", "\n".join(self.theme_complaints)))

    async def on_exit_app(self) -> None:
        """However the app is left, by q or by a signal: nothing is left attached or running."""
        self.refresher.end()
        for job in self.jobs.running:
            job.cancel.set()
        for job in [job for job in self.jobs.running if job.tells_its_end]:
            # What it has begun on two hosts is not left half-way for want of a moment.
            await asyncio.to_thread(job.over.wait, _ENDING)
        if self._is_open and self.domains_screen.deck.panes:
            self.say("Detaching from the consoles ...")
            await self.domains_screen.deck.close_all()
        if self.walkthrough is not None:
            await self.walkthrough.close()

    # The one clock

    @property
    def stale_seconds(self) -> float | None:
        """The age of what is known, when the reading under way hangs; None when all is well."""
        if self.snapshot is None or self.refresher.busy_seconds < _HANGS_AFTER * self.interval:
            return None
        return max(0.0, time.time() - self.snapshot.taken)

    @property
    def shown_snapshot(self) -> Snapshot | None:
        """What is known, marked as old when it is."""
        age = self.stale_seconds if self.interval else None
        return aged(self.snapshot, age) if self.snapshot is not None and age is not None else self.snapshot

    def tick(self) -> None:
        """Read again; or, while a reading hangs, let what is shown grow old."""
        if not self._is_open:
            return
        if self.refresher.busy_seconds == 0:
            self.refresher.request()
        elif self.stale_seconds is not None:
            self._show_snapshot()
        if self.jobs.running:
            self.say(self.jobs.sentence(shown(ACTION["cancel"].keys[0])))

    def on_snapshot_taken(self, message: SnapshotTaken) -> None:
        if self.snapshot is None:
            # What is there by now stays: each full collection would look through it, for some 40 ms.
            gc.freeze()
            gc.enable()
            self.call_after_refresh(tell_ready)
        self.snapshot = message.snapshot
        news = self.history.update(message.snapshot)
        self._show_snapshot()
        self._tell(news)
        if self._is_open and (scarce := self.room.scarce()):
            self.say(scarce, "error")

    def _tell(self, news: list[tuple[Domain, str]]) -> None:
        """Say what became of guests by nobody's doing here; the details keep it in any case."""
        told = [(domain, text) for domain, text in news if not self.jobs.touched(domain)]
        if told and self._is_open and not self.jobs.running:
            domain, text = told[0]
            more = f" (and {len(told) - 1} more)" if len(told) > 1 else ""
            role = "error" if domain.state is State.CRASHED else "status"
            self.say(f"{formats.brief(domain.name)}: {text}{more}.", role)

    def _show_snapshot(self) -> None:
        # A screen that is not ready yet shows it when it is.
        if self._is_open and self.live.ready:
            self.live.snapshot_changed()

    def _inventory_changed(self) -> None:
        self.post_message(InventoryChanged())  # from any thread

    def on_inventory_changed(self) -> None:
        self.refresher.request()

    # Screens

    @property
    def live(self) -> LiveScreen:
        """The uppermost full screen, under whatever dialog."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, LiveScreen):
                return screen
        raise LookupError("no full screen is open yet")

    @property
    def _is_open(self) -> bool:
        """The screens are there: not yet at the start, no longer at the end, when threads may still post."""
        return self.is_running and any(isinstance(screen, LiveScreen) for screen in self.screen_stack)

    @property
    def domains_screen(self) -> DomainsScreen:
        """The main screen."""
        return next(screen for screen in self.screen_stack if isinstance(screen, DomainsScreen))

    def say(self, text: str, role: str = "status") -> None:
        """One sentence in the status line."""
        self.live.say(text, role)

    def action_do(self, name: str) -> None:
        """A key that means the same on every screen."""
        self.live.action_do(name)

    def action_how_to_leave(self) -> None:
        self.say("q leaves xentui; guests go on running.")

    def _open(self, screen: LiveScreen) -> None:
        if type(self.live) is not type(screen):
            self.push_screen(screen)

    # Actions

    def perform(self, action: Action, domains: Sequence[Domain]) -> None:
        """Do a toolstack's action, with all questions that come before it."""
        self.run_dialogs(perform(self, action, domains))

    def start_job(self, job: Job) -> None:
        """Start it, and say so."""
        self.jobs.add(job)
        job.start(self.inventory, lambda ended, error: self.post_message(JobEnded(ended, error)))
        self.say(self.jobs.sentence(shown(ACTION["cancel"].keys[0])))

    def on_job_ended(self, message: JobEnded) -> None:
        job, error = message.job, message.error
        self.jobs.remove(job)
        self.refresher.request()
        if not self._is_open:
            return
        name = formats.brief(job.domain.name)
        if error is None:
            self.history.note(job.domain.key, f"{job.action.title}: done from here", time.time())
            # What was refused of several stays to be read.
            self.say(f"{job.action.title} {name}: done. {job.aside}".rstrip(), "error" if job.aside else "good")
            if job.remarks:
                said = Failure(f"{job.action.title} {name}", "done.", "\n".join(job.remarks), "dialog-title")
                self._failures.append(said)
                self.show_failures()
            return
        if job.cancel.is_set() and not job.tells_its_end:
            self.history.note(job.domain.key, f"{job.action.title}: cancelled", time.time())
            self.say(f"{job.action.title} {name}: cancelled.", "error")
            return
        failure = failure_of(f"{job.action.title} {name}", error)
        self.history.note(job.domain.key, f"{job.action.title} failed: {failure.headline}", time.time())
        self.say(f"{job.action.title} {name}: it did not work.", "error")
        self._failures.append(failure)
        self.show_failures()

    def show_failures(self) -> None:
        """Tell what went wrong, unless a dialog is open: what is typed there must not go elsewhere."""
        if self._failures and not isinstance(self.screen, Dialog):
            headline, details = merged(self._failures)
            role = "danger" if any(one.role == "danger" for one in self._failures) else self._failures[0].role
            self._failures.clear()
            self.push_screen(MessageDialog(headline, details, role=role))

    def do_refresh(self) -> None:
        self.inventory.retry()
        self.refresher.request()
        self.say("Reading everything again.")

    def do_host_info(self) -> None:
        self._open(HostInfoScreen())

    def do_hosts(self) -> None:
        if self.hosts or self.host.others():
            self._open(HostsScreen())
        else:
            self.say('No other hosts are known: hosts = ["root@xen2"] in settings.toml names them.', "error")

    def do_new_guest(self) -> None:
        try:
            local_only(self.host)
        except GuestError as error:
            self.say(error.headline, "error")
        else:
            # Not before it is asked for: it loads all that makes guests.
            from xentui.screens.new_guest import NewGuestScreen

            self._open(NewGuestScreen())

    def do_disks(self) -> None:
        from xentui.screens.disks import DisksScreen

        self._open(DisksScreen())

    def _read_disks(self) -> Disks:
        from xentui.guest_disks import read_disks

        return read_disks(self.host, self.disk_images)

    def do_command_log(self) -> None:
        self._open(CommandLogScreen())

    def do_help(self) -> None:
        self._open(HelpScreen(self.live.registry.values(), self.live.signs))

    def do_walkthroughs(self) -> None:
        if self.walkthrough is None:
            self._open_walkthroughs()
        elif self.walkthrough not in self.screen_stack:
            self.push_screen(self.walkthrough)

    def _open_walkthroughs(self) -> None:
        from xentui.screens.walkthroughs import WalkthroughsScreen  # its reader of Markdown is loaded when it is used

        self._open(WalkthroughsScreen())

    def open_walkthrough(self, walkthrough: Walkthrough) -> None:
        """Go through it, in place of the list of them; Esc leaves it standing."""
        from xentui.screens.walkthrough import WalkthroughScreen

        self.pop_screen()
        self.walkthrough = WalkthroughScreen(walkthrough)
        self.install_screen(self.walkthrough, "walkthrough")
        self.push_screen(self.walkthrough)

    def close_walkthrough(self) -> None:
        """End the one that is open, and show the list."""
        self.run_worker(self._close_walkthrough(), group="walkthrough")

    async def _close_walkthrough(self) -> None:
        screen, self.walkthrough = self.walkthrough, None
        if screen is None:
            return
        await screen.close()
        if not self._is_open:
            return  # xentui was left meanwhile
        in_view = screen in self.screen_stack  # or Esc came meanwhile
        while screen in self.screen_stack:  # a page that was opened over it goes first
            await self.pop_screen()
        self.uninstall_screen(screen)
        await screen.remove()
        if in_view:
            self._open_walkthroughs()

    def do_terminal(self) -> None:
        self._open(TerminalScreen())

    def do_quit(self) -> None:
        self.run_dialogs(self._quit())

    async def _quit(self) -> None:
        if self.jobs.running:
            choices = [
                Choice("stay", "Stay", "until they are done"),
                Choice("leave", "Leave", "they are ended where that is possible"),
            ]
            title = f"Still running: {', '.join(printable(job.label) for job in self.jobs.running)}"
            if await self.push_screen_wait(Choose(title, choices)) != "leave":
                return
        self.exit(0)

    def do_redraw(self) -> None:
        redraw(self)

    def do_shell(self) -> None:
        try:
            programs.shell(self)
        except (HostError, OSError) as error:
            self.say(f"No shell: {error}", "error")
        self.refresher.request()

    def do_cancel(self) -> None:
        if not self.jobs.running:
            self.say("Nothing runs that could be cancelled.", "error")
        elif len(self.jobs.running) == 1:
            self._cancel(self.jobs.running[0])
        else:
            self.run_dialogs(self._choose_what_to_cancel())

    async def _choose_what_to_cancel(self) -> None:
        jobs = list(self.jobs.running)
        choices = [Choice(str(i), printable(job.label), f"{job.seconds:.0f} s") for i, job in enumerate(jobs)]
        answer = await self.push_screen_wait(Choose("Cancel which?", choices))
        if answer is not None:
            self._cancel(jobs[int(answer)])

    def _cancel(self, job: Job) -> None:
        job.cancel.set()
        self.say(f"Cancelling {printable(job.label)} ...")

    def do_palette(self) -> None:
        self.run_dialogs(self._palette())

    async def _palette(self) -> None:
        screen = self.live
        choices = palette_choices(screen, read_only=self.read_only)
        answer = await self.push_screen_wait(Choose("Find an action", choices, with_filter=True))
        if answer is not None:
            screen.action_do(answer)

    def do_theme(self) -> None:
        self.run_dialogs(self._choose_theme_dialog())

    async def _choose_theme_dialog(self) -> None:
        choices = [Choice(theme.name, printable(theme.title)) for theme in self.themes.values()]
        answer = await self.push_screen_wait(Choose("Theme", choices, current=self.palette.name))
        if answer is not None:
            self.use_theme(answer)

    def use_theme(self, name: str) -> None:
        """Draw everything in this theme."""
        self.palette = self.themes[name]
        self.theme = f"xentui-{name}"
        for screen in self.screen_stack:
            for widget in screen.query("*"):
                widget.refresh()


def run(host: Host, settings: Settings, *, read_only: bool = False) -> int:
    """Open the full screen over `host`; the exit status of the program: 2 where the terminal cannot carry it."""
    try:
        found = capabilities.detect(sys.stdout.fileno(), glyphs=settings.glyphs)
    except capabilities.UnusableTerminalError as error:
        print(f"xentui: {error}", file=sys.stderr)
        return 2
    LeanDriver.glyphs = settings.glyphs
    app = XentuiApp(
        host,
        read_only=read_only,
        theme=settings.theme,
        glyphs=SETS[found.glyphs],
        leader=settings.leader,
        colours=found.colours,
        interval=settings.refresh,
        share=settings.share,
        watch=settings.watch,
        hosts=settings.hosts,
        driver_class=LeanDriver if settings.driver == "lean" else None,
    )
    try:
        result: Any = reflex.run(app)
    finally:
        with contextlib.suppress(Exception):
            app.inventory.close()
    return app.return_code or (result if isinstance(result, int) else 0)
