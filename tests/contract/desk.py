"""The host under test. One suite, two worlds: the demo dom0, and a real Xen.

Which host it is stands in XENTUI_CONTRACT_HOST: nothing (or ``demo``) for the demo, ``local`` inside a
dom0, else what ``--host`` takes; XENTUI_CONTRACT_SSH_OPTIONS are given to ssh. The host is the guide's
machine: server01 and client01 run, /etc/xen/server02.cfg is there to be started. The suite starts and
ends server02, and takes client01 and server01 away while there is no memory for it.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from xentui.domains.domain import Domain, Snapshot, State
from xentui.domains.inventory import Inventory
from xentui.domains.toolstack import Toolstack, ToolstackError
from xentui.domains.xl import Xl
from xentui.host import Host
from xentui.waiting import wait_until

WHERE = os.environ.get("XENTUI_CONTRACT_HOST", "demo")
GUEST = os.environ.get("XENTUI_CONTRACT_GUEST", "server02")
#: Seconds for one thing to come about. An emulated Xen takes some 8 s for a create.
DEADLINE = 180.0
#: Seconds between two snapshots while waiting.
PAUSE = 0.05 if WHERE == "demo" else 0.5


@dataclass
class Desk:
    """An inventory of the host under test, and ways to wait for what it shows."""

    host: Host
    inventory: Inventory

    @property
    def xl(self) -> Xl:
        assert self.inventory.xl is not None
        return self.inventory.xl

    @property
    def is_demo(self) -> bool:
        return self.host.is_demo

    def snapshot(self) -> Snapshot:
        return self.inventory.snapshot()

    def domain(self, name: str = GUEST) -> Domain:
        """The domain as it is now."""
        snapshot = self.snapshot()
        found = snapshot.domain(name)
        assert found is not None, f"{name} is not among {[d.key for d in snapshot.domains]}; {snapshot.problems}"
        return found

    def until(self, what: str, condition: Callable[[Snapshot], object], deadline: float = DEADLINE) -> Snapshot:
        """The first snapshot for which `condition` holds."""
        end = time.monotonic() + deadline
        while True:
            snapshot = self.snapshot()
            if condition(snapshot):
                return snapshot
            if time.monotonic() > end:
                shown = "\n".join(map(str, snapshot.domains))
                raise AssertionError(f"{what}: not within {deadline:g} s. {snapshot.problems}\n{shown}")
            wait_until(lambda: False, PAUSE)

    def until_state(self, *states: State, name: str = GUEST) -> Domain:
        """Wait until the domain is in one of these states."""

        def reached(snapshot: Snapshot) -> bool:
            domain = snapshot.domain(name)
            return domain is not None and domain.state in states

        found = self.until(f"{name} is {' or '.join(states)}", reached).domain(name)
        assert found is not None
        return found

    def until_up(self, name: str = GUEST) -> Domain:
        return self.until_state(State.RUNNING, State.BLOCKED, name=name)

    def until_it_listens(self, guest: Domain) -> None:
        """Wait until the guest's kernel watches xenstore for what dom0 asks of it, and the guest has booted: while its
        shell becomes busybox's init, what it is asked is lost."""
        if self.is_demo:
            listens = wait_until(lambda: (self.domain(guest.name).cpu_seconds or 0) > 0, DEADLINE)
        else:
            argv = ["xenstore-read", f"/local/domain/{guest.id}/control/feature-poweroff"]
            listens = wait_until(
                lambda: self.host.run(argv, deadline=180, record=False, check=False).ok, DEADLINE, every=1.0
            )
        assert listens
        if not self.is_demo:
            spent = [-1.0]

            def is_idle() -> bool:
                spent.append(next(row.seconds for row in self.xl.list() if row.name == guest.name))
                return spent[-1] - spent[-2] < 0.1

            assert wait_until(is_idle, DEADLINE, every=3.0), spent

    def toolstack(self, name: str = GUEST) -> Toolstack:
        return self.inventory.toolstack(self.domain(name))

    def make_off(self, name: str = GUEST) -> None:
        """Nothing of it runs."""
        domain = self.domain(name)
        if not domain.state.alive:
            return
        with contextlib.suppress(ToolstackError):  # it may be going by itself
            self.inventory.toolstack(domain).destroy(domain)
        self.until_state(State.OFF, State.SAVED, name=name)

    def make_room(self) -> list[str]:
        """Give the guest the memory that it needs; the names of those that had to go for it."""
        gone = []
        needed = (self.domain().memory_mib or 128) + 24
        for name in ("client01", "server01"):
            free = self.snapshot().host.free_memory_mib
            if free is not None and free >= needed:
                break
            domain = self.snapshot().domain(name)
            if domain is not None and domain.state.alive:
                self.xl.destroy(domain)
                gone.append(name)
                self.until_state(State.OFF, name=name)
        wait_until(lambda: int(self.xl.info()["free_memory"]) >= needed, DEADLINE)
        return gone
