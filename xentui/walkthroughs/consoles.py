"""Guests' consoles that a walkthrough opens itself, where no pane has them: to look at them, and to type."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

from xentui.console.command import console_argv
from xentui.console.link import ConsoleLink
from xentui.console.session import ConsoleSession, State
from xentui.domains.toolstack import ToolstackError
from xentui.domains.xl import Xl
from xentui.domains.xl_output import ListRow, OutputError
from xentui.host import Host
from xentui.waiting import wait_until
from xentui.walkthroughs.world import UnknownError

#: Seconds that a console gets to be attached and to say what it had kept.
_ATTACH_SECONDS = 8.0
#: Seconds without output after which a console has said what it had to say.
_QUIET_SECONDS = 0.3
#: Seconds that a call into the loop may take.
_CALL_SECONDS = 15.0

Answer = TypeVar("Answer")


class _Open:
    """A console that is open."""

    def __init__(self, session: ConsoleSession, link: ConsoleLink) -> None:
        self.session, self.link = session, link


class OwnConsoles:
    """Opens the console of a guest when it is first asked for, and holds it until `close`. With `patience`, on a slow
    machine, it has so many times as long to open."""

    def __init__(self, host: Host, *, patience: float = 1.0) -> None:
        self._host, self._xl = host, Xl(host, patience=patience)
        self._attach_seconds = _ATTACH_SECONDS * patience
        self._open: dict[str, _Open] = {}
        self._rows: dict[str, ListRow | None] = {}
        self._heard = time.monotonic()
        self._loop: asyncio.AbstractEventLoop | None = None

    def screen(self, guest: str) -> list[str]:
        """The lines of its screen. Raises UnknownError."""
        console = self._console(guest)
        return self._in_loop(console.session.emulator.display)

    def type(self, guest: str, text: str) -> None:
        """Type lines on it, each when the guest has answered the one before: a login forgets what comes too early.

        Raises UnknownError.
        """
        for line in text.split("\n"):
            console, data = self._console(guest), line.encode("utf-8", "surrogateescape") + b"\r"
            if not self._in_loop(partial(console.link.send, data)):
                raise UnknownError(f"the console of {guest} takes no input")
            self._hear()

    def close(self) -> None:
        """Leave them all."""
        loop = self._loop
        if loop is not None:
            for console in self._open.values():
                asyncio.run_coroutine_threadsafe(console.link.close(), loop).result(_CALL_SECONDS)
            self._open.clear()
            loop.call_soon_threadsafe(loop.stop)
            self._loop = None

    def _console(self, guest: str) -> _Open:
        try:
            self._rows[guest] = next((row for row in self._xl.list() if row.name == guest), None)
        except (ToolstackError, OutputError) as error:
            raise UnknownError(str(error)) from error
        if guest not in self._open:
            self._open[guest] = self._in_loop(lambda: self._start(guest))
        console = self._open[guest]
        wait_until(lambda: self._settled(console.session), self._attach_seconds, every=0.02)
        if console.session.state is not State.ATTACHED:
            raise UnknownError(console.session.sentence or f"the console of {guest} could not be opened")
        return console

    def _settled(self, session: ConsoleSession) -> bool:
        quiet = time.monotonic() - self._heard > _QUIET_SECONDS
        return session.state in (State.BUSY, State.FAILED) or (session.state is State.ATTACHED and quiet)

    def _start(self, guest: str) -> _Open:
        def argv() -> list[str] | None:
            row = self._rows.get(guest)
            return console_argv(self._host, row) if row is not None else None

        session = ConsoleSession(self._host, guest, argv)
        link = ConsoleLink(session, output=self._hear, changed=self._hear)
        link.open()
        self._hear()
        return _Open(session, link)

    def _hear(self) -> None:
        self._heard = time.monotonic()

    def _in_loop(self, call: Callable[[], Answer]) -> Answer:
        """What `call` gives in the thread that drives the consoles."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            threading.Thread(target=self._loop.run_forever, name="consoles", daemon=True).start()

        async def work() -> Answer:
            return call()

        coroutine: Coroutine[Any, Any, Answer] = work()
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(_CALL_SECONDS)
