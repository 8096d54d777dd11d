"""How large the terminal is. A serial line has no size: then the terminal is asked.

The question puts the cursor as far as it goes and asks where it is (CPR): DECSC, `CSI r`, `CSI 999;999 H`,
`CSI 6 n`, DECRC, as `resize` of xterm does.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import select
import struct
import termios
from collections.abc import Mapping
from time import monotonic

from xentui.screens.terminal.capabilities import Capabilities

_ANSWER = re.compile(rb"\x1b\[(\d{1,4});(\d{1,4})R")
_LEAST, _MOST = (10, 4), (999, 999)

Size = tuple[int, int]
"""Columns, rows."""


def of_tty(fd: int) -> Size | None:
    """What the tty says (TIOCGWINSZ); None if it does not know."""
    try:
        rows, columns, _, _ = struct.unpack("HHHH", fcntl.ioctl(fd, termios.TIOCGWINSZ, bytes(8)))
    except OSError:
        return None
    return (columns, rows) if columns and rows else None


def tell_tty(fd: int, size: Size) -> None:
    """Make the tty know (TIOCSWINSZ), so that programs started from here know as well."""
    columns, rows = size
    with contextlib.suppress(OSError):  # perhaps not ours to set: only we know, then
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def plausible(columns: int, rows: int) -> bool:
    """Whether an answer can be a size; noise on the line makes strange ones."""
    return _LEAST[0] <= columns < _MOST[0] and _LEAST[1] <= rows < _MOST[1]


def question(has: Capabilities) -> bytes:
    """What asks this terminal. One without DECSC and DECRC has its cursor elsewhere afterwards."""
    save, restore = (b"\x1b7", b"\x1b8") if has.save_cursor else (b"", b"")
    return save + (b"\x1b[r" if has.scroll_region else b"") + b"\x1b[999;999H\x1b[6n" + restore


def ask(fd: int, has: Capabilities, seconds: float) -> tuple[Size | None, bytes]:
    """Ask the terminal, wait for so long. Returns its answer, if any, and whatever else came in meanwhile.

    The tty must be raw already, or the answer would wait for an end of line.
    """
    try:
        os.write(fd, question(has))
    except OSError:
        return None, b""
    came = bytearray()
    until = monotonic() + seconds
    while (left := until - monotonic()) > 0:
        if not select.select([fd], [], [], left)[0]:
            break
        try:
            data = os.read(fd, 1024)
        except OSError:
            break
        if not data:
            break
        came += data
        for answer in _ANSWER.finditer(came):
            rows, columns = int(answer[1]), int(answer[2])
            if plausible(columns, rows):
                return (columns, rows), bytes(came[: answer.start()] + came[answer.end() :])
    return None, bytes(_ANSWER.sub(b"", came))


def without_answer(environ: Mapping[str, str], capabilities: Capabilities) -> Size:
    """What to take when neither tty nor terminal knows: COLUMNS and LINES, then terminfo, which ends in 80x24."""

    def number(name: str, otherwise: int) -> int:
        value = environ.get(name, "")
        return int(value) if value.isascii() and value.isdigit() and 0 < int(value) < 1000 else otherwise

    return number("COLUMNS", capabilities.columns), number("LINES", capabilities.lines)
