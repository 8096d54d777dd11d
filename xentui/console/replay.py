"""A recorded console fed to the emulator: raw bytes, or asciicast v2 (docs.asciinema.org/manual/asciicast/v2)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import closing
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

from xentui.console.emulator import Emulator

LARGEST_SIDE = 1000
"""Columns and rows beyond this are taken for a damaged recording."""
PIECE = 1 << 20
"""Bytes of a raw recording in one event."""
LONGEST = 10**9
"""Seconds beyond this are no time of an event."""
LONGEST_HEADER = 65_536
"""Bytes of a first line that may be an asciicast's header."""


class RecordingError(ValueError):
    """A recording that cannot be read; the message is a sentence for the user."""


class Event(NamedTuple):
    """Something in a recording: when (seconds since its start), and what the guest printed, or its new size."""

    seconds: float
    data: bytes
    size: tuple[int, int] | None = None


class Recording:
    """A recording: its size, and its events, to be read once; close it. `timed` is False for raw bytes, which have no
    times."""

    def __init__(self, path: Path, size: tuple[int, int] | None = None) -> None:
        """`size` is (columns, rows), whatever the recording says; without it, what an asciicast says, or 80×24.
        Raises OSError when the file cannot be read and RecordingError when it makes no sense.
        """
        if size is not None:
            check_size(*size, "the size asked for")
        self._path, self._asked = path, size
        self._file = path.open("rb")
        try:
            self._first = self._file.readline(LONGEST_HEADER)
            header = _asciicast_header(self._first, path)
        except BaseException:
            self._file.close()
            raise
        self.timed = header is not None
        self.size = size or header or (80, 24)

    def close(self) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[Event]:
        """Raises OSError and RecordingError."""
        if not self.timed:
            yield Event(0.0, self._first)
            while data := self._file.read(PIECE):
                yield Event(0.0, data)
            return
        for seconds, code, text in _events(self._file, self._path):
            if code == "o":
                yield Event(seconds, text.encode("utf-8", "surrogatepass"))
            elif code == "r" and self._asked is None:
                yield Event(seconds, b"", _size_of(text, self._path))


def replay(path: Path, size: tuple[int, int] | None = None) -> Emulator:
    """The emulator after the whole recording. Raises what `Recording` does."""
    with closing(Recording(path, size)) as recording:
        emulator = Emulator(*recording.size)
        for event in recording:
            show(emulator, event)
    return emulator


def show(emulator: Emulator, event: Event) -> None:
    """Do in the emulator what happened."""
    if event.size is not None:
        emulator.resize(*event.size)
    else:
        emulator.feed(event.data)


def replay_json(emulator: Emulator) -> dict[str, Any]:
    """The last screen for scripts: rows without trailing blanks, cursor as [row, column] from 0, lines above."""
    return {
        "rows": [row.rstrip(" ") for row in emulator.display()],
        "cursor": [emulator.cursor.row, emulator.cursor.column],
        "title": emulator.title,
        "scrollback": emulator.scrollback_size,
    }


def check_size(columns: int, rows: int, what: str) -> None:
    """Raises RecordingError unless a terminal of this size makes sense."""
    if not (1 <= columns <= LARGEST_SIDE and 1 <= rows <= LARGEST_SIDE):
        raise RecordingError(f"{what} is {columns}x{rows}: give 1 to {LARGEST_SIDE} columns and rows, as in 80x24")


def _asciicast_header(line: bytes, path: Path) -> tuple[int, int] | None:
    """The size that an asciicast begins with; None when the file is none: a JSON object with a version is."""
    try:
        header = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not (isinstance(header, dict) and "version" in header):
        return None
    if header["version"] != 2:
        raise RecordingError(f"{path} is an asciicast of version {header['version']!r}; only version 2 can be replayed")
    columns, rows = header.get("width", 80), header.get("height", 24)
    if not (type(columns) is int and type(rows) is int):
        raise RecordingError(f"{path}, line 1: width and height have to be whole numbers")
    check_size(columns, rows, f"{path}, line 1: the size")
    return columns, rows


def _events(lines: Iterable[bytes], path: Path) -> Iterator[tuple[float, str, str]]:
    """Time, code and text of each event. A last line without its end is what a crash leaves, and is passed over."""
    for number, line in enumerate(lines, 2):
        if not line.strip():
            continue
        try:
            seconds, code, text = json.loads(line)
        except (ValueError, TypeError, RecursionError):
            seconds = code = text = None
        # isfinite: JSON as Python reads it has NaN and Infinity. A whole number may be too large for a float.
        timed = type(seconds) in (int, float) and abs(seconds) < LONGEST and isfinite(seconds)
        if timed and isinstance(code, str) and isinstance(text, str):
            yield float(seconds), code, text
        elif line.endswith(b"\n"):
            raise RecordingError(f'{path}, line {number}: not an event of the form [seconds, "o", "text"]')


def _size_of(text: str, path: Path) -> tuple[int, int]:
    columns, _, rows = text.partition("x")
    if not (columns.isdecimal() and rows.isdecimal() and len(text) < 12):
        raise RecordingError(f"{path}: a resize to {text[:20]!r}; it should read like 80x24")
    check_size(int(columns), int(rows), f"{path}: a resize")
    return int(columns), int(rows)
