"""What an emulator shows, as bytes that make another one show the same: for who comes late to a shared console.

The bytes are those that a guest could have printed, so whatever may be fed a guest may be fed these. Kept are
both screens with their folds, the cursor with a pending wrap, both saved cursors, modes, margins, tab stops,
character sets, the title, a sequence or a character of which only the first half has come, and the last lines of
the scrollback. Not kept are what REP would repeat, and whether the last row goes on in one that scrolled away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields

from xentui.console.attributes import DEFAULT, Attributes, Color, Runs
from xentui.console.charsets import CHARSETS, CONTINUATION, Charset
from xentui.console.modes import ANSI_MODES, DEC_MODES, Modes
from xentui.console.screen import Line, Screen
from xentui.console.terminal import SavedCursor, Terminal

_FLAGS = {
    "bold": 1, "dim": 2, "italic": 3, "underline": 4, "blink": 5, "reverse": 7, "conceal": 8, "strike": 9,
}  # fmt: skip
_SLOTS = "()*+"
#: Locks G0 to G3 into use.
_SHIFTS = ("\x0f", "\x0e", "\x1bn", "\x1bo")
_PLAIN_CHARSETS: tuple[Charset, ...] = (None,) * 4


def sgr(look: Attributes) -> str:
    """The sequence after which characters look so, whatever they looked like before."""
    if look == DEFAULT:
        return "\x1b[m"
    codes = ["0", *(str(code) for name, code in _FLAGS.items() if getattr(look, name))]
    codes += [*_color(look.foreground, 30), *_color(look.background, 40)]
    return f"\x1b[{';'.join(codes)}m"


def _color(color: Color, base: int) -> list[str]:
    if color is None:
        return []
    if isinstance(color, tuple):
        return [str(base + 8), "2", *map(str, color)]
    if color < 8:
        return [str(base + color)]
    return [str(base + 52 + color)] if color < 16 else [str(base + 8), "5", str(color)]


def repaint(
    terminal: Terminal, runs_of: Callable[[Line], Runs], scrolled: list[tuple[Runs, bool]], pending: bytes
) -> bytes:
    """Everything, from a reset on. `scrolled` are lines of the scrollback and whether each goes on in the next,
    oldest first; `pending` is what the parser waits to be continued.
    """
    painted = "".join(_Repaint(terminal, runs_of).everything(scrolled))
    return painted.encode("utf-8", "replace") + pending


class _Repaint:
    """One repaint of one terminal."""

    def __init__(self, terminal: Terminal, runs_of: Callable[[Line], Runs]) -> None:
        self.terminal = terminal
        self.runs_of = runs_of

    def everything(self, scrolled: list[tuple[Runs, bool]]) -> Iterator[str]:
        terminal = self.terminal
        yield "\x1bc"
        if terminal.title:
            yield f"\x1b]2;{terminal.title}\x1b\\"
        for runs, wrapped in scrolled:
            yield from _text(runs)
            if not wrapped:
                yield "\x1b[m\r\n"
        if scrolled:
            yield "\x1b[m\x1b[H\x1b[2J"  # which puts the rest of them into the scrollback
        yield from self._tabs()
        primary, alternate = terminal.screens
        yield from self._screen(primary)
        yield from self._saved(primary, terminal.saved[0])
        on_alternate = terminal.modes.alternate_screen
        if on_alternate or terminal.saved[1] != SavedCursor() or not all(map(_blank, alternate.lines)):
            yield "\x1b[?47h"
            yield from self._screen(alternate)
            yield from self._saved(alternate, terminal.saved[1])
            if not on_alternate:
                yield "\x1b[?47l"
        yield from self._state()

    def _screen(self, screen: Screen) -> Iterator[str]:
        """The rows of a screen; a row that goes on in the next is followed by it without a movement."""
        folded = False
        for number, line in enumerate(screen.lines):
            if not folded and not _blank(line):
                yield f"\x1b[{number + 1}H"
            if folded or not _blank(line):
                length = None if line.wrapped else max(_length(line), folded)
                yield from _text(self._runs(line, 0, length))
            folded = line.wrapped
        yield "\x1b[m"

    def _runs(self, line: Line, start: int, end: int | None) -> Runs:
        return self.runs_of(Line(line.text[start:end], line.attributes[start:end]))

    def _place(self, screen: Screen, row: int, column: int, *, origin: int = 0) -> str:
        """The cursor to a place; after the last column, by writing what stands there once more. Rows count from
        `origin`, the top margin in origin mode.
        """
        if column < screen.columns:
            return f"\x1b[{row + 1 - origin};{column + 1}H"
        line = screen.lines[row]
        start = screen.columns - 1
        while start and line.text[start] == CONTINUATION:
            start -= 1
        last = "".join(_text(self._runs(line, start, None)))
        return f"\x1b[{row + 1 - origin};{start + 1}H{last}"

    def _saved(self, screen: Screen, saved: SavedCursor) -> Iterator[str]:
        """What DECSC kept on a screen."""
        if saved == SavedCursor():
            return
        if saved.origin:
            yield "\x1b[?6h"
        yield self._place(screen, min(saved.row, len(screen.lines) - 1), min(saved.column, screen.columns))
        yield _pen(saved.attributes, saved.charsets, saved.shift)
        yield "\x1b7"
        yield _pen(DEFAULT, _PLAIN_CHARSETS, 0)
        if saved.origin:
            yield "\x1b[?6l"

    def _tabs(self) -> Iterator[str]:
        terminal = self.terminal
        if terminal.tabs != set(range(8, terminal.columns, 8)):
            yield "\x1b[3g"
            for stop in sorted(terminal.tabs):
                yield f"\x1b[{stop + 1}G\x1bH"
            yield "\r"

    def _state(self) -> Iterator[str]:
        """Margins, cursor, modes, and what the next character looks like: in an order in which none undoes another."""
        terminal, modes, default = self.terminal, self.terminal.modes, Modes()
        if (terminal.top, terminal.bottom) != (0, terminal.rows - 1):
            yield f"\x1b[{terminal.top + 1};{terminal.bottom + 1}r"
        if modes.origin:
            yield "\x1b[?6h"
        origin = terminal.top if modes.origin else 0
        yield self._place(terminal.screen, terminal.row, terminal.column, origin=origin)
        names = {field.name for field in fields(Modes)} - {"origin", "alternate_screen", "mouse"}
        changed = {name for name in names if getattr(modes, name) != getattr(default, name)}
        for numbers, mark in ((DEC_MODES, "?"), (ANSI_MODES, "")):
            for number, name in numbers.items():
                if name in changed:
                    yield f"\x1b[{mark}{number}{'h' if getattr(modes, name) else 'l'}"
        if modes.mouse:
            yield f"\x1b[?{modes.mouse}h"
        yield _pen(terminal.rendition.attributes, tuple(terminal.charsets), terminal.shift)
        if terminal.single_shift:
            yield "\x1bN" if terminal.single_shift == 2 else "\x1bO"


def _text(runs: Runs) -> Iterator[str]:
    for text, look in runs:
        yield sgr(look)
        yield text


def _blank(line: Line) -> bool:
    return not line.wrapped and not _length(line)


def _length(line: Line) -> int:
    """Cells up to the last that is not blank."""
    return max(len(line.text.rstrip(" ")), len(line.attributes.rstrip("\0")))


def _pen(look: Attributes, charsets: tuple[Charset, ...], shift: int) -> str:
    finals = {id(charset): final for final, charset in CHARSETS.items()}
    sets = (f"\x1b{slot}{finals[id(charset)]}" for slot, charset in zip(_SLOTS, charsets, strict=True))
    return "".join(sets) + _SHIFTS[shift] + sgr(look)
