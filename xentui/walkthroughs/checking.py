"""Looking whether a step's checks hold: once, or until they do or their time is up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from xentui.walkthroughs.facts.fact import Fact
from xentui.walkthroughs.facts.verbs import read_fact
from xentui.walkthroughs.variables import expand
from xentui.walkthroughs.walkthrough import Check
from xentui.walkthroughs.world import UnknownError, World

#: Seconds between two looks: at first, and at most.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 0.5


class State(StrEnum):
    HOLDS = "holds"
    FAILS = "fails"
    UNKNOWN = "unknown"  # it could not be seen


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one check. `sentence` is the author's, `seen` what is there instead, or why nobody knows;
    `look` is the command with which the reader can look."""

    check: Check
    fact: Fact
    state: State
    sentence: str
    seen: str

    @property
    def holds(self) -> bool:
        return self.state is State.HOLDS

    @property
    def look(self) -> str:
        return self.fact.look


def look(world: World, checks: Sequence[Check], values: Mapping[str, str]) -> list[Result]:
    """Look once at each; they see the same moment. Blocks; raises FactError for a check that lint would refuse."""
    world.look_again()
    return [_result(world, check, values) for check in checks]


def _result(world: World, check: Check, values: Mapping[str, str]) -> Result:
    fact = read_fact(check.fact, values)
    sentence = expand(check.sentence, values)
    try:
        verdict = fact.test(world)
    except UnknownError as error:
        return Result(check, fact, State.UNKNOWN, sentence, str(error))
    return Result(check, fact, State.HOLDS if verdict.holds else State.FAILS, sentence, verdict.seen)


def wait(
    world: World,
    checks: Sequence[Check],
    values: Mapping[str, str],
    *,
    cancel: threading.Event | None = None,
    enough: Callable[[Result], bool] = lambda result: result.holds,
) -> list[Result]:
    """Look until all are `enough`, or one has not been for as long as its own time, or the longest of them is over.

    Blocks; `cancel` ends it early.
    """
    started, pause = time.monotonic(), _FIRST_PAUSE
    ticker = cancel or threading.Event()
    ends = {check: started + check.seconds for check in checks}
    last = max(ends.values(), default=started)
    world.cancel = cancel
    try:
        while True:
            began = time.monotonic()
            results = look(world, checks, values)
            now = time.monotonic()
            # A guest that does not run is said after its 5 s, however long its login prompt is waited for; one that
            # does is not given up for one look that came to nothing.
            ends |= {result.check: now + result.check.seconds for result in results if enough(result)}
            left = min((min(ends[result.check], last) - now for result in results if not enough(result)), default=0.0)
            # Looking takes half of a slow dom0 at most: the rest is for what is waited for.
            if left <= 0 or ticker.wait(max(pause, min(now - began, left))):
                return results
            pause = min(pause * 1.5, _LONGEST_PAUSE)
    finally:
        world.cancel = None
