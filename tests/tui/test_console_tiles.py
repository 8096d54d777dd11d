"""Several consoles together: tiles, typing to all of them, the parts of the desk; what is watched for."""

from __future__ import annotations

from pathlib import Path

import pytest
from console_desk import Desk, opened, screen, shown, typed, until
from textual.events import Paste
from textual.pilot import Pilot

from xentui.console.emulator import Emulator
from xentui.screens.consoles import split
from xentui.screens.widgets.console_deck import ConsoleDeck
from xentui.screens.widgets.console_pane import ConsolePane
from xentui.screens.widgets.console_tiles import LEAST_HEIGHT, LEAST_WIDTH, MOST, tiling

LEADER = "ctrl+right_square_bracket"


async def tiled(pilot: Pilot[None], count: int) -> list[ConsolePane]:
    panes = [await opened(pilot, f"guest{number}") for number in range(count)]
    await pilot.press(LEADER, "t")
    await pilot.pause()
    return panes


def deck(pilot: Pilot[None]) -> ConsoleDeck:
    return pilot.app.query_one(ConsoleDeck)


@pytest.mark.parametrize("count", [2, 3, 4])
async def test_two_to_four_are_tiled_and_all_seen(tmp_path: Path, count: int) -> None:
    async with Desk(tmp_path).run_test(size=(120, 46)) as pilot:
        panes = await tiled(pilot, count)
        await until(pilot, lambda: all(pane.region.height > 10 for pane in panes))
        regions = [pane.region for pane in panes]
        assert sum(region.area for region in regions) >= deck(pilot).region.area - deck(pilot).region.height
        for region in regions:
            assert not any(region.overlaps(other) for other in regions if other is not region)
        for number in range(count):
            assert any(f"guest{number}" in row for row in screen(pilot))
        await pilot.press(LEADER, "t")
        await until(pilot, lambda: [pane for pane in panes if pane.display] == [deck(pilot).current])


async def test_more_than_four_are_not_tiled_and_it_is_said_why(tmp_path: Path) -> None:
    async with Desk(tmp_path).run_test(size=(160, 46)) as pilot:
        panes = await tiled(pilot, 5)
        assert sum(pane.display for pane in panes) == MOST
        await until(pilot, shown(pilot, "4 of 5: more would be too small"))
        hidden = next(pane for pane in panes if not pane.display)
        while deck(pilot).current is not hidden:
            await pilot.press(LEADER, "n")
        assert hidden.display
        assert sum(pane.display for pane in panes) == MOST


async def test_no_tiles_of_one_console_or_without_room(tmp_path: Path) -> None:
    async with Desk(tmp_path).run_test(size=(80, 17)) as pilot:
        await opened(pilot, "guest0")
        await pilot.press(LEADER, "t")
        await until(pilot, shown(pilot, "only this console is open"))
        for name in ("guest1", "guest2"):
            await opened(pilot, name)
        await pilot.press(LEADER, "t")
        await until(pilot, shown(pilot, "no room"))
        assert not deck(pilot).tiled


async def test_what_is_typed_goes_to_all_tiles_only_when_it_says_so(tmp_path: Path) -> None:
    async with Desk(tmp_path).run_test(size=(160, 46)) as pilot:
        panes = await tiled(pilot, 3)
        await pilot.press("a")
        await until(pilot, lambda: "[a]" in typed(panes[2]))
        assert not any("TYPING TO ALL" in row for row in screen(pilot))
        await pilot.press(LEADER, "b")
        await until(pilot, lambda: "\n".join(screen(pilot)).count("TYPING TO ALL 3") == 3)
        problem = panes[0].theme["problem"].bgcolor
        for pane in panes:
            assert pane.render_line(0)._segments[0].style.bgcolor == problem
        panes[1].session.emulator.feed(b"\x1b[?1h")  # application cursor keys: each guest gets its own bytes
        await pilot.press("b", "up")
        pilot.app.post_message(Paste("pasted"))
        await until(pilot, lambda: all("pasted" in typed(pane) for pane in panes))
        assert "^[[A" in typed(panes[0])
        assert "^[OA" in typed(panes[1])
        assert "[a" not in typed(panes[0])
        await pilot.press(LEADER, "b", "c")
        await until(pilot, lambda: "c]" in typed(panes[2]))
        assert "c]" not in typed(panes[0]).replace("ready", "")
        assert not any("TYPING TO ALL" in row for row in screen(pilot))


