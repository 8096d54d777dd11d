"""The domains of several hosts, read side by side: one that does not answer holds up none of the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from xentui.domains.domain import Domain
from xentui.domains.inventory import Inventory
from xentui.host import Host, HostError


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
