"""A console client on a terminal of its own: `xl console`, started through pexpect.

`xl console` becomes `xenconsole` (tools/console/client/main.c), whose habits decide what stands here:

* it leaves at ``^]`` only if that byte is all that one of its reads gives: whatever was sent before
  must have been read, then the byte goes out alone;
* it may be blocked in a write, to us (so its output is read while it is asked to leave) or to a guest
  that reads nothing (so it is told by SIGTERM next, which it handles cleanly, and by SIGKILL last);
* it sends no window size, ever.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import select
import signal
import struct
import termios
import time
import tty
from collections import deque
from collections.abc import Mapping, Sequence
from enum import Enum

import pexpect

#: What xenconsole leaves at: ctrl+].
ESCAPE = b"\x1d"
#: Bytes of one read from the terminal.
READ_SIZE = 16 * 1024
#: Bytes that may wait to be read by the client; what is beyond is refused.
QUEUE_LIMIT = 256 * 1024
#: Seconds for each step of a detach: the queue to empty, ^] to work, SIGTERM, SIGKILL.
FLUSH_SECONDS = 0.5
ESCAPE_SECONDS = 0.7
TERM_SECONDS = 0.7
KILL_SECONDS = 1.0
#: Seconds of quiet before the lone ^]: here, and where a network lies between.
PAUSE_LOCAL = 0.03
PAUSE_REMOTE = 0.3
#: ioctl_tty(2): the number of the other end of a pseudoterminal; termios does not name it.
_TIOCGPTN = 0x80045430
#: Seconds after which a client that has not made its terminal raw is sent its input all the same.
RAW_SECONDS = 6.0
#: Bytes of the client's last words that are kept, to say why it ended.
LAST_WORDS = 2048


class ClientError(Exception):
    """The client could not be started. One sentence."""


class Leave(Enum):
    """How a client was made to leave."""

    ENDED = "it had ended before"
    ESCAPE = "^]"
    TERM = "SIGTERM"
    KILL = "SIGKILL"
    STUCK = "not at all"


class Client:
    """One run of a console client. Single reader: either the event loop, or `leave` in a worker."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        columns: int = 80,
        rows: int = 24,
        escape: bytes | None = ESCAPE,
        remote: bool = False,
        echo: bool = False,
    ) -> None:
        """Start it; blocks for some milliseconds (a fork). `escape` is None for a program that knows none.
        `echo` is how its terminal is to begin: a console client's guest echoes, a shell's programs leave it to it.

        Raises ClientError.
        """
        try:
            self._child = pexpect.spawn(
                argv[0],
                list(argv[1:]),
                env=dict(os.environ if environment is None else environment),
                dimensions=(rows, columns),
                # Without, there is no echo for what is typed before the client has made it raw.
                echo=echo,
                timeout=None,
                preexec_fn=_usual_signals,
            )
        except (pexpect.ExceptionPexpect, OSError, ValueError) as error:
            raise ClientError(f"{argv[0]}: cannot be started: {error}") from error
        self._child.delaybeforesend = None
        self._child.ptyproc.delayafterclose = 0
        self.fd: int = self._child.child_fd
        self.pid: int = self._child.pid
        os.set_blocking(self.fd, False)
        self._slave = _slave_of(self.fd)
        self._escape = escape
        self._remote = remote
        self._queue: deque[bytes] = deque()
        self.queued = 0  # bytes
        self.ended = False  # its end of the terminal is closed
        self._last = b""
        self._closed = False
        self._started = time.monotonic()
        self._raw = False
        #: What was read from `fd` out of turn, and comes with the next `read`; what was written to it out of turn, so
        #: that `send` does not write it again.
        self.read_before = self.written_before = b""

    # Reading.

    def read(self) -> bytes:
        """What it printed since, at most READ_SIZE bytes; nothing if nothing came, or if it `ended`."""
        if self.ended:
            return b""
        try:
            data, self.read_before = self.read_before or os.read(self.fd, READ_SIZE), b""
        except BlockingIOError:
            return b""
        except OSError:  # EIO: nobody has the other end open any more
            data = b""
        if not data:
            self.ended = True
        else:
            self._last = data[-LAST_WORDS:] if len(data) >= LAST_WORDS else (self._last + data)[-LAST_WORDS:]
        return data

    @property
    def last_words(self) -> str:
        return self._last.decode("utf-8", "replace")

    # Writing.

    def send(self, data: bytes) -> bool:
        """Pass `data` on, at once or queued behind what waits. False, and nothing sent, if the queue is full."""
        if self.ended or self._closed:
            return False
        if self.queued + len(data) > QUEUE_LIMIT:
            return False
        if self._raw and not self._queue:
            try:
                if data == self.written_before:
                    written, self.written_before = len(data), b""
                else:
                    written = os.write(self.fd, data)
            except OSError:  # it is tried again, and understood
                written = 0
            if written == len(data):
                return True
            data = data[written:]
        self._queue.append(data)
        self.queued += len(data)
        self.flush()
        return True

    @property
    def direct(self) -> bool:
        """Whether what is sent now is written at once, and what it prints is read from `fd`."""
        return self._raw and not (self._queue or self.ended or self._closed)

    @property
    def takes_input(self) -> bool:
        """Whether the client has made its terminal raw: before, it would flush what it gets, or be killed by a ^C."""
        if not self._raw and not self._closed:
            with contextlib.suppress(termios.error):
                cooked = termios.tcgetattr(self.fd)[3] & termios.ICANON
                self._raw = not cooked or time.monotonic() - self._started > RAW_SECONDS
        return self._raw

    def set_size(self, columns: int, rows: int) -> None:
        """Tell its terminal another size: a console client passes none on, a shell's programs draw themselves anew."""
        if not self._closed:
            with contextlib.suppress(OSError):
                self._child.setwinsize(rows, columns)

    @property
    def foreground(self) -> int | None:
        """The process group that has its terminal now (tty_ioctl(2), TIOCGPGRP)."""
        with contextlib.suppress(OSError):
            return None if self._closed else os.tcgetpgrp(self.fd)
        return None

    @property
    def is_raw(self) -> bool:
        """Whether the client has made its terminal raw, which xenconsole does once it has the console's lock."""
        with contextlib.suppress(termios.error):
            return not self._closed and not termios.tcgetattr(self.fd)[3] & termios.ICANON
        return False

    def flush(self) -> None:
        """Write what waits, as far as the terminal takes it. Never blocks."""
        while self._queue and not self.ended and self.takes_input:
            data = self._queue.popleft()
            try:
                written = os.write(self.fd, data)
            except BlockingIOError:
                written = 0
            except OSError as error:
                if error.errno == errno.EINTR:
                    written = 0
                else:  # EIO: the client is gone
                    self._queue.clear()
                    self.queued = 0
                    return
            self.queued -= written
            if written < len(data):
                self._queue.appendleft(data[written:])
                return

    # Leaving.

    def leave(self) -> tuple[Leave, bytes]:
        """Make it leave, whatever it takes; blocks, a few seconds at the very most. Nobody else may read then.

        Returns how it left, and the last that it printed (at most some hundred KiB).
        """
        printed = bytearray()
        how = Leave.ENDED
        if not self._gone(printed, 0):
            how = self._ask(printed)
        self.close()
        return how, bytes(printed)

    def _ask(self, printed: bytearray) -> Leave:
        if self._escape is not None:
            # A second try only over a network, which may have put the byte behind others after all.
            for _ in range(2 if self._remote else 1):
                self._drain_input(printed)
                if self._gone(printed, PAUSE_REMOTE if self._remote else PAUSE_LOCAL):
                    return Leave.ENDED
                self._queue.clear()
                self.queued = 0
                self._raw = True  # or it is not, and will have to be told otherwise
                if not self.send(self._escape) or self._gone(printed, ESCAPE_SECONDS):
                    return Leave.ESCAPE
        for how, number, seconds in (
            (Leave.TERM, signal.SIGTERM, TERM_SECONDS),
            (Leave.KILL, signal.SIGKILL, KILL_SECONDS),
        ):
            self._signal(number)
            if self._gone(printed, seconds):
                return how
        return Leave.STUCK

    def _drain_input(self, printed: bytearray) -> None:
        """Wait until the client has read all that was sent, FLUSH_SECONDS at most."""
        end = time.monotonic() + FLUSH_SECONDS
        while time.monotonic() < end and not self.ended:
            self.flush()
            if not self.queued and self._unread() == 0:
                return
            self._collect(printed, 0.01)

    def _unread(self) -> int:
        """Bytes that were written to the client and that it has not read. Only its end of the terminal knows."""
        try:
            slave = os.open(self._slave, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError:
            return 0
        try:
            count: int = struct.unpack("i", fcntl.ioctl(slave, termios.FIONREAD, b"\0" * 4))[0]
            return count
        except OSError:
            return 0
        finally:
            os.close(slave)

    def _gone(self, printed: bytearray, seconds: float) -> bool:
        """Whether it exits within `seconds`; reads what it prints meanwhile."""
        end = time.monotonic() + seconds
        while True:
            if not self.alive():
                return True
            left = end - time.monotonic()
            if left <= 0:
                return False
            self._collect(printed, min(0.02, left))

    def _collect(self, printed: bytearray, seconds: float) -> None:
        """Read for `seconds` at most what it prints; keep the end of it."""
        if self.ended:
            time.sleep(min(0.005, seconds))  # closed, but not yet reaped
            return
        if select.select([self.fd], [], [], seconds)[0]:
            printed += self.read()
            del printed[: -16 * READ_SIZE]

    def _signal(self, number: int) -> None:
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                kill(self.pid, number)

    def alive(self) -> bool:
        """Whether the process still runs; reaps it. Never blocks."""
        if self._closed:
            return False
        with contextlib.suppress(pexpect.ExceptionPexpect, OSError):
            alive: bool = self._child.isalive()
            return alive
        return False

    def wait(self, seconds: float) -> bool:
        """Wait for a client that has `ended` to exit. Blocks."""
        return self._gone(bytearray(), seconds)

    @property
    def status(self) -> int | None:
        """Its exit status; negative for a signal; None while it runs or if nobody knows."""
        if self._child.signalstatus is not None:
            return -int(self._child.signalstatus)
        return None if self._child.exitstatus is None else int(self._child.exitstatus)

    def close(self) -> None:
        """Close the terminal; the kernel hangs up on whoever still has the other end."""
        if not self._closed:
            self.alive()  # its status, as long as it can be had
            self._closed = self.ended = True
            self._queue.clear()
            self.queued = 0
            with contextlib.suppress(OSError):
                self._child.ptyproc.fileobj.close()


def last_line(words: str) -> str:
    """The last thing that a program said."""
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


def _usual_signals() -> None:
    """In the new process: Python ignores broken pipes, and whoever started xentui may have Ctrl-C ignored."""
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)


def _slave_of(master: int) -> str:
    """The path of a terminal's other end (os.ptsname is Python 3.13's)."""
    number = struct.unpack("I", fcntl.ioctl(master, _TIOCGPTN, b"\0" * 4))[0]
    return f"/dev/pts/{number}"


def make_raw(fd: int) -> list[object]:
    """Make the terminal `fd` raw, as a console client does; gives what to restore."""
    before: list[object] = termios.tcgetattr(fd)
    tty.setraw(fd, termios.TCSANOW)
    return before
