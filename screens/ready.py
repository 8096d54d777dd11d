"""What tells others on this machine that the table is on the screen: a file, for units that let it come first."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

#: In the environment: the file that is made, empty, once the first table has been drawn.
VARIABLE = "XENTUI_READY_FILE"


def tell_ready() -> None:
    """Make the file, where one was named. A file that cannot be made is nobody's loss: who waits, waits for a time."""
    if name := os.environ.get(VARIABLE):
        with contextlib.suppress(OSError):
            Path(name).touch()
