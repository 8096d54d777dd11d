"""The reflex: a key goes to the guest, and its echo to the glass, before anything is looked up.

Between a key and its echo nothing is slow but what Python has to fetch: after the pause before a key each object that
is touched comes from memory, and all checks on the way touch some thousand. So they are made *before* the key, when the
loop is about to sleep: what a typed character will do is foreseen to the byte. Nothing but the loop's own thread
changes anything, and it sleeps in `select`: if what wakes it is the terminal alone, all of it holds still.

Then the key and its echo take their normal ways, as if they came now: `Client.send` and `Line.write` find written what
they would write. So everything is decided and remembered there, and in one way only; where that is not what was
foreseen, the glass is forgotten and all is drawn anew (`Statistics.surprises`).
"""

from __future__ import annotations

import asyncio
import math
import os
import select
import selectors
from collections.abc import Callable
from time import monotonic
from typing import Any, NamedTuple, TypeVar, cast

from rich.style import Style
from textual.app import App

from xentui.console.client import READ_SIZE, Client
from xentui.screens.terminal.input import TYPED
from xentui.screens.terminal.lean import LeanDriver
from xentui.screens.terminal.line import Line

Result = TypeVar("Result")

MARK = "x"
"""Stands for the character that will be typed; no sequence has it in it that changes a look or moves the cursor."""
_ECHO = 0.01
"""Seconds in which a key's echo may come before the key is taken note of."""
_SEEN = 0.001
"""Seconds of sleep behind an echo: the kernel brings it to the terminal when we do not work, more likely than not."""
_PRINTED = frozenset(TYPED)


class Foreseen(NamedTuple):
    """What a widget knows of a character that may be typed: who gets it at once, and the cells that its echo changes,
    MARK standing for it."""

    client: Client
    leader: str
    y: int
    x: int
    texts: list[tuple[str, Style | None]]


class Ready(NamedTuple):
    """A character that is one of `keys` goes to `client`; its echo to `line`, between the bytes `before` and
    `behind` it. What was done is told to driver, client and line by their attributes."""

    driver: LeanDriver
    tty: int
    client: Client
    line: Line
    keys: frozenset[bytes]
    before: bytes
    behind: bytes


class ReflexSelector(selectors.EpollSelector):
    """A selector for asyncio; `prepare` is asked each time before it sleeps."""

    def __init__(self) -> None:
        super().__init__()
        # The same epoll instance once more, for its bare answers: the selector's own are objects.
        self._bare = select.epoll.fromfd(os.dup(self.fileno()))
        self.prepare: Callable[[], Ready | None] = lambda: None

    def close(self) -> None:
        """No longer select anything."""
        self._bare.close()
        super().close()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """As any selector; what the reflex did is no event any more."""
        ready = self._prepared() if timeout is None or timeout > 0 else None
        if ready is None:
            return super().select(timeout)
        return [] if self._reacts(ready, timeout) else super().select(0)

    def _prepared(self) -> Ready | None:
        try:
            return self.prepare()
        except Exception as error:  # a mistake of ours costs the reflex, not the loop
            self.prepare = lambda: None
            asyncio.get_running_loop().call_exception_handler({"message": "no reflex any more", "exception": error})
            return None

    def _reacts(self, ready: Ready, timeout: float | None) -> bool:
        """Sleep, and do what is foreseen if that comes; whether anything was done. Else what woke us is still there.

        Up to the last write each line here is paid for with a key's delay.
        """
        driver, tty, client, line, keys, before, behind = ready
        poll, read, write = self._bare.poll, os.read, os.write
        guest, glass = client.fd, line.fd
        key_came, echo_came = [(tty, select.EPOLLIN)], [(guest, select.EPOLLIN)]
        typed = echo = foreseen = b""
        sleeps = -1.0 if timeout is None else math.ceil(timeout * 1e3) / 1e3
        until = monotonic() + sleeps
        try:
            found = poll(sleeps, 2)
            if found == key_came and driver._running:
                typed = read(tty, READ_SIZE)
                if typed in keys:
                    client.written_before = typed[: write(guest, typed)]
                    found = poll(_ECHO if timeout is None else max(0.0, min(_ECHO, until - monotonic())), 2)
            if found == echo_came and driver._running:
                echo = read(guest, READ_SIZE)
                if echo in _PRINTED:
                    foreseen = before + echo + behind
                    foreseen = foreseen[: write(glass, foreseen)]
                    poll(_SEEN, 1)
        except OSError:  # the normal way meets it, too, and knows what to do
            pass
        if typed:
            driver.read_before = typed
            self._turn(tty)
            driver.read_before = client.written_before = b""
        if echo:
            client.read_before, line.foreseen, line.surprised = echo, foreseen, False
            self._turn(guest)
            if line.foreseen or line.surprised:
                line.foreseen, line.surprised = b"", False
                driver.statistics.surprises += 1
                driver.redraw()
        return bool(typed or echo)

    def _turn(self, fd: int) -> None:
        """What the loop does when `fd` can be read; here nothing comes between."""
        key = self.get_map().get(fd)
        if key is not None and key.data[0] is not None:
            cast(asyncio.Handle, key.data[0])._run()


class Reflex:
    """Prepares the reflex of an app: for whatever has the focus, if that foresees anything (`App.foresee`)."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._leader = ""
        self._keys: frozenset[bytes] = frozenset()

    def ready(self) -> Ready | None:
        """What a character would do that came now; None where it is not sure to be a key alone that goes to a guest at
        once, and then mere cells."""
        driver = self._app._driver
        foresee: Callable[[], Foreseen | None] | None = getattr(self._app, "foresee", None)
        if foresee is None or not isinstance(driver, LeanDriver) or not driver._running:
            return None
        if driver._fast is not None or not driver._parser.rests:
            return None
        foreseen = foresee()
        free = driver.free_for_cells() if foreseen is not None else None
        if foreseen is None or free is None:
            return None
        sheet, glass, line = free
        frame = glass.foreseen(foreseen.y, foreseen.x, sheet.laid_out(foreseen.texts))
        if frame is None:
            return None
        if foreseen.leader != self._leader:
            self._leader, names = foreseen.leader, driver._names
            named = {key: names.known(text) or names.find(text) for key, text in TYPED.items()}
            other = {"<ignore>", self._leader}
            self._keys = frozenset(key for key, name in named.items() if len(name) == 1 and name[0][0] not in other)
        before, _, behind = frame.partition(MARK.encode())
        return Ready(driver, driver._in, foreseen.client, line, self._keys, before, behind)


def run(app: App[Result]) -> Result | None:
    """`app.run()` with the reflex."""
    selector = ReflexSelector()
    selector.prepare = Reflex(app).ready
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selector)) as runner:
        return runner.run(app.run_async())
