"""Walking through a walkthrough alone: does every check fail before, hold after, and fail again when undone?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from xentui.host import Host
from xentui.walkthroughs import trace
from xentui.walkthroughs.baselines import baselines
from xentui.walkthroughs.checking import Result, State, look, wait
from xentui.walkthroughs.consoles import OwnConsoles
from xentui.walkthroughs.doing import Done, carry_out
from xentui.walkthroughs.needs import unmet
from xentui.walkthroughs.walkthrough import Block, Check, Kind, Step, Walkthrough
from xentui.walkthroughs.world import UnknownError, World

#: What a column of the table can say.
OK, FAILED, NONE = "ok", "FAILED", "-"


@dataclass
class StepResult:
    """A line of the table; each column is OK, FAILED or NONE. `problems` say what was wrong, with the file's line."""

    step: Step
    number: int
    before: str = NONE
    solved: str = NONE
    undone: str = NONE
    problems: list[str] = field(default_factory=list)


@dataclass
class Outcome:
    """What came of a test. `skipped` says why it was not begun, `left_out` why it stopped early."""

    walkthrough: Walkthrough
    steps: list[StepResult] = field(default_factory=list)
    cleaned: str = NONE
    problems: list[str] = field(default_factory=list)
    skipped: str = ""

    @property
    def ok(self) -> bool:
        return not self.problems and not any(step.problems for step in self.steps)


