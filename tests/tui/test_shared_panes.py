"""A pane whose console another xentui has: it joins, says who writes, asks, gives, lists, and takes over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from console_desk import DEADLINE, Desk, screen, shown, typed, until
from textual.pilot import Pilot

from xentui.console.kept_log import History
from xentui.console.session import ConsoleSession, State
from xentui.console.sharing import writing
from xentui.console.sharing.company import company_for
from xentui.host import Host
from xentui.screens.widgets.console_pane import ConsolePane

LEADER = "ctrl+right_square_bracket"


class FolderHost(Host):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def path(self, path: str) -> Path:
        return self._folder / path.lstrip("/")


class SharedDesk(Desk):
    """A desk whose consoles are shared below its folder."""

    def __init__(self, folder: Path, **more: str) -> None:
        super().__init__(folder, **more)
        self.host = FolderHost(folder)
        self.history: History | None = None

    def session(self, name: str) -> ConsoleSession:
        made = super().session(name)
        kept = self.history
        return ConsoleSession(
            self.host, name, made.argv, company=company_for(self.host, name, True),
            history=None if kept is None else lambda: kept,
        )  # fmt: skip


async def opened(pilot: Pilot[None], name: str = "server01") -> ConsolePane:
    app = pilot.app
    assert isinstance(app, SharedDesk)
    pane = await app.deck.open(app.session(name))
    await until(pilot, lambda: pane.session.state is State.ATTACHED)
    return pane


class Other:
    """Another xentui's part in the console, on the same loop."""

    def __init__(self, app: SharedDesk, name: str = "server01") -> None:
        from xentui.console.link import ConsoleLink

        self.session = app.session(name)
        self.said: list[str] = []
        self.link = ConsoleLink(self.session, output=lambda: None, changed=lambda: None, say=self.said.append)
        self.link.open()

    async def until(self, found: Callable[[], object]) -> None:
        end = time.monotonic() + DEADLINE
        while not found():
            assert time.monotonic() < end, f"{self.session.state} {self.session.people} {self.said}"
            await asyncio.sleep(0.01)

    def shows(self, words: str) -> bool:
        return words in "\n".join(self.session.emulator.display())


async def test_a_busy_console_is_joined_and_taken_over(tmp_path: Path) -> None:
    app = SharedDesk(tmp_path)
    async with app.run_test(size=(100, 30)) as pilot:
        other = Other(app)
        await other.until(lambda: other.shows("ready") and other.session.people)
        pane = await opened(pilot)
        await until(pilot, shown(pilot, "you watch"))
        assert pane.session.watches
        assert "ready" in typed(pane)
        other.link.send(b"from the other")
        await until(pilot, shown(pilot, "from the other"))
        await pilot.press("x", "R", "l")
        await until(pilot, shown(pilot, "not sent: "))
        assert pane.session.watches, "keys of a pane that only watches do nothing but ask"
        await other.link.close()
        await until(pilot, shown(pilot, "the console is yours now"))
        await pilot.press("y")
        await until(pilot, shown(pilot, "[y]"))
        assert "from the other" in typed(pane), "what was known is still there"
        assert "attached again" not in typed(pane)


async def test_ask_keep_and_give(tmp_path: Path) -> None:
    app = SharedDesk(tmp_path)
    async with app.run_test(size=(100, 30)) as pilot:
        pane = await opened(pilot)
        await until(pilot, lambda: pane.session.people)
        await pilot.press("z")
        await pilot.press(LEADER, "a")
        await until(pilot, shown(pilot, "you write; nobody asks for it"))
        other = Other(app)
        await other.until(lambda: other.session.people)
        await until(pilot, shown(pilot, " watches"))
        await pilot.press("z")
        assert other.session.company is not None
        other.session.company.ask()
        await until(pilot, shown(pilot, "gives it"))
        assert "keeps it" in "\n".join(screen(pilot))
        await pilot.press(LEADER, "k")
        await other.until(lambda: "the writer keeps the writing" in other.said)
        await until(pilot, lambda: "gives it" not in "\n".join(screen(pilot)))
        await pilot.press(LEADER, "k")
        await until(pilot, shown(pilot, "nobody asks for the writing"))
        pane.session.company.share.writing._refused.clear()  # type: ignore[union-attr]
        other.session.company.ask()
        await until(pilot, shown(pilot, "gives it"))
        await pilot.press(LEADER, "a")
        await other.until(lambda: other.session.writes)
        await pilot.press("n", "o")
        await until(pilot, shown(pilot, "not sent: "))
        assert "[n]" not in typed(pane)
        other.link.send(b"from there")
        await until(pilot, shown(pilot, "[from there]"))
        await pilot.press(LEADER, "i")
        await until(pilot, shown(pilot, "(you): holds the console"))
        assert ": watches, writes" in "\n".join(screen(pilot))
        await pilot.press(LEADER, "i")
        await until(pilot, lambda: "holds the console" not in "\n".join(screen(pilot)))
        # Who writes leaves: the turn comes back.
        await other.link.close()
        await until(pilot, lambda: pane.session.writes)
        await pilot.press("b")
        await until(pilot, shown(pilot, "[b]"))


async def test_no_answer_is_yes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "ANSWER", 0.1)
    app = SharedDesk(tmp_path)
    async with app.run_test(size=(100, 30)) as pilot:
        other = Other(app)
        await other.until(lambda: other.shows("ready") and other.session.people)
        other.link.send(b"typing")
        pane = await opened(pilot)
        await until(pilot, lambda: pane.session.people)
        await pilot.press("a")
        await until(pilot, shown(pilot, "the writing is yours"))
        assert pane.session.writes
        await other.link.close()


