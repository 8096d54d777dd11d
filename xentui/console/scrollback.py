"""The lines that scrolled off the top of the screen: bounded, and compact.

A plain line is one Python string without its trailing blanks; only a line with attributes, or one that went on
in the next, is a tuple. A log line takes about 130 bytes, one with
colours about 210 (CPython 3.11, printed by tests/bench/emulator.py).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from xentui.console.screen import Line

Stored = str | tuple[str, str, bool]
"""The text; or text, attributes (cut after the last that is not the default) and whether the line was wrapped."""


class Scrollback:
    """Up to `limit` lines; older ones fall off."""

    def __init__(self, limit: int) -> None:
        self._lines: deque[Stored] = deque(maxlen=limit)
        self.total = 0
        """Lines put in since the start, less those taken back."""

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def dropped(self) -> int:
        """Lines that fell off the bound."""
        return self.total - len(self._lines)

    def push(self, line: Line) -> None:
        """Keep a line of the screen."""
        attributes = line.attributes.rstrip("\0")
        if line.wrapped:  # its trailing blanks are part of a longer text
            self._lines.append((line.text, attributes, True))
        elif attributes:
            self._lines.append((line.text[: max(len(attributes), len(line.text.rstrip(" ")))], attributes, False))
        else:
            self._lines.append(line.text.rstrip(" "))
        self.total += 1

    def push_text(self, text: str, wrapped: bool) -> None:
        """Keep a plain text."""
        self._lines.append((text, "", True) if wrapped else text.rstrip(" "))
        self.total += 1

    def extend(self, texts: Sequence[str]) -> None:
        """Keep many plain lines at once."""
        self._lines.extend([text.rstrip(" ") for text in texts])
        self.total += len(texts)

    def pop(self) -> Line:
        """Take the youngest line back onto the screen. Raises IndexError when there is none."""
        self.total -= 1
        return _restored(self._lines.pop())

    def line(self, index: int) -> Line:
        """A kept line, 0 being the oldest. Raises IndexError as a list does."""
        return _restored(self._lines[index])

    def clear(self) -> None:
        """Forget all lines; they count as fallen off."""
        self._lines.clear()

    def symbols(self) -> Iterator[Iterable[str]]:
        """Texts and attributes of all lines, for the symbol tables."""
        for stored in self._lines:
            yield (stored,) if isinstance(stored, str) else stored[:2]


def _restored(stored: Stored) -> Line:
    if isinstance(stored, str):
        return Line(stored, "\0" * len(stored))
    text, attributes, wrapped = stored
    line = Line(text, attributes.ljust(len(text), "\0"))
    line.wrapped = wrapped
    return line
