"""Down to 60x20 everything can be used; below that it says so."""

from __future__ import annotations

import pytest
from driving import opened

#: Keys from the table to a screen that stands beside it.
SCREENS = ("", "question_mark", "i", "f12", "enter")


@pytest.mark.parametrize(("size", "enough"), [((60, 20), True), ((59, 20), False), ((60, 19), False), ((20, 5), False)])
async def test_a_terminal_that_is_too_small_is_told_so(size: tuple[int, int], enough: bool) -> None:
    async with opened(size=size) as desk:
        for key in SCREENS:
            await desk.press(*key.split())
            assert ("oo small" in desk.text()) is not enough, desk.text()
            await desk.press("escape")


async def test_it_is_said_when_the_terminal_shrinks_and_no_longer_when_it_grows() -> None:
    async with opened(size=(80, 24)) as desk:
        await desk.press("f5")
        assert "Reading everything again." in desk.text()
        await desk.pilot.resize_terminal(59, 19)
        await desk.see("59x19 is too small: xentui needs 60x20.")
        await desk.press("question_mark", "escape", "down", "K")
        assert "Destroy client01" in desk.text()  # and it can be used all the same
        await desk.press("escape")
        await desk.see("Nothing was done.")
        await desk.pilot.resize_terminal(80, 24)
        await desk.settle()
        assert "too small" not in desk.text()


async def test_keys_and_questions_are_whole_at_60_by_20() -> None:
    async with opened(size=(60, 20)) as desk:
        assert "q Quit" in desk.text()
        await desk.press("down", "K")
        assert "Enter No, leave it" in desk.text() and "y Destroy" in desk.text()
        await desk.press("escape", "w")
        assert "Esc Leave it" in desk.text()
