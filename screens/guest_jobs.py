"""Work on guests that is no toolstack's: a job that tells how it goes on, and may have something to say after."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from xentui.actions import Action
from xentui.domains.domain import Domain
from xentui.screens.jobs import Job
from xentui.screens.refresher import InventoryLike
from xentui.subprocesses import printable

#: As much of a step as fits beside the rest of the status line.
_LONGEST = 40


class GuestJob(Job):
    """`work` is done in a thread; what it gives back is told when all is done."""

    def __init__(self, action: Action, domain: Domain, work: Callable[[GuestJob], Sequence[str] | None]) -> None:
        super().__init__(action, domain)
        self.work = work
        self.now = ""

    @property
    def label(self) -> str:
        return f"{super().label}{f' {self.now}' if self.now else ''}"

    def say(self, line: str) -> None:
        """What it does now; told by the thread that works."""
        text = printable(line.strip())
        self.now = text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."

    def start(self, inventory: InventoryLike, ended: Callable[[Job, Exception | None], object]) -> None:
        def work() -> None:
            error: Exception | None = None
            try:
                self.remarks = list(self.work(self) or ())
            except Exception as raised:
                error = raised
            self.over.set()
            ended(self, error)

        threading.Thread(target=work, name=f"{self.action.name} {self.domain.name}", daemon=True).start()
