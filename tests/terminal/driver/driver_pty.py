"""A program on a pseudo terminal, with an emulator as the glass in front of it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import pyte

SAMPLE = Path(__file__).with_name("driver_sample.py")


class Terminal:
    """Starts argv on a pty of its own; `pump` moves its output to `screen` and answers what is asked."""

    def __init__(
        self,
        argv: list[str] | None = None,
        *,
        term: str = "vt220",
        size: tuple[int, int] = (80, 24),
        tty_size: tuple[int, int] | None = None,
        answers: bool = True,
        env: dict[str, str] | None = None,
    ) -> None:
        self.screen = pyte.Screen(*size)
        self.stream = pyte.ByteStream(self.screen)
        self.sent = bytearray()
        self._answers = answers
        self.master, self.slave = os.openpty()
        os.set_blocking(self.master, False)
        columns, rows = tty_size if tty_size is not None else size
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.before = termios.tcgetattr(self.slave)
        environment = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLORTERM", "COLUMNS", "LINES")}
        self.process = subprocess.Popen(
            argv or [sys.executable, str(SAMPLE), "lean"],
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            env={**environment, "TERM": term, "TEXTUAL_ANIMATIONS": "none", "LANG": "C.UTF-8", **(env or {})},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
        )

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)

    def pump(self, seconds: float) -> bytes:
        """What comes within so long, at most; returns as soon as something has come."""
        if not select.select([self.master], [], [], max(0.0, seconds))[0]:
            return b""
        data = os.read(self.master, 65536)
        self.sent += data
        self.stream.feed(data)
        if self._answers:
            for _ in range(data.count(b"\x1b[5n")):
                os.write(self.master, b"\x1b[0n")
            if b"\x1b[6n" in data:
                columns, rows = self.screen.columns, self.screen.lines
                os.write(self.master, b"\x1b[%d;%dR" % (rows, columns))
        return data

    def until(self, condition: Callable[[], bool], seconds: float = 180) -> None:
        """Wait for a condition; fails with what is on the screen."""
        end = monotonic() + seconds
        while not condition():
            if monotonic() > end:
                raise AssertionError("not within time; the screen:\n" + "\n".join(self.text()))
            self.pump(0.05)

    def shows(self, text: str, seconds: float = 180) -> None:
        """Wait until the text is on the screen."""
        self.until(lambda: any(text in line for line in self.screen.display), seconds)

    def quiet(self, seconds: float = 0.3) -> bytes:
        """Everything up to a pause of so long."""
        got = b""
        while data := self.pump(seconds):
            got += data
        return got

    def type(self, data: bytes) -> None:
        """Press keys; fails if the program does not read them."""
        end = monotonic() + 180
        while data:
            if select.select([], [self.master], [], 0)[1]:
                with contextlib.suppress(BlockingIOError):
                    data = data[os.write(self.master, data[:1024]) :]
            elif monotonic() > end:
                raise AssertionError(f"not read: {data[:40]!r}... ({len(data)} bytes)")
            else:
                self.pump(0.02)

    def end(self, seconds: float = 180) -> int:
        """Wait for the program to end; its status."""
        self.until(lambda: self.process.poll() is not None, seconds)
        while self.pump(0.05):
            pass
        return self.process.wait()

    def text(self) -> list[str]:
        """The screen."""
        return list(self.screen.display)
