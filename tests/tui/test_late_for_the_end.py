"""What comes when xentui ends and Textual has taken the screens away: keys that waited, a guest that prints."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import console_desk
import driving
from test_paint_ahead import Ahead, feed
from textual.app import App
from textual.events import Key


@contextmanager
def without_screens(app: App[object]) -> Iterator[None]:
    """As `App._close_all` leaves it, before the app's own last messages."""
    screens = [*app._screen_stack]
    app._screen_stack.clear()
    yield
    app._screen_stack.extend(screens)


async def test_keys_that_waited_are_dropped() -> None:
    async with driving.opened() as desk:
        app = desk.app
        app.opening = True
        await app.on_event(Key("s", "s"))
        assert app._typed and app._under_way, "it waits for the dialog"
        app.opening = False
        with without_screens(app):
            await app._go_on(app._number)
            await app.on_event(Key("q", "q"))
            assert [event.key for event in app._typed] == ["s", "q"]  # type: ignore[attr-defined]
            app._typed.clear()
            assert not app.key_now("x", "x", "x")
        assert desk.inventory.fake.calls == []


async def test_what_a_guest_prints_is_not_painted(tmp_path: Path) -> None:
    async with console_desk.Desk(tmp_path).run_test(size=(80, 28)) as pilot:
        pane = await console_desk.opened(pilot)
        await pilot.pause()
        ahead = Ahead(pilot)
        with without_screens(pilot.app):
            feed(pane, b"last words")
        assert ahead.rows == 0
        assert "last words" in "".join(pane.session.emulator.display())
