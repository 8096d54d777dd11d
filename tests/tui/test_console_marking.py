"""The history under the user's keys: marking, copying, writing to a file, the time of each line, clearing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from console_desk import Desk, opened, prints, screen, shown, until
from textual.pilot import Pilot

from xentui.screens.widgets.console_pane import ConsolePane

LEADER = "ctrl+right_square_bracket"


async def with_lines(pilot: Pilot[None], count: int = 100) -> ConsolePane:
    pane = await opened(pilot)
    prints(pane, b"".join(b"line %d of it\r\n" % number for number in range(count)) + b"end ")
    await until(pilot, shown(pilot, "end"))
    return pane


async def test_what_is_marked_goes_to_the_clipboard_when_it_is_asked_for(tmp_path: Path) -> None:
    app = Desk(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        pane = await with_lines(pilot)
        await pilot.press(LEADER, "slash", *"line 42", "enter")
        await until(pilot, shown(pilot, "line 42 of it"))
        assert app.clipboard == ""
        await pilot.press("v", "right", "space", "down", "down", "0", *["right"] * 6, "y")
        assert app.clipboard == "ine 42 of it\nline 43 of it\nline 44"
        await until(pilot, shown(pilot, "34 characters sent to your terminal's clipboard"))
        assert pane.view.cursor is None
        assert not pane.view.live, "one goes on reading where one was"


async def test_the_line_under_the_cursor_is_taken_while_nothing_is_marked(tmp_path: Path) -> None:
    app = Desk(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await with_lines(pilot)
        await pilot.press(LEADER, "v", "k", "y")
        assert app.clipboard == "line 99 of it"


async def test_a_mark_is_seen_and_can_be_left(tmp_path: Path) -> None:
    async with Desk(tmp_path).run_test(size=(80, 24)) as pilot:
        pane = await with_lines(pilot)
        await pilot.press(LEADER, "v")
        await until(pilot, shown(pilot, "y to your clipboard"))
        await pilot.press("k", "space", "k", "k")
        assert pane.view.marked is not None
        rows = [y for y in range(pane.view.height) if pane.view.marked_cells(y)]
        assert len(rows) == 3
        await pilot.press("escape")
        await until(pilot, shown(pilot, "q back"))
        await pilot.press("q")
        assert pane.view.live


async def test_marked_lines_and_all_lines_are_written_to_a_new_file_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with Desk(tmp_path).run_test(size=(100, 24)) as pilot:
        await with_lines(pilot)
        some, everything = tmp_path / "some", tmp_path / "everything"
        await pilot.press(LEADER, "v", "k", "space", "k", "0", "w", *some.name, "enter")
        await until(pilot, shown(pilot, "2 lines written"))
        assert some.read_text() == "line 98 of it\nl\n"
        await pilot.press("q", LEADER, "w", *everything.name, "enter")
        await until(pilot, shown(pilot, "lines written"))
        lines = everything.read_text().splitlines()
        assert [line for line in lines if line.startswith("line ")] == [f"line {n} of it" for n in range(100)]
        await pilot.press(LEADER, "w", *some.name, "enter")
        await until(pilot, shown(pilot, "File exists"))
        assert some.read_text() == "line 98 of it\nl\n"


async def test_the_time_of_each_line_is_shown_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with Desk(tmp_path).run_test(size=(100, 24)) as pilot:
        pane = await with_lines(pilot)
        await pilot.press(LEADER, "T")
        await until(pilot, lambda: any(re.match(r"\d\d:\d\d:\d\d line 99 of it", row) for row in screen(pilot)))
        assert pane.view.width == 100 - 9
        file = tmp_path / "timed"
        await pilot.press(LEADER, "w", *file.name, "enter")
        await until(pilot, shown(pilot, "lines written"))
        timed = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d line 7 of it"
        assert any(re.fullmatch(timed, line) for line in file.read_text().splitlines())
        await pilot.press(LEADER, "T")
        await until(pilot, lambda: any(row.startswith("line 99 of it") for row in screen(pilot)))


async def test_the_history_can_be_forgotten(tmp_path: Path) -> None:
    async with Desk(tmp_path).run_test(size=(80, 24)) as pilot:
        pane = await with_lines(pilot)
        assert pane.session.emulator.scrollback_size > 0
        await pilot.press(LEADER, "c")
        assert pane.session.emulator.scrollback_size == 0
        await until(pilot, shown(pilot, "the history is forgotten"))
        await pilot.press(LEADER, "g", "pageup", "v", "k", "space", "g", "escape", "q")
        assert pane.view.live


async def test_a_guest_that_prints_on_does_not_move_what_is_marked(tmp_path: Path) -> None:
    app = Desk(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        pane = await with_lines(pilot)
        await pilot.press(LEADER, "slash", *"line 90 of", "enter", "v", "space", "end")
        prints(pane, b"more\r\n" * 500)
        await pilot.press("y")
        assert app.clipboard == "line 90 of it"
