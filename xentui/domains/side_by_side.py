"""The domains of several hosts, read side by side: one that does not answer holds up none of the others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from xentui.domains.domain import Domain, aged
from xentui.domains.inventory import Inventory
from xentui.host import Host, HostError

#: Seconds until a host that did not answer is asked again.
_AGAIN = 15.0
#: A reading that is so many of its intervals late makes what is known old.
_LATE = 3


@dataclass(frozen=True, slots=True)
class Reading:
    """What one host said. `problem` is a sentence where it said nothing; `remarks` are the snapshot's own."""

    host: str
    domains: tuple[Domain, ...] = ()
    problem: str | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """A host to read: its name in what is shown, and what makes it. One that `is_open` already is left so."""

    name: str
    make: Callable[[], Host]
    is_open: bool = False


def read_side_by_side(hosts: Sequence[Asked]) -> list[Reading]:
    """Open and read them all at once, each in a thread; in their order."""
    if not hosts:
        return []
    with ThreadPoolExecutor(len(hosts), "host") as pool:
        return list(pool.map(_read, hosts))


def _read(asked: Asked) -> Reading:
    host = inventory = None
    try:
        host = asked.make()
        if not asked.is_open:
            host.open()
        inventory = Inventory(host)
        snapshot = inventory.snapshot()
    except HostError as error:
        return Reading(asked.name, problem=str(error))
    finally:
        if inventory is not None:
            inventory.close()
        if host is not None and not asked.is_open:
            host.close()
    if not snapshot.domains and snapshot.problems:
        return Reading(asked.name, problem=snapshot.problems[0])
    return Reading(asked.name, snapshot.domains, None, snapshot.problems)


class HostWatch(threading.Thread):
    """Reads one other host again and again, in a daemon thread, for as long as somebody looks: `reading` is the newest,
    and `told` is called here whenever there is a newer one. A host that does not answer is tried again."""

    def __init__(self, asked: Asked, told: Callable[[], object], every: float) -> None:
        super().__init__(name=f"host {asked.name}", daemon=True)
        self.asked, self.every = asked, every
        self.reading = Reading(asked.name, problem="not read yet")
        self._told, self._over = told, threading.Event()
        self._read_at = time.monotonic()

    @property
    def shown(self) -> Reading:
        """`reading`, marked as old while the one after it hangs: a host that is silent takes a while to be given up."""
        age = time.monotonic() - self._read_at
        reading = self.reading
        return reading if age < _LATE * self.every else replace(reading, domains=aged(reading.domains, age))

    def end(self) -> None:
        """Read no more; the connection is closed when the reading under way has come to its end."""
        self._over.set()

    def run(self) -> None:
        while not self._over.is_set():
            try:
                host = self.asked.make()
                try:
                    host.open()
                    self._follow(host)
                finally:
                    host.close()
            except HostError as error:
                self._tell(Reading(self.asked.name, problem=str(error)))
            self._over.wait(_AGAIN)

    def _follow(self, host: Host) -> None:
        """Until nothing comes from there any more. Raises HostError."""
        inventory = Inventory(host)
        inventory.open()
        try:
            while not self._over.is_set():
                seen = inventory.snapshot()
                if not seen.domains and seen.problems:
                    raise HostError(seen.problems[0])
                self._tell(Reading(self.asked.name, seen.domains, None, seen.problems))
                if seen.domains and all(domain.stale_seconds is not None for domain in seen.domains):
                    return  # shown as old; the connection is made anew
                self._over.wait(self.every)
        finally:
            inventory.close()

    def _tell(self, reading: Reading) -> None:
        ages = [domain.stale_seconds or 0.0 for domain in reading.domains]
        self.reading, self._read_at = reading, time.monotonic() - min(ages, default=0.0)
        if not self._over.is_set():
            self._told()
