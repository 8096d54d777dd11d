"""An emulator's cells drawn on the user's own terminal, without the full screen: never a byte of the guest's.

What is drawn are text, SGR, cursor positions and erasing to the end of a line, as all terminals since the VT100
have them; colours as many as the terminal has. Only rows that changed are written again.
"""

from __future__ import annotations

import curses
import os
import re
import sys
from functools import lru_cache

from rich.cells import cell_len, set_cell_size
from rich.color import Color as RichColor
from rich.color import ColorSystem

from xentui.console.attributes import DEFAULT, Attributes, Color, Runs
from xentui.console.emulator import Emulator
from xentui.console.repaint import sgr
from xentui.subprocesses import printable

#: What stands for characters that a terminal without UTF-8 does not have.
_ASCII = str.maketrans("─━│┃┌┐└┘├┤┬┴┼═║╔╗╚╝╠╣╦╩╬░▒▓█▀▄■●•◆·…–—‘’“”", "--||+++++++++=|+++++++++.:#####*o*.~--''\"\"")

_ADDRESS = b"\x1b[%i%p1%d;%p2%dH"
_PADDING = re.compile(rb"\$<[^>]*>")
# These speak eight-bit character sets, whatever the locale says.
_NOT_UTF8 = re.compile(r"(vt[1-5]\d\d|ansi|pcansi|cons25)\b")


class PainterError(Exception):
    """Nothing can be drawn on this terminal. One sentence."""


class Painter:
    """Draws the screen of `emulator` on a terminal of `columns` × `rows`, panned to its cursor if it is larger."""

    def __init__(self, emulator: Emulator, columns: int, rows: int) -> None:
        """Raises PainterError for a terminal that cannot address its cursor."""
        self.emulator = emulator
        self.columns, self.rows = columns, rows
        #: Stands over the last row while it is not empty.
        self.message = ""
        self._shown: list[object] = []
        self._cursor: object = None
        self._enter, self._leave, self._colours = _abilities()
        self._unicode = _takes_utf8()

    def begin(self) -> bytes:
        """Take the terminal."""
        self._shown = []
        self._cursor = None
        return self._enter + b"\x1b[m\x1b[H\x1b[2J"

    def end(self) -> bytes:
        """Give it back as it was."""
        place = b"" if self._leave else f"\x1b[{self.rows};1H\r\n".encode()
        return b"\x1b[m\x1b[?25h" + self._leave + place

    def resize(self, columns: int, rows: int) -> None:
        """The terminal has another size: all is drawn anew."""
        self.columns, self.rows = columns, rows
        self._shown = []

    @property
    def spare(self) -> bool:
        """Whether there is a row below the screen that is drawn."""
        return self.rows > self.emulator.rows

    def frame(self) -> bytes:
        """The bytes that make the terminal show what the emulator does; nothing if it does already."""
        emulator = self.emulator
        row, column, visible = emulator.cursor
        top = max(0, min(row - self.rows + 1 + bool(self.message), emulator.rows - 1))
        left = max(0, column - self.columns + 1)
        out: list[str] = []
        if not self._shown:
            out.append("\x1b[m\x1b[H\x1b[2J")
            self._shown = [()] * self.rows
        for y in range(self.rows):
            if self.message and y == self.rows - 1:
                text = printable(self.message)[: self.columns - 1]
                runs: Runs = [(f" {text} "[: self.columns], Attributes(reverse=True))]
            elif top + y < emulator.rows:
                runs = self._visible(emulator.runs(top + y), left, reverse=emulator.modes.reverse_screen)
            else:
                runs = []
            key = tuple(runs)
            if key != self._shown[y]:
                self._shown[y] = key
                out.append(f"\x1b[{y + 1};1H{self._drawn(runs)}\x1b[m")
                if sum(cell_len(text) for text, _ in runs) < self.columns:
                    out.append("\x1b[K")
        hidden = self.message and row - top >= self.rows - 1
        cursor = (row - top + 1, column - left + 1, visible and not hidden)
        if out or cursor != self._cursor:
            self._cursor = cursor
            out.append(f"\x1b[{cursor[0]};{cursor[1]}H\x1b[?25{'h' if cursor[2] else 'l'}")
        return "".join(out).encode("utf-8" if self._unicode else "ascii", "replace")

    def _visible(self, runs: Runs, left: int, *, reverse: bool) -> Runs:
        """The part of a row that is in view, without the blanks at its end."""
        cropped: Runs = []
        room = self.columns
        for text, look in runs:
            part, width = text, cell_len(text)
            if left >= width:
                left -= width
                continue
            if left:
                part, width, left = set_cell_size(part[::-1], width - left)[::-1], width - left, 0
            if width > room:
                part, width = set_cell_size(part, room), room
            room -= width
            if part:
                shade = look._replace(reverse=not look.reverse) if reverse else look
                cropped.append((part, shade))
            if not room:
                break
        if cropped and cropped[-1][1] == DEFAULT:
            text = cropped[-1][0].rstrip(" ")
            cropped[-1:] = [(text, DEFAULT)] if text else []
        return cropped

    def _drawn(self, runs: Runs) -> str:
        return "".join(
            sgr(fitted(look, self._colours)) + (" " * cell_len(text) if look.conceal else self._text(text))
            for text, look in runs
        )

    def _text(self, text: str) -> str:
        if text.isascii() and text.isprintable():
            return text
        # The emulator keeps controls out; this is the second lock on that door.
        text = "".join(c if c.isprintable() else " " if c == "\xa0" else "\ufffd" * cell_len(c) for c in text)
        if self._unicode:
            return text
        text = text.translate(_ASCII)
        return "".join(c if c.isascii() else "?" * cell_len(c) for c in text)