class SelfTest:
    """One test of one walkthrough on `host`. `said` is told what it does. On a slow machine, with `patience`, looks,
    checks and commands have so many times the time that they have elsewhere. With `once` a step that was undone is done
    again only if another comes after it."""

    def __init__(
        self,
        host: Host,
        walkthrough: Walkthrough,
        values: Mapping[str, str],
        *,
        dangerous: bool = False,
        patience: float = 1.0,
        once: bool = False,
        said: Callable[[str], object] = lambda _sentence: None,
    ) -> None:
        self._host, self._walkthrough, self._values = host, _patient(walkthrough, patience), values
        self._dangerous, self._once, self._said = dangerous, once, said
        self._consoles = OwnConsoles(host, patience=patience)
        self._world = World(host, self._consoles, patience=patience)
        self._last: Done = Done(True)

    def run(self) -> Outcome:
        """Do it, and clean up whatever happens. Blocks for as long as the walkthrough's own commands take."""
        result = Outcome(self._walkthrough)
        missing = unmet(self._walkthrough, self._values, self._world)
        if missing:
            result.skipped = "; ".join(missing)
            return result
        try:
            before = trace.take(self._world)
            self._world.baselines = baselines(self._walkthrough, self._values, self._world)
        except UnknownError as error:
            result.problems.append(f"the dom0 cannot be looked at: {error}")
            return result
        try:
            self._walk(result)
        finally:
            self._clean_up(result, before)
            self._consoles.close()
        return result

    def _walk(self, result: Outcome) -> None:
        self._carry_out(self._walkthrough.setup)
        for number, step in enumerate(self._walkthrough.steps, 1):
            if step.danger is not None and not self._dangerous:
                result.problems.append(f"step {number} is dangerous: it and the rest are tested only with --dangerous")
                return
            self._said(f"step {number} of {len(self._walkthrough.steps)}: {step.title}")
            row = StepResult(step, number)
            result.steps.append(row)
            self._step(row)
            if row.problems:
                return  # what comes after it stands on it

    def _step(self, row: StepResult) -> None:
        step = row.step
        self._carry_out(step.of_kind(Kind.SETUP))
        if not step.checks:
            self._carry_out(step.solution)
            if step.solution:
                row.solved = OK if self._last.ok else FAILED
            if not self._last.ok:
                row.problems.append(f"{self._place(step.solution[-1])}: {self._last.sentence}")
            return
        row.before = self._before(row)
        if row.before is FAILED:
            return
        row.solved = self._solve(row)
        if row.solved is OK and step.of_kind(Kind.UNDO):
            row.undone = self._undo(row)

    def _before(self, row: StepResult) -> str:
        """Nothing was done: each check must fail, but for those that must hold all the time."""
        for result in look(self._world, row.step.checks, self._values):
            wanted = State.HOLDS if result.check.still else State.FAILS
            if result.state is not wanted:
                says = {
                    State.HOLDS: "holds before anything was done",
                    State.FAILS: "must still hold, and does not",
                    State.UNKNOWN: "cannot be seen",
                }[result.state]
                row.problems.append(self._about(result, says))
        return FAILED if row.problems else OK

    def _solve(self, row: StepResult, again: str = "") -> str:
        self._carry_out(row.step.solution)
        for result in wait(self._world, row.step.checks, self._values):
            if not result.holds:
                row.problems.append(self._about(result, f"does not hold after the solution{again}"))
        return FAILED if row.problems else OK

    def _undo(self, row: StepResult) -> str:
        self._carry_out(row.step.of_kind(Kind.UNDO))
        checks = [check for check in row.step.checks if not check.still]
        for result in wait(self._world, checks, self._values, enough=lambda r: r.state is State.FAILS):
            if result.state is not State.FAILS:
                row.problems.append(self._about(result, "still holds after the undo"))
        if row.problems:
            return FAILED
        if self._once and not any(step.checks or step.solution for step in self._walkthrough.steps[row.number :]):
            return OK
        self._carry_out(row.step.of_kind(Kind.SETUP))
        return self._solve(row, " is done a second time")

    def _clean_up(self, result: Outcome, before: trace.Trace) -> None:
        self._said("cleaning up")
        self._carry_out(clean_up(self._walkthrough, self._done_steps))
        try:
            left = trace.differences(before, trace.take(self._world))
        except UnknownError as error:
            left = [f"the dom0 cannot be looked at: {error}"]
        result.problems += [f"after the clean-up: {difference}" for difference in left]
        result.cleaned = FAILED if left else OK

    def _done_steps(self, checks: Sequence[Check]) -> bool:
        return all(result.holds for result in look(self._world, checks, self._values))

    def _carry_out(self, blocks: Iterable[Block]) -> None:
        self._last = Done(True)
        for block in blocks:
            self._last = carry_out(self._host, block, self._values, self._consoles)
            if not self._last.ok:
                self._said(f"{self._place(block)}: {self._last.sentence}")

    def _place(self, block: Block) -> str:
        return f"{self._walkthrough.file}:{block.line}"

    def _about(self, result: Result, says: str) -> str:
        seen = f" ({result.seen})" if result.seen else ""
        command = f"; the commands said: {self._last.sentence}" if not self._last.ok else ""
        return f"{self._walkthrough.file}:{result.check.line}: '{result.fact.text}' {says}{seen}{command}"


def _patient(walkthrough: Walkthrough, factor: float) -> Walkthrough:
    def longer(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
        return tuple(replace(block, seconds=block.seconds * factor) for block in blocks)

    steps = tuple(
        replace(
            step,
            blocks=longer(step.blocks),
            checks=tuple(replace(check, seconds=check.seconds * factor) for check in step.checks),
        )
        for step in walkthrough.steps
    )
    return replace(walkthrough, setup=longer(walkthrough.setup), cleanup=longer(walkthrough.cleanup), steps=steps)


def clean_up(walkthrough: Walkthrough, met: Callable[[Sequence[Check]], bool]) -> Iterable[Block]:
    """What takes all of it back, last things first: its `cleanup` blocks, else the `undo` of each step that is met.

    `met` is asked when it is the step's turn: what came before may have changed it.
    """
    if walkthrough.cleanup:
        yield from reversed(walkthrough.cleanup)
        return
    for step in reversed(walkthrough.steps):
        undo = step.of_kind(Kind.UNDO)
        if undo and met(step.checks):
            yield from undo
