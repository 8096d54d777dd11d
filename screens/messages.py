"""What the worker threads post to the app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

from xentui.domains.domain import Snapshot

if TYPE_CHECKING:
    from xentui.screens.jobs import Job


class SnapshotTaken(Message):
    """The inventory was read."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self.snapshot = snapshot

    def can_replace(self, message: Message) -> bool:
        # A newer snapshot says all that an older one did.
        return isinstance(message, SnapshotTaken)


class InventoryChanged(Message):
    """The inventory says that a new snapshot is worth taking now."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, InventoryChanged)


class JobEnded(Message):
    """An action came to its end; `error` is what it raised, None when it was done."""

    def __init__(self, job: Job, error: Exception | None) -> None:
        super().__init__()
        self.job, self.error = job, error
