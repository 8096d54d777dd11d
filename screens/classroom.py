"""The class, for who leads it: a line for each learner, with the step they are at and what holds them up.

The learners of this host, and those of the other hosts of the settings, where a class meets there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from textual.widget import Widget

from xentui.domains.side_by_side import Asked
from xentui.guests.migration.hosts import beside
from xentui.host import HostError
from xentui.screens.drawing import Line, fit, wrap
from xentui.screens.watching import WatchingPage
from xentui.screens.widgets.text_view import TextView
from xentui.subprocesses import CommandError
from xentui.walkthroughs.classroom import ClassWatch, Learner, duration, learners

#: Seconds between two looks at the folder of the class.
_LOOK_SECONDS = 3.0
#: Seconds on one step after which somebody may want help.
_LONG = 300.0
#: From so many columns on, what failed last has room beside the rest.
_BESIDE = 110


class ClassScreen(WatchingPage):
    """Reads the folder of the class on each host, again and again."""

    heading = "Class"

    def __init__(self) -> None:
        super().__init__()
        self.learners: list[Learner] | None = None
        #: Why nobody can be seen; it says what to do, and needs more room than the status line has.
        self._problem = ""
        self._reading = False
        self.rooms: list[ClassWatch] = []

    def body(self) -> Widget:
        return TextView(id="text")

    def others(self) -> list[Asked]:
        """The other hosts. The demo's has its class in the same folder."""
        app = self.xentui
        if app.host.is_demo:
            return []
        others = beside(app.host, app.hosts).items()
        return [Asked(name, partial(app.host.other, target, ask=False)) for name, target in others]

    def on_mount(self) -> None:
        super().on_mount()
        self.say("Looking for the class ...")
        self.rooms = [ClassWatch(asked, self.told, _LOOK_SECONDS) for asked in self.others()]
        self.watch_hosts(self.rooms)
        self.set_interval(_LOOK_SECONDS, self._read)
        self._read()

    def _read(self) -> None:
        if not self._reading and self.app.screen is self:
            self._reading = True
            self.run_worker(self._look(), group="class")

    async def _look(self) -> None:
        try:
            self.learners, self._problem = await asyncio.to_thread(learners, self.xentui.host), ""
        except (HostError, CommandError) as error:
            self.learners, self._problem = None, str(error)
        finally:
            self._reading = False
        self.say("" if self._problem or self._all() else "Nobody is in the class yet.")
        self.snapshot_changed()

    def do_refresh(self) -> None:
        self._read()

    def _all(self) -> list[tuple[str, Learner]]:
        """Each with where they are; "" is here."""
        return [("", one) for one in self.learners or ()] + [
            (watch.asked.name, one) for watch in self.rooms for one in watch.learners
        ]

    def snapshot_changed(self) -> None:
        if not self.query(TextView):
            return  # not there yet, or closing
        width, found = self.app.size.width, self._all()
        lines = class_lines(found, width) if found or not self._problem else []
        problems = [self._problem] + [f"{watch.asked.name}: {watch.reading.problem}" for watch in self.watches
                                      if watch.reading.problem]  # fmt: skip
        for problem in filter(None, problems):
            lines += [((f" {text}", "crashed"),) for text in wrap(problem, width - 2)]
        self.query_one(TextView).show(lines)


def class_lines(found: Sequence[tuple[str, Learner]], width: int) -> list[Line]:
    """The head, and a line for each; who may want help stands out."""
    name, step, time, hints = 20, 7, 8, 6
    beside = width >= _BESIDE  # else what failed last stands below
    title = max(12, min(32, (width - name - step - time - hints) // (2 if beside else 1) - 1))
    failed = max(0, width - name - title - step - time - hints - 1)
    last = "Last failed check" if beside else ""
    head = f"{'Learner':{name}}{'Walkthrough':{title}}{'Step':{step}}{'On it':{time}}{'Hints':{hints}}{last}"
    lines: list[Line] = [((f" {head}", "columns"), (" " * width, "columns"))]
    for place, one in found:
        stuck = not one.finished and not one.left and (one.on_step > _LONG or bool(one.failed))
        role = "dim" if one.left else "running" if one.finished else "paused" if stuck else "text"
        where = "done" if one.finished else f"{one.step}/{one.steps}"
        state = "left" if one.left else duration(one.on_step)
        who = f"{one.name} {place}".rstrip()
        lines.append(
            (
                (" " + fit(who, name - 1) + " ", "strong" if role != "dim" else "dim"),
                (fit(one.walkthrough, title - 1) + " ", role),
                (f"{where:{step}}{state:{time}}{one.hints or '':<{hints}}", role),
                (fit(one.failed, failed) if beside else "", "crashed" if role != "dim" else "dim"),
            )
        )
        if one.failed and not beside:
            lines += [
                ((f"     {text}", "crashed" if role != "dim" else "dim"),) for text in wrap(one.failed, width - 6)
            ]
    return lines
