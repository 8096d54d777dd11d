"""What comes faster than anybody types, on a line that brings a paste a few characters at a time.

A serial line has no bracketed paste, and its UART gives up to 14 characters at once (16550A: the trigger of its FIFO).
As keys they would do things. So they are held until there is a pause: then the parser sees how many they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic

PAUSE = 0.02
"""Seconds: longer than a FIFO takes to fill at 9600 baud, shorter than between two repetitions of a key."""
AT_ONCE = 4096
"""Bytes that are held at most."""


class FastInput:
    """Holds bytes back, and gives them to `take` after a pause."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, take: Callable[[bytes], None], clock: Callable[[], float] = monotonic
    ) -> None:
        self._loop, self._take, self._clock = loop, take, clock
        self._held = bytearray()
        self._came_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def holds(self, data: bytes, *, may_begin: bool) -> bool:
        """Whether `data` is held back. may_begin: whether what is held may begin here; with an ESC it never does."""
        now = self._clock()
        fast, self._came_at = len(data) > 1 or now - self._came_at < PAUSE, now
        if not self._held and not (may_begin and fast and b"\x1b" not in data):
            return False
        self._held += data
        self.cancel()
        if len(self._held) >= AT_ONCE:
            self._release()
        else:
            self._timer = self._loop.call_later(PAUSE, self._release)
        return True

    def cancel(self) -> None:
        """Give nothing any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _release(self) -> None:
        held = bytes(self._held)
        self._held.clear()
        self._take(held)
