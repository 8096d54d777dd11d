"""Drives the real app without a terminal: keys in, the text of the screen out."""

from __future__ import annotations

import asyncio
import time
import unicodedata
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fakes import FakeHost, FakeInventory
from textual import events
from textual.geometry import Region
from textual.keys import REPLACED_KEYS, _character_to_key, _get_unicode_name_from_key
from textual.pilot import Pilot
from textual.widget import Widget

from xentui.screens.app import XentuiApp
from xentui.screens.domains import DomainsScreen
from xentui.screens.glyphs import SETS
from xentui.screens.widgets.domain_table import DomainTable

DEADLINE = 180.0


class Desk:
    """The app, its pilot, and the fake inventory below it."""

    def __init__(self, app: XentuiApp, pilot: Pilot[int], inventory: FakeInventory) -> None:
        self.app, self.pilot, self.inventory = app, pilot, inventory

    @property
    def main(self) -> DomainsScreen:
        return self.app.domains_screen

    @property
    def table(self) -> DomainTable:
        return self.main.table

    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join("".join(s.text for s in strip) for strip in self.app.screen._compositor.render_strips())

    def line(self, having: str) -> str:
        """The first line that holds this."""
        for line in self.text().splitlines():
            if having in line:
                return line
        raise AssertionError(f"no line with {having!r} in\n{self.text()}")

    async def press(self, *keys: str) -> None:
        """Type, key by key as widgets take them, and wait until all is done, a dialog that opens is open, and all is
        drawn. The pilot's own `press` waits after each key, for 50 ms and more, until the process seems idle."""
        for key in keys:
            self._send(key)
            await self.pilot._wait_for_screen()
        await self.until(self._keys_done, "the end of what keys do")

    async def burst(self, *keys: str) -> None:
        """All keys at once, as a slow line delivers what was typed ahead."""
        for key in keys:
            self._send(key)
        await self.pilot._wait_for_screen()  # now the app has them
        await self.until(self._keys_done, "the end of what keys do")

    def _keys_done(self) -> bool:
        app = self.app
        return not app._screen_stack or not (app._typed or app._under_way or app.opening)

    def _send(self, key: str) -> None:
        name = _character_to_key(key) if len(key) == 1 and not key.isalnum() else key
        try:
            char = unicodedata.lookup(_get_unicode_name_from_key(REPLACED_KEYS.get(name, name)))
        except KeyError:
            char = name if len(name) == 1 else None
        event = events.Key(name, char)
        event.set_sender(self.app)
        assert self.app._driver is not None
        self.app._driver.send_message(event)

    async def settle(self) -> None:
        """Let messages be handled, those that they lead to, and what they change be laid out and drawn."""
        await self.pilot.pause()
        await self.pilot._wait_for_screen()
        while self.app._screen_stack and self.app.screen._layout_required:
            await self.pilot.pause()
            await self.pilot._wait_for_screen()

    async def until(self, condition: Callable[[], object], what: str = "") -> None:
        """Wait for something that a thread does."""
        end = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < end, f"{what or 'it'} did not come\n{self.text()}"
            await asyncio.sleep(0.005)
        await self.settle()

    async def see(self, *texts: str) -> str:
        """Wait until all of these stand on the screen; gives the screen."""
        await self.until(lambda: all(text in self.text() for text in texts), f"{texts}")
        return self.text()

    async def refresh(self) -> None:
        """Have the inventory read, and wait until the result was taken in."""
        before = self.app.snapshot
        self.app.refresher.request()
        await self.until(lambda: self.app.snapshot is not before, "a snapshot")


@asynccontextmanager
async def opened(
    inventory: FakeInventory | None = None,
    *,
    host: FakeHost | None = None,
    size: tuple[int, int] = (80, 24),
    glyphs: str = "unicode",
    interval: float = 0.0,
    **more: object,
) -> AsyncIterator[Desk]:
    """The app with its first snapshot shown. The clock stands still unless `interval` says otherwise."""
    inventory = inventory or FakeInventory()
    app = XentuiApp(host or FakeHost(), inventory, glyphs=SETS[glyphs], interval=interval, **more)  # type: ignore[arg-type]
    async with app.run_test(size=size) as pilot:
        desk = Desk(app, pilot, inventory)
        await desk.until(lambda: app.snapshot is not None and desk.main.ready, "the first snapshot")
        yield desk


class Refreshes:
    """Notes which regions a widget asks to be redrawn; an empty tuple is all of it."""

    def __init__(self, widget: Widget) -> None:
        self.asked: list[tuple[Region, ...]] = []
        original = widget.refresh

        def refresh(*regions: Region, **more: bool) -> Widget:
            self.asked.append(regions)
            return original(*regions, **more)

        widget.refresh = refresh  # type: ignore[method-assign, assignment]

    @property
    def cells(self) -> int:
        """How many cells that are; a redraw of everything is not to happen."""
        assert all(self.asked), "the whole widget was redrawn"
        return sum(region.area for regions in self.asked for region in regions)
