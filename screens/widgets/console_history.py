"""A console's history under the user's keys: moving, searching, marking, copying, writing to a file."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from xentui.console.history import Place, Timestamps, first_line, last_line, pattern_of, text_between, texts
from xentui.screens.widgets.console_view import ConsoleView

#: Cells that a line's time takes, with the blank behind it.
TIME_WIDTH = 9


class HistoryPane(Protocol):
    """What the keys of the history need of a pane."""

    view: ConsoleView
    times: Timestamps

    def say(self, text: str) -> None: ...
    def ask(self, name: str, then: Callable[[str], None]) -> None: ...
    def show_times(self) -> None: ...
    def copy(self, text: str) -> str: ...
    def redraw(self) -> None: ...


class HistoryKeys:
    """Does what the keys mean while the history of `pane` is in view."""

    def __init__(self, pane: HistoryPane) -> None:
        self._pane = pane
        self._pattern: re.Pattern[str] | None = None

    def enter(self) -> None:
        """Scroll back by half a page."""
        view = self._pane.view
        view.enter()
        view.scroll(-view.height // 2)
        self._pane.redraw()

    def mark(self) -> None:
        """Show the cursor that marks."""
        self._pane.view.enter()
        self._pane.view.begin_marking()
        self._pane.redraw()

    def ask_search(self, *, regular: bool = False) -> None:
        """Ask what to search for, and show it."""
        name = "Regular expression:" if regular else "/"
        self._pane.ask(name, lambda words: self._search(words, regular=regular))

    def key(self, key: str) -> None:
        """A key while the history is in view."""
        view = self._pane.view
        if view.cursor is not None:
            self._marking_key(key)
        elif not self._move(key):
            if key in ("q", "escape", "end", "G", "upper_g", "enter"):
                view.leave()
            elif key == "v":
                self.mark()
            else:
                self._common_key(key)
        self._pane.redraw()

    def _move(self, key: str) -> bool:
        view, page = self._pane.view, max(1, self._pane.view.height - 1)
        moves = {"up": -1, "k": -1, "down": 1, "j": 1, "pageup": -page, "b": -page, "pagedown": page, "space": page}
        if key in moves:
            view.scroll(moves[key])
        elif key in ("home", "g"):
            view.go(0)
        else:
            return False
        return True

    def _common_key(self, key: str) -> None:
        if key == "slash":
            self.ask_search()
        elif key == "x":
            self.ask_search(regular=True)
        elif key in ("n", "N", "upper_n") and self._pattern is not None:
            self._next(self._pattern, back=key == "n")
        elif key == "w":
            self.ask_save()
        elif key == "t":
            self._pane.show_times()

    def _marking_key(self, key: str) -> None:
        view, page = self._pane.view, max(1, self._pane.view.height - 1)
        width = view.emulator.columns
        steps = {
            **{"up": (-1, 0), "k": (-1, 0), "down": (1, 0), "j": (1, 0), "pageup": (-page, 0), "pagedown": (page, 0)},
            **{"left": (0, -1), "h": (0, -1), "right": (0, 1), "l": (0, 1), "0": (0, -width), "home": (0, -width)},
            **{"dollar_sign": (0, width), "$": (0, width), "end": (0, width)},
            **{"g": (-last_line(view.emulator) - 1, 0), "G": (1 << 40, 0), "upper_g": (1 << 40, 0)},
        }
        if key in steps:
            view.move_cursor(*steps[key])
        elif key in ("space", "v"):
            view.mark = view.cursor
        elif key in ("y", "enter"):
            self._copy()
        elif key in ("q", "escape"):
            view.end_marking()
        else:
            self._common_key(key)

    # Searching

    def _search(self, words: str, *, regular: bool = False) -> None:
        try:
            self._pattern = pattern_of(words, regular=regular)
        except ValueError as error:
            self._pane.say(str(error))
        else:
            self._next(self._pattern)

    def _next(self, pattern: re.Pattern[str], *, back: bool = True) -> None:
        if not self._pane.view.search(pattern, back=back):
            self._pane.say(f"no {'older' if back else 'newer'} line with that")
        self._pane.redraw()

    # Taking something along

    def _copy(self) -> None:
        view = self._pane.view
        if (marked := view.marked) is not None:
            self._pane.say(self._pane.copy(text_between(view.emulator, *marked)))
            view.end_marking()

    def ask_save(self) -> None:
        """Ask for a file, and write to it what is marked, or all that is kept."""
        marked = self._pane.view.marked
        self._pane.ask(
            f"Write {'what is marked' if marked else 'the scrollback'} to the file:",
            lambda name: self._save(name, marked),
        )

    def _save(self, name: str, marked: tuple[Place, Place] | None) -> None:
        emulator, path = self._pane.view.emulator, Path(name).expanduser()
        if marked is not None:
            lines: Iterator[str] = iter([text_between(emulator, *marked)])
        elif self._pane.view.times_shown:
            lines = self._with_times()
        else:
            lines = texts(emulator, first_line(emulator), last_line(emulator))
        try:
            written = _write_new(path, lines)
        except OSError as error:
            self._pane.say(f"Not written: {error.strerror}: {path}")
        else:
            self._pane.say(f"{written} lines written to {path}")
            self._pane.view.end_marking()
        self._pane.redraw()

    def _with_times(self) -> Iterator[str]:
        emulator = self._pane.view.emulator
        for number in range(first_line(emulator), last_line(emulator) + 1):
            came = self._pane.times.of(number)
            when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(came)) if came is not None else ""
            for text in texts(emulator, number, number):
                yield f"{when:19} {text}".rstrip()


def _write_new(path: Path, lines: Iterator[str]) -> int:
    """Write a file that was not there; how many lines. Raises OSError, and then leaves none."""
    written = 0
    with path.open("x", encoding="utf-8") as file:
        try:
            for line in lines:
                file.write(f"{line}\n")
                written += 1 + line.count("\n")
            file.flush()
        except OSError:
            path.unlink(missing_ok=True)
            raise
    return written


def time_of(times: Timestamps, line: int, now: float) -> str:
    """When a line came, in TIME_WIDTH cells: the time of today, or day and time."""
    came = times.of(line)
    if came is None:
        return " " * TIME_WIDTH
    form = "%H:%M:%S " if time.localtime(came)[:3] == time.localtime(now)[:3] else "%d/%H:%M "
    return time.strftime(form, time.localtime(came))
