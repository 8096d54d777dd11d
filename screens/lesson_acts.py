"""What is done in a walkthrough when a key asks for it: one thing at a time, the newest wins."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from xentui.screens.lesson_hands import Hands, HandsError
from xentui.screens.lesson_lines import END, NEXT
from xentui.screens.lesson_panes import LessonPanes
from xentui.screens.widgets.console_pane import ConsolePane
from xentui.walkthroughs.checking import State
from xentui.walkthroughs.classroom import class_folder, in_class
from xentui.walkthroughs.consoles import OwnConsoles
from xentui.walkthroughs.doing import carry_out
from xentui.walkthroughs.lesson import Lesson, Mark
from xentui.walkthroughs.needs import unmet
from xentui.walkthroughs.selftest import clean_up
from xentui.walkthroughs.walkthrough import Block, Check, Kind

if TYPE_CHECKING:
    from xentui.screens.app import XentuiApp

#: A look takes at most one part in so many of the time.
_WATCH_PART = 10.0
Work = Coroutine[Any, Any, None]


class Page(Protocol):
    """What the acts need of the screen."""

    @property
    def xentui(self) -> XentuiApp: ...
    def say(self, text: str, role: str = "status") -> None: ...
    def draw(self, *, to_end: bool = False) -> None: ...
    def step_changed(self) -> None: ...
    def keep(self) -> None: ...


class LessonActs:
    """`run` starts one of the coroutines here; it ends the one before."""

    def __init__(self, page: Page, lesson: Lesson, panes: LessonPanes, start: Callable[[Work], object]) -> None:
        """`start` runs a coroutine and cancels the one that it ran before."""
        self._page, self.lesson, self._panes, self._start = page, lesson, panes, start
        self.hands = Hands(panes.shell, panes.guest)
        self._cancel = threading.Event()
        self._watching = False
        self._watch_again = 0.0
        self.busy = False

    def run(self, work: Work) -> None:
        self.end()
        self._cancel = threading.Event()
        self._start(self._run(work))

    async def _run(self, work: Work) -> None:
        self.busy = True
        try:
            await work
        except HandsError as error:
            self._page.say(f"Not typed: {error}", "error")
        finally:
            self.busy = False

    def end(self) -> None:
        """What runs ends soon."""
        self._cancel.set()

    async def _in_thread(self, call: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.to_thread(call, *args)

    async def shell(self) -> ConsolePane:
        """The pane of the shell. Raises HandsError."""
        return await self._panes.shell()

    def present(self, on: bool) -> None:
        """Let others watch the shell, or no longer."""
        self._panes.present(on)

    # Opening

    async def open(self) -> None:
        """Look at the dom0, and go to the first step that is not met."""
        lesson, say = self.lesson, self._page.say
        missing = await self._in_thread(unmet, lesson.walkthrough, lesson.values, lesson.world)
        await self._in_thread(lesson.open)
        if lesson.at_end:
            say("All of it is done. C takes everything back; t goes to a step.", "good")
        elif lesson.index:
            say(f"You go on at step {lesson.index + 1}: what comes before it is done.")
        else:
            say("")
            await self._make_ready(lesson.walkthrough.setup)
        if in_class():
            say(f"This is a class: its leader sees how far you are ({class_folder()}).")
        if missing:
            say(f"It may not work here: {'; '.join(missing)}", "error")
        await self.step_opened()
        if not self._page.xentui.read_only:
            with contextlib.suppress(HandsError):
                await self._panes.shell()

    async def step_opened(self) -> None:
        """Show it, remember it, and make it ready."""
        self._page.step_changed()
        self._page.keep()
        await self._make_ready(self.lesson.step.of_kind(Kind.SETUP))

    async def _make_ready(self, blocks: tuple[Block, ...]) -> None:
        """Setup is not typed: the learner need not see it."""
        app = self._page.xentui
        if app.read_only or not blocks or self.lesson.only_to_read:
            return
        consoles = OwnConsoles(app.host)
        try:
            for block in blocks:
                done = await self._in_thread(carry_out, app.host, block, self.lesson.values, consoles, self._cancel)
                if not done.ok:
                    self._page.say(f"The step could not be made ready: {done.sentence}", "error")
        finally:
            await self._in_thread(consoles.close)

    # Checking

    async def check(self) -> None:
        await self._check()

    async def _check(self) -> bool:
        """Look, show what was found; whether the step is done."""
        lesson, page = self.lesson, self._page
        if not lesson.step.checks:
            return True
        page.say("Looking ...")
        await self._panes.open_for_checks(lesson)
        done: bool = await self._in_thread(lesson.check, self._cancel)
        page.keep()
        page.draw(to_end=not done)
        failure = lesson.first_failure
        if done:
            page.say(END if lesson.at_end else NEXT, "good")
        elif failure is not None:
            unseen = failure.state is State.UNKNOWN
            page.say("It cannot be seen now." if unseen else "Not yet. h gives a hint, l looks.", "error")
        return done

    async def go_on(self) -> None:
        """To the next step, if this one is done."""
        lesson = self.lesson
        if not await self._check():
            return
        last = lesson.index == len(lesson.walkthrough.steps) - 1
        lesson.next()
        if last:
            self._page.draw()
            self._page.keep()
            self._page.say(END if lesson.at_end else "The last step. t shows those that are left.", "good")
        else:
            self._page.say("")
            await self.step_opened()

    def watch(self) -> Awaitable[None] | None:
        """A look whether the step was done by hand, or at the desk; None where there is nothing to look for."""
        step = self.lesson.step
        done = not step.checks or self.lesson.mark(step) is Mark.DONE
        if done or self._watching or self.busy or time.monotonic() < self._watch_again:
            return None
        self._watching = True
        return self._look()

    async def _look(self) -> None:
        lesson, started = self.lesson, time.monotonic()
        before = list(lesson.results)
        try:
            done = await self._in_thread(lesson.look)
        finally:
            self._watching = False
            # What takes long is not asked often.
            self._watch_again = time.monotonic() + _WATCH_PART * (time.monotonic() - started)
        if self.busy:
            return
        if done:
            self._page.keep()
            self._page.draw()
            self._page.say(END if lesson.at_end else NEXT, "good")
        else:
            lesson.results = before  # nothing was asked: what is not done yet is no failure

    # Typing for the learner

    async def _type(self, blocks: Sequence[Block]) -> None:
        """Raises HandsError."""
        if self.lesson.only_to_read:
            raise HandsError(self.lesson.only_to_read)
        await self.hands.type_blocks(blocks, self.lesson.values)

    async def rest(self) -> None:
        """Do all that is left, up to a dangerous step or one that does not work."""
        lesson, page = self.lesson, self._page
        while not lesson.at_end:
            if lesson.step.danger is not None and lesson.mark(lesson.step) is Mark.OPEN:
                page.say("This step destroys something: it is never done by itself. d does it.", "error")
                return
            if lesson.step.solution and lesson.mark(lesson.step) is Mark.OPEN and not await self._do():
                return
            last = lesson.index == len(lesson.walkthrough.steps) - 1
            lesson.next()
            if last:
                break
            await self.step_opened()
        page.draw()
        page.keep()
        page.say(END if lesson.at_end else "The last step. t shows those that are left.", "good")

    async def do_step(self) -> None:
        await self._do()

    async def _do(self) -> bool:
        """Type the step's solution, wait for it, and look; whether it is done."""
        solution = self.lesson.step.solution
        self._page.say("Typing ...")
        await self._type(solution)
        if solution[-1].console is None and not await self.hands.settle(solution[-1].seconds):
            self._page.say("It still runs in the shell. Tab goes there; Ctrl+C ends it.", "error")
            return False
        if not self.lesson.step.checks:
            self._page.say("Enter goes on.")
        return await self._check()

    async def type_block(self, block: Block) -> None:
        await self._type([block])
        self._page.say("Typed. Tab goes to the shell.")

    async def undo(self) -> None:
        """Type the step's undo, and look whether it did that."""
        lesson, page = self.lesson, self._page
        undo = lesson.step.of_kind(Kind.UNDO)
        page.say("Typing ...")
        await self._type(undo)
        await self.hands.settle(undo[-1].seconds)
        undone = await self._in_thread(lesson.check_undone, self._cancel)
        lesson.undone()
        page.keep()
        page.draw()
        says = "Undone." if undone else "The undo was typed, but the step is still done."
        page.say(says, "good" if undone else "error")

    async def clean_up(self) -> None:
        """Take everything back, last things first."""
        lesson = self.lesson

        def met(checks: tuple[Check, ...]) -> bool:
            lesson.go(next(i for i, step in enumerate(lesson.walkthrough.steps) if step.checks is checks))
            return lesson.look()

        blocks = iter(clean_up(lesson.walkthrough, met))  # type: ignore[arg-type]
        while (block := await self._in_thread(next, blocks, None)) is not None:
            await self._type([block])
            await self.hands.settle(block.seconds)
        with contextlib.suppress(OSError):
            lesson.begin_anew()
        await self.step_opened()
        self._page.say("Everything is taken back.", "good")
