"""When a screen is composed: a moment after the first of its widgets changed, so that what one key changes in several
of them is one frame.

Textual composes the first change at once, and what follows a few milliseconds later in a second frame. With a driver
that waits for a frame to settle anyway, waiting before the work of composing it costs no time and saves half the work.
"""

from __future__ import annotations

import asyncio
import contextvars
from typing import Any

from textual.screen import Screen

_TOGETHER = 0.006
"""Seconds from the first change to composing it and what else has changed by then."""
_APART = 1 / 60
"""Seconds between two compositions, at least."""


class FrameClock:
    """Takes the place of `Screen._update_timer`: the same calls, no task to wake up."""

    def __init__(self, screen: Screen[Any]) -> None:
        self._screen = screen
        self._loop = asyncio.get_running_loop()
        self._context = contextvars.copy_context()
        self._handle: asyncio.TimerHandle | None = None
        self._composed_at = 0.0

    def resume(self) -> None:
        """Something has changed."""
        if self._handle is None:
            now = self._loop.time()
            due = max(now + _TOGETHER, self._composed_at + _APART)
            self._handle = self._loop.call_at(due, self._compose, context=self._context)

    def pause(self) -> None:
        """Nothing has changed, or all was composed."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _compose(self) -> None:
        self._handle = None
        app = self._screen.app
        if app._exit or not self._screen.is_attached:
            return
        self._composed_at = self._loop.time()
        try:
            self._screen._on_timer_update()
        except Exception as error:
            app._handle_exception(error)
