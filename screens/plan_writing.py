"""A plan that is carried out: its steps one by one, what became of it, and the way back."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from textual.message import Message

from xentui.disk_actions import WRITING, with_program
from xentui.disks.applying import DONE, REFUSED, STALE, Outcome, Progress
from xentui.screens.drawing import Line, wrap
from xentui.screens.keys import bindings
from xentui.screens.page import Page
from xentui.screens.plan_thread import in_plan_thread
from xentui.screens.widgets.key_bar import KeyBar
from xentui.screens.widgets.text_view import TextView

#: Carries the plan out, and tells of its steps in the thread that it is called in.
Work = Callable[[Callable[[Progress], None], threading.Event], Outcome]


class Told(Message):
    """A step begins, or goes on."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self.progress = progress


class PlanWritingScreen(Page):
    """Stays until the work has come to an end: a table half written is what must not be left behind.

    `ended` is called when it is closed, with the outcome.
    """

    BINDINGS = [*bindings(WRITING)]
    registry = with_program(WRITING)

    def __init__(
        self, name: str, steps: list[str], work: Work, ended: Callable[[Outcome], object], heading: str = ""
    ) -> None:
        super().__init__()
        self.device_name, self.steps, self._work, self._ended = name, steps, work, ended
        self.cancel = threading.Event()
        self.progress: Progress | None = None
        self.outcome: Outcome | None = None
        self.heading = heading or f"Writing to {name}"
        self.hints = (("^X", "Stop after this step"),)

    def on_mount(self) -> None:
        super().on_mount()
        self.say("Checking the disk once more ...")
        self.run_worker(self._carry_out(), group="writing")

    async def _carry_out(self) -> None:
        outcome = await in_plan_thread(lambda: self._work(self._tell, self.cancel))
        self.outcome = outcome
        if not self.is_mounted:
            return
        words = {DONE: "Done.", REFUSED: "Refused: nothing was written.", STALE: "Written, but the kernel looks back."}
        self.say(words.get(outcome.status, "It stopped."), "good" if outcome.status == DONE else "error")
        self.query_one(KeyBar).set_hints([("?", "Help"), ("Esc", "Back")], always=2)
        self.snapshot_changed()

    def _tell(self, progress: Progress) -> None:
        """In the thread that writes. It goes on whether or not anybody still looks: the line may have been cut."""
        with contextlib.suppress(Exception):
            self.post_message(Told(progress))

    def on_told(self, message: Told) -> None:
        self.progress = message.progress
        if self.is_mounted and self.outcome is None:
            if not self.cancel.is_set():
                self.say(f"Step {self.progress.step} of {self.progress.steps} ...")
            self.snapshot_changed()

    def snapshot_changed(self) -> None:
        view = self.query_one(TextView)
        if view.size.width:
            view.follow = True
            view.show(self._lines(view.size.width))

    def _lines(self, width: int) -> list[Line]:
        lines: list[Line] = [(), *(self._step(number, title) for number, title in enumerate(self.steps, 1)), ()]
        outcome = self.outcome
        if outcome is None:
            return lines
        role = "running" if outcome.status == DONE else "dying"
        lines += [((f" {line}", role),) for line in wrap(outcome.message, width - 2)]
        if outcome.backup is not None:
            said = f"The old partition table is kept in {outcome.backup}"
            lines += [(), *(((f" {line}", "dim"),) for line in wrap(said, width - 2))]
        if outcome.restore is not None:
            lines += [((" It comes back with:", "dim"),)]
            lines += [((f"   {line}", "text"),) for line in wrap(outcome.restore, width - 4)]
        if outcome.not_done:
            lines += [(), ((" Not done:", "strong"),)]
            lines += [((f"   {line}", "text"),) for title in outcome.not_done for line in wrap(title, width - 4)]
        return lines

    def _step(self, number: int, title: str) -> Line:
        at, outcome = self.progress, self.outcome
        done = len(outcome.done) if outcome is not None else at.step - 1 if at is not None else 0
        if number <= done:
            return ((" ok   ", "running"), (f"{number:>2}. {title}", "text"))
        if at is not None and number == at.step:
            if outcome is not None:
                return ((" STOP ", "dying"), (f"{number:>2}. {title}", "strong"))
            percent = f"{at.fraction * 100:3.0f}% " if at.fraction is not None else " ... "
            return ((f" {percent}", "paused"), (f"{number:>2}. {title}", "strong"))
        return (("      ", "dim"), (f"{number:>2}. {title}", "dim"))

    # Leaving

    def action_close(self) -> None:
        if self.outcome is None:
            self.say("It is being written: wait for the end, or ^X stops it after this step.", "error")
            return
        self.app.pop_screen()
        self._ended(self.outcome)

    def do_quit(self) -> None:
        self.action_close()

    def do_cancel(self) -> None:
        if self.outcome is None:
            self.cancel.set()
            self.say("It stops as soon as this step is done.")
        else:
            self.say("It has ended already.", "error")