async def test_the_size_that_the_writer_sends_is_the_holders(tmp_path: Path) -> None:
    app = SharedDesk(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        other = Other(app)
        await other.until(lambda: other.shows("ready") and other.session.people)
        pane = await opened(pilot)
        await until(pilot, lambda: pane.session.people)
        await pilot.press("a")
        await until(pilot, lambda: pane.session.writes)
        await pilot.press(LEADER, "s")
        size = pane.region.width, pane.region.height - 1
        await until(pilot, lambda: (other.session.emulator.columns, other.session.emulator.rows) == size)
        await until(pilot, lambda: other.shows(f"cols {size[0]}"))
        await other.link.close()


async def test_the_holder_is_told_that_its_guest_has_gone(tmp_path: Path) -> None:
    app = SharedDesk(tmp_path)
    async with app.run_test(size=(100, 30)) as pilot:
        other = Other(app)
        await other.until(lambda: other.shows("ready") and other.session.people)
        pane = await opened(pilot)
        await until(pilot, lambda: pane.session.people)
        app.words["server01"] = None
        other.link.send(b"bye\r")
        await until(pilot, shown(pilot, "has gone; attaches when it is back"))
        assert pane.session.watches
        app.words["server01"] = ["id=8"]
        await until(pilot, shown(pilot, "attached again"))
        await until(pilot, lambda: "has gone" not in "\n".join(screen(pilot)))
        await other.link.close()


async def test_the_log_is_followed_and_left_for_the_shared_console(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also from a console that is watched; and it goes on as the log does."""
    monkeypatch.setattr("xentui.console.guest_log.LOG_DIR", "/logs")
    log = tmp_path / "logs" / "guest-server01.log"
    log.parent.mkdir()
    log.write_bytes(b"kept in the log\r\n")
    app = SharedDesk(tmp_path)
    async with app.run_test(size=(100, 30)) as pilot:
        other = Other(app)
        await other.until(lambda: other.shows("ready") and other.session.people)
        pane = await opened(pilot)
        await until(pilot, lambda: pane.session.people)
        await pilot.press(LEADER, "l")
        await until(pilot, shown(pilot, "kept in the log"))
        with log.open("ab") as file:
            file.write(b"Kernel panic\r\n")
        await until(pilot, shown(pilot, "Kernel panic"))
        assert "log, read-only" in "\n".join(screen(pilot))
        log.rename(log.with_suffix(".1"))  # as logrotate does
        log.write_bytes(b"after the rotation\r\n")
        await until(pilot, shown(pilot, "after the rotation"))
        await pilot.press("R")
        await until(pilot, lambda: pane.session.watches)
        await other.link.close()


async def test_what_was_kept_stands_above(tmp_path: Path) -> None:
    app = SharedDesk(tmp_path)
    app.history = History(b"-- kept --\r\n2026-11-23 03:12:44 Oops\r\n\x1b[2J\x1b[H", False)
    async with app.run_test(size=(100, 30)) as pilot:
        pane = await opened(pilot)
        await until(pilot, shown(pilot, "ready"))
        assert [pane.session.emulator.scrollback_text(n) for n in range(2)] == [
            "-- kept --",
            "2026-11-23 03:12:44 Oops",
        ]
        await pilot.press(LEADER, "g", "home")
        await until(pilot, shown(pilot, "-- kept --"))


async def test_what_keeps_it_from_being_shared_is_said_once(tmp_path: Path) -> None:
    app = SharedDesk(tmp_path)
    (tmp_path / "run/xentui").mkdir(parents=True)
    (tmp_path / "run/xentui").chmod(0o777)
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot)
        await until(pilot, shown(pilot, "not shared: others may write"))
        await pilot.press("x")
        await until(pilot, shown(pilot, "[x]"))
        await pilot.press(LEADER, "i")
        await until(pilot, shown(pilot, "others may write"))


async def test_read_only_watches_and_cannot_ask(tmp_path: Path) -> None:
    app = SharedDesk(tmp_path)
    async with app.run_test(size=(100, 30)) as pilot:
        other = Other(app)
        await other.until(lambda: other.shows("ready") and other.session.people)
        session = app.session("server01")
        session.may_type = False
        pane = await app.deck.open(session)
        await until(pilot, shown(pilot, "you watch"))
        await pilot.press("a")
        await until(pilot, shown(pilot, "read-only: it cannot write"))
        assert other.session.writes
        assert not any(person.asks for person in other.session.people)
        assert not pane.session.send(b"x")
        await other.link.close()


async def test_where_nothing_is_shared_a_busy_console_is_busy(tmp_path: Path) -> None:
    app = SharedDesk(tmp_path)
    async with app.run_test(size=(100, 30)) as pilot:
        other = Other(app)
        other.session.company = None
        await other.until(lambda: other.shows("ready"))
        await app.deck.open(app.session("server01"))
        await until(pilot, shown(pilot, "is held by process"))
        await other.link.close()


async def test_a_mistake_in_sharing_does_not_cost_the_console(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = SharedDesk(tmp_path)
    async with app.run_test(size=(100, 30)) as pilot:
        pane = await opened(pilot)
        await until(pilot, lambda: pane.session.people)
        company = pane.session.company
        assert company is not None
        assert company.share is not None

        def wrong() -> None:
            raise ZeroDivisionError("a mistake")

        monkeypatch.setattr(company.share, "turn", wrong)
        await until(pilot, shown(pilot, "no longer shared"))
        await pilot.press("x")
        await until(pilot, shown(pilot, "[x]"))
        assert not company.place.is_served()
