"""Stock and lean side by side: each update of an app's screen goes to two emulators, by Textual's way and by ours.

As a program: `python driver_twins.py standard|256|truecolor` prints what it found as JSON (rich caches the escape
sequences of a style whatever the colours, so one process can only know one depth).
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from driver_cells import cells
from driver_sample import Sample
from rich.console import Console
from textual._compositor import CompositorUpdate
from textual.app import App
from textual.pilot import Pilot

from xentui.console.emulator import Emulator
from xentui.screens.terminal.capabilities import TRUE_COLOUR, Capabilities
from xentui.screens.terminal.glass import Glass
from xentui.screens.terminal.looks import Looks
from xentui.screens.terminal.sheet import Sheet

COLOURS = {"standard": 16, "256": 256, "truecolor": TRUE_COLOUR}


def xterm(colours: int) -> Capabilities:
    """Everything that a modern terminal has."""
    flags = {name: True for name, kind in Capabilities.__annotations__.items() if kind == "bool"}
    return Capabilities(**{**flags, "term": "xterm", "colours": colours, "glyphs": "unicode"})


class Twins:
    """Watches an app; `frames` counts the updates compared, `different` says where the two disagreed."""

    def __init__(self, app: App[Any], colours: str, size: tuple[int, int]) -> None:
        self._console = Console(color_system=colours, force_terminal=True)  # type: ignore[arg-type]
        self._has = xterm(COLOURS[colours])
        self.frames = self.stock_bytes = self.lean_bytes = 0
        self.different: list[str] = []
        self.resize(*size)
        app.__dict__["_display"] = self._display

    def resize(self, width: int, height: int) -> None:
        self._size = width, height
        self._sheet = Sheet(width, height, Looks(self._has), "unicode")
        self._glass = Glass(self._has, self._sheet)
        self._glass.pen.repeats = True
        self._stock, self._lean = (Emulator(width, height, scrollback=0) for _ in range(2))

    def _display(self, screen: Any, update: object) -> None:
        if not isinstance(update, CompositorUpdate):
            return
        size = screen.app.size
        if (size.width, size.height) != self._size:
            self.resize(*size)
        stock = update.render_segments(self._console).replace("\n", "\r\n").encode()
        self._stock.feed(stock)
        self._sheet.paint(update)
        lean = self._glass.frame()
        self._lean.feed(lean)
        self.frames += 1
        self.stock_bytes += len(stock)
        self.lean_bytes += len(lean)
        for y, (left, right) in enumerate(zip(cells(self._stock), cells(self._lean), strict=True)):
            for x, (ours, theirs) in enumerate(zip(right, left, strict=False)):
                if ours != theirs and len(self.different) < 20:
                    self.different.append(f"frame {self.frames} row {y} cell {x}: stock {theirs}, lean {ours}")


async def walk(pilot: Pilot[Any]) -> None:
    """Through everything that the sample has."""
    for keys in ("down down up", "c c c", "pagedown", "end", "pageup", "l l l l", "m", "s e r v", "escape", "w"):
        await pilot.press(*keys.split())
        await pilot.pause()
    for keys in ("tab tab", "enter", "down", "enter", "escape", "m", "tab"):
        await pilot.press(*keys.split())
        await pilot.pause()
    for width, height in ((132, 43), (60, 20), (80, 24)):
        await pilot.resize_terminal(width, height)
        await pilot.pause()
    await pilot.press("escape", "home", "l", "down")
    await pilot.pause()


async def compare(
    app: App[Any], colours: str, size: tuple[int, int], through: Callable[[Pilot[Any]], Awaitable[None]]
) -> Twins:
    """Run the app without a terminal, press what `through` presses, and compare every update on the way."""
    twins = Twins(app, colours, size)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await through(pilot)
    return twins


if __name__ == "__main__":
    found = asyncio.run(compare(Sample(), sys.argv[1], (80, 24), walk))
    print(
        json.dumps(
            {
                "frames": found.frames,
                "different": found.different,
                "stock_bytes": found.stock_bytes,
                "lean_bytes": found.lean_bytes,
            }
        )
    )
