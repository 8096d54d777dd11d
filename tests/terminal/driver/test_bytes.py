"""Byte budgets, TERM=vt220, 80x24, twenty guests: what the real app writes for what is done to it.

Counted without a clock: the glass writes once the app has come to rest. The figures are what curses needs for the
same screens, as `make bench` shows beside ours.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from textual._compositor import CompositorUpdate

from xentui.screens.app import XentuiApp
from xentui.screens.glyphs import SETS
from xentui.screens.terminal.capabilities import Capabilities
from xentui.screens.terminal.glass import Glass
from xentui.screens.terminal.looks import Looks
from xentui.screens.terminal.sheet import Sheet

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))
sys.path.insert(0, str(Path(__file__).parents[2] / "tui"))

from bench_states import FakeHost, Recorded
from driving import Desk

# What is pressed, and how many bytes curses sends for it.
BUDGET = [
    ("down", 211),
    ("f5", 65),
    ("pagedown", 221),
    ("question_mark", 1450),
    ("escape", 2027),
    ("K", 756),
    ("escape", 851),
]


async def test_byte_budgets(terminfo: Callable[..., Capabilities], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    has = terminfo("vt220")
    inventory = Recorded()
    app = XentuiApp(FakeHost(), inventory, interval=0, glyphs=SETS[has.glyphs], colours=has.colours)
    sheet = Sheet(80, 24, Looks(has), has.glyphs)
    glass = Glass(has, sheet)

    def display(_: object, update: object) -> None:
        if isinstance(update, CompositorUpdate):
            sheet.paint(update)

    app.__dict__["_display"] = display
    over = {}
    async with app.run_test(size=(80, 24)) as pilot:
        desk = Desk(app, pilot, inventory)  # type: ignore[arg-type]

        async def at_rest(readings: int) -> int:
            await desk.until(lambda: inventory.readings >= readings and not app.refresher.busy_seconds)
            return len(glass.frame())

        first = await at_rest(1)
        assert 1000 < first <= 2007
        readings = 1
        for key, budget in BUDGET:
            readings += key == "f5"
            await desk.press(key)
            sent = await at_rest(readings)
            assert sent > 0
            if sent > budget:
                over[key] = sent, budget
        live = 0
        for _ in range(30):
            readings += 1
            await desk.press("f5")
            live += await at_rest(readings)
        if live > 4451:
            over["60 s of live refresh"] = live, 4451
    assert over == {}
