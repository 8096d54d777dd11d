"""What comes when Textual has taken screens away, at the end or one that was closed: keys, guests' words, answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import console_desk
import driving
import pytest
from test_paint_ahead import Ahead, feed
from textual.app import App
from textual.events import Key

from xentui.disks.device import Disks


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


@pytest.mark.parametrize(("key", "answer"), [("i", ["(XEN) a message"]), ("C", "memory = 128"), ("D", Disks(()))])
async def test_what_a_host_answers_late_finds_its_screen_closed_and_xentui_goes_on(key: str, answer: object) -> None:
    async with driving.opened() as desk:
        await desk.press("down", key)
        screen = desk.app.screen
        assert screen is not desk.main and screen.is_mounted
        await desk.press("q" if key == "i" else "escape")
        await desk.until(lambda: desk.app.screen is desk.main and not screen.children)
        screen._take(answer)  # type: ignore[attr-defined]
