"""A guest's console: attach, type, busy, detach, attached again after a reboot; on the demo and on a real Xen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from desk import DEADLINE, PAUSE, Desk

from xentui.console.client import Leave
from xentui.console.command import console_argv
from xentui.console.link import ConsoleLink
from xentui.console.session import ConsoleSession, State
from xentui.domains.domain import Domain, Snapshot


class Watched:
    """A console, as the screen has it: a session, a link that drives it, and ever newer snapshots."""

    def __init__(self, desk: Desk, guest: Domain) -> None:
        self.desk, self.snapshot, self.key = desk, desk.snapshot(), guest.key
        self.session = ConsoleSession(desk.host, guest.name, self._argv)
        self.link = ConsoleLink(self.session, output=lambda: None, changed=lambda: None)

    def _argv(self) -> list[str] | None:
        found = self.snapshot.domain(self.key)
        return console_argv(self.desk.host, found) if found is not None and found.state.alive else None

    @property
    def text(self) -> str:
        emulator = self.session.emulator
        kept = [emulator.scrollback_text(index) for index in range(emulator.scrollback_size)]
        return "\n".join([*kept, *emulator.display()])

    async def until(self, what: str, found: Callable[[], object]) -> None:
        end = time.monotonic() + DEADLINE
        while not found():
            assert time.monotonic() < end, f"{what}: not within {DEADLINE:g} s; {self.session.sentence}\n{self.text}"
            self.snapshot = await asyncio.to_thread(self._snapshot)
            await asyncio.sleep(PAUSE)

    def _snapshot(self) -> Snapshot:
        return self.desk.snapshot()

    async def opened(self) -> None:
        self.link.open()
        await self.until("attached", lambda: self.session.state is State.ATTACHED)

    @property
    def last_line(self) -> str:
        return self.text.rstrip().rpartition("\n")[2].rstrip()

    async def log_in(self) -> None:
        """The guest may still boot, or be logged in already; another console may have had its prompt."""
        asked = 0.0

        def answers() -> bool:
            nonlocal asked
            if time.monotonic() - asked > 3:
                asked = time.monotonic()
                self.link.send(b"\r")
            return self.last_line.endswith(("login:", "$"))

        await self.until("a prompt", answers)
        if self.last_line.endswith("$"):
            return
        self.link.send(b"livexen\r")
        await self.until("the prompt for a password", lambda: self.last_line.endswith("Password:"))
        self.link.send(b"live\r")
        await self.until("a shell", lambda: self.last_line.endswith("$"))


@pytest.fixture
async def console(desk: Desk, guest: Domain) -> AsyncIterator[Watched]:
    watched = Watched(desk, guest)
    yield watched
    await watched.link.close()


async def test_log_in_and_type(console: Watched) -> None:
    await console.opened()
    await console.log_in()
    console.link.send(b"hostname\r")
    await console.until(
        "its answer", lambda: console.session.name in (line.strip() for line in console.text.splitlines())
    )


async def test_busy_names_the_holder_and_detaching_frees_it(
    console: Watched, desk: Desk, guest: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("client.ESCAPE_SECONDS", "link.CLOSE_SECONDS"):  # a loaded machine must not make it SIGTERM
        monkeypatch.setattr(f"xentui.console.{name}", DEADLINE)
    await console.opened()
    second = Watched(desk, guest)
    second.link.open()
    await second.until("busy", lambda: second.session.state is State.BUSY)
    holder: Any = second.session.holder
    assert holder is not None
    assert "xenconsole" in holder.command
    assert str(holder.pid) in second.session.sentence
    assert await console.link.close() is Leave.ESCAPE
    second.link.attach_again()
    # What is typed before the client has made its terminal raw is lost, and a lost ^] is waited for here.
    await second.until("the console", lambda: second.session.has_console)
    await second.link.close()
    assert second.session.state is State.DETACHED


async def test_attached_again_after_a_reboot(console: Watched, desk: Desk, guest: Domain) -> None:
    await console.opened()
    await console.log_in()
    await asyncio.to_thread(desk.inventory.toolstack(guest).reboot, guest)
    await console.until("another id", lambda: (new := console.snapshot.domain(guest.key)) and new.id != guest.id)
    await console.until("attached again", lambda: "attached again" in console.text)
    await console.until("a prompt", lambda: "login:" in console.text.rpartition("attached again")[2])


async def test_a_destroyed_guest_is_waited_for(console: Watched, desk: Desk, guest: Domain) -> None:
    await console.opened()
    await asyncio.to_thread(desk.inventory.toolstack(guest).destroy, guest)
    await console.until("waiting", lambda: console.session.state is State.WAITING)
