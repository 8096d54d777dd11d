"""Stock and lean side by side over the screens of xentui itself; prints what it found as JSON."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))

from bench_states import FakeHost, Recorded
from driver_twins import compare
from textual.pilot import Pilot

from xentui.screens.app import XentuiApp

KEYS = (
    *("down down", "pagedown", "f5", "f5", "home", "space", "question_mark", "pagedown", "escape", "enter", "escape"),
    *("i", "escape", "L", "escape", "K", "escape", "slash", "w e b", "escape", "f12", "escape", "colon", "d", "escape"),
    *("f9", "escape", "greater_than_sign", "asterisk", "f5"),
)


async def walk(pilot: Pilot[Any]) -> None:
    """Through the screens, their dialogs, and other sizes."""
    for keys in KEYS:
        await pilot.press(*keys.split())
        await pilot.pause()
    for width, height in ((132, 43), (60, 20), (80, 24)):
        await pilot.resize_terminal(width, height)
        await pilot.press("question_mark")
        await pilot.pause()
        await pilot.press("escape")
        await pilot.pause()


if __name__ == "__main__":
    found = asyncio.run(compare(XentuiApp(FakeHost(), Recorded(), interval=0), "256", (80, 24), walk))
    print(
        json.dumps(
            {"frames": found.frames, "different": found.different, "bytes": [found.stock_bytes, found.lean_bytes]}
        )
    )
