"""Which part of a console is in view: the guest's screen, panned to its cursor, or its history.

Lines have numbers for good: what scrolled off first is 0, the screen's rows come after the scrollback. A
view of the history stays where it is while new lines arrive.
"""

from __future__ import annotations

import re

from xentui.console.attributes import Runs
from xentui.console.emulator import Emulator
from xentui.console.history import Found, Place, first_line, last_line, search


class ConsoleView:
    """The window of `width` × `height` cells that the pane shows of its emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.width, self.height = 80, 24
        self.top = 0  # of the screen, while live
        self.left = 0
        self._first: int | None = None  # number of the first line, in the history
        self.found: Found | None = None  # what was searched last
        self.cursor: Place | None = None  # while something is marked
        self.mark: Place | None = None  # where it begins, or ends
        self.times_shown = False  # before each line, when it came
        self.people = False  # who shares the console is listed over the last rows

    @property
    def live(self) -> bool:
        """The guest's screen is shown, not its history."""
        return self._first is None

    @property
    def plain(self) -> bool:
        """The guest's cells are shown from the first column on, as they are."""
        marks = self.cursor or self.found or self.times_shown or self.people
        return self._first is None and self.left == 0 and not marks

    @property
    def _screen_start(self) -> int:
        return self.emulator.scrollback_dropped + self.emulator.scrollback_size

    @property
    def first(self) -> int:
        """The number of the first line in view."""
        return self._screen_start + self.top if self._first is None else self._first

    @property
    def below(self) -> int:
        """Lines between the end of the view and the end of the screen."""
        return max(0, self._screen_start + self.emulator.rows - self.first - self.height)

    def resize(self, width: int, height: int) -> None:
        self.width, self.height = max(1, width), max(1, height)
        self.top = self.left = 0
        self.follow()

    def follow(self) -> bool:
        """Pan so that the guest's cursor is in view; whether the view has moved."""
        before = self.top, self.left
        row, column, _ = self.emulator.cursor
        # Screens begin at the top, lines at the left: stay there as long as the cursor can be seen. After a `clear`,
        # what comes first would be hidden otherwise.
        self.top = 0 if row < self.height else _panned(self.top, row, self.height, self.emulator.rows)
        self.left = 0 if column < self.width else _panned(self.left, column, self.width, self.emulator.columns)
        return before != (self.top, self.left)

    def runs(self, y: int) -> Runs | None:
        """The line at row `y` of the view; None below the end, and for lines that fell off the history."""
        if self._first is None:
            row = self.top + y
            return self.emulator.runs(row) if row < self.emulator.rows else None
        number = self.first + y
        row = number - self._screen_start
        if row >= 0:
            return self.emulator.runs(row) if row < self.emulator.rows else None
        index = number - self.emulator.scrollback_dropped
        return self.emulator.scrollback_runs(index) if index >= 0 else None

    # The history.

    def scroll(self, lines: int) -> None:
        """Move by `lines`, up if negative, into the history and out of it again at its end."""
        self.go(self.first + lines)

    def go(self, first: int) -> None:
        """Make `first` the first line in view, as far as there are lines."""
        oldest = self.emulator.scrollback_dropped
        end = self._screen_start + self.emulator.rows - self.height
        self._first = max(oldest, min(first, end))
        if first >= end:
            self.leave()

    def enter(self) -> None:
        """Hold the view where it is."""
        self._first = self.first

    def leave(self) -> None:
        """Back to what the guest shows now."""
        self._first = None
        self.found = None
        self.end_marking()
        self.follow()

    # Marking.

    def begin_marking(self) -> None:
        """Show a cursor: at what was found, or in the last line of the view."""
        if self.found is not None:
            self.cursor = Place(self.found.line, self.found.column)
        else:
            self.cursor = Place(min(self.first + self.height, last_line(self.emulator) + 1) - 1, 0)
        self.mark = None

    def end_marking(self) -> None:
        self.cursor = self.mark = None

    def move_cursor(self, lines: int, columns: int) -> None:
        """Move the cursor that marks, and the view with it."""
        if self.cursor is None:
            return
        line = max(first_line(self.emulator), min(self.cursor.line + lines, last_line(self.emulator)))
        column = max(0, min(self.cursor.column + columns, self.emulator.columns - 1))
        self.cursor = Place(line, column)
        if self._first is not None:
            self._first = _panned(self._first, line, self.height, last_line(self.emulator) + 1)
        self.left = _panned(self.left, column, self.width, self.emulator.columns)

    @property
    def marked(self) -> tuple[Place, Place] | None:
        """The first and the last cell of what is marked: the cursor's line, while there is no mark."""
        if self.cursor is None:
            return None
        if self.mark is None:
            return Place(self.cursor.line, 0), Place(self.cursor.line, self.emulator.columns - 1)
        return min(self.mark, self.cursor), max(self.mark, self.cursor)

    def marked_cells(self, y: int) -> tuple[int, int] | None:
        """From where to before where row `y` of the view is marked."""
        marked, line = self.marked, self.first + y
        if marked is None or not marked[0].line <= line <= marked[1].line:
            return None
        start = marked[0].column if line == marked[0].line else 0
        return start, marked[1].column + 1 if line == marked[1].line else self.emulator.columns

    def search(self, pattern: re.Pattern[str], *, back: bool = True) -> bool:
        """Show the next match, from what was found last or from the view. False if there is no other."""
        if self.found is not None:
            start = self.found.line
        else:
            start = last_line(self.emulator) + 1 if back else self.first - 1
        found = search(self.emulator, pattern, start, back=back)
        if found is None:
            return False
        self.found = found
        if self.cursor is not None:
            self.cursor = Place(found.line, found.column)
        if not self.first <= found.line < self.first + self.height or self.live:
            self._first = max(first_line(self.emulator), found.line - self.height // 2)
        return True


def _panned(start: int, place: int, size: int, whole: int) -> int:
    """The least movement of a window of `size` cells on `whole` that has `place` in it."""
    start = max(0, min(start, whole - size))
    return min(start, place) if place < start + size else place - size + 1
