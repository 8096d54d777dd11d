"""The raw console of the command line: the guest on the user's own terminal, as `xl console`, but one can leave.

The detach key works wherever it stands in what was typed, on any keyboard, and while a flood goes by; a guest
that reboots is attached again by its name.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import tty
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, Protocol

from xentui.console.keys import key_bytes, key_label, normal_key
from xentui.console.session import Console, ConsoleSession, State, console_argv
from xentui.host import Host
from xentui.subprocesses import printable

#: Bytes written at once: a terminal that is ready takes so many without blocking (the kernel's WAKEUP_CHARS).
_CHUNK = 256
#: Seconds between two looks at the domains while the guest is away.
_LOOK_SECONDS = 1.0


class _Domain(Console, Protocol):
    @property
    def key(self) -> str: ...


class _Snapshot(Protocol):
    def domain(self, key: str) -> _Domain | None: ...


class _Inventory(Protocol):
    host: Host

    def snapshot(self) -> _Snapshot: ...


def raw_console(inventory: _Inventory, domain: _Domain, escape: str = "^]", *, may_type: bool = True) -> int:
    """Be the guest's terminal until `escape` is pressed; gives the exit status. Without `may_type`, only watch.

    Ends with 1 and a sentence when the console cannot be had, and with 128 + N at SIGTERM and SIGHUP.
    """
    try:
        key = normal_key(escape)
    except ValueError as error:
        return _complain(str(error), 2)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return _complain("a console needs a terminal; for scripts there is the guest's log, or ssh to the guest", 1)
    console = _RawConsole(inventory, domain, key_bytes(key), key_label(key))
    console.session.may_type = may_type
    with _raw_terminal(), _signals(console.ended_by):
        status = console.run()
    return _complain(console.complaint, status) if console.complaint else status


def _complain(sentence: str, status: int) -> int:
    print(f"xentui: {printable(sentence)}", file=sys.stderr)
    return status


class _RawConsole:
    """The loop between two terminals."""

    def __init__(self, inventory: _Inventory, domain: _Domain, key: bytes, label: str) -> None:
        self.inventory, self.domain, self.key, self.label = inventory, domain, key, label
        self.found: _Domain | None = domain
        self.session = ConsoleSession(inventory.host, domain.name, self._argv, scrollback=0, replies=False)
        self.session.taps.append(self._printed)
        self.complaint = ""
        self.signal: int | None = None
        self._out = bytearray()
        self._looker = ThreadPoolExecutor(1)
        self._looking: Future[_Snapshot] | None = None

    def ended_by(self, number: int, _frame: FrameType | None) -> None:
        self.signal = number

    def _argv(self) -> list[str] | None:
        return None if self.found is None else console_argv(self.inventory.host, self.found)

    def _printed(self, data: bytes) -> None:
        self._out += data

    def run(self) -> int:
        self._say(f"Console of {self.domain.name}; {self.label} detaches.")
        try:
            while self._attach() and self._pass_on() and self._wait():
                pass
        finally:
            self._out.clear()
            self.session.detach()
            self._looker.shutdown(wait=False, cancel_futures=True)
            self._tidy()
        if self.complaint:
            return 1
        return 0 if self.signal is None else 128 + self.signal

    def _attach(self) -> bool:
        self.session.attach()
        if self.session.state is State.FAILED:
            self.complaint = self.session.sentence
        return self.session.state is not State.FAILED

    def _pass_on(self) -> bool:
        """Between guest and user, until the client ends; False when the user leaves, or it must end."""
        session = self.session
        while (fd := session.fd) is not None:
            # The guest is read when the user's terminal has taken what came before: a slow line slows the guest.
            reading = [0] if self._out else [0, fd]
            starting = session.queued > 0 and not session.takes_input
            writing = ([1] if self._out else []) + ([fd] if session.queued and not starting else [])
            readable, writable, _ = select.select(reading, writing, [], 0.02 if starting else 0.5)
            if self.signal is not None or (0 in readable and not self._typed()):
                return False
            if fd in writable:
                session.write_ready()
            if 1 in writable:
                self._write_some()
            if fd in readable:
                session.read_ready(budget=0)
        while self._out:
            self._write_some()
        return True

    def _write_some(self) -> None:
        del self._out[: _write(bytes(self._out[:_CHUNK])) or len(self._out)]

    def _typed(self) -> bool:
        """Pass on what the user typed. False if the detach key is among it."""
        data = _read()
        before, found, _ = data.partition(self.key)
        if before:
            self.session.send(before)
        return bool(data) and not found

    def _wait(self) -> bool:
        """The client has ended: whether there is something to attach to again, after a reboot."""
        session = self.session
        session.settle()
        if session.state is State.WAITING:
            self._say(f"{session.sentence}; {self.label} leaves.")
        while session.state is State.WAITING and self.signal is None:
            if 0 in select.select([0], [], [], _LOOK_SECONDS)[0]:
                data = _read()
                if not data or self.key in data or b"\x03" in data:
                    return False
            self._look()
            if session.look():
                self._say(f"{self.domain.name} is back.")
                return True
        if session.state is not State.WAITING:
            self.complaint = session.sentence
        return False

    def _look(self) -> None:
        """Keep the id of the domain as new as can be without waiting for it: xl may hang."""
        if self._looking is None:
            self._looking = self._looker.submit(self.inventory.snapshot)
        elif self._looking.done():
            looked, self._looking = self._looking, None
            if looked.exception() is None:
                self.found = looked.result().domain(self.domain.key)

    def _say(self, sentence: str) -> None:
        _write(f"\r\n[{printable(sentence)}]\r\n".encode())

    def _tidy(self) -> None:
        """Take back what the guest did to the user's terminal."""
        modes = self.session.emulator.modes
        undo = b"\x1b[?1049l" if modes.alternate_screen else b""
        undo += b"" if modes.cursor_visible else b"\x1b[?25h"
        undo += b"\x1b[?1l" if modes.application_cursor else b""
        undo += b"\x1b[?2004l" if modes.bracketed_paste else b""
        undo += f"\x1b[?{modes.mouse}l".encode() if modes.mouse else b""
        _write(undo + b"\x1b[m\r\n")


def _read() -> bytes:
    """What the user typed; nothing when the terminal has hung up."""
    try:
        return os.read(0, 4096)
    except OSError:
        return b""


def _write(data: bytes) -> int:
    """Bytes that the user's terminal took; none when it has hung up."""
    try:
        return os.write(1, data)
    except OSError:
        return 0


@contextmanager
def _raw_terminal() -> Iterator[None]:
    before = termios.tcgetattr(0)
    tty.setraw(0, termios.TCSADRAIN)
    try:
        yield
    finally:
        with suppress(termios.error):  # it may have hung up
            termios.tcsetattr(0, termios.TCSANOW, before)


@contextmanager
def _signals(handler: Any) -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the loop, not the program: the console is left first."""
    before: Mapping[int, Any] = {n: signal.signal(n, handler) for n in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, was in before.items():
            signal.signal(number, was)
