"""How long to leave something alone that does not answer."""

from __future__ import annotations

import time


class Backoff:
    """After each failure in a row, twice as many seconds of peace."""

    def __init__(self, first: float = 5.0, longest: float = 60.0) -> None:
        self._first = first
        self._longest = longest
        self._wait = 0.0
        self._until = 0.0

    @property
    def remaining(self) -> float:
        """Seconds until it may be tried again; 0 means now."""
        return max(0.0, self._until - time.monotonic())

    def failed(self) -> None:
        self._wait = min(self._longest, self._wait * 2 or self._first)
        self._until = time.monotonic() + self._wait

    def succeeded(self) -> None:
        self._wait = self._until = 0.0

    def cut_short(self) -> None:
        """Somebody says that it works again: it may be tried now. If it does not, the next pause is no shorter."""
        self._until = 0.0
