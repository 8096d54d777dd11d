"""Actions that run: each in a thread of its own, with a way to cancel it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from xentui.actions import Action
from xentui.domains.domain import Domain
from xentui.domains.toolstack import ToolstackError
from xentui.screens.formats import brief
from xentui.screens.refresher import InventoryLike

#: Seconds after a job's end in which a change of its domain is taken for the job's.
_ECHO = 20.0


class Job:
    """One action that is being done to one domain. `aside` is what there is to say beside its end."""

    #: Whether what it raises after a cancel says how things stand, and is to be read.
    tells_its_end = False

    def __init__(self, action: Action, domain: Domain, argument: str = "", aside: str = "") -> None:
        self.action, self.domain, self.argument, self.aside = action, domain, argument, aside
        #: What the user has to read once it is done.
        self.remarks: list[str] = []
        self.cancel, self.over = threading.Event(), threading.Event()
        self.started = time.monotonic()

    @property
    def label(self) -> str:
        """What it does, to whom."""
        return f"{self.action.title} {brief(self.domain.name)}"

    @property
    def seconds(self) -> float:
        """How long it has been running."""
        return time.monotonic() - self.started

    def start(self, inventory: InventoryLike, ended: Callable[[Job, Exception | None], object]) -> None:
        """Do it in a daemon thread; `ended` is called there with what it raised, or None."""

        def work() -> None:
            error: Exception | None = None
            try:
                if self.action.run is None:
                    raise ToolstackError(f"{self.action.title} is nothing that a toolstack does.")
                self.action.run(inventory.toolstack(self.domain), self.domain, self.argument, self.cancel)
            except Exception as raised:
                # Whatever a toolstack raises is shown to the user; it must not end in a thread unseen.
                error = raised
            self.over.set()
            ended(self, error)

        threading.Thread(target=work, name=self.label, daemon=True).start()


class Jobs:
    """The jobs that run now, oldest first."""

    def __init__(self) -> None:
        self.running: list[Job] = []
        self._ended: dict[str, float] = {}  # when the last job of a domain ended (monotonic)

    def add(self, job: Job) -> None:
        self.running.append(job)

    def remove(self, job: Job) -> None:
        if job in self.running:
            self.running.remove(job)
            self._ended[job.domain.key] = time.monotonic()

    def touched(self, domain: Domain) -> bool:
        """Whether what happens to this domain now may be our own doing."""
        ended = self._ended.get(domain.key)
        return self.busy(domain) is not None or (ended is not None and time.monotonic() - ended < _ECHO)

    def busy(self, domain: Domain) -> Job | None:
        """The job that works on this domain already."""
        return next((job for job in self.running if job.domain.key == domain.key), None)

    def sentence(self, cancel_key: str) -> str:
        """What runs, for the status line; empty when nothing does."""
        if not self.running:
            return ""
        shown = ", ".join(f"{job.label} {job.seconds:.0f} s" for job in self.running[:3])
        more = f" and {len(self.running) - 3} more" if len(self.running) > 3 else ""
        return f"{shown}{more} ... {cancel_key} cancels"