@lru_cache(maxsize=4096)
def fitted(look: Attributes, colours: int) -> Attributes:
    """The look on a terminal with so many colours, as near as it can be."""
    foreground, background = _fitted(look.foreground, colours), _fitted(look.background, colours)
    bold = look.bold
    if colours == 8:
        bold = bold or (isinstance(foreground, int) and foreground > 7)
        foreground = foreground % 8 if isinstance(foreground, int) else foreground
        background = background % 8 if isinstance(background, int) else background
    return look._replace(foreground=foreground, background=background, bold=bold)


def _fitted(color: Color, colours: int) -> Color:
    if color is None or colours < 8:
        return None
    if isinstance(color, tuple):
        if colours > 256:
            return color
        system = ColorSystem.EIGHT_BIT if colours == 256 else ColorSystem.STANDARD
        return RichColor.from_rgb(*color).downgrade(system).number
    if color < 16 or colours >= 256:
        return color
    return RichColor.from_ansi(color).downgrade(ColorSystem.STANDARD).number


def _abilities() -> tuple[bytes, bytes, int]:
    """How to enter and to leave the alternate screen, and the number of colours (terminfo(5))."""
    name = os.environ.get("TERM") or "dumb"
    try:
        curses.setupterm(name, 1)
    except curses.error:
        raise PainterError(f"TERM={printable(name)}: this machine does not know such a terminal") from None
    if not (curses.tigetstr("cup") or b"").startswith(_ADDRESS):
        raise PainterError(f"TERM={printable(name)}: a screen cannot be drawn on such a terminal")
    colours = max(curses.tigetnum("colors"), 0)
    if os.environ.get("NO_COLOR"):
        colours = 0
    elif colours and os.environ.get("COLORTERM") in ("truecolor", "24bit"):
        colours = 1 << 24
    colours = next(size for size in (1 << 24, 256, 16, 8, 0) if colours >= size)
    enter, leave = (_PADDING.sub(b"", curses.tigetstr(name) or b"") for name in ("smcup", "rmcup"))
    return enter, leave, colours


def _takes_utf8() -> bool:
    """Whether the terminal is sent more than ASCII: by the locale, but for terminals that never knew it."""
    encoding = (sys.stdout.encoding or "").lower().replace("-", "").replace("_", "")
    return encoding == "utf8" and _NOT_UTF8.match(os.environ.get("TERM") or "") is None
