"""A walkthrough: its text, and beside or below it the shell and the consoles in which it is done."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from typing import Any

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container

from xentui.console.session import State
from xentui.console.shell import ShellSession
from xentui.disk_actions import with_program
from xentui.screens.consoles import COLUMNS, session_for
from xentui.screens.dialogs.ask import Ask
from xentui.screens.dialogs.choose import Choice, Choose
from xentui.screens.dialogs.confirm import Confirm
from xentui.screens.keys import bindings, shown
from xentui.screens.lesson_hands import Hands, HandsError
from xentui.screens.lesson_lines import step_lines
from xentui.screens.page import Page, TitleLine
from xentui.screens.widgets.console_deck import ConsoleDeck
from xentui.screens.widgets.console_keys import LEADER_KEYS
from xentui.screens.widgets.console_pane import ConsolePane
from xentui.screens.widgets.key_bar import KeyBar
from xentui.screens.widgets.shell_pane import ShellDeck
from xentui.screens.widgets.status_line import StatusLine
from xentui.screens.widgets.text_view import TextView
from xentui.subprocesses import printable
from xentui.walkthrough_actions import WALK
from xentui.walkthroughs.doing import carry_out
from xentui.walkthroughs.facts.verbs import read_fact
from xentui.walkthroughs.lesson import Lesson, Mark
from xentui.walkthroughs.needs import unmet
from xentui.walkthroughs.selftest import clean_up
from xentui.walkthroughs.variables import complaint, expand
from xentui.walkthroughs.walkthrough import Ask as Question
from xentui.walkthroughs.walkthrough import Block, Check, Kind, Walkthrough
from xentui.walkthroughs.world import UnknownError

#: The fewest columns that the text keeps when the shell stands at its side.
_TEXT_COLUMNS = 50
#: The fewest lines of a shell: its title and what a shell is told at least.
_SHELL_LINES = 6
#: Seconds between two looks whether the step was done by hand.
_WATCH_SECONDS = 2.0
#: Seconds that a guest that was just started gets to appear.
_GUEST_SECONDS = 10.0

_HINTS = [("Enter", "Go on"), ("d", "Do it"), ("c", "Check"), ("h", "Hint"), ("u", "Undo"), ("s", "Skip"),
          ("Tab", "Shell"), ("t", "Steps"), ("x", "Type one"), ("?", "Help"), ("Esc", "Back")]  # fmt: skip


class PaneConsoles:
    """For checks, which look from a thread: what guests' consoles show in the panes."""

    def __init__(self, screen: WalkthroughScreen) -> None:
        self._screen = screen

    def screen(self, guest: str) -> list[str]:
        """See `world.Consoles`. Raises UnknownError."""
        try:
            return self._screen.app.call_from_thread(self._screen.screen_of, guest)
        except RuntimeError as error:  # xentui ends
            raise UnknownError("xentui ends") from error


class LessonText(TextView, inherit_bindings=False):
    """The text of a step. Enter is not its own."""

    BINDINGS = [
        Binding("up,k", "scroll(-1)", show=False),
        Binding("down,j", "scroll(1)", show=False),
        Binding("pageup,ctrl+b", "page(-1)", show=False),
        Binding("pagedown,space,ctrl+f", "page(1)", show=False),
        Binding("home,g", "scroll(-1000000)", show=False),
        Binding("end,G", "scroll(1000000)", show=False),
    ]


