"""The sheet: what Textual wants to be on the screen, cell by cell.

Painted from the compositor's strips, before they would become escape sequences: parsing those again would cost
more than writing them, and a strip already painted needs no string at all. So a frame costs less CPU than with
the stock driver, and nothing that a widget puts into its text can reach the terminal as an escape.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import split_graphemes
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

from xentui.screens.terminal.capabilities import Glyphs
from xentui.screens.terminal.glyphs import shown
from xentui.screens.terminal.looks import Look, Looks

Cells = tuple[list[str], list[Look]]
"""Characters and looks, one each per column. A wide character is followed by "" in the column that it covers."""


class Sheet:
    """`height` rows of `width` cells, and which of them were painted since they were last compared."""

    def __init__(self, width: int, height: int, looks: Looks, glyphs: Glyphs) -> None:
        self.width = width
        self.height = height
        self.looks = looks
        self.rows: list[Cells] = [([" "] * width, [0] * width) for _ in range(height)]
        self.touched: set[int] = set()
        self._glyphs = glyphs
        self._cells: dict[tuple[str, Style | None], tuple[list[str], list[Look], bool]] = {}
        self.wide = False
        """Whether there may be wide characters."""

    def paint(self, update: CompositorUpdate) -> bool:
        """Paint what the compositor made; False if it is of a kind that this driver does not know."""
        if isinstance(update, LayoutUpdate):
            x, y = update.region.offset
            for row, line in enumerate(update.strips, y):
                self.paint_line(row, x, line)
            return True
        if isinstance(update, ChopsUpdate):
            # The same choice of chops as in ChopsUpdate.render_segments.
            for y, x1, x2 in update.spans:
                for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                    if strip is None or x > x2 or end <= x1:
                        continue
                    whole = x2 > x >= x1 and end <= x2
                    self.paint_line(y, x, (strip if whole else strip.crop(0, min(end, x2) - x),))
            return True
        return False

    def forget_styles(self) -> None:
        """Look at each style anew, from the next painting on."""
        self.looks.forget_styles()
        self._cells.clear()

    def paint_line(self, y: int, x: int, strips: Iterable[Strip]) -> None:
        """Paint `strips`, one behind the other, from cell x of row y on."""
        self.paint_texts(y, x, ((text, style) for strip in strips for text, style, _ in strip._segments))

    def paint_texts(self, y: int, x: int, texts: Iterable[tuple[str, Style | None]]) -> int:
        """Paint texts in their styles, one behind the other, from cell x of row y on; the cell behind the last."""
        if not 0 <= y < self.height:
            return x
        characters, looks = self.rows[y]
        self.touched.add(y)
        width = self.width
        known = self._cells
        for part in texts:
            new_characters, new_looks, wide = known.get(part) or self._lay_out(*part)
            end = x + len(new_characters)
            if end > width:
                room = max(0, width - x)
                new_characters, new_looks = new_characters[:room], new_looks[:room]
                end = x + room
            if self.wide:
                self._halve(characters, x, end)
            elif wide:
                self.wide = True
            characters[x:end] = new_characters
            looks[x:end] = new_looks
            x = end
        if self.wide and characters[-1] != "" and len(characters[-1]) == 1 and _is_wide(characters[-1]):
            characters[-1] = " "  # a wide character cut by the edge
        return x

    def laid_out(self, texts: Iterable[tuple[str, Style | None]]) -> Cells:
        """The cells that these texts would be, one behind the other."""
        characters: list[str] = []
        looks: list[Look] = []
        for part in texts:
            new_characters, new_looks, _ = self._cells.get(part) or self._lay_out(*part)
            characters += new_characters
            looks += new_looks
        return characters, looks

    def _halve(self, characters: list[str], x: int, end: int) -> None:
        """What is about to be painted over covers half of a wide character: a terminal blanks the other."""
        if x and x < self.width and characters[x] == "":
            characters[x - 1] = " "
        if end < self.width and characters[end] == "":
            characters[end] = " "

    def _lay_out(self, text: str, style: Style | None) -> tuple[list[str], list[Look], bool]:
        look = self.looks.of(style)
        blank = self.looks.blank_of[look]
        wide = False
        if text.isascii() and text.isprintable():
            characters = list(text)
        else:
            characters = []
            for start, end, width in split_graphemes(text)[0]:
                grapheme = text[start:end]
                if width == 0:
                    if grapheme.isprintable() and characters and self._glyphs == "unicode":
                        characters[-1] += grapheme
                    continue
                glyph = shown(grapheme, self._glyphs, width)
                if width > 1 and len(glyph) == width and glyph.isascii():
                    characters += glyph
                else:
                    characters += [glyph, *[""] * (width - 1)]
                    wide = wide or width > 1
        if blank == look:
            looks = [look] * len(characters)
        else:
            looks = [blank if character == " " else look for character in characters]
        if len(self._cells) > 20_000:
            self._cells.clear()
        cells = self._cells[text, style] = characters, looks, wide
        return cells


def _is_wide(character: str) -> bool:
    return Segment(character).cell_length == 2
