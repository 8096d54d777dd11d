"""The memory in which a running Live CD keeps what changes: it is told before it is full, for then nothing works."""

from __future__ import annotations

import os
from pathlib import Path

#: Where live-boot(7) mounts it, a tmpfs; elsewhere there is none.
OVERLAY = Path("/run/live/overlay")
#: In percent: at each of these it is told once while it fills.
_MARKS = (80, 90, 95)


class Room:
    """Asked again and again, it says each mark that was passed since."""

    def __init__(self, overlay: Path = OVERLAY) -> None:
        self._overlay, self._told = overlay, 0

    def scarce(self) -> str | None:
        """One sentence when there is something new to say. Never blocks: a tmpfs answers from memory."""
        try:
            found = os.statvfs(self._overlay)
        except OSError:
            return None
        used = 100 - found.f_bavail * 100 // found.f_blocks if found.f_blocks else 0
        mark = max((mark for mark in _MARKS if used >= mark), default=0)
        before, self._told = self._told, mark
        if mark <= before:
            return None
        return f"The memory for changes is {used}% full: delete something, or livecd keep."
