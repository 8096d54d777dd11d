"""A terminal's state and what it can do: draw, move, scroll, erase. Escape sequences are named in functions.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from xentui.console.attributes import DEFAULT, Attributes
from xentui.console.charsets import (
    CHARSETS,
    CLUSTERS,
    CONTINUATION,
    FIRST_CLUSTER,
    MAX_MARKS,
    Charset,
    displayable,
    is_narrow,
    width,
)
from xentui.console.modes import Modes
from xentui.console.rendition import Rendition
from xentui.console.screen import Line, Screen
from xentui.console.scrollback import Scrollback
from xentui.console.symbols import Symbols


@dataclass(slots=True)
class SavedCursor:
    """What DECSC keeps (VT220 Programmer Reference 4.13)."""

    row: int = 0
    column: int = 0
    attributes: Attributes = DEFAULT
    charsets: tuple[Charset, ...] = (None,) * 4
    shift: int = 0
    origin: bool = False


class Terminal:
    """The screens, the cursor and the modes.

    `column` equal to `columns` is the pending wrap: the last column was written and the next character wraps.
    """

    def __init__(self, columns: int, rows: int, scrollback: int, reply: Callable[[bytes], None] | None) -> None:
        self.columns = columns
        self.rows = rows
        self.scrollback = Scrollback(scrollback)
        self.reply = reply
        self.rendition = Rendition(self._shown_attributes)
        self.clusters: Symbols[str] = Symbols(FIRST_CLUSTER, CLUSTERS, self._shown_text)
        self.dirty: set[int] = set()
        self.all_dirty = True
        self.scrolled = 0
        self.bells = 0
        self.replies_left = 0
        self.pushed_out = 0
        """Rows that a smaller size pushed into the scrollback, to come back when the screen grows."""
        self.screens = (Screen(columns, rows), Screen(columns, rows))
        self.direct = True
        """Whether characters go to the cells as they are: no character set to map, no insert mode."""
        self.single_shift = 0
        self.reset()

    def reset(self) -> None:
        """RIS: everything as at the start, but what was on the screen goes to the scrollback, which stays."""
        self.title = ""
        self.modes = Modes()
        self.screen = self.screens[0]
        self.saved = [SavedCursor(), SavedCursor()]
        self.last_text = ""
        self.rendition.symbol = "\0"
        self.row = self.column = 0
        self.reset_margins()
        self.reset_charsets()
        self.reset_tabs()
        self.screens[1].erase_rows(0, self.rows - 1, "\0")
        self.clear_screen()

    # -- what is shown, for the symbol tables ------------------------------------------------------------------

    def _shown_attributes(self) -> Iterator[str]:
        for screen in self.screens:
            for line in screen.lines:
                yield line.attributes
        for stored in self.scrollback.symbols():
            yield from list(stored)[1:]

    def _shown_text(self) -> Iterator[str]:
        for screen in self.screens:
            for line in screen.lines:
                yield line.text
        for stored in self.scrollback.symbols():
            yield from list(stored)[:1]

    # -- drawing -----------------------------------------------------------------------------------------------

    def draw(self, text: str) -> None:
        """Print characters (no controls) at the cursor."""
        column = self.column
        end = column + len(text)
        if self.direct and end <= self.columns and text.isascii():
            screen = self.screen
            line = screen.lines[self.row]
            old = line.text
            if old.isascii():
                line.text = old[:column] + text + old[end:]
                attributes, symbol = line.attributes, self.rendition.symbol
                if symbol != "\0" or attributes is not screen.plain:
                    line.attributes = attributes[:column] + symbol * len(text) + attributes[end:]
                self.column = end
                self.dirty.add(self.row)
                self.last_text = text
                return
        self._draw(text)

    def _draw(self, text: str) -> None:
        """Print whatever it is: character sets, insert mode, wide and combining characters, wrapping."""
        if self.single_shift:
            charset, self.single_shift = self.charsets[self.single_shift], 0
            self.use_charset()
            first, text = text[:1].translate(charset or {}), text[1:]
            text = first + (text.translate(self.charset) if self.charset else text)
        elif self.charset:
            text = text.translate(self.charset)
        if is_narrow(text):
            self._place(text)
            return
        narrow: list[str] = []
        for character in text:
            cells = width(character)
            if cells == 1:
                narrow.append(displayable(character))
                continue
            if narrow:
                self._place("".join(narrow))
                narrow.clear()
            if cells == 2:
                self._place_wide(displayable(character))
            elif cells == 0:
                self._combine(character)
        if narrow:
            self._place("".join(narrow))

    def _place(self, cells: str) -> None:
        """Write characters of one cell each, wrapping where the line is full."""
        self.last_text = cells
        if not self.modes.autowrap and self.column + len(cells) > self.columns:
            # The last column is written over and over: what stays is the last character.
            room = max(self.columns - self.column - 1, 0)
            self.column = min(self.column, self.columns - 1)
            cells = cells[:room] + cells[-1]
        while cells:
            if self.column >= self.columns:
                self._wrap()
            part = cells[: self.columns - self.column]
            cells = cells[len(part) :]
            self._write(part)

    def _place_wide(self, character: str) -> None:
        self.last_text = character
        if self.columns < 2:
            return
        if self.column > self.columns - 2:
            if self.modes.autowrap:
                self._wrap()
            else:
                self.column = self.columns - 2
        self._write(character + CONTINUATION)

    def _write(self, cells: str) -> None:
        write = self.screen.insert if self.modes.insert else self.screen.put
        write(self.row, self.column, cells, self.rendition.symbol)
        self.dirty.add(self.row)
        self.column += len(cells)

    def _wrap(self) -> None:
        self.screen.lines[self.row].wrapped = True
        self.column = 0
        self.index()

    def _combine(self, mark: str) -> None:
        """Add a mark to the character before the cursor; without one, or with too many marks, it is dropped."""
        line = self.screen.lines[self.row]
        column = self.column - 1
        if column > 0 and line.text[column] == CONTINUATION:
            column -= 1
        if column < 0 or line.text[column] == CONTINUATION:
            return
        base = line.text[column]
        cluster = self.clusters.value.get(base, base) + mark
        symbol = self.clusters[cluster] if len(cluster) <= MAX_MARKS + 1 else None
        if symbol is not None:
            line.text = line.text[:column] + symbol + line.text[column + 1 :]
            self.dirty.add(self.row)

    def repeat(self, count: int) -> None:
        """REP: the last printed character again, at most a row of it."""
        if self.last_text:
            self.draw(self.last_text[-1] * min(count, self.columns))

    def draw_lines(self, texts: list[str]) -> None:
        """For each text: carriage return, line feed, print. A flood of log lines is scrolled in one step."""
        for index, text in enumerate(texts):
            left = len(texts) - index
            if left > 2 and self.row == self.rows - 1 and self._flood(texts, index):
                return
            self.column = 0
            self.index()
            if text:
                self.draw(text)

    def _flood(self, texts: list[str], start: int) -> bool:
        """Scroll in texts[start:] at the bottom of a plain full screen; False if something is not plain."""
        if not (self.direct and self.rendition.symbol == "\0" and self.top == 0 and self.bottom == self.rows - 1):
            return False
        rows = texts[start:]
        if not "".join(rows).isascii():
            return False
        wrapped: set[int] = set()
        if len(max(rows, key=len)) > self.columns:
            if not self.modes.autowrap:
                return False
            rows, wrapped = self._folded(rows)
        screen = self.screen
        self.last_text = rows[-1] or self.last_text
        self.column = len(rows[-1])
        last, count = self.rows - 1, len(rows)
        lines = screen.lines
        if screen is self.screens[0]:
            for line in lines[: min(count, self.rows)]:
                self.scrollback.push(line)
            gone = max(count - self.rows, 0)
            if wrapped:
                for number, text in enumerate(rows[:gone]):
                    self.scrollback.push_text(text, number in wrapped)
            else:
                self.scrollback.extend(rows[:gone])
            self.scrolled += count
        blank = screen.blank
        first = max(count - self.rows, 0)
        fresh = [Line(text + blank[len(text) :], screen.plain) for text in rows[first:]]
        for number in wrapped:
            if number >= first:
                fresh[number - first].wrapped = True
        screen.lines = lines[len(fresh) :] + fresh
        self.row = last
        self.all_dirty = True
        return True

    def _folded(self, texts: list[str]) -> tuple[list[str], set[int]]:
        """Texts cut to the width of the screen, and the numbers of those that go on in the next."""
        rows: list[str] = []
        wrapped: set[int] = set()
        for text in texts:
            parts = [text[start : start + self.columns] for start in range(0, len(text), self.columns)] or [""]
            wrapped.update(range(len(rows), len(rows) + len(parts) - 1))
            rows.extend(parts)
        return rows, wrapped

    # -- character sets ----------------------------------------------------------------------------------------

    def reset_charsets(self) -> None:
        """All four sets are ASCII, G0 is in use."""
        self.charsets: list[Charset] = [None] * 4
        self.shift = 0
        self.single_shift = 0
        self.use_charset()

    def use_charset(self, shift: int | None = None) -> None:
        """Lock a set (0..3) into use; without one, take note of changed sets and modes."""
        if shift is not None:
            self.shift = shift
        self.charset = self.charsets[self.shift]
        self.direct = self.charset is None and not self.single_shift and not self.modes.insert

    def designate(self, slot: int, final: str) -> None:
        """`ESC ( F` and its like: G0..G3 become the set named F."""
        self.charsets[slot] = CHARSETS.get(final)
        self.use_charset()

    def shift_once(self, slot: int) -> None:
        """SS2, SS3: the next character comes from G2 or G3."""
        self.single_shift = slot
        self.use_charset()

    # -- the cursor --------------------------------------------------------------------------------------------

    def move_to(self, row: int, column: int) -> None:
        """CUP: absolute, within the margins in origin mode."""
        first, last = (self.top, self.bottom) if self.modes.origin else (0, self.rows - 1)
        self.row = max(first, min(first + row, last))
        self.column = max(0, min(column, self.columns - 1))

    def move_column(self, column: int) -> None:
        """CHA and all horizontal movements: never wraps."""
        self.column = max(0, min(column, self.columns - 1))

    def move_rows(self, count: int) -> None:
        """CUU, CUD: stops at a margin if it starts within it."""
        first = self.top if self.row >= self.top else 0
        last = self.bottom if self.row <= self.bottom else self.rows - 1
        self.row = max(first, min(self.row + count, last))
        self.column = min(self.column, self.columns - 1)

    def index(self) -> None:
        """IND, LF: down, scrolling at the bottom margin."""
        if self.row == self.bottom:
            self.scroll_up(1)
        elif self.row < self.rows - 1:
            self.row += 1
        if self.column == self.columns:
            self.column -= 1

    def reverse_index(self) -> None:
        """RI: up, scrolling at the top margin."""
        if self.row == self.top:
            self.scroll_down(1)
        elif self.row > 0:
            self.row -= 1
        self.column = min(self.column, self.columns - 1)

    def save_cursor(self) -> None:
        """DECSC."""
        self.saved[self.modes.alternate_screen] = SavedCursor(
            self.row, self.column, self.rendition.attributes, tuple(self.charsets), self.shift, self.modes.origin
        )

    def restore_cursor(self) -> None:
        """DECRC; without a DECSC before: home, default rendition."""
        saved = self.saved[self.modes.alternate_screen]
        self.row = min(saved.row, self.rows - 1)
        self.column = min(saved.column, self.columns)
        self.rendition.attributes = saved.attributes
        self.charsets = list(saved.charsets)
        self.modes.origin = saved.origin
        self.single_shift = 0
        self.use_charset(saved.shift)

    # -- tabs and margins --------------------------------------------------------------------------------------

    def reset_tabs(self) -> None:
        """A stop at every eighth column."""
        self.tabs = set(range(8, self.columns, 8))

    def tab(self, count: int) -> None:
        """HT, CHT: to the count-th stop, at most to the last column."""
        stops = sorted(stop for stop in self.tabs if self.column < stop < self.columns)
        if self.column < self.columns:  # a pending wrap stays pending
            self.column = stops[count - 1] if count <= len(stops) else self.columns - 1

    def back_tab(self, count: int) -> None:
        """CBT."""
        stops = sorted((stop for stop in self.tabs if stop < self.column), reverse=True)
        self.column = stops[count - 1] if count <= len(stops) else 0

    def reset_margins(self) -> None:
        """The whole screen scrolls."""
        self.top, self.bottom = 0, self.rows - 1

    # -- scrolling and erasing ---------------------------------------------------------------------------------

    def scroll_up(self, count: int, top: int | None = None) -> None:
        """Scroll from the top margin (or a row, as DL does) to the bottom margin.

        What leaves the top row of the primary screen goes to the scrollback.
        """
        first = self.top if top is None else top
        count = min(count, self.bottom - first + 1)
        gone = self.screen.scroll_up(first, self.bottom, count, self.rendition.erasing)
        if top is None and first == 0 and self.screen is self.screens[0]:
            for line in gone:
                self.scrollback.push(line)
            self.scrolled += count
        self.damage_rows(first, self.bottom)

    def scroll_down(self, count: int, top: int | None = None) -> None:
        """The other way; nothing comes back from the scrollback."""
        first = self.top if top is None else top
        count = min(count, self.bottom - first + 1)
        self.screen.scroll_down(first, self.bottom, count, self.rendition.erasing)
        self.damage_rows(first, self.bottom)

    def damage_rows(self, first: int, last: int) -> None:
        """Take note that rows first..last changed."""
        if first == 0 and last == self.rows - 1:
            self.all_dirty = True
        elif not self.all_dirty:
            self.dirty.update(range(first, last + 1))

    def erase_rows(self, first: int, last: int) -> None:
        """Blank whole rows."""
        self.screen.erase_rows(first, last, self.rendition.erasing)
        self.damage_rows(first, last)

    def erase_cells(self, start: int, end: int) -> None:
        """Blank cells of the cursor's row."""
        self.screen.erase(self.row, start, end, self.rendition.erasing)
        self.dirty.add(self.row)

    def clear_screen(self) -> None:
        """Blank the screen; the text on the primary screen is kept in the scrollback (as tmux and PuTTY do)."""
        if self.screen is self.screens[0]:
            lines = self.screen.lines
            used = len(lines)
            blank = self.screen.blank
            while used and (lines[used - 1].text is blank or lines[used - 1].text.isspace()):
                used -= 1
            for line in lines[:used]:
                self.scrollback.push(line)
            self.scrolled += used
            self.pushed_out = 0
        self.erase_rows(0, self.rows - 1)
