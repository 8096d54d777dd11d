"""The pen: where the terminal's cursor stands, which look and character set it writes in, and the bytes so far.

Everything here is the cheapest sequence that the terminal has for what is asked (ECMA-48; DEC VT220 Programmer
Reference, chapter 4). A line feed is only written at the margin: Xen writes one on the serial line of its dom0
as carriage return and line feed, whatever the tty says.
"""

from __future__ import annotations

import re
from itertools import groupby

from xentui.screens.terminal.capabilities import Capabilities
from xentui.screens.terminal.glyphs import DEC_GRAPHICS
from xentui.screens.terminal.looks import Look, Looks
from xentui.screens.terminal.sheet import Cells

_UNKNOWN = -1
ERASED_FROM = 9
"""Longer stretches of blanks are erased (ECH) and jumped over (CUF) instead of written."""
_ERASED = " " * (ERASED_FROM + 1)
_LONG_BLANKS = re.compile(_ERASED + " *")
# ASCII only: tmux 3.3 says that it repeats, and does not repeat a character of several bytes.
_REPEATED = re.compile(r"([ -~])\1{4,}")
_TO_GRAPHICS = str.maketrans(DEC_GRAPHICS)


class Pen:
    """Writes into `out`; the caller takes the bytes from there."""

    def __init__(self, capabilities: Capabilities, looks: Looks, width: int) -> None:
        self._has = capabilities
        self._looks = looks
        self._width = width
        self._encoding = "utf-8" if capabilities.utf8 else "ascii"
        self._dec = capabilities.glyphs == "dec"
        self._graphics_on = b"\x0e" if capabilities.shift_out else b"\x1b(0"
        self._graphics_off = b"\x0f" if capabilities.shift_out else b"\x1b(B"
        self.out = bytearray()
        self.repeats = False
        """Whether REP may be used: terminfo has it and the terminal was seen to do it."""
        self.row = self.column = _UNKNOWN
        self.look: Look = 0
        self._graphics = False

    def copy(self) -> Pen:
        """A pen in the same state with nothing written, to try something out."""
        other = Pen(self._has, self._looks, self._width)
        other.repeats = self.repeats
        other.row, other.column, other.look, other._graphics = self.row, self.column, self.look, self._graphics
        return other

    def lose(self) -> None:
        """Forget where the cursor is: the next move is absolute."""
        self.row = self.column = _UNKNOWN

    def rest(self) -> None:
        """Back to the default look and to ASCII, so that whoever writes next, or noise, does little harm."""
        self.wear(0)
        self._use_graphics(False)

    def wear(self, look: Look) -> None:
        """Make `look` the look of what is written from here on."""
        if look != self.look:
            self.out += self._looks.change(self.look, look)
            self.look = look

    def move(self, row: int, column: int) -> None:
        """Put the cursor there."""
        if row != self.row or column != self.column:
            self.out += self.motion(row, column)
            self.row, self.column = row, column

    def motion(self, row: int, column: int) -> bytes:
        """The shortest way to (row, column), counted from 0."""
        if column:
            best = b"\x1b[%d;%dH" % (row + 1, column + 1)
        else:
            best = b"\x1b[%dH" % (row + 1) if row else b"\x1b[H"
        if self.row == _UNKNOWN:
            return best
        down = row - self.row
        if 0 <= down <= 4:
            across = self._along(self.column, column)
            straight = (b"\x1b[%dB" % down if down > 1 else b"\x1b[B") if down else b""
            if across is not None and len(straight) + len(across) < len(best):
                best = straight + across
            from_margin = self._along(0, column)
            if from_margin is not None and down + 1 + len(from_margin) < len(best):
                best = b"\r" + b"\n" * down + from_margin
        elif column == self.column:
            vertical = b"\x1b[%dB" % down if down > 0 else b"\x1b[%dA" % -down if down < -1 else b"\x1b[A"
            if len(vertical) < len(best):
                best = vertical
        return best

    def _along(self, here: int, column: int) -> bytes | None:
        """The shortest way along a row."""
        if here == _UNKNOWN:
            return None
        if column == 0 and here:
            return b"\r"
        far = column - here
        if far > 0:
            return b"\x1b[%dC" % far if far > 1 else b"\x1b[C"
        if -far <= 4:
            return b"\b" * -far
        return b"\x1b[%dD" % -far

    def write(self, cells: Cells, start: int, end: int) -> None:
        """Write the cells of the row at the cursor, which stands at `start`, up to `end`, exclusively."""
        characters, looks = cells
        blank_of, erasable = self._looks.blank_of, self._looks.erasable
        # At the margin the cursor waits for the next character, and terminals differ in where it then stands.
        self.column = end if end < self._width else _UNKNOWN
        if end >= self._width and not self._has.eat_newline:
            self.row = _UNKNOWN
        at = start
        while at < end:
            look = looks[at]
            if characters[at] == " " and blank_of[self.look] == look:
                look = self.look
            else:
                self.wear(look)
            blank = blank_of[look]
            after = at + 1
            while after < end and (looks[after] == look or (looks[after] == blank and characters[after] == " ")):
                after += 1
            text = "".join(characters[at:after])
            if self._has.erase_characters and erasable[blank] and _ERASED in text and len(text) == after - at:
                self._erase_within(text, at, last=after == end)
            else:
                self._put(text)
            at = after

    def _erase_within(self, text: str, at: int, *, last: bool) -> None:
        """Write text from column `at` with its long blanks erased; if it is the last, the cursor may stay."""
        written = 0
        for blanks in _LONG_BLANKS.finditer(text):
            self._put(text[written : blanks.start()])
            written = blanks.end()
            count = written - blanks.start()
            self.out += b"\x1b[%dX" % count
            if last and written == len(text):
                self.column = at + blanks.start()
            else:
                self.out += b"\x1b[%dC" % count
        self._put(text[written:])

    def _put(self, text: str) -> None:
        """Characters of one look, whatever character sets they are in."""
        if self.repeats:
            written = 0
            for run in _REPEATED.finditer(text):
                self._put_plain(text[written : run.start() + 1])
                written = run.end()
                again = b"\x1b[%db" % (written - run.start() - 1)
                more = text[run.start() + 1 : written]
                if len(again) < len(more.encode()):
                    self.out += again
                else:
                    self._put_plain(more)
            text = text[written:]
        self._put_plain(text)

    def _put_plain(self, text: str) -> None:
        if not self._dec:
            self.out += text.encode(self._encoding, "replace")
        elif text.isascii():
            if self._graphics and text.strip(" "):
                self._use_graphics(False)
            self.out += text.encode()
        else:
            for graphics, characters in groupby(text, DEC_GRAPHICS.__contains__):
                part = "".join(characters)
                if graphics:
                    self._use_graphics(True)
                    self.out += part.translate(_TO_GRAPHICS).encode()
                elif part.isascii():
                    self._put_plain(part)
                else:
                    self._use_graphics(False)
                    self.out += part.encode("ascii", "replace")

    def _use_graphics(self, graphics: bool) -> None:
        if graphics is not self._graphics:
            self._graphics = graphics
            self.out += self._graphics_on if graphics else self._graphics_off
