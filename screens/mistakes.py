"""A mistake of xentui's own is seen: what fails in a callback of the event loop ends nothing, and asyncio would print
it where nobody looks."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from xentui.subprocesses import printable


def sentence(error: BaseException) -> str:
    """What it was and where, for whoever is to mend it."""
    where = traceback.extract_tb(error.__traceback__)[-1:]
    place = "".join(f" ({Path(frame.filename).name}:{frame.lineno})" for frame in where)
    return f"A mistake in xentui itself, please report it: {printable(repr(error))}{place}"


def tell_mistakes(say: Callable[[str], None]) -> None:
    """From now on have `say` tell of each that the running loop meets."""

    def told(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if error is not None:
            say(sentence(error))

    asyncio.get_running_loop().set_exception_handler(told)
