"""A terminal of another size, keeping what it can.

* Width, primary screen: text that wrapped is joined and cut anew, so nothing is lost either way. The alternate
  screen is cut or padded at its right edge: the program that owns it draws it again.
* Height, primary screen: rows go and come at the bottom as long as they are empty and below the cursor; then the
  topmost rows go to the scrollback, and come back when the screen grows.
* The alternate screen loses rows at the bottom, at the top only to keep the cursor's row.
* The scrollback keeps its lines as they were. Margins are the whole screen again; tab stops stay, and new
  columns get theirs.
"""

from __future__ import annotations

from xentui.console.charsets import CONTINUATION
from xentui.console.screen import Line, Screen, cut
from xentui.console.terminal import Terminal


def resize(terminal: Terminal, columns: int, rows: int) -> None:
    """Give the terminal a new size (both at least 1)."""
    if (columns, rows) == (terminal.columns, terminal.rows):
        return
    primary, alternate = terminal.screens
    on_alternate = terminal.modes.alternate_screen
    at = [(saved.row, saved.column) for saved in terminal.saved]
    at[on_alternate] = (terminal.row, terminal.column)

    row, column = at[0]
    lines = primary.lines
    terminal.screens = (Screen(columns, rows), Screen(columns, rows))
    if columns != terminal.columns:
        lines, row, column = _reflowed(lines, columns, row, column)
    lines, row = _fitted(terminal, lines, columns, rows, row)
    terminal.screens[0].lines = _plain(terminal.screens[0], lines)
    at[0] = (row, column)

    row, column = at[1]
    row = min(row, terminal.rows - 1)
    first = max(row - rows + 1, 0)
    lines = [_clipped(line, columns) for line in alternate.lines[first : first + rows]]
    lines += [terminal.screens[1].blank_line() for _ in range(rows - len(lines))]
    terminal.screens[1].lines = _plain(terminal.screens[1], lines)
    at[1] = (row - first, column)

    terminal.tabs |= {stop for stop in range(8, columns, 8) if stop >= terminal.columns}
    terminal.tabs = {stop for stop in terminal.tabs if stop < columns}
    terminal.columns, terminal.rows = columns, rows
    terminal.screen = terminal.screens[on_alternate]
    for saved, (row, column) in zip(terminal.saved, at, strict=True):
        saved.row, saved.column = min(row, rows - 1), min(column, columns)
    terminal.row, terminal.column = min(at[on_alternate][0], rows - 1), min(at[on_alternate][1], columns - 1)
    terminal.reset_margins()
    terminal.all_dirty = True


def _plain(screen: Screen, lines: list[Line]) -> list[Line]:
    """Rows without attributes share one string of them, by which drawing knows them."""
    for line in lines:
        if line.attributes == screen.plain:
            line.attributes = screen.plain
    return lines


def _reflowed(lines: list[Line], columns: int, row: int, column: int) -> tuple[list[Line], int, int]:
    """Rows of a new width and where the cursor's character went."""
    out: list[Line] = []
    cursor = (0, 0)
    number = 0
    while number < len(lines):
        text = attributes = ""
        offset = -1
        wrapped = True
        while wrapped and number < len(lines):
            line = lines[number]
            if number == row:
                offset = len(text) + column
            text += line.text
            attributes += line.attributes
            wrapped = line.wrapped
            number += 1
        length = max(len(text.rstrip(" ")), len(attributes.rstrip("\0")), offset)
        begin = 0
        while True:
            end = min(begin + columns, length)
            if begin < end < length and text[end] == CONTINUATION and end - begin > 1:
                end -= 1
            if begin <= offset <= end:
                cursor = (len(out), offset - begin)
            fresh = Line(cut(text, begin, end).ljust(columns), attributes[begin:end].ljust(columns, "\0"))
            fresh.wrapped = end < length
            out.append(fresh)
            begin = end
            if begin >= length:
                break
    return out, *cursor


def _fitted(terminal: Terminal, lines: list[Line], columns: int, rows: int, row: int) -> tuple[list[Line], int]:
    """As many rows as there are to be, and the cursor's among them."""
    used = len(lines)
    while used > max(rows, row + 1) and lines[used - 1].text.isspace():
        used -= 1
    lines = lines[:used]
    while len(lines) > rows:
        if row == 0:
            lines.pop()
            continue
        terminal.scrollback.push(lines.pop(0))
        terminal.scrolled += 1
        terminal.pushed_out += 1
        row -= 1
    while len(lines) < rows and terminal.pushed_out and len(terminal.scrollback):
        if len(terminal.scrollback.line(-1).text) > columns:
            break
        line = terminal.scrollback.pop()
        terminal.pushed_out -= 1
        lines.insert(0, Line(line.text.ljust(columns), line.attributes.ljust(columns, "\0")))
        lines[0].wrapped = line.wrapped
        row += 1
    blank = Screen(columns, 1).lines[0]
    return lines + [Line(blank.text, blank.attributes) for _ in range(rows - len(lines))], row


def _clipped(line: Line, columns: int) -> Line:
    clipped = Line(cut(line.text, 0, columns).ljust(columns), line.attributes[:columns].ljust(columns, "\0"))
    clipped.wrapped = False
    return clipped
