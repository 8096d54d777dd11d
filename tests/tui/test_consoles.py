"""The console pane and the deck: keys, leader, several consoles, histories, floods, bad days."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest
from console_desk import DEADLINE, Desk, opened, prints, screen, shown, typed, until
from textual.events import Paste

from xentui.console.session import State


async def test_keys_go_to_the_guest_and_the_leader_does_not(tmp_path: Path) -> None:
    async with Desk(tmp_path).run_test(size=(80, 24)) as pilot:
        pane = await opened(pilot)
        await pilot.press("l", "s", "ctrl+q", "f1", "tab", "up")
        await until(pilot, lambda: "^[[A" in typed(pane))
        assert "[ls" in typed(pane)
        assert "^[OP" in typed(pane)
        await pilot.press("ctrl+right_square_bracket")
        await until(pilot, shown(pilot, "d detach"))
        await pilot.press("x", "Q")
        await until(pilot, lambda: "Q" in typed(pane))
        assert "x" not in typed(pane)


async def test_the_leader_is_any_key_and_can_be_sent(tmp_path: Path) -> None:
    async with Desk(tmp_path, leader="f11").run_test(size=(80, 24)) as pilot:
        pane = await opened(pilot)
        await pilot.press("f11", "f11")
        await until(pilot, lambda: "^[[23~" in typed(pane))
        # Together with others, as from a paste: alone the client would leave at it.
        assert "F11 ?" in "\n".join(screen(pilot))


async def test_typed_ahead_keys_never_reach_the_wrong_guest(tmp_path: Path) -> None:
    async with Desk(tmp_path).run_test(size=(80, 24)) as pilot:
        first = await opened(pilot, "server01")
        second = await opened(pilot, "client01")
        app = pilot.app
        assert isinstance(app, Desk)
        for key in ("ctrl+right_square_bracket", "p", "A", "ctrl+right_square_bracket", "o", "B"):
            app.post_message(_key(key))
        await until(pilot, lambda: "A" in typed(first) and app.lefts == 1)
        assert app.focused is app.query_one("#table")
        assert "A" not in typed(second)
        assert "B" not in typed(first)
        assert app.deck.marks.keys() == {"server01", "client01"}


def _key(name: str):
    from textual.events import Key

    return Key(name, name if len(name) == 1 else None)


async def test_paste_is_bracketed_when_the_guest_wants_it(tmp_path: Path) -> None:
    app = Desk(tmp_path)
    app.words["server01"] = ["backlog=\\x1b[?2004h"]
    async with app.run_test(size=(80, 24)) as pilot:
        pane = await opened(pilot)
        app.post_message(Paste("id\nls"))
        await until(pilot, lambda: "^[[201~" in typed(pane))
        assert "[^[[200~id^Mls^[[201~]" in typed(pane)


async def test_several_consoles_and_none_is_lost(tmp_path: Path) -> None:
    async with Desk(tmp_path).run_test(size=(160, 40)) as pilot:
        app = pilot.app
        assert isinstance(app, Desk)
        names = ["server01", "client01", "server02"]
        panes = [await opened(pilot, name) for name in names]
        assert [pane.display for pane in panes] == [False, False, True]
        await until(pilot, shown(pilot, "[server02]"))
        await pilot.press("ctrl+right_square_bracket", "n", "a")
        await until(pilot, lambda: "[a]" in typed(panes[0]))
        await pilot.press("ctrl+right_square_bracket", "t")
        await until(pilot, lambda: all(pane.display and pane.region.width > 40 for pane in panes))
        await pilot.press("ctrl+right_square_bracket", "f")
        await until(pilot, lambda: app.deck.large)
        pids = [pane.session.pid for pane in panes]
        await pilot.press("ctrl+right_square_bracket", "d")
        await until(pilot, lambda: len(app.deck.panes) == 2 and panes[0].session.state is State.DETACHED)
        assert not _alive(pids[0])
        assert all(_alive(pid) for pid in pids[1:])
        await app.deck.close_all()
        assert not any(_alive(pid) for pid in pids)


def _alive(pid: int | None) -> bool:
    try:
        os.kill(pid or 0, 0)
    except ProcessLookupError:
        return False
    return True


async def test_unseen_output_and_the_bell_are_marked(tmp_path: Path) -> None:
    async with Desk(tmp_path).run_test(size=(80, 24)) as pilot:
        first = await opened(pilot, "server01")
        await opened(pilot, "client01")
        app = pilot.app
        assert isinstance(app, Desk)
        assert first.link.send(b"x")
        await until(pilot, lambda: app.deck.marks["server01"] == "unseen")
        first.session.emulator.feed(b"\a")
        first._output()
        assert app.deck.marks["server01"] == "bell"
        await until(pilot, shown(pilot, "server01!"))
        app.deck.show(first)
        await until(pilot, lambda: app.deck.marks["server01"] == "attached")


async def test_history_and_search(tmp_path: Path) -> None:
    async with Desk(tmp_path).run_test(size=(80, 24)) as pilot:
        pane = await opened(pilot)
        for key in "flood 3000":
            await pilot.press("space" if key == " " else key)
        await pilot.press("enter")
        await until(pilot, shown(pilot, "flood ends"))
        await pilot.press("ctrl+right_square_bracket", "g", "pageup")
        await until(pilot, lambda: not pane.view.live and "line 2999 " not in "\n".join(screen(pilot)))
        before = screen(pilot)[8:]
        prints(pane, b"more\r\n" * 5)
        await pilot.pause()
        assert screen(pilot)[8:] == before, "new lines must not move what is read"
        await pilot.press("slash", *"LINE 17", "enter")
        await until(pilot, shown(pilot, "no older line with that"))
        await pilot.press("x", *"line [", "enter")
        await until(pilot, shown(pilot, "is no regular expression"))
        await pilot.press("x", *"line 1[0-2]00 of", "enter")
        await until(pilot, shown(pilot, "line 1200 of"))
        await pilot.press("end", "ctrl+right_square_bracket", "g")
        await pilot.press("slash", *"line 17", "enter")
        await until(pilot, shown(pilot, "line 1799 of"))
        await pilot.press("n")
        await until(pilot, shown(pilot, "line 1798 of"))
        await pilot.press("q")
        await until(pilot, lambda: pane.view.live)


async def test_a_killed_client_can_be_attached_again(tmp_path: Path) -> None:
    async with Desk(tmp_path).run_test(size=(80, 24)) as pilot:
        pane = await opened(pilot)
        assert pane.session.pid is not None
        os.kill(pane.session.pid, signal.SIGKILL)
        await until(pilot, shown(pilot, "killed (SIGKILL)"))
        assert "attaches again" in "\n".join(screen(pilot))
        await pilot.press("x", "R")
        await until(pilot, lambda: pane.session.state is State.ATTACHED)


async def test_a_busy_console_names_its_holder_and_offers_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xentui.console.guest_log.LOG_DIR", str(tmp_path))
    (tmp_path / "guest-server01.log").write_bytes(b"the log of it\r\n")
    app = Desk(tmp_path)
    async with app.run_test(size=(100, 30)) as pilot:
        other = app.session("server01")
        other.attach()
        await until(pilot, lambda: other.read_ready() and "ready" in "".join(other.emulator.display()))
        try:
            pane = await app.deck.open(app.session("server01"))
            await until(pilot, shown(pilot, f"process {other.pid}"))
            await pilot.press("l")
            await until(pilot, shown(pilot, "the log of it"))
            await pilot.press("x")
            await until(pilot, shown(pilot, "read-only"))
        finally:
            other.detach()
        await pilot.press("R")
        await until(pilot, lambda: pane.session.state is State.ATTACHED and not pane.session.read_only)
        await until(pilot, lambda: "ready" in typed(pane))


async def test_a_guest_that_reboots_is_attached_again_by_itself(tmp_path: Path) -> None:
    app = Desk(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        pane = await opened(pilot)
        app.words["server01"] = None
        assert pane.link.send(b"bye\r")
        await until(pilot, shown(pilot, "attaches when it is back"))
        app.words["server01"] = ["id=8"]
        await until(pilot, lambda: pane.session.state is State.ATTACHED)
        await until(pilot, shown(pilot, "attached again"))


async def test_the_size_is_sent_and_taken(tmp_path: Path) -> None:
    async with Desk(tmp_path).run_test(size=(120, 40)) as pilot:
        pane = await opened(pilot)
        assert (pane.session.emulator.columns, pane.session.emulator.rows) == (80, 24)
        await pilot.press("ctrl+right_square_bracket", "s")
        await until(pilot, lambda: "stty rows" in typed(pane))
        size = pane.region.width, pane.region.height - 1
        assert (pane.session.emulator.columns, pane.session.emulator.rows) == size
        assert f"stty rows {size[1]} cols {size[0]}" in typed(pane)


async def test_a_small_pane_pans_to_the_cursor(tmp_path: Path) -> None:
    async with Desk(tmp_path).run_test(size=(40, 14)) as pilot:
        pane = await opened(pilot)
        prints(pane, b"\x1b[2J\x1b[24;75Hcorner\x1b[24;80H")
        await until(pilot, shown(pilot, "corner"))
        prints(pane, b"\x1b[Htop left")
        await until(pilot, shown(pilot, "top left"))
        await pilot.resize_terminal(20, 5)
        await pilot.resize_terminal(80, 24)
        await until(pilot, shown(pilot, "top left"))


async def test_after_clear_nothing_is_hidden_above_the_prompt(tmp_path: Path) -> None:
    async with Desk(tmp_path).run_test(size=(80, 16)) as pilot:
        pane = await opened(pilot)
        assert pane.view.height < pane.session.emulator.rows
        prints(pane, b"\x1b[24;1Hthe last row")
        await until(pilot, shown(pilot, "the last row"))
        prints(pane, b"\x1b[H\x1b[2Jone line\r\n# ")
        await until(pilot, shown(pilot, "one line"))


async def test_a_flood_leaves_the_loop_free_and_keys_go_out(tmp_path: Path) -> None:
    async with Desk(tmp_path).run_test(size=(80, 24)) as pilot:
        pane = await opened(pilot)
        assert pane.link.send(b"flood 200000\r")
        turns, end = 0, time.monotonic() + DEADLINE
        while "flood ends" not in typed(pane):
            await asyncio.sleep(0)
            turns += 1
            assert time.monotonic() < end
        # Had the reader taken it in one go, there would have been no turns.
        assert turns > 10
        assert pane.session.emulator.scrollback_size == 10_000
        await until(pilot, shown(pilot, "flood ends"))


async def test_nothing_of_a_hostile_guest_reaches_the_screen_but_cells(tmp_path: Path) -> None:
    async with Desk(tmp_path).run_test(size=(80, 24)) as pilot:
        pane = await opened(pilot)
        hostile = (
            b"\x1b]0;evil\x1b[31m\a\x1b]52;c;AAAA\x07[bold]x[/bold]\xc2\x9b31m\xe2\x80\xae\x00\x0e\x0f\x1bP1\x1b\\end"
        )
        prints(pane, hostile)
        await until(pilot, shown(pilot, "end"))
        text = "\n".join(screen(pilot))
        assert "[bold]x[/bold]" in text
        assert all(c.isprintable() or c == "\n" for c in text)


async def test_what_cannot_be_typed_is_said(tmp_path: Path) -> None:
    app = Desk(tmp_path)
    app.words["server01"] = ["notty"]
    async with app.run_test(size=(100, 24)) as pilot:
        pane = await app.deck.open(app.session("server01"))
        await until(pilot, shown(pilot, 'serial = "pty"'))
        await pilot.press("x")
        await until(pilot, shown(pilot, "not sent: not attached"))
        app.words["server01"] = ["deaf"]
        await pilot.press("R")
        await until(pilot, lambda: "ready" in typed(pane))
        app.post_message(Paste("x" * 300_000))
        await until(pilot, shown(pilot, "more than the guest takes"))
        # Nothing of it went out, and the console is still there to be left.
        await pilot.press("ctrl+right_square_bracket", "d")
        await until(pilot, lambda: not app.deck.panes and pane.session.state is State.DETACHED)


async def test_the_same_console_is_not_opened_twice(tmp_path: Path) -> None:
    app = Desk(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        panes = await asyncio.gather(*(app.deck.open(app.session("server01")) for _ in range(3)))
        assert len({id(pane) for pane in panes}) == 1
        await until(pilot, lambda: "ready" in typed(panes[0]))
        assert typed(panes[0]).count("ready") == 1