@pytest.mark.parametrize("change", ["t", "f", "2", "d", "o", "resize", "open"])
async def test_typing_to_all_ends_when_the_layout_changes(tmp_path: Path, change: str) -> None:
    async with Desk(tmp_path).run_test(size=(160, 46)) as pilot:
        panes = await tiled(pilot, 2)
        await pilot.press(LEADER, "b")
        await until(pilot, shown(pilot, "TYPING TO ALL 2"))
        if change == "resize":
            await pilot.resize_terminal(150, 46)
        elif change == "open":
            await opened(pilot, "another")
        else:
            await pilot.press(LEADER, change)
        await until(pilot, lambda: not any("TYPING TO ALL" in row for row in screen(pilot)))
        current = deck(pilot).current
        assert current is not None
        deck(pilot).show(current)
        await pilot.press("z")
        await until(pilot, lambda: "z]" in typed(current))
        assert all("z]" not in typed(pane) for pane in panes if pane is not current)


async def test_typing_to_all_needs_tiles(tmp_path: Path) -> None:
    async with Desk(tmp_path).run_test(size=(160, 46)) as pilot:
        for name in ("guest0", "guest1"):
            await opened(pilot, name)
        await pilot.press(LEADER, "b")
        await until(pilot, shown(pilot, "only while they are tiled"))


@pytest.mark.parametrize("width", [20, 60, 80, 160])
@pytest.mark.parametrize("height", [5, 12, 24, 60])
@pytest.mark.parametrize("panes", range(1, 7))
def test_tiles_are_never_too_small(panes: int, width: int, height: int) -> None:
    found = tiling(panes, width, height)
    if found is None:
        assert width < LEAST_WIDTH or height // min(panes, MOST) < LEAST_HEIGHT
    else:
        rows = -(-found.count // found.columns)
        assert width // found.columns >= LEAST_WIDTH
        assert height // rows >= LEAST_HEIGHT
        assert found.count == min(panes, MOST)
        assert found.count - 1 + found.last_span == rows * found.columns


def test_a_half_and_a_third_of_the_desk() -> None:
    assert split(80, 48, at_console=True, part=2).console == 24
    assert split(80, 48, at_console=True, part=3).console == 16
    assert split(240, 60, at_console=True, part=2).console == 119
    assert split(240, 60, at_console=True, part=3).console == 79
    assert split(80, 7, at_console=True, part=3).console == 7


async def test_a_guest_that_prints_what_is_watched_for_is_noticed_unless_it_is_looked_at(tmp_path: Path) -> None:
    app = Desk(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        first = await opened(pilot, "guest0")
        await opened(pilot, "guest1")
        await pilot.press(LEADER, "p", LEADER, "W")
        await pilot.press(*"panic; /[0-9]+ login:/", "enter")
        await until(pilot, shown(pilot, "watching for panic; /[0-9]+ login:/"))
        assert first.watcher.patterns == ("panic", "/[0-9]+ login:/")
        first.session._take(b"Kernel panic - seen\r\n")
        assert not first.noticed
        await pilot.press(LEADER, "n")
        first.session._take(b"Kernel panic - unseen\r\n")  # soon after the one that was seen
        first.session._take(b"server01 lo")
        first.session._take(b"gin: ")
        assert app.deck.marks["guest0"] == "notice"
        await until(
            pilot,
            lambda: [notice.line for notice in app.notices] == ["Kernel panic - unseen", "server01 login: "],
        )
        await pilot.press(LEADER, "p")
        await until(pilot, lambda: app.deck.marks["guest0"] == "attached")
        await pilot.press(LEADER, "W", *["backspace"] * 40, *"/(a+)+/", "enter")
        await until(pilot, shown(pilot, "might take for ever"))
        assert first.watcher.patterns == ("panic", "/[0-9]+ login:/")


def test_the_emulator_says_of_every_bell() -> None:
    emulator = Emulator()
    emulator.feed(b"a\a\x1b]0;x\ab\a")
    assert emulator.bells == 2
