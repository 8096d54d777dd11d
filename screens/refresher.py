"""The thread that reads the inventory: one reading at a time, on request.

A daemon thread, not one of Textual's workers: a toolstack that hangs must not keep the program from ending.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from xentui.domains.domain import Domain, Snapshot
from xentui.domains.toolstack import Toolstack


class InventoryLike(Protocol):
    """What the screens need of `xentui.domains.inventory.Inventory`."""

    def open(self) -> None: ...
    def snapshot(self) -> Snapshot: ...
    def retry(self) -> None: ...
    def toolstack(self, domain: Domain) -> Toolstack: ...
    def watch(self, callback: Callable[[], None]) -> None: ...
    def close(self) -> None: ...


class Refresher(threading.Thread):
    """Reads when asked to; `take` gets each snapshot, in this thread."""

    def __init__(self, inventory: InventoryLike, take: Callable[[Snapshot], object]) -> None:
        super().__init__(name="refresher", daemon=True)
        self._inventory, self._take = inventory, take
        self._wanted = threading.Event()
        self._ended = threading.Event()
        self._busy_since: float | None = None

    @property
    def busy_seconds(self) -> float:
        """How long the reading that is under way has taken; 0 when none is."""
        since = self._busy_since
        return time.monotonic() - since if since is not None else 0.0

    def request(self) -> None:
        """Read as soon as possible: now, or anew after the reading that is under way."""
        self._wanted.set()

    def end(self) -> None:
        """Read no more."""
        self._ended.set()
        self._wanted.set()

    def run(self) -> None:
        opened = False
        while True:
            self._busy_since = None
            self._wanted.wait()
            self._wanted.clear()
            if self._ended.is_set():
                return
            self._busy_since = time.monotonic()
            snapshot = self._inventory.snapshot()
            if self._ended.is_set():
                return
            self._take(snapshot)
            if not opened:  # what runs along has nothing to say yet, and would keep a slow dom0 from the first table
                self._inventory.open()
                opened = True
