"""A recorded console fed to the emulator: raw bytes, or asciicast v2 (docs.asciinema.org/manual/asciicast/v2)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from xentui.console.emulator import Emulator

LARGEST_SIDE = 1000
"""Columns and rows beyond this are taken for a damaged recording."""
LONGEST_HEADER = 65_536
"""Bytes of a first line that may be an asciicast's header."""


class RecordingError(ValueError):
    """A recording that cannot be read; the message is a sentence for the user."""


def replay(path: Path, size: tuple[int, int] | None = None) -> Emulator:
    """The emulator after the whole recording. `size` is (columns, rows); without it, what an asciicast says, or
    80×24. Raises OSError when the file cannot be read and RecordingError when it makes no sense.
    """
    if size is not None:
        check_size(*size, "the size asked for")
    with path.open("rb") as file:
        first = file.readline(LONGEST_HEADER)
        header = _asciicast_header(first, path)
        if header is not None:
            emulator = Emulator(*(size or header))
            for code, text in _events(file, path):
                if code == "o":
                    emulator.feed(text.encode("utf-8", "surrogatepass"))
                elif code == "r" and size is None:
                    emulator.resize(*_size_of(text, path))
        else:
            emulator = Emulator(*(size or (80, 24)))
            emulator.feed(first)
            while data := file.read(1 << 20):
                emulator.feed(data)
    return emulator


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


def _events(lines: Iterable[bytes], path: Path) -> Iterator[tuple[str, str]]:
    """Code and text of each event. A last line without its end is what a crash leaves, and is passed over."""
    for number, line in enumerate(lines, 2):
        if not line.strip():
            continue
        try:
            _, code, text = json.loads(line)
        except (ValueError, TypeError, RecursionError):
            code = text = None
        if isinstance(code, str) and isinstance(text, str):
            yield code, text
        elif line.endswith(b"\n"):
            raise RecordingError(f'{path}, line {number}: not an event of the form [seconds, "o", "text"]')


def _size_of(text: str, path: Path) -> tuple[int, int]:
    columns, _, rows = text.partition("x")
    if not (columns.isdecimal() and rows.isdecimal() and len(text) < 12):
        raise RecordingError(f"{path}: a resize to {text[:20]!r}; it should read like 80x24")
    check_size(int(columns), int(rows), f"{path}: a resize")
    return int(columns), int(rows)
