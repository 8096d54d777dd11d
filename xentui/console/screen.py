"""A screen as rows of cells, and the ways to change them. It knows no cursor and no escape sequences.

A row is two strings of one character per cell: the text (a wide character is followed by CONTINUATION, a letter
with combining marks is a symbol) and the symbols of the attributes, "\\0" being the default.
"""

from __future__ import annotations

from xentui.console.charsets import CONTINUATION


class Line:
    """One row. `wrapped` says that the text went on in the next row because the line was full."""

    __slots__ = ("attributes", "text", "wrapped")

    def __init__(self, text: str, attributes: str) -> None:
        self.text = text
        self.attributes = attributes
        self.wrapped = False


def cut(text: str, start: int, end: int) -> str:
    """The cells from start up to end, with a space for each wide character that loses its other half."""
    if text.isascii() or start >= end:  # an ASCII row has no wide characters; the test costs nothing
        return text[start:end]
    part = text[start:end]
    if part[0] == CONTINUATION:
        part = " " + part[1:]
    if end < len(text) and text[end] == CONTINUATION:
        part = part[:-1] + " "
    return part


class Screen:
    """Rows × columns of cells."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns = columns
        self.blank = " " * columns
        self.plain = "\0" * columns
        self.lines = [self.blank_line() for _ in range(rows)]

    def blank_line(self, attribute: str = "\0") -> Line:
        """A new row of spaces."""
        return Line(self.blank, self.plain if attribute == "\0" else attribute * self.columns)

    def put(self, row: int, column: int, cells: str, attribute: str) -> None:
        """Write cells over a row, all within it."""
        line = self.lines[row]
        text, end = line.text, column + len(cells)
        if text.isascii():
            line.text = text[:column] + cells + text[end:]
        else:
            line.text = cut(text, 0, column) + cells + cut(text, end, self.columns)
        self._paint(line, column, end, attribute)

    def insert(self, row: int, column: int, cells: str, attribute: str) -> None:
        """Put cells before a column; what is pushed out at the right edge is lost."""
        line = self.lines[row]
        keep = self.columns - len(cells)
        line.text = cut(line.text, 0, column) + cells + cut(line.text, column, keep)
        attributes = line.attributes
        line.attributes = attributes[:column] + attribute * len(cells) + attributes[column:keep]

    def delete(self, row: int, column: int, count: int, attribute: str) -> None:
        """Remove cells; the rest moves left and blanks come in at the right edge."""
        line = self.lines[row]
        line.text = cut(line.text, 0, column) + cut(line.text, column + count, self.columns) + " " * count
        attributes = line.attributes
        line.attributes = attributes[:column] + attributes[column + count :] + attribute * count
        line.wrapped = False

    def erase(self, row: int, start: int, end: int, attribute: str) -> None:
        """Blank the cells from start up to end."""
        line = self.lines[row]
        if start == 0 and end == self.columns:
            self.lines[row] = self.blank_line(attribute)
            return
        line.text = cut(line.text, 0, start) + " " * (end - start) + cut(line.text, end, self.columns)
        self._paint(line, start, end, attribute)
        if end == self.columns:
            line.wrapped = False

    def erase_rows(self, first: int, last: int, attribute: str) -> None:
        """Blank the rows first..last; those that are blank already stay, which makes vain clearing cheap."""
        blank, fill = self.blank, self.plain if attribute == "\0" else attribute * self.columns
        self.lines[first : last + 1] = [
            line if line.text is blank and line.attributes is fill else Line(blank, fill)
            for line in self.lines[first : last + 1]
        ]

    def _paint(self, line: Line, start: int, end: int, attribute: str) -> None:
        attributes = line.attributes
        if attribute != "\0" or attributes is not self.plain:
            line.attributes = attributes[:start] + attribute * (end - start) + attributes[end:]

    def scroll_up(self, top: int, bottom: int, count: int, attribute: str) -> list[Line]:
        """Move the rows top..bottom up by count (at most all of them); gives the rows that went out."""
        lines = self.lines
        gone = lines[top : top + count]
        del lines[top : top + count]
        first = bottom + 1 - count
        lines[first:first] = [self.blank_line(attribute) for _ in range(count)]
        return gone

    def scroll_down(self, top: int, bottom: int, count: int, attribute: str) -> None:
        """Move the rows top..bottom down by count (at most all of them)."""
        lines = self.lines
        del lines[bottom + 1 - count : bottom + 1]
        lines[top:top] = [self.blank_line(attribute) for _ in range(count)]
