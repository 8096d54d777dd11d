"""What fails in a callback of the event loop is seen."""

from __future__ import annotations

import asyncio

from driving import opened

from xentui.screens.mistakes import sentence


async def test_a_mistake_in_a_callback_is_told_with_its_place() -> None:
    async with opened() as desk:
        asyncio.get_running_loop().call_soon(int, "no \x1b[2J number")
        screen = await desk.see("A mistake in xentui itself, please report it: ValueError(")
        assert "\x1b" not in screen


def test_what_is_told_can_do_nothing_to_the_terminal() -> None:
    try:
        raise ValueError("\x1b[2J")
    except ValueError as error:
        told = sentence(error)
    assert "\x1b" not in told
    assert "(test_mistakes.py:" in told
