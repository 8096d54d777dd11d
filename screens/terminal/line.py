"""The line to the terminal: written without ever waiting, and never further ahead than a moment.

How much has not arrived yet is known in one of three ways.
* A serial port says what it still holds (TIOCOUTQ, tty_ioctl(4)), and its speed is set (termios(3)).
* A pseudo terminal has no queue to ask, but somebody may have set a speed on it (`stty 9600`): it is reckoned with.
* Otherwise, as over SSH, the terminal is asked (DSR, `CSI 5 n`, answered `CSI 0 n`) once in a while behind the
  bytes in question. A terminal that does not answer twice is not asked again.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import select
import struct
import termios
from collections.abc import Callable
from time import monotonic

from xentui.screens.terminal.statistics import Statistics

_AHEAD = 0.15
"""Seconds of output that may be under way before the next is held back."""
_LEAST = 64
_UNKNOWN_WINDOW = 4096
"""Bytes that may be under way while the speed is unknown; a quarter of it passes between two questions."""
_MOST = 1 << 16
_PATIENCE = 3.0
"""Seconds to wait for an answer."""
_PTY_SPEED = termios.B38400
_BITS_PER_SECOND = {
    getattr(termios, f"B{bits}"): bits
    for bits in (
        *(50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400, 57600, 115200),
        *(230400, 460800, 921600, 1000000, 1500000, 2000000, 3000000, 4000000),
    )
    if hasattr(termios, f"B{bits}")
}
QUESTION = b"\x1b[5n"


def is_pseudo_terminal(fd: int) -> bool:
    """Whether `fd` is the slave of a pty (SSH, a terminal window, tmux) and not a serial line or a console."""
    return 136 <= os.major(os.fstat(fd).st_rdev) <= 143


def bytes_per_second(fd: int) -> float | None:
    """What the tty's speed comes to at ten bits a byte; None where the speed says nothing."""
    try:
        speed = termios.tcgetattr(fd)[5]
    except termios.error:
        return None
    bits = _BITS_PER_SECOND.get(speed)
    device = os.fstat(fd).st_rdev
    virtual_console = os.major(device) == 4 and os.minor(device) < 64
    if bits is None or virtual_console or (is_pseudo_terminal(fd) and speed == _PTY_SPEED):
        return None
    return bits / 10


