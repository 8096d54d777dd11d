"""Stock and lean side by side: each update of an app's screen goes to two emulators, by Textual's way and by ours.

As a program: `python driver_twins.py standard|256|truecolor` prints what it found as JSON (rich caches the escape
sequences of a style whatever the colours, so one process can only know one depth).
"""

from __future__ import annotations

import asyncio
import json
import sys
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
    """Shows each update on two emulators; `different` says where the two disagreed."""

    def __init__(self, colours: str, size: tuple[int, int]) -> None:
        self._console = Console(color_system=colours, force_terminal=True)  # type: ignore[arg-type]
        self._has = xterm(COLOURS[colours])
        self.frames = self.stock_bytes = self.lean_bytes = 0
        self.different: list[str] = []
        self.resized(*size)

    def resized(self, width: int, height: int) -> None:
        self._size = width, height
        self._sheet = Sheet(width, height, Looks(self._has), "unicode")
        self._glass = Glass(self._has, self._sheet)
        self._glass.pen.repeats = True
        self._stock, self._lean = (Emulator(width, height, scrollback=0) for _ in range(2))

    def watch(self, app: App[Any]) -> None:
        """See each update of `app`."""

        def display(screen: Any, update: object) -> None:
            # What is still laid out for an earlier size is drawn whole again; at the stock driver's edge it wraps.
            if isinstance(update, CompositorUpdate) and screen._compositor.size == app.size:
                if self._size != app.size:
                    self.resized(*app.size)
                self.updated(update)

        app.__dict__["_display"] = display

    def updated(self, update: CompositorUpdate) -> None:
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

    def report(self) -> str:
        """All of it as JSON."""
        names = ("frames", "different", "stock_bytes", "lean_bytes")
        return json.dumps({name: getattr(self, name) for name in names})


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


async def compare(colours: str) -> Twins:
    """Run the sample without a terminal and compare every update on the way."""
    twins, app = Twins(colours, (80, 24)), Sample()
    twins.watch(app)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await walk(pilot)
    return twins


if __name__ == "__main__":
    print(asyncio.run(compare(sys.argv[1])).report())
