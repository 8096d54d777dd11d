"""A desk for the console pane's tests: a table that is none, a deck, and guests that are fake xenconsoles."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path

from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.pilot import Pilot

from xentui.console.session import ConsoleSession
from xentui.console.watch import Notice
from xentui.host import Host
from xentui.screens.themes import load_themes
from xentui.screens.widgets.console_deck import ConsoleDeck
from xentui.screens.widgets.console_pane import ConsolePane
from xentui.screens.widgets.text_view import TextView

FAKE = Path(__file__).parents[1] / "unit" / "console_session" / "fake_xenconsole.py"
DEADLINE = 180.0


class Desk(App[None], inherit_bindings=False):
    """A table that is none, and the deck below it."""

    CSS = "#table { height: 6; } ConsoleDeck { height: 1fr; }"

    def __init__(self, folder: Path, *, leader: str = "ctrl+right_square_bracket") -> None:
        super().__init__()
        self.palette = load_themes()[0]["dark"]
        self.folder, self.host, self.leader = folder, Host(), leader
        self.words: dict[str, list[str] | None] = {}
        self.lefts = 0
        self.notices: list[Notice] = []

    def compose(self) -> ComposeResult:
        with Vertical():
            yield TextView(id="table")
            yield ConsoleDeck(leader=self.leader)

    @property
    def deck(self) -> ConsoleDeck:
        return self.query_one(ConsoleDeck)

    def session(self, name: str) -> ConsoleSession:
        def argv() -> list[str] | None:
            words = self.words.get(name, [])
            if words is None:
                return None
            return [sys.executable, "-I", "-S", str(FAKE), str(self.folder / f"xenconsole.{name}"), *words]

        return ConsoleSession(self.host, name, argv)

    def on_console_pane_noticed(self, event: ConsolePane.Noticed) -> None:
        self.notices.append(event.notice)

    def on_console_deck_left(self) -> None:
        self.lefts += 1


async def until(pilot: Pilot[None], found: Callable[[], bool]) -> None:
    end = time.monotonic() + DEADLINE
    while not found():
        assert time.monotonic() < end, "\n".join(screen(pilot))
        await asyncio.sleep(0.01)
    await pilot.pause()


def screen(pilot: Pilot[None]) -> list[str]:
    return ["".join(s.text for s in strip) for strip in pilot.app.screen._compositor.render_strips()]


def shown(pilot: Pilot[None], words: str) -> Callable[[], bool]:
    return lambda: words in "\n".join(screen(pilot))


async def opened(pilot: Pilot[None], name: str = "server01") -> ConsolePane:
    app = pilot.app
    assert isinstance(app, Desk)
    pane = await app.deck.open(app.session(name))
    await until(pilot, lambda: "ready" in "\n".join(pane.session.emulator.display()))
    return pane


def prints(pane: ConsolePane, data: bytes) -> None:
    """The guest prints this."""
    pane.session._take(data)
    pane._output()


def typed(pane: ConsolePane) -> str:
    """What the guest has read, as it was echoed."""
    return "".join(pane.session.emulator.display()).replace("][", "")