class Line:
    """One terminal, for writing. All methods are called from the event loop's thread."""

    def __init__(self, fd: int, loop: asyncio.AbstractEventLoop, statistics: Statistics, *, answers: bool) -> None:
        self._fd, self._own = _open_without_blocking(fd)
        self._loop = loop
        self._statistics = statistics
        self._rate = bytes_per_second(fd)
        self._measured = self._rate is None
        self._closed = False
        self.foreseen = b""
        """What was written past this already, as the next `write` would be just that."""
        self.surprised = False
        """Whether it was another."""
        self._has_queue = not is_pseudo_terminal(fd)
        self._asks = answers and self._measured
        self._pending = bytearray()
        self._reckoned, self._reckoned_at = 0.0, monotonic()
        self._window = _UNKNOWN_WINDOW
        self._unconfirmed = 0  # bytes sent since the last answer
        self._asked_at: float | None = None
        self._asked_behind = 0  # of these, the bytes in front of the question
        self._misses = 0
        self.on_room: Callable[[], None] = lambda: None
        """Called when there may be room again after there was none."""
        statistics.bytes_per_second = self._rate

    @property
    def fd(self) -> int:
        """Where it is written; never waits."""
        return self._fd

    @property
    def has_speed(self) -> bool:
        """Whether the tty has a speed of its own, as a serial line."""
        return not self._measured

    @property
    def question_open(self) -> bool:
        """Whether an answer of the terminal may still come."""
        return self._asked_at is not None

    def room(self) -> int | None:
        """Bytes that may be written now; None: any number; 0: come back when `wait` has passed."""
        waiting = self._waiting()
        self._statistics.bytes_waiting = waiting
        if self._pending:
            return 0
        if self._rate is not None and not self._measured:
            return max(0, max(_LEAST, int(self._rate * _AHEAD)) - waiting)
        if not self._asks:
            return None
        return max(0, self._window - waiting)

    def wait(self) -> float:
        """Seconds until it is worth asking for room again."""
        if not self._rate:
            return 0.05
        return min(0.25, max(0.01, self._waiting() / self._rate / 2))

    def write(self, data: bytes) -> None:
        """Send `data`; what the tty does not take now is sent when it can."""
        if not data or self._closed:
            return
        written = self._foresaw(data) if self.foreseen else 0
        self._statistics.bytes_sent += len(data)
        if self._asks:
            self._unconfirmed += len(data)
            if self._asked_at is None and self._unconfirmed >= max(2 * _LEAST, self._window // 4):
                data += QUESTION
                self._statistics.bytes_sent += len(QUESTION)
                self._asked_at, self._asked_behind = monotonic(), self._unconfirmed
        self._reckon()
        self._reckoned += len(data)
        self._pending += data[written:]
        self._flush()

    def _foresaw(self, data: bytes) -> int:
        """How much of `data` is written by now."""
        foreseen, self.foreseen = self.foreseen, b""
        self.surprised = not data.startswith(foreseen)
        return 0 if self.surprised else len(foreseen)

    def answered(self) -> None:
        """The terminal answered the question: everything in front of it has arrived."""
        if self._asked_at is None:
            return
        took = monotonic() - self._asked_at
        self._misses = 0
        self._unconfirmed -= self._asked_behind
        if took > 0.05:
            rate = self._asked_behind / took
            self._rate = rate if self._rate is None else (self._rate + rate) / 2
            self._window = max(4 * _LEAST, min(_MOST, int(self._rate * _AHEAD * 2)))
        else:
            self._rate = None
            self._window = min(_MOST, self._window * 2)
        self._statistics.bytes_per_second = self._rate
        self._asked_at = None
        self.on_room()

    def finish(self, data: bytes, seconds: float) -> None:
        """Send what is pending and `data`, waiting for at most so long; then give up and close.

        Also usable from a signal handler: it needs no event loop.
        """
        if self._closed:
            return
        with contextlib.suppress(Exception):
            self._loop.remove_writer(self._fd)
        # What was not sent yet is not needed any more, and if a signal came in the middle of a write, nobody knows
        # how much of it was. An escape sequence that was cut ends where the next one begins.
        self._pending[:] = data
        self._statistics.bytes_sent += len(data)
        until = monotonic() + seconds
        with contextlib.suppress(OSError):
            while self._pending and (left := until - monotonic()) > 0:
                if select.select([], [self._fd], [], left)[1]:
                    with contextlib.suppress(BlockingIOError):
                        del self._pending[: os.write(self._fd, self._pending[:256])]
            while self._queued() and monotonic() < until:
                select.select([], [], [], 0.01)
            if self._pending or self._queued():
                termios.tcflush(self._fd, termios.TCOFLUSH)  # stopped by XOFF, or nobody there
        self._pending.clear()
        self._closed = True  # a signal may have come in the middle of a write: that one must not go on
        if self._own:
            with contextlib.suppress(OSError):
                os.close(self._fd)

    def _flush(self) -> None:
        try:
            while self._pending and not self._closed:
                del self._pending[: os.write(self._fd, self._pending)]
        except BlockingIOError:
            self._loop.add_writer(self._fd, self._on_writable)
        except OSError:
            self._pending.clear()  # hung up: SIGHUP or end of input say so in their own way

    def _on_writable(self) -> None:
        self._loop.remove_writer(self._fd)
        self._flush()
        if not self._pending:
            self.on_room()

    def _waiting(self) -> int:
        """Bytes written that are not known to have arrived."""
        if self._has_queue:
            return len(self._pending) + self._queued()
        if not self._measured:
            self._reckon()
            return int(self._reckoned)
        if not self._asks:
            return len(self._pending)
        if self._asked_at is not None and monotonic() - self._asked_at > _PATIENCE:
            # Lost on the way, or this terminal does not answer.
            self._asked_at, self._unconfirmed = None, 0
            self._misses += 1
            self._asks = self._misses < 2
        return self._unconfirmed if self._asked_at is not None else 0

    def _reckon(self) -> None:
        now = monotonic()
        if self._rate is not None:
            self._reckoned = max(0.0, self._reckoned - (now - self._reckoned_at) * self._rate)
        self._reckoned_at = now

    def _queued(self) -> int:
        try:
            answer = fcntl.ioctl(self._fd, termios.TIOCOUTQ, bytes(4))
        except OSError:
            return 0
        return int(struct.unpack("i", answer)[0])


def _open_without_blocking(fd: int) -> tuple[int, bool]:
    """The same tty, opened anew: O_NONBLOCK belongs to an open file, and the old one is the shell's as well."""
    for path in (_name(fd), "/dev/tty"):
        if path:
            with contextlib.suppress(OSError):
                return os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC), True
    return fd, False


def _name(fd: int) -> str | None:
    try:
        return os.ttyname(fd)
    except OSError:
        return None
