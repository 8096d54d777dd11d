"""A walkthrough that somebody walks through: where they are, what is done, what can be done next.

A step is done when the dom0 is as its checks say, whichever way it came about. What was done stays known, but
opening it looks at the real state again, from the first step on, and lands on the first one that is not met. A
step whose state a later one has ended on purpose (a guest that was started, then shut down) counts as met as
long as the later one is.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from enum import StrEnum

from xentui.host import Host
from xentui.walkthroughs import checking
from xentui.walkthroughs.baselines import baselines
from xentui.walkthroughs.checking import Result, State
from xentui.walkthroughs.classroom import share
from xentui.walkthroughs.progress import forget_progress, host_name, load_progress, save_progress
from xentui.walkthroughs.variables import complaint, expand, expand_shell
from xentui.walkthroughs.walkthrough import Ask, Hint, Kind, Paragraph, Span, Step, Walkthrough
from xentui.walkthroughs.world import Consoles, World


class Mark(StrEnum):
    """How a step stands."""

    OPEN = "open"
    DONE = "done"
    SKIPPED = "skipped"


class Lesson:
    """Calls that look at the dom0 block, and belong to a worker; the others only change what is known."""

    def __init__(self, host: Host, walkthrough: Walkthrough, consoles: Consoles | None = None) -> None:
        self.host, self.walkthrough, self.consoles = host, walkthrough, consoles
        self.progress = load_progress(walkthrough.id, host_name(host))
        self.progress.title, self.progress.steps = walkthrough.title, len(walkthrough.steps)
        self.world = World(host, consoles, self.progress.baselines)
        self.index = 0
        #: What came of the last look at the step that is open.
        self.results: list[Result] = []
        self._forget_bad_answers()

    # Answers

    def _forget_bad_answers(self) -> None:
        """The file may be older than the walkthrough, or written by hand."""
        asks = {ask.name: ask for ask in self.walkthrough.asks}
        kept = {n: a for n, a in self.progress.answers.items() if n in asks and not complaint(asks[n].kind, str(a))}
        self.progress.answers = kept

    @property
    def values(self) -> Mapping[str, str]:
        return self.progress.answers

    def questions(self) -> list[Ask]:
        """What is still to be asked."""
        return [ask for ask in self.walkthrough.asks if ask.name not in self.progress.answers]

    def answer(self, name: str, answer: str) -> None:
        """Keep an answer that `variables.complaint` finds nothing wrong with."""
        self.progress.answers[name] = answer

    # Where one is

    @property
    def step(self) -> Step:
        return self.walkthrough.steps[self.index]

    @property
    def at_end(self) -> bool:
        """All steps are done or skipped."""
        return all(self.mark(step) is not Mark.OPEN for step in self.walkthrough.steps)

    def mark(self, step: Step) -> Mark:
        if step.id in self.progress.done:
            return Mark.DONE
        return Mark.SKIPPED if step.id in self.progress.skipped else Mark.OPEN

    def open(self) -> None:
        """Look at the real state and go to the first step that is not met. Blocks. Answers are there already."""
        if not self.progress.baselines:
            self.progress.baselines = baselines(self.walkthrough, self.values, self.world)
            self.world.baselines = dict(self.progress.baselines)
        met = self._survey()
        first = next((number for number, is_met in enumerate(met) if not is_met), len(met))
        for step in self.walkthrough.steps[:first]:
            if step.checks and step.id not in self.progress.skipped:
                self.progress.done.setdefault(step.id, time.time())
        self._forget_from(first)
        self.go(first)

    def _forget_from(self, index: int) -> None:
        """What comes after a step that is not met is not done, even if the dom0 happens to look like it."""
        for step in self.walkthrough.steps[index:]:
            self.progress.done.pop(step.id, None)

    def _survey(self) -> list[bool]:
        """Whether each step is met. Consoles are not opened for that: one may be somebody else's."""
        quiet = World(self.host, None, self.world.baselines)
        checks = [check for step in self.walkthrough.steps for check in step.checks]
        results = {id(result.check): result for result in checking.look(quiet, checks, self.values)}
        met: list[bool] = []
        ended: dict[tuple[str, ...], str] = {}  # what later steps, done and met, say about a subject
        for step in reversed(self.walkthrough.steps):
            recorded = step.id in self.progress.done
            mine = [results[id(check)] for check in step.checks]
            holds = all(r.holds or _is_ended(r, ended, recorded) for r in mine) if mine else recorded
            met.append(holds or step.id in self.progress.skipped)
            if recorded and holds:
                for result in mine:
                    ended.setdefault(result.fact.subject, result.fact.text)
        return met[::-1]

    def go(self, index: int) -> None:
        """Open a step."""
        self.index = max(0, min(index, len(self.walkthrough.steps) - 1))
        self.results = []
        progress = self.progress
        if progress.at != self.step.id or not progress.since:
            progress.at, progress.since = self.step.id, time.time()
        progress.number, progress.finished = self.index + 1, self.at_end

    def next(self) -> None:
        """To the next step; one that is only read is done by that."""
        if not self.step.checks:
            self.progress.done.setdefault(self.step.id, time.time())
        self.go(self.index + 1)
        self.progress.finished = self.at_end

    def skip(self) -> None:
        """Go on without having done it; that is remembered."""
        if self.mark(self.step) is Mark.OPEN:
            self.progress.skipped[self.step.id] = time.time()
        self.go(self.index + 1)

    def begin_anew(self) -> None:
        """Forget all but the answers, on the disk too; to the first step. Raises OSError."""
        forget_progress(self.progress)
        for kept in (self.progress.done, self.progress.skipped, self.progress.hints, self.progress.failed):
            kept.clear()
        self.go(0)

    def save(self, *, left: bool = False) -> None:
        """Keep the progress, and show it to the class if there is one. Raises OSError."""
        self.progress.left = left
        save_progress(self.progress)
        share(self.progress)

    # Looking

    def look(self) -> bool:
        """Look once whether the open step is done; say nothing if it is not. Blocks."""
        step = self.step
        if not step.checks:
            return False
        return self._take(step, checking.look(self.world, step.checks, self.values))

    def check(self, cancel: threading.Event | None = None) -> bool:
        """Look until the open step is done, or the time of its checks is up. Blocks."""
        step = self.step
        done = self._take(step, checking.wait(self.world, step.checks, self.values, cancel=cancel))
        first = self.first_failure
        if not done and first is not None and first.state is State.FAILS:
            self.progress.failed = {"step": step.id, "sentence": first.sentence, "when": time.time()}
        return done

    def _take(self, step: Step, results: list[Result]) -> bool:
        if step is not self.step:  # somebody went on meanwhile
            return False
        self.results = results
        done = bool(results) and all(result.holds for result in results)
        if done:
            self.progress.done.setdefault(step.id, time.time())
            self.progress.skipped.pop(step.id, None)
            self.progress.finished = self.at_end
        return done

    def check_undone(self, cancel: threading.Event | None = None) -> bool:
        """Look until the open step is not done any more, or the time of its checks is up. Blocks."""
        checks = [check for check in self.step.checks if not check.still]
        results = checking.wait(self.world, checks, self.values, cancel=cancel, enough=lambda r: not r.holds)
        return any(not result.holds for result in results)

    @property
    def first_failure(self) -> Result | None:
        """The first check of the open step that did not hold when it was looked at."""
        return next((result for result in self.results if not result.holds), None)

    def undone(self) -> None:
        """The open step was taken back."""
        self._forget_from(self.index)
        self.progress.skipped.pop(self.step.id, None)
        self.progress.finished, self.results = False, []

    # Hints

    def hints(self, step: Step) -> list[Hint]:
        """All hints of a step; the last one is the answer."""
        answer = [
            Paragraph((Span(line, "code"),), block.line, depth=1)
            for block in step.solution
            for line in expand_shell(block.text, self.values).split("\n")
        ]
        if not answer:
            return list(step.hints)
        console = next((block.console for block in step.solution if block.console), None)
        where = f", on the console of {expand(console, self.values)}" if console else ""
        says = Paragraph((Span(f"The answer{where}:"),), step.line)
        return [*step.hints, Hint((says, *answer), step.line)]

    def next_hint(self) -> Hint | None:
        """One hint more; None if there is none."""
        hints, shown = self.hints(self.step), self.progress.hints.get(self.step.id, 0)
        if not hints:
            return None
        self.progress.hints[self.step.id] = min(shown + 1, len(hints))
        return hints[min(shown, len(hints) - 1)]

    def shown_hints(self) -> list[Hint]:
        """Those of the open step that were asked for."""
        return self.hints(self.step)[: self.progress.hints.get(self.step.id, 0)]

    # What can be done

    @property
    def only_to_read(self) -> str:
        """Why nothing of it is run here; "" if it may be. The demo simulates guests, but a shell there has this
        machine's own disks: what needs a real dom0 would not break the demo, but them."""
        if "real" in self.walkthrough.needs and self.host.is_demo:
            return "it needs a real dom0; in the demo it is only to read"
        return ""

    def danger(self) -> tuple[str, str] | None:
        """What the open step destroys, and the object that must be typed first; None if it is harmless."""
        danger = self.step.danger
        if danger is None:
            return None
        return expand(danger.text, self.values), expand(danger.thing, self.values)

    def can_undo(self) -> bool:
        return bool(self.step.of_kind(Kind.UNDO))


def _is_ended(result: Result, ended: Mapping[tuple[str, ...], str], recorded: bool) -> bool:
    """Whether a check that does not hold is no fault: a later step ended its state, or nobody can see it now."""
    if not recorded:
        return False
    if result.state is State.UNKNOWN:
        return True
    return result.fact.subject in ended and ended[result.fact.subject] != result.fact.text
