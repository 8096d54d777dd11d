"""The peer: the same screens, drawn by curses on ncurses, with everything that it can do to save bytes.

`python curses_peer.py SCREENS.json` shows the first screen, and the next one each time a byte comes in.
`python curses_peer.py SCREENS.json --live SECONDS` shows the next one each so many seconds, and moves the
highlighted row when the down key is pressed, as the table of xentui does.

SCREENS.json is a list of screens; a screen is a list of rows; a row is a list of [text, attributes], attributes a
string of b (bold), d (dim), r (reverse), u (underline). Line drawing comes as Unicode and is drawn by ACS.
"""

from __future__ import annotations

import contextlib
import curses
import json
import sys
from pathlib import Path

from xentui.screens.terminal.glyphs import DEC_GRAPHICS

Row = list[tuple[str, str]]
_ATTRIBUTES = {"b": curses.A_BOLD, "d": curses.A_DIM, "r": curses.A_REVERSE, "u": curses.A_UNDERLINE}


def draw(window: curses.window, y: int, row: Row) -> None:
    """One row, all of it: finding out what changed is curses' work."""
    x = 0
    for text, names in row:
        attributes = sum(_ATTRIBUTES[name] for name in names)
        for character in text:
            with contextlib.suppress(curses.error):  # the last cell of the screen is written, and reported
                if character in DEC_GRAPHICS:
                    window.addch(y, x, ord(DEC_GRAPHICS[character]), attributes | curses.A_ALTCHARSET)
                else:
                    window.addch(y, x, character, attributes)
            x += 1


def show(window: curses.window, screen: list[Row]) -> None:
    for y, row in enumerate(screen):
        draw(window, y, row)
    window.refresh()


def highlighted(screen: list[Row], selected: int, wanted: int) -> list[Row]:
    """The screen with another row highlighted."""
    rows = list(screen)
    rows[selected] = [(text, names.replace("r", "")) for text, names in screen[selected]]
    rows[wanted] = [(text, "r" + names.replace("r", "")) for text, names in rows[wanted]]
    return rows


def main(window: curses.window) -> None:
    screens: list[list[Row]] = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    with contextlib.suppress(curses.error):
        curses.curs_set(0)
    window.idlok(True)
    window.idcok(True)
    window.leaveok(True)
    window.keypad(True)
    at = 0
    if len(sys.argv) < 3:
        for screen in screens:
            show(window, screen)
            window.getch()
        return
    selected = next(y for y, row in enumerate(screens[0]) if y > 2 and row[0][1] == "r")
    wanted = selected
    window.timeout(int(float(sys.argv[3]) * 1000))
    while True:
        show(window, highlighted(screens[at % len(screens)], selected, wanted))
        key = window.getch()
        if key == curses.KEY_DOWN:
            wanted += 1
        elif key == ord("q"):
            return
        else:
            at += 1


if __name__ == "__main__":
    curses.wrapper(main)
