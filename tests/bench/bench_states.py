"""Twenty guests and how they change, the same in every run: what is measured is drawn from these."""

from __future__ import annotations

import random
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tui"))

from fakes import NOW, FakeHost, FakeInventory, domain

from xentui.domains.domain import Domain, Snapshot, State

REFRESHES = 30
"""One minute at one reading in two seconds."""


def guests() -> list[Domain]:
    """dom0 and twenty guests, of which two are off."""
    names = [
        "Domain-0",
        *(f"{kind}{number:02}" for kind in ("server", "client", "web", "db") for number in range(1, 6)),
    ]
    return [
        domain(name, None if index in (8, 15) else index, memory_mib=128 << index % 4)
        for index, name in enumerate(names)
    ]


class Recorded(FakeInventory):
    """Each reading is the next of the recorded ones: CPU and network of the running change, now and then a state."""

    def __init__(self) -> None:
        super().__init__(guests())
        self._random = random.Random(20)

    def snapshot(self) -> Snapshot:
        taken = super().snapshot()
        self.taken = NOW + 2 * self.readings
        if self.readings == 1:  # the next differs in one cell
            self.domains = [replace(d, cpu_percent=9.9) if d.id == 1 else d for d in self.domains]
        else:
            self.domains = [self._later(known) for known in self.domains]
        return taken

    def _later(self, known: Domain) -> Domain:
        if known.id is None:
            return known
        busy = self._random.random()
        cpu = round(self._random.uniform(0, 40), 1) if busy < 0.2 else known.cpu_percent
        received = round(self._random.uniform(0, 90_000)) if busy < 0.3 else known.net_receive
        state = self._random.choice([State.RUNNING, State.BLOCKED]) if busy < 0.1 else known.state
        return replace(
            known,
            cpu_percent=cpu,
            net_receive=float(received or 0),
            state=state,
            uptime_seconds=(known.uptime_seconds or 0) + 2,
        )


__all__ = ["REFRESHES", "FakeHost", "Recorded"]
