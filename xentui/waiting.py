"""Waiting for a condition, with a deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


def wait_until(
    condition: Callable[[], bool], deadline: float, *, every: float = 0.2, cancel: threading.Event | None = None
) -> bool:
    """Ask `condition` every `every` seconds until it is true; False if `deadline` seconds pass, or on `cancel`."""
    end = time.monotonic() + deadline
    pause = cancel or threading.Event()
    while True:
        if condition():
            return True
        if time.monotonic() >= end or pause.wait(every):
            return False
