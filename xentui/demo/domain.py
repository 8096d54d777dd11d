"""A domain of the simulated machine: what Xen accounts for it."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xentui.demo.console import Console
    from xentui.demo.guest.kernel import Kernel


class Reason(IntEnum):
    """Why a domain shut down (xen/include/public/sched.h)."""

    POWEROFF = 0
    REBOOT = 1
    SUSPEND = 2
    CRASH = 3
    WATCHDOG = 4
    SOFT_RESET = 5


@dataclass
class Traffic:
    """What went through a domain's devices since it was made: bytes, requests, sectors of 512 bytes."""

    sent: float = 0
    received: float = 0
    reads: float = 0
    writes: float = 0
    read_sectors: float = 0
    written_sectors: float = 0


@dataclass(eq=False)
class Domain:
    """Memory in KiB, times in seconds; `started` is epoch seconds. `name` None is xl's ``(null)``."""

    id: int
    config: dict[str, Any]
    started: float
    name: str | None = None
    memory_kb: int = 0
    max_memory_kb: int | None = None
    vcpus: int = 1
    weight: int = 256
    cap: int = 0
    paused: bool = False
    shutdown: Reason | None = None
    dying: bool = False
    hidden: bool = False  # its configuration cannot be retrieved: `xl list -l` leaves it out
    cpu_seconds: float = 0.0
    traffic: Traffic = field(default_factory=Traffic)
    guest: Kernel | None = None
    console: Console | None = None
    accounted: float = 0.0
    pid: int = 0  # of the xl that would wait for its end

    @property
    def shown_name(self) -> str:
        return "(null)" if self.name is None else self.name

    @property
    def type(self) -> str:
        return str(self.config["c_info"]["type"])

    @property
    def uuid(self) -> str:
        return str(self.config["c_info"].get("uuid", "00000000-0000-0000-0000-000000000000"))

    @property
    def up(self) -> bool:
        """Its vCPUs may run."""
        return not (self.paused or self.dying or self.shutdown is not None)

    @property
    def max_vcpus(self) -> int:
        return int(self.config["b_info"].get("max_vcpus", self.vcpus))

    @property
    def _phase(self) -> float:
        return zlib.crc32(self.shown_name.encode("utf-8", "surrogateescape")) % 1000 / 159.0

    def load(self, now: float) -> float:
        """The share of one CPU it uses at `now`: a slow wave of its own, and what its programs do."""
        if not self.up:
            return 0.0
        wave = 0.5 + 0.5 * math.sin(now / 7.0 + self._phase)
        if self.id == 0:
            return 0.02 + 0.04 * wave
        busy = self.guest.busy if self.guest is not None else 0.0
        return min(float(self.vcpus), 0.004 + 0.03 * wave**3 + busy)

    def account(self, now: float) -> None:
        """Bring CPU time and traffic up to `now` (seconds of a monotonic clock)."""
        passed = max(0.0, now - self.accounted) if self.accounted else 0.0
        self.accounted = now
        if not self.up:
            return
        self.cpu_seconds += passed * self.load(now)
        if self.id == 0:
            return
        wave = 0.5 + 0.5 * math.sin(now / 11.0 + 2 * self._phase)
        if self.config.get("nics"):
            self.traffic.sent += passed * 900 * wave
            self.traffic.received += passed * 2600 * wave
        if self.config.get("disks"):
            busy = self.guest.busy if self.guest is not None else 0.0
            self.traffic.reads += passed * 1.5 * wave
            self.traffic.read_sectors += passed * 24 * wave
            self.traffic.writes += passed * (0.8 * (1 - wave) + 5 * busy)
            self.traffic.written_sectors += passed * (12 * (1 - wave) + 80 * busy)

    def snapshot(self) -> dict[str, Any]:
        """All of it but its guest and its console, for the state file."""
        return {
            "id": self.id,
            "config": self.config,
            "started": self.started,
            "name": self.name,
            "memory_kb": self.memory_kb,
            "max_memory_kb": self.max_memory_kb,
            "vcpus": self.vcpus,
            "weight": self.weight,
            "cap": self.cap,
            "paused": self.paused,
            "shutdown": self.shutdown,
            "hidden": self.hidden,
            "cpu_seconds": self.cpu_seconds,
            "traffic": vars(self.traffic),
        }

    @classmethod
    def restored(cls, state: dict[str, Any]) -> Domain:
        values = dict(state)
        reason = values.pop("shutdown")
        traffic = Traffic(**values.pop("traffic"))
        return cls(**values, traffic=traffic, shutdown=None if reason is None else Reason(reason))
