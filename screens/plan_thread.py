"""The one thread that libparted is called from: it sets the locale of the whole process at each call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

# Not a daemon: a program that is ended while a table is being written waits for that.
_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="plan")


async def in_plan_thread(work: Callable[[], T]) -> T:
    """What `work` gives or raises, done in that thread."""
    return await asyncio.wrap_future(_thread.submit(work))
