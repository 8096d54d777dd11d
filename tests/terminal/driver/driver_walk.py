"""The walk: every screen, dialog and widget of xentui, over the demo dom0, for whoever wants to watch what is drawn.

A new screen gets a step or two in WALK; `test_walk.py` names the classes that no step has shown.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from unittest.mock import patch

from textual._compositor import CompositorUpdate

from xentui.demo.host import DemoHost
from xentui.screens.app import XentuiApp
from xentui.screens.glyphs import SETS

sys.path.insert(0, str(Path(__file__).parents[2] / "tui"))

from driving import Desk


@dataclass(frozen=True, slots=True)
class Step:
    """Press `keys`, type `text`, give the terminal `size`; then wait until `sees` stands on the screen."""

    keys: str = ""
    sees: str = ""
    text: str = ""
    size: tuple[int, int] | None = None


_LEADER = "ctrl+right_square_bracket"

WALK = (
    # The table: cursor, marks, sorting, filter.
    Step("down down up", "server01"),
    Step("space end space asterisk", "5 marked"),
    Step("asterisk f5 greater_than_sign less_than_sign", "Sorted by"),
    Step("slash", text="client"),
    Step("enter", "2 of 5"),
    Step("escape o", "Sort by"),
    Step("down pagedown escape"),
    # The pages.
    Step("home down enter", "Config file"),
    Step("2 pagedown 3 4 end home 1 escape"),
    Step("question_mark", "all keys"),
    Step("pagedown pagedown end escape"),
    Step("i", "xen_major"),
    Step("pagedown end escape"),
    Step("f12", "TERM"),
    Step("escape H", "All hosts"),
    Step("down", "demo2"),
    Step("escape colon", "Find an action"),
    Step(text="ma"),
    Step("escape f9", "Theme"),
    Step("down down enter"),
    Step("f9 home enter"),
    # Dialogs: a question, one that is refused, a danger, its result, what went wrong.
    Step("home down n", "New name of"),
    Step("ctrl+u", text="仮想/01"),
    Step("enter", "slashes"),
    Step("escape K", "Destroy"),
    Step("escape end s", "3 of 4 guests up"),
    Step("L", "xl create"),
    Step("down escape K", "Destroy server02"),
    Step("y", "2 of 4 guests up"),
    Step("home down w", "to the file"),
    Step("ctrl+u", text="/no/such/folder"),
    Step("enter", "Failed to open temp file"),
    Step("escape"),
    # Guests: a new one, snapshots.
    Step("N", "A new guest"),
    Step("down down tab tab down escape home down t", "Snapshots of"),
    # A configuration, as a form and as text; the changes.
    Step("escape C", "Enter Change"),
    Step("down pagedown home tab", "F7 Changes"),
    Step("x", "changed"),
    Step("f7", "Up/Down"),
    Step("escape ctrl+z escape", "Domain-0"),
    # Disks and plans.
    Step("D", "practice1.img"),
    Step("down enter", "sectors"),
    Step("escape p", "Plan for"),
    Step("t", "partition table"),
    Step("enter a", "Size"),
    Step("tab tab right tab escape a enter", "OPERATIONS (2)"),
    Step("u tab down tab enter", "What to do"),
    Step("escape w", "type the name"),
    Step(text="practice1.img"),
    Step("enter", "Done."),
    Step("escape escape"),
    # A walkthrough, with its shell.
    Step("escape W", "Walkthroughs"),
    Step("c", "there is no class"),
    Step("escape w", "A presented walkthrough"),
    Step(f"{_LEADER} d", "Begin anew"),
    Step("home enter", "Which guest"),
    Step("enter", "1. The table"),
    Step("h c", "[demo]"),
    Step("tab", "Ctrl+]"),
    Step(text="xl list"),
    Step(f"enter {_LEADER} o", "Go on"),
    Step("Q", "Begin anew"),
    Step("escape", "Domain-0"),
    # A console: beside the table, scrolling, colours, wide characters, a full screen, its history.
    Step("home down c", "login:"),
    Step("enter", text="livexen"),
    Step("enter", "Password:"),
    Step(text="live"),
    Step("enter", "livexen@"),
    Step("enter", text="dmesg"),
    Step("enter", "livexen@"),
    Step("enter", text=r"echo -e '\033[1;31m仮想\033[0;7m ok \033[0;4;38;5;208mé\033[0m ─┼ 端末'"),
    Step("enter", "端末'"),
    Step(text="nano /etc/hosts"),
    Step("enter down down"),
    Step("ctrl+x"),
    Step(f"{_LEADER}", "detach"),
    Step("g", "q back"),
    Step("up pageup pageup home end"),
    Step(f"{_LEADER} question_mark", "other key"),
    Step(f"escape {_LEADER} f", "livexen@"),
    Step(text="seq 40"),
    Step("enter", "40"),
    Step(f"{_LEADER} f {_LEADER} o", "Console"),
    Step("down down c", "server01 login:"),
    Step(f"{_LEADER} t", "Domain-0"),
    Step(size=(200, 50), sees="Domain-0"),
    Step(size=(132, 43), sees="Domain-0"),
    Step(size=(60, 20), sees="Domain-0"),
    Step(f"{_LEADER} d", "detach"),
    Step(f"{_LEADER} d", "Domain-0"),
    # Other sizes.
    Step("question_mark", "all keys"),
    Step("escape K", "Destroy"),
    Step("escape", size=(59, 19)),
    Step(size=(20, 5)),
    Step("question_mark down escape", size=(132, 43)),
    Step("K escape", size=(80, 24)),
    Step("home down", "server01"),
)


class Watcher(Protocol):
    """Whoever looks on."""

    def resized(self, width: int, height: int) -> None:
        """All that comes is for a screen of this size, which is empty now."""

    def updated(self, update: CompositorUpdate) -> None:
        """The app has this to show."""


@dataclass
class Shown:
    """What the walk came past."""

    updates: int = 0
    classes: set[type] = field(default_factory=set)


async def walk(watchers: Sequence[Watcher], glyphs: str = "unicode", steps: Sequence[Step] = WALK) -> Shown:
    """Go through the steps in a demo dom0 of its own; tell the watchers of each update."""
    at_once = patch.dict(os.environ, XENTUI_DEMO_SPEED="inf")
    at_once.start()
    host = DemoHost()
    host.open()
    shown = Shown()
    app = XentuiApp(host, interval=0, glyphs=SETS[glyphs])
    size = 0, 0

    def display(screen: Any, update: object) -> None:
        nonlocal size
        if isinstance(update, CompositorUpdate):
            if size != app.size:
                size = app.size
                for watcher in watchers:
                    watcher.resized(*size)
            shown.updates += 1
            for watcher in watchers:
                watcher.updated(update)

    app.__dict__["_display"] = display
    try:
        async with app.run_test(size=(80, 24)) as pilot:
            desk = Desk(app, pilot, None)  # type: ignore[arg-type]
            await desk.see("Domain-0", "guests up")
            for step in steps:
                if step.size is not None:
                    await pilot.resize_terminal(*step.size)
                await desk.press(*step.keys.split())
                await desk.press(*(" " if c == "space" else c for c in step.text))
                if step.sees:
                    await desk.see(step.sees)
                for screen in app.screen_stack:
                    shown.classes |= {type(screen), *(type(widget) for widget in screen.walk_children())}
            await app.domains_screen.deck.close_all()
    finally:
        host.close()
        at_once.stop()
    return shown
