"""Keeps logs of consoles without a screen, for the crash at night: `xentui console --log NAME…`.

It holds the consoles that it can get, and shares them: a pane that is opened meanwhile joins, and may write. A console
that another xentui has is watched there; one that somebody else has is tried again and again; a guest that does not
run is waited for.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from pathlib import Path
from typing import Any, Protocol

from xentui.console.command import Console, console_argv
from xentui.console.kept_log import KeptLog, LogError, log_folder
from xentui.console.link import ConsoleLink
from xentui.console.session import ConsoleSession, State
from xentui.console.sharing.company import company_for
from xentui.host import Host
from xentui.subprocesses import printable

#: Seconds between two looks at the domains, while one of them is waited for.
LOOK_SECONDS = 2.0
#: Seconds between two tries to get a console that somebody else has, or that failed.
AGAIN_SECONDS = 15.0
#: Seconds between two looks at lines that wait to be continued, and at what is to be brought to the disk.
TICK_SECONDS = 1.0
SYNC_SECONDS = 5.0


class _Domain(Console, Protocol):
    @property
    def state(self) -> Any: ...


class _Snapshot(Protocol):
    def domain(self, key: str) -> _Domain | None: ...


class Inventory(Protocol):
    """Knows the domains of a host."""

    host: Host

    def snapshot(self) -> _Snapshot: ...


def keep_logs(inventory: Inventory, names: list[str], folder: Path | None, limit: int, *, share: bool | str) -> int:
    """Keep logs of these guests' consoles in `folder` (or where panes look for them), at most `limit` bytes of each,
    until SIGTERM, SIGHUP or SIGINT; gives the exit status: 1 if a log could not be kept, or not whole.
    """
    folder = folder or log_folder(inventory.host)
    logs: dict[str, KeptLog] = {}
    for name in names:
        try:
            logs[name] = KeptLog(folder, name, limit)
        except LogError as error:
            _say(str(error))
    if not logs:
        return 1
    _say(f"keeping the consoles of {', '.join(logs)} in {folder}; Ctrl+C or SIGTERM ends")
    keeper = _Keeper(inventory, logs, share)
    asyncio.run(keeper.run())
    for kept in keeper.consoles:
        print(kept.summary())
    return 1 if len(logs) < len(names) or any(log.lost for log in logs.values()) else 0


def _say(sentence: str) -> None:
    print(f"xentui: {printable(sentence)}", file=sys.stderr, flush=True)


class _Kept:
    """One console and its log."""

    def __init__(self, keeper: _Keeper, name: str, log: KeptLog, share: bool | str) -> None:
        host = keeper.inventory.host
        self.name, self.log = name, log
        company = company_for(host, name, share, may_write=False)
        self.session = ConsoleSession(host, name, lambda: keeper.argv(name), company=company)
        self.session.taps.append(self._printed)
        self.link = ConsoleLink(self.session, output=lambda: None, changed=self._changed, say=self._said)
        self.attached = 0
        self._told = ""
        self._try_at = 0.0
        self._problem = ""

    def _printed(self, data: bytes) -> None:
        self._changed()  # the first that comes says that the client has the console
        self.log.feed(data, time.time())

    def _changed(self) -> None:
        """Write into the log what has become of the console. A client that was begun has not got it yet."""
        session = self.session
        if session.watches:
            self._tell("watched where another xentui has it")
        elif session.has_console:
            self._tell("attached")
        elif session.state not in (State.ATTACHED, State.ATTACHING):
            self._tell(session.sentence)

    def _tell(self, what: str) -> None:
        if what and what != self._told:
            self.attached += self.session.state is State.ATTACHED
            self._told = what
            self.log.note(what, time.time())
            _say(f"{self.name}: {what}")

    def _said(self, sentence: str) -> None:
        self.log.note(sentence, time.time())

    def tick(self) -> None:
        """What is to be done now and then."""
        self._changed()
        self.log.rest(time.time())
        session, now = self.session, time.monotonic()
        if session.state in (State.BUSY, State.FAILED) and now >= self._try_at:
            self._try_at = now + AGAIN_SECONDS
            self.link.attach_again()
        if self.log.problem and not self._problem:
            _say(f"{self.log.problem}: lines are lost until that is mended")
        self._problem = self.log.problem

    async def end(self) -> None:
        with contextlib.suppress(OSError):
            await self.link.close()
        self.log.rest(time.time(), at_once=True)
        self.log.note("the log is no longer kept", time.time())
        await asyncio.to_thread(self.log.close)

    def summary(self) -> str:
        lost = f", {self.log.lost} lost ({self.log.problem or 'for a while'})" if self.log.lost else ""
        times = "never attached" if not self.attached else f"attached {self.attached} time{'s' * (self.attached > 1)}"
        return printable(f"{self.name}: {self.log.lines} lines kept{lost} in {self.log.path}; {times}")


class _Keeper:
    """All of them, on one event loop."""

    def __init__(self, inventory: Inventory, logs: dict[str, KeptLog], share: bool | str) -> None:
        self.inventory = inventory
        self._snapshot: _Snapshot | None = None
        self._logs, self._share = logs, share
        self.consoles: list[_Kept] = []

    def argv(self, name: str) -> list[str] | None:
        """The command for the console of a guest as it was last seen; None while it does not run."""
        found = self._snapshot.domain(name) if self._snapshot is not None else None
        return console_argv(self.inventory.host, found) if found is not None and found.state.alive else None

    async def run(self) -> None:
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            loop.add_signal_handler(number, ended.set)
        await self._take_snapshot()
        looking = loop.create_task(self._look())
        self.consoles = [_Kept(self, name, log, self._share) for name, log in self._logs.items()]
        for kept in self.consoles:
            kept.link.open()
        synced = loop.time()
        while not ended.is_set():
            for kept in self.consoles:
                kept.tick()
            if loop.time() - synced > SYNC_SECONDS:
                synced = loop.time()
                await asyncio.gather(*(asyncio.to_thread(kept.log.sync) for kept in self.consoles))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), TICK_SECONDS)
        looking.cancel()
        await asyncio.gather(*(kept.end() for kept in self.consoles))

    async def _look(self) -> None:
        """Keep what is known of the domains as new as it is needed."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if any(kept.session.state is not State.ATTACHED for kept in self.consoles):
                await self._take_snapshot()

    async def _take_snapshot(self) -> None:
        with contextlib.suppress(Exception):  # whatever a toolstack fails with: it is asked again
            self._snapshot = await asyncio.to_thread(self.inventory.snapshot)
