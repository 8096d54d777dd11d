"""Two xentuis share one console: on the demo, and on a real Xen. The lock is xenconsole's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from desk import Desk
from test_console import Watched

from xentui.console.link import ConsoleLink
from xentui.console.session import ConsoleSession, State
from xentui.console.sharing.company import company_for
from xentui.domains.domain import Domain


class Sharing(Watched):
    """A console as a screen has it that lets others have a part in it."""

    def __init__(self, desk: Desk, guest: Domain) -> None:
        super().__init__(desk, guest)
        self.said: list[str] = []
        company = company_for(desk.host, guest.name, True)
        self.session = ConsoleSession(desk.host, guest.name, self._argv, company=company)
        self.link = ConsoleLink(self.session, output=lambda: None, changed=lambda: None, say=self.said.append)

    @property
    def shares(self) -> bool:
        company = self.session.company
        return company is not None and company.share is not None


@pytest.fixture
async def two(desk: Desk, guest: Domain) -> AsyncIterator[tuple[Sharing, Sharing]]:
    """The one holds the console, logged in; the other has joined."""
    first, second = Sharing(desk, guest), Sharing(desk, guest)
    await first.opened()
    await first.until("it is shared", lambda: first.shares)
    await first.log_in()
    second.link.open()
    await second.until("joined", lambda: second.session.watches and len(second.session.people) == 2)
    yield first, second
    for console in (second, first):
        await console.link.close()


async def test_both_see_one_writes_and_the_holder_leaves(two: tuple[Sharing, Sharing]) -> None:
    first, second = two
    await second.until("the same screen", lambda: second.session.emulator.display() == first.session.emulator.display())
    first.link.send(b"echo on''e\r")
    for console in (first, second):
        await console.until("its answer", lambda console=console: "\none" in console.text)
    assert not second.link.send(b"echo never\r"), "it is not its turn"
    # Handed over.
    assert second.session.company is not None and first.session.company is not None
    second.session.company.ask()
    await first.until("the question", lambda: any(person.asks for person in first.session.people))
    assert first.session.company.give()
    await second.until("the writing", lambda: second.session.writes)
    assert not first.link.send(b"echo never\r")
    assert second.link.send(b"echo tw''o\r")
    for console in (first, second):
        await console.until("its answer", lambda console=console: "\ntwo" in console.text)
    # The holder leaves: who watched attaches, with all that it knew.
    await first.link.close()
    await second.until("attached itself", lambda: second.shares)
    assert second.session.state is State.ATTACHED
    assert second.link.send(b"echo thr''ee\r")
    await second.until("its answer", lambda: "\nthree" in second.text)
    assert "\none" in second.text
    assert "never" not in second.text
    # Who left comes back, and watches.
    first.session.follow_log(False)
    first.link.open()
    await first.until("joined", lambda: first.session.watches)
    await first.until("the same screen", lambda: "\nthree" in first.text)


async def test_watchers_stay_through_a_reboot(two: tuple[Sharing, Sharing], desk: Desk, guest: Domain) -> None:
    first, second = two
    await asyncio.to_thread(desk.inventory.toolstack(guest).reboot, guest)
    for console in (first, second):
        await console.until("attached again", lambda console=console: "attached again" in console.text)
        await console.until(
            "a prompt", lambda console=console: "login:" in console.text.rpartition("attached again")[2]
        )
    assert sum(console.session.watches for console in (first, second)) == 1


async def test_a_watcher_that_hangs_holds_nobody_up(two: tuple[Sharing, Sharing]) -> None:
    first, second = two
    second.link._unwatch()  # as if its loop hung: it does not read
    first.link.send(b"yes flood\r")
    await first.until("a flood", lambda: first.session.emulator.scrollback_size > 3000)
    first.link.send(b"\x03")
    await first.until("the prompt", lambda: first.last_line.endswith("$"))
    first.link.send(b"echo en''d\r")
    await first.until("its answer", lambda: "\nend" in first.text)
    assert first.shares
