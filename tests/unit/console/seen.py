"""All that can be seen of an emulator, and what must hold whatever it was fed."""

from __future__ import annotations

from xentui.console.charsets import width
from xentui.console.emulator import Emulator


def state(emulator: Emulator) -> tuple[object, ...]:
    """All that can be seen of a terminal."""
    return (
        [emulator.runs(row) for row in range(emulator.rows)],
        [emulator.wrapped(row) for row in range(emulator.rows)],
        [emulator.scrollback_runs(index) for index in range(emulator.scrollback_size)],
        [emulator.scrollback_wrapped(index) for index in range(emulator.scrollback_size)],
        emulator.scrollback_dropped,
        emulator.cursor,
        emulator.title,
        emulator.modes,
        emulator.bells,
        emulator.in_string,
    )


def check_cells(emulator: Emulator) -> None:
    """The screen is a full grid, every wide character has both its cells, and the cursor is on the screen."""
    terminal = emulator._terminal
    assert len(terminal.screen.lines) == emulator.rows
    for screen in terminal.screens:
        for line in screen.lines:
            assert len(line.text) == len(line.attributes) == emulator.columns
            for column, cell in enumerate(line.text):
                following = line.text[column + 1 : column + 2]
                base = terminal.clusters.value.get(cell, cell)[0]
                assert (width(base) == 2) == (following == "\0"), (line.text, column)
    cursor = emulator.cursor
    assert 0 <= cursor.row < emulator.rows
    assert 0 <= cursor.column < emulator.columns
