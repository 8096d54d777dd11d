"""A console's lines by number: their text, search in them, the time they came.

A line has its number for good: the first line that ever scrolled off is 0, the rows of the screen follow the
scrollback. A text that filled a row and went on in the next is one text here, so that a word is found, and a
line copied, across the fold.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from rich.cells import cell_len

from xentui.console.emulator import Emulator


class Found(NamedTuple):
    """A match: the number of the line in which it begins, and its cells there."""

    line: int
    column: int
    width: int


class Place(NamedTuple):
    """A cell: the number of its line, and its column."""

    line: int
    column: int


def first_line(emulator: Emulator) -> int:
    """The number of the oldest line kept."""
    return emulator.scrollback_dropped


def last_line(emulator: Emulator) -> int:
    """The number of the screen's last row."""
    return emulator.scrollback_dropped + emulator.scrollback_size + emulator.rows - 1


def pattern_of(words: str, *, regular: bool = False) -> re.Pattern[str]:
    """What to search for. Capital letters count only if there are some. Raises ValueError with a sentence."""
    flags = re.NOFLAG if words != words.lower() else re.IGNORECASE
    try:
        return re.compile(words if regular else re.escape(words), flags)
    except re.error as error:
        raise ValueError(f"{words!r} is no regular expression: {error}") from None


def search(emulator: Emulator, pattern: re.Pattern[str], start: int, *, back: bool = True) -> Found | None:
    """The nearest match that begins in a line before `start` (after it, if not `back`); None if there is none."""
    line = start - 1 if back else start + 1
    while first_line(emulator) <= line <= last_line(emulator):
        first, rows = _whole(emulator, line)
        matches = _matches(pattern, rows, first)
        found = [match for match in matches if (match.line <= line if back else match.line >= line)]
        if found:
            return found[-1] if back else found[0]
        line = first - 1 if back else first + len(rows)
    return None


def texts(emulator: Emulator, first: int, last: int) -> Iterator[str]:
    """The texts from line `first` to line `last`, both included, for copying and saving; unfolded, no blanks at the
    end. Lines that are not kept are passed over.
    """
    parts: list[str] = []
    for number in range(max(first, first_line(emulator)), min(last, last_line(emulator)) + 1):
        text, wrapped = _row(emulator, number)
        parts.append(text)
        if not wrapped or number == last:
            yield "".join(parts).rstrip(" ")
            parts.clear()


def text_between(emulator: Emulator, first: Place, last: Place) -> str:
    """The text from one cell to another, both included: unfolded, without blanks at the ends of lines."""
    parts: list[str] = []
    for number in range(max(first.line, first_line(emulator)), min(last.line, last_line(emulator)) + 1):
        text, wrapped = _row(emulator, number)
        start = first.column if number == first.line else 0
        end = last.column + 1 if number == last.line else emulator.columns
        text = _cells(text, start, end) if end < emulator.columns or wrapped else _cells(text, start, end).rstrip(" ")
        parts.append(text if wrapped or number == last.line else text + "\n")
    return "".join(parts)


def _cells(text: str, start: int, end: int) -> str:
    """The characters that have a cell from `start` to before `end`."""
    if text.isascii():
        return text[start:end]
    found, at = [], 0
    for character in text:
        width = cell_len(character)
        if at < end and (at >= start or at + width > start):
            found.append(character)
        at += width
    return "".join(found)


class Timestamps:
    """When lines came, as exactly as the emulator was fed: call `note` after feeding."""

    def __init__(self) -> None:
        self._lines = array("q")
        self._times = array("d")

    def note(self, emulator: Emulator, now: float) -> None:
        """All lines down to the cursor's have come by `now` (seconds, of whatever clock).

        A line on which the cursor only waits at the first column has not come: what is printed there may be hours
        later.
        """
        row, column, _ = emulator.cursor
        line = last_line(emulator) - emulator.rows + 1 + row - (column == 0)
        if self._lines and line <= self._lines[-1]:
            return
        self._lines.append(line)
        self._times.append(now)
        if len(self._lines) > 2 * (emulator.scrollback_size + emulator.rows):
            gone = bisect_left(self._lines, first_line(emulator))
            del self._lines[:gone], self._times[:gone]

    def of(self, line: int) -> float | None:
        """When the line of this number began to come; None if it has not."""
        index = bisect_left(self._lines, line)
        return self._times[index] if index < len(self._times) else None


def _row(emulator: Emulator, number: int) -> tuple[str, bool]:
    """Text of a line, to the full width if it goes on in the next, and whether it does."""
    index = number - emulator.scrollback_dropped
    if index < emulator.scrollback_size:
        wrapped = emulator.scrollback_wrapped(index)
        runs = emulator.scrollback_runs(index)
    else:
        row = index - emulator.scrollback_size
        wrapped, runs = emulator.wrapped(row), emulator.runs(row)
    return "".join(text for text, _ in runs), wrapped


def _whole(emulator: Emulator, number: int) -> tuple[int, list[str]]:
    """The rows of the text that a line is part of, and the number of the first."""
    first = number
    while first > first_line(emulator) and _row(emulator, first - 1)[1]:
        first -= 1
    rows = []
    for line in range(first, last_line(emulator) + 1):
        text, wrapped = _row(emulator, line)
        rows.append(text)
        if not wrapped:
            break
    return first, rows


def _matches(pattern: re.Pattern[str], rows: list[str], first: int) -> Iterator[Found]:
    """All matches in a text of these rows, the first of which has this number."""
    row, begin = 0, 0
    for match in pattern.finditer("".join(rows).rstrip(" ")):
        if match.end() == match.start():
            continue
        while match.start() >= begin + len(rows[row]):
            begin += len(rows[row])
            row += 1
        before = rows[row][: match.start() - begin]
        yield Found(first + row, cell_len(before), cell_len(match[0]))
