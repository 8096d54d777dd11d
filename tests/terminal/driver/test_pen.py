"""The pen's motions go where they say, over a line that writes every line feed as CR LF, as Xen's serial line does."""

from __future__ import annotations

import itertools

from xentui.console.emulator import Emulator
from xentui.screens.terminal.capabilities import UNKNOWN
from xentui.screens.terminal.looks import Looks
from xentui.screens.terminal.pen import Pen

ROWS, COLUMNS = range(0, 24, 3), (0, 1, 2, 3, 9, 10, 40, 78)


def test_motions_survive_a_line_that_cooks_line_feeds() -> None:
    pen = Pen(UNKNOWN, Looks(UNKNOWN), 80)
    emulator = Emulator(80, 24)
    places = list(itertools.product((*ROWS, 1, 2), COLUMNS))
    for start, end in itertools.product(places, places):
        pen.lose()
        pen.move(*start)
        pen.move(*end)
        emulator.feed(bytes(pen.out).replace(b"\n", b"\r\n"))
        assert (emulator.cursor.row, emulator.cursor.column) == end, (start, bytes(pen.out))
        pen.out.clear()
