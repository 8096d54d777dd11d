"""What an emulator shows, cell by cell, and a writer too simple to be wrong to compare with."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import cell_len

from xentui.console.attributes import Attributes
from xentui.console.emulator import Emulator
from xentui.screens.terminal.capabilities import Capabilities
from xentui.screens.terminal.glyphs import DEC_GRAPHICS
from xentui.screens.terminal.sheet import Sheet

Cell = tuple[str, Attributes]


def cells(emulator: Emulator) -> list[list[Cell]]:
    """The screen. What does not show on a blank, as its foreground, is left out."""
    return [list(_row(emulator, row)) for row in range(emulator.rows)]


def _row(emulator: Emulator, row: int) -> Iterator[Cell]:
    for text, look in emulator.runs(row):
        for character in re.findall(r".[\u0300-\u036f]*", text):  # an accent stands with its letter
            yield character, _visible(character, look)


def without_corner(row: list[Cell]) -> list[Cell]:
    """All but the last two columns, in which a wide character may stand."""
    columns = 0
    while columns < 2:
        *row, (character, _) = row
        columns += cell_len(character)
    return row


def _visible(character: str, look: Attributes) -> Attributes:
    if character != " " or look.reverse or look.underline or look.strike or look.blink:
        return look
    return Attributes(background=look.background)


def meant_and_shown(sheet: Sheet, has: Capabilities, shown: Emulator) -> tuple[list[list[Cell]], list[list[Cell]]]:
    """The cells of the sheet, and those on a terminal that shows it; but for a corner that it cannot write."""
    meant = Emulator(sheet.width, sheet.height, scrollback=0)
    meant.feed(simply(sheet, has))
    expected, got = cells(meant), cells(shown)
    if not has.eat_newline:  # the corner cannot be written without scrolling
        expected[-1], got[-1] = without_corner(expected[-1]), without_corner(got[-1])
    return expected, got


def simply(sheet: Sheet, capabilities: Capabilities) -> bytes:
    """The whole sheet, each cell with its own SGR from the default and its own character set."""
    out = bytearray(b"\x1b[m\x1b[H\x1b[2J\x1b)0")
    for y, (characters, looks) in enumerate(sheet.rows):
        out += b"\x1b[%d;1H" % (y + 1)
        for character, look in zip(characters, looks, strict=True):
            fore, back, attributes = sheet.looks.appearances[look]
            out += f"\x1b[{';'.join(['0', *attributes, *filter(None, (fore, back))])}m".encode()
            if capabilities.glyphs == "dec" and character in DEC_GRAPHICS:
                out += b"\x1b(0" + DEC_GRAPHICS[character].encode() + b"\x1b(B"
            else:
                out += character.encode()
    return bytes(out)
