"""The terminal emulator of a guest's console: bytes in, cells out.

Nothing of what a guest prints leaves it but cells, a title without control characters, and a few fixed replies.
How a screen is resized: see resize.py.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import NamedTuple

from xentui.console.attributes import Attributes, Runs
from xentui.console.charsets import CONTINUATION, FIRST_CLUSTER
from xentui.console.modes import Modes
from xentui.console.parser import Parser
from xentui.console.repaint import repaint
from xentui.console.resize import resize
from xentui.console.screen import Line
from xentui.console.terminal import Terminal


class Cursor(NamedTuple):
    """Where the next character goes, from 0."""

    row: int
    column: int
    visible: bool


class Damage(NamedTuple):
    """What changed: some rows, or everything; and how many lines went into the scrollback."""

    rows: frozenset[int]
    everything: bool
    scrolled: int


class Echo(NamedTuple):
    """A few characters that stand at the cursor from cell (row, column) on, and what it stands on behind them."""

    row: int
    column: int
    text: str
    look: Attributes
    under: str
    under_look: Attributes


class Emulator:
    """A VT220 with what Linux programs use of xterm.

    `scrollback` is the most lines kept above the screen. `reply` gets the answers to the guest's device and
    status queries, at most 32 bytes each and 64 a feed; without it the guest gets none.
    """

    def __init__(
        self,
        columns: int = 80,
        rows: int = 24,
        *,
        scrollback: int = 10_000,
        reply: Callable[[bytes], None] | None = None,
    ) -> None:
        if columns < 1 or rows < 1:
            raise ValueError(f"a terminal of {columns} columns and {rows} rows: both must be at least 1")
        self._terminal = Terminal(columns, rows, scrollback, reply)
        self._parser = Parser(self._terminal)

    def feed(self, data: bytes) -> None:
        """Take what the guest printed, in pieces of any size. Never raises, whatever the bytes are."""
        self._parser.feed(data)

    def echo_of(self, data: bytes) -> Echo | None:
        """What feeding `data` does, if it is no more than the echo of a key mostly is: a few printable ASCII characters
        in a row of such, and nothing else waits to be drawn. None if it is more; nothing is done in either case.
        """
        terminal = self._terminal
        column = terminal.column
        after = column + len(data)
        if not column < after < terminal.columns or not (terminal.direct and self._parser.rests and data.isascii()):
            return None
        text, line = data.decode("ascii"), terminal.screen.lines[terminal.row]
        if terminal.dirty or terminal.all_dirty or not (text.isprintable() and line.text.isascii()):
            return None
        value = terminal.rendition.value
        look, under_look = value[terminal.rendition.symbol], value[line.attributes[after]]
        return Echo(terminal.row, column, text, look, line.text[after], under_look)

    def take_echo(self, echo: Echo) -> None:
        """Feed it. What it changes is taken to be drawn by whoever asked what that is."""
        self._terminal.draw(echo.text)
        self._terminal.dirty.clear()

    def resize(self, columns: int, rows: int) -> None:
        """Change the size; raises ValueError below 1×1. The text is kept as resize.py says."""
        if columns < 1 or rows < 1:
            raise ValueError(f"a terminal of {columns} columns and {rows} rows: both must be at least 1")
        resize(self._terminal, columns, rows)

    def reset(self) -> None:
        """As after power on, for a guest that left the terminal in a strange state. The scrollback stays."""
        self._parser = Parser(self._terminal)
        self._terminal.reset()

    def clear_scrollback(self) -> None:
        """Forget the lines above the screen; they count as dropped."""
        self._terminal.scrollback.clear()

    # -- state -------------------------------------------------------------------------------------------------

    @property
    def columns(self) -> int:
        """Width in cells."""
        return self._terminal.columns

    @property
    def rows(self) -> int:
        """Height in rows."""
        return self._terminal.rows

    @property
    def title(self) -> str:
        """What the guest called its window: at most 256 characters, none of them a control."""
        return self._terminal.title

    @property
    def modes(self) -> Modes:
        """The modes in force; read them only."""
        return self._terminal.modes

    @property
    def cursor(self) -> Cursor:
        """The cursor; after the last column was written it is still shown there."""
        terminal = self._terminal
        return Cursor(terminal.row, min(terminal.column, terminal.columns - 1), terminal.modes.cursor_visible)

    @property
    def bells(self) -> int:
        """BEL characters since the start."""
        return self._terminal.bells

    @property
    def in_string(self) -> bool:
        """Whether the guest began an OSC, DCS, APC, PM or SOS and did not end it: its output is not shown."""
        return self._parser.in_string

    def take_damage(self) -> Damage:
        """What changed since the last call."""
        terminal = self._terminal
        everything = terminal.all_dirty
        damage = Damage(frozenset(() if everything else terminal.dirty), everything, terminal.scrolled)
        terminal.dirty.clear()
        terminal.all_dirty = False
        terminal.scrolled = 0
        return damage

    def repaint(self, scrollback: int = 0) -> bytes:
        """Bytes that make any emulator of this size show the same, with so many lines of the scrollback at most."""
        kept = range(max(0, self.scrollback_size - scrollback), self.scrollback_size)
        scrolled = [(self.scrollback_runs(index), self.scrollback_wrapped(index)) for index in kept]
        return repaint(self._terminal, self._runs, scrolled, self._parser.pending)

    # -- cells -------------------------------------------------------------------------------------------------

    def runs(self, row: int) -> Runs:
        """A visible row as runs of the same attributes; together they are `columns` cells wide."""
        return self._runs(self._terminal.screen.lines[row])

    def display(self) -> list[str]:
        """The visible rows as text."""
        return [self._text(line.text) for line in self._terminal.screen.lines]

    def wrapped(self, row: int) -> bool:
        """Whether the text of a visible row goes on in the next because the row was full."""
        return self._terminal.screen.lines[row].wrapped

    @property
    def scrollback_size(self) -> int:
        """Lines kept above the screen."""
        return len(self._terminal.scrollback)

    @property
    def scrollback_dropped(self) -> int:
        """Lines that fell off the bound: index + this is a line's number for good."""
        return self._terminal.scrollback.dropped

    def scrollback_runs(self, index: int) -> Runs:
        """A kept line as runs, 0 being the oldest; not padded. Raises IndexError."""
        return self._runs(self._terminal.scrollback.line(index))

    def scrollback_text(self, index: int) -> str:
        """A kept line as text without trailing blanks, 0 being the oldest. Raises IndexError."""
        return self._text(self._terminal.scrollback.line(index).text).rstrip(" ")

    def scrollback_wrapped(self, index: int) -> bool:
        """Whether a kept line goes on in the next. Raises IndexError."""
        return self._terminal.scrollback.line(index).wrapped

    def _runs(self, line: Line) -> Runs:
        attributes = self._terminal.rendition.value
        if not line.text:
            return []
        first = line.attributes[0]
        if line.attributes.count(first) == len(line.attributes):
            return [(self._text(line.text), attributes[first])]
        runs: Runs = []
        start = 0
        for symbol, group in groupby(line.attributes):
            end = start + sum(1 for _ in group)
            runs.append((self._text(line.text[start:end]), attributes[symbol]))
            start = end
        return runs

    def _text(self, cells: str) -> str:
        """Cells as text: a wide character fills two of them, a letter and its marks one."""
        if cells.isascii():
            return cells
        text = cells.replace(CONTINUATION, "")
        if max(text) < chr(FIRST_CLUSTER):
            return text
        clusters = self._terminal.clusters.value
        return "".join([clusters.get(cell, cell) for cell in text])