class WalkthroughScreen(Page):
    """One walkthrough, from when it is opened until it is closed; Esc leaves it standing."""

    DEFAULT_CSS = """
    WalkthroughScreen > #lesson { height: 1fr; layout: vertical; }
    WalkthroughScreen > #lesson.-wide { layout: horizontal; }
    WalkthroughScreen LessonText { height: 1fr; width: 1fr; }
    WalkthroughScreen #lesson.-wide > ConsoleDeck { margin-left: 1; height: 1fr; }
    WalkthroughScreen.-large-text ConsoleDeck { display: none; }
    WalkthroughScreen.-large-shell LessonText { display: none; }
    WalkthroughScreen.-large-shell #lesson > ConsoleDeck { margin: 0; height: 1fr; width: 1fr; }
    """
    AUTO_FOCUS = "#step"
    BINDINGS = [*bindings(WALK)]
    registry = with_program(WALK)

    def __init__(self, walkthrough: Walkthrough) -> None:
        super().__init__()
        self.walkthrough = walkthrough
        self.heading = printable(walkthrough.title)
        self.lesson: Lesson | None = None
        self.marked = 0  # which of the step's commands is typed next
        self._cancel = threading.Event()
        self._watching = False
        self._acting = False
        self.hands = Hands(self._shell_pane, self._guest_pane)

    def compose(self) -> ComposeResult:
        yield TitleLine(id="title")
        with Container(id="lesson"):
            yield LessonText(id="step")
            yield ShellDeck(leader=self.xentui.leader, id="shells")
        yield StatusLine(self.xentui.glyphs)
        yield KeyBar(_HINTS, always=2)

    @property
    def deck(self) -> ShellDeck:
        """The shell and the consoles."""
        return self.query_one(ShellDeck)

    @property
    def view(self) -> LessonText:
        return self.query_one(LessonText)

    # Opening and closing

    def on_mount(self) -> None:
        super().on_mount()
        self.xentui.run_dialogs(self._begin())
        self.set_interval(_WATCH_SECONDS, self._watch)

    async def _begin(self) -> None:
        lesson = Lesson(self.xentui.host, self.walkthrough, PaneConsoles(self))
        for question in lesson.questions():
            answer = await self._ask(question)
            if answer is None:
                self.xentui.close_walkthrough()
                return
            lesson.answer(question.name, answer)
        self.heading = expand(self.walkthrough.title, lesson.values)
        self.say("Looking at the dom0 ...")
        self._act(self._open_lesson(lesson))

    async def _ask(self, question: Question) -> str | None:
        return await self.app.push_screen_wait(
            Ask(question.question, question.default, lambda answer: complaint(question.kind, answer))
        )

    async def _open_lesson(self, lesson: Lesson) -> None:
        missing = await asyncio.to_thread(unmet, self.walkthrough, lesson.values, lesson.world)
        await asyncio.to_thread(lesson.open)
        self.lesson = lesson
        if lesson.at_end:
            self.say("All of it is done. C takes everything back; t goes to a step.", "good")
        elif lesson.index:
            self.say(f"You go on at step {lesson.index + 1}: what comes before it is done.")
        else:
            self.say("")
            await self._carry_out_hidden(self.walkthrough.setup)
        if missing:
            self.say(f"It may not work here: {'; '.join(missing)}", "error")
        await self._step_opened()
        if not self.xentui.read_only:
            with contextlib.suppress(HandsError):
                await self._shell_pane()

    async def close(self) -> None:
        """End what runs here and leave the consoles; the progress is kept."""
        self._cancel.set()
        self._keep()
        await self.deck.close_all()

    def _keep(self) -> None:
        if self.lesson is not None:
            try:
                self.lesson.save()
            except OSError as error:
                self.say(f"The progress cannot be kept: {error.strerror}", "error")

    # What is shown

    def on_resize(self) -> None:
        super().on_resize()
        self._share_room()
        self._draw()

    def on_descendant_focus(self) -> None:
        self._share_room()
        bar = self.query_one(KeyBar)
        if isinstance(self.focused, ConsolePane):
            words = [(entry.shown, entry.hint) for entry in LEADER_KEYS if entry.hint]
            bar.set_hints([(shown(self.xentui.leader), "then:"), ("o", "Text"), *(w for w in words if w[0] != "o")])
        else:
            bar.set_hints(_HINTS, always=2)

    def _share_room(self) -> None:
        """The one that has the keys gets the larger part."""
        size, deck = self.app.size, self.deck
        room = max(1, size.height - 3)
        wide = size.width >= _TEXT_COLUMNS + 1 + COLUMNS
        at_shell = isinstance(self.focused, ConsolePane)
        self.query_one("#lesson").set_class(wide, "-wide")
        large = self.has_class("-large-shell")
        lines = room * 2 // 3 if at_shell else max(room // 3, min(_SHELL_LINES, room // 2))
        deck.styles.height = None if wide or large else lines
        deck.styles.width = COLUMNS if wide and not large else None

    def on_console_deck_left(self) -> None:
        self.view.focus()

    def on_console_deck_large(self, event: ConsoleDeck.Large) -> None:
        self.set_class(event.large, "-large-shell")
        self._share_room()

    def on_text_view_moved(self, event: TextView.Moved) -> None:
        self.query_one(StatusLine).set_remark(self.view.position)

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self._draw()

    def _commands(self) -> tuple[Block, ...]:
        """What can be typed in the open step, in the order of the text."""
        return self.lesson.step.of_kind(Kind.RUN) if self.lesson is not None else ()

    def _draw(self, *, to_end: bool = False) -> None:
        lesson = self.lesson
        if lesson is None or not self.is_mounted:
            return
        commands = self._commands()
        marked = commands[self.marked] if self.marked < len(commands) else None
        width = max(20, self.view.size.width - 1)
        lines, _ = step_lines(lesson, width, marked)
        self.view.show(lines)
        if to_end:
            self.view.scroll_to_line(len(lines))
        self.heading = f"{expand(self.walkthrough.title, lesson.values)}  {self._marks(lesson)}"
        self.show_title()

    def _marks(self, lesson: Lesson) -> str:
        """A sign for each step: x done, - skipped, > open here, . to come."""
        signs = {Mark.DONE: "x", Mark.SKIPPED: "-", Mark.OPEN: "."}
        row = "".join(
            ">" if number == lesson.index else signs[lesson.mark(step)]
            for number, step in enumerate(lesson.walkthrough.steps)
        )
        return f"[{row}] {lesson.index + 1}/{len(lesson.walkthrough.steps)}"

    # Acting: one thing at a time, the newest wins

    def _act(self, work: Coroutine[Any, Any, None]) -> None:
        self._cancel.set()
        self._cancel = threading.Event()

        async def act() -> None:
            self._acting = True
            try:
                await work
            except HandsError as error:
                self.say(f"Not typed: {error}", "error")
            finally:
                self._acting = False

        self.run_worker(act(), group="lesson", exclusive=True)

    def _ready(self) -> Lesson | None:
        if self.lesson is None:
            self.say("The dom0 is still being looked at ...")
        return self.lesson

    async def _step_opened(self) -> None:
        lesson = self.lesson
        if lesson is not None:
            self.marked = 0
            self._draw()
            self.view.scroll_to_line(0)
            self._keep()
            await self._carry_out_hidden(lesson.step.of_kind(Kind.SETUP))

    async def _carry_out_hidden(self, blocks: tuple[Block, ...]) -> None:
        """Setup: the learner need not see it."""
        from xentui.walkthroughs.consoles import OwnConsoles

        if self.xentui.read_only or self.lesson is None:
            return
        consoles = OwnConsoles(self.xentui.host)
        try:
            for block in blocks:
                done = await asyncio.to_thread(
                    carry_out, self.xentui.host, block, self.lesson.values, consoles, self._cancel
                )
                if not done.ok:
                    self.say(f"The step could not be made ready: {done.sentence}", "error")
        finally:
            await asyncio.to_thread(consoles.close)

    async def _check(self, lesson: Lesson) -> bool:
        """Look, show what was found, and whether the step is done."""
        if not lesson.step.checks:
            return True
        self.say("Looking ...")
        await self._open_consoles(lesson)
        done = await asyncio.to_thread(lesson.check, self._cancel)
        self._keep()
        self._draw(to_end=not done)
        if done:
            last = lesson.at_end
            self.say(
                "That was the last step. C takes everything back, Q closes." if last else "Done. Enter goes on.", "good"
            )
        elif lesson.first_failure is not None:
            unknown = lesson.first_failure.state is not None and lesson.first_failure.state.value == "unknown"
            self.say("It cannot be seen now." if unknown else "Not yet. h gives a hint, l looks.", "error")
        return done

    def do_check_step(self) -> None:
        if (lesson := self._ready()) is not None:
            if not lesson.step.checks:
                self.say("There is nothing to check in this step: Enter goes on.")
                return
            self._act(self._check_only(lesson))

    async def _check_only(self, lesson: Lesson) -> None:
        await self._check(lesson)

    def do_go_on(self) -> None:
        if (lesson := self._ready()) is not None:
            self._act(self._go_on(lesson))

    async def _go_on(self, lesson: Lesson) -> None:
        if not await self._check(lesson):
            return
        last = lesson.index == len(lesson.walkthrough.steps) - 1
        lesson.next()
        if last:
            self._draw()
            self._keep()
            self.say("That was the last step. C takes everything back, Q closes.", "good")
        else:
            self.say("")
            await self._step_opened()

    def do_skip_step(self) -> None:
        if (lesson := self._ready()) is not None:
            number = lesson.index + 1
            lesson.skip()
            self.say(f"Step {number} is skipped, not done.")
            self._act(self._step_opened())

    def do_step_back(self) -> None:
        if (lesson := self._ready()) is not None:
            lesson.go(lesson.index - 1)
            self._act(self._step_opened())

    def do_hint(self) -> None:
        if (lesson := self._ready()) is not None:
            if lesson.next_hint() is None:
                self.say("There is no hint for this step.")
            else:
                left = len(lesson.hints(lesson.step)) - len(lesson.shown_hints())
                self.say(
                    f"{left} more hint{'s' if left != 1 else ''}." if left else "That was the last hint: the answer."
                )
            self._draw(to_end=True)
            self._keep()

    # Typing for the learner

    def do_do_step(self) -> None:
        if (lesson := self._ready()) is not None:
            if not lesson.step.solution:
                self.say("There is nothing to do in this step: Enter goes on.")
                return
            self.xentui.run_dialogs(self._if_meant(lesson, self._do_step(lesson)))

    async def _if_meant(self, lesson: Lesson, work: Coroutine[Any, Any, None]) -> None:
        """A dangerous step is done only when its object was typed."""
        danger = lesson.danger()
        if danger is not None:
            text, thing = danger
            wrong = f"Type {printable(thing)} to do it; Esc leaves it."
            typed = await self.app.push_screen_wait(
                Ask(f"DANGER: {text}", "", lambda answer: None if answer.strip() == thing else wrong, wrong)
            )
            if typed is None:
                work.close()
                self.say("Nothing was done.")
                return
        self._act(work)

    async def _do_step(self, lesson: Lesson) -> None:
        self.say("Typing ...")
        await self.hands.type_blocks(lesson.step.solution, lesson.values)
        await self._then_check(lesson, lesson.step.solution[-1])

    async def _then_check(self, lesson: Lesson, last: Block) -> None:
        if last.console is None and not await self.hands.settle(last.seconds):
            self.say("It still runs in the shell. Tab goes there; Ctrl+C ends it.", "error")
            return
        if lesson.step.checks:
            await self._check(lesson)
        else:
            self.say("Enter goes on.")

    def do_send_command(self) -> None:
        commands = self._commands()
        if self._ready() is None or self.lesson is None:
            return
        if not commands:
            self.say("There is no command in this step.")
            return
        block = commands[self.marked % len(commands)]
        self.xentui.run_dialogs(self._if_meant(self.lesson, self._send(self.lesson, block)))

    async def _send(self, lesson: Lesson, block: Block) -> None:
        await self.hands.type_blocks([block], lesson.values)
        self.marked = (self.marked + 1) % len(self._commands())
        self.say("Typed. Tab goes to the shell.")
        self._draw()

    def do_look(self) -> None:
        if (lesson := self._ready()) is not None:
            failed = lesson.first_failure or next(iter(lesson.results), None)
            if failed is None:
                self.say("Nothing was checked yet: c does it.")
            else:
                self._act(self.hands.type_command(failed.look))

    def do_undo_step(self) -> None:
        if (lesson := self._ready()) is not None:
            if not lesson.can_undo():
                self.say("This step cannot be taken back.")
            else:
                self._act(self._undo(lesson))

    async def _undo(self, lesson: Lesson) -> None:
        self.say("Typing ...")
        undo = lesson.step.of_kind(Kind.UNDO)
        await self.hands.type_blocks(undo, lesson.values)
        await self.hands.settle(undo[-1].seconds)
        undone = await asyncio.to_thread(lesson.check_undone, self._cancel)
        lesson.undone()
        self._keep()
        self._draw()
        self.say(
            "Undone." if undone else "The undo was typed, but the step is still done.", "good" if undone else "error"
        )

    def do_clean_up(self) -> None:
        if (lesson := self._ready()) is not None:
            self.xentui.run_dialogs(self._clean_up_if_meant(lesson))

    async def _clean_up_if_meant(self, lesson: Lesson) -> None:
        question = f"Take back all that {lesson.walkthrough.id} did?"
        warning = "Its commands are typed in the shell. You begin at the first step again."
        if await self.app.push_screen_wait(Confirm(question, [], warning, [], "Take it back")):
            self._act(self._clean_up(lesson))

    async def _clean_up(self, lesson: Lesson) -> None:
        def met(checks: tuple[Check, ...]) -> bool:
            lesson.go(next(i for i, step in enumerate(lesson.walkthrough.steps) if step.checks is checks))
            return lesson.look()

        blocks = iter(clean_up(lesson.walkthrough, met))  # type: ignore[arg-type]
        while (block := await asyncio.to_thread(next, blocks, None)) is not None:
            await self.hands.type_blocks([block], lesson.values)
            await self.hands.settle(block.seconds)
        with contextlib.suppress(OSError):
            lesson.begin_anew()
        await self._step_opened()
        self.say("Everything is taken back.", "good")

    # Moving

    def do_steps(self) -> None:
        if (lesson := self._ready()) is not None:
            self.xentui.run_dialogs(self._choose_step(lesson))

    async def _choose_step(self, lesson: Lesson) -> None:
        choices = [
            Choice(str(number), f"{number + 1}. {expand(step.title, lesson.values)}",
                   "" if lesson.mark(step) is Mark.OPEN else str(lesson.mark(step)))
            for number, step in enumerate(lesson.walkthrough.steps)
        ]  # fmt: skip
        answer = await self.app.push_screen_wait(Choose("Steps", choices, current=str(lesson.index)))
        if answer is not None:
            lesson.go(int(answer))
            self._act(self._step_opened())

    def do_to_shell(self) -> None:
        if self.xentui.read_only:
            self.say("xentui runs read-only (--read-only): there is no shell.", "error")
            return
        self.remove_class("-large-text")
        if self.deck.current is not None:
            self.deck.show(self.deck.current)
        else:
            self._act(self._go_to_shell())

    async def _go_to_shell(self) -> None:
        self.deck.show(await self._shell_pane())

    def do_large_text(self) -> None:
        self.toggle_class("-large-text")
        self.call_after_refresh(self._draw)

    def do_close_walkthrough(self) -> None:
        self.xentui.close_walkthrough()

    # Panes

    async def _shell_pane(self) -> ConsolePane:
        if self.xentui.read_only:
            raise HandsError("xentui runs read-only (--read-only)")
        pane = self.deck.pane_of("shell")
        if pane is None:
            self._share_room()
            pane = await self.deck.place(ShellSession(self.xentui.host))
        elif pane.session.state is State.WAITING:
            pane.link.attach_again()
        return pane

    def _open_pane(self, guest: str) -> ConsolePane | None:
        """The pane in which the guest's console is open, here or at the desk."""
        for deck in (self.deck, self.xentui.domains_screen.deck):
            pane = deck.pane_of(guest)
            if pane is not None and pane.session.state is State.ATTACHED:
                return pane
        return None

    async def _guest_pane(self, guest: str) -> ConsolePane:
        pane = self._open_pane(guest)
        if pane is not None:
            return pane
        app = self.xentui
        for _ in range(int(_GUEST_SECONDS / 0.1)):
            domain = app.snapshot.domain(guest) if app.snapshot is not None else None
            if domain is not None and domain.state.alive:
                session = session_for(app.host, domain, lambda: app.snapshot, may_type=not app.read_only)
                return await self.deck.place(session)
            app.refresher.request()
            await asyncio.sleep(0.1)
        raise HandsError(f"{guest} does not run: it has no console")

    async def _open_consoles(self, lesson: Lesson) -> None:
        """A check that looks at a console needs it open."""
        for check in lesson.step.checks:
            kind, guest, *_ = (*read_fact(check.fact, lesson.values).subject, "")
            if kind == "console":
                with contextlib.suppress(HandsError):
                    await self._guest_pane(guest)

    def screen_of(self, guest: str) -> list[str]:
        """What the guest's console shows, wherever it is open. In the event loop. Raises UnknownError."""
        pane = self._open_pane(guest)
        shell = self.deck.pane_of("shell")
        if pane is None and shell is not None and isinstance(shell.session, ShellSession) and shell.session.at_console:
            pane = shell
        if pane is None:
            raise UnknownError(f"the console of {guest} is not open")
        return pane.session.emulator.display()

    # Watching: the step may be done by hand, or at the desk

    def _watch(self) -> None:
        lesson = self.lesson
        if lesson is None or self._watching or self._acting or not lesson.step.checks:
            return
        if lesson.mark(lesson.step) is Mark.DONE or self.app.screen is not self:
            return
        self._watching = True
        self.run_worker(self._look(lesson), group="watch")

    async def _look(self, lesson: Lesson) -> None:
        before = list(lesson.results)
        try:
            done = await asyncio.to_thread(lesson.look)
        finally:
            self._watching = False
        if done:
            self._keep()
            self._draw()
            self.say("Done. Enter goes on.", "good")
        elif not self._acting:
            lesson.results = before  # nothing was asked: what is not done yet is no failure
