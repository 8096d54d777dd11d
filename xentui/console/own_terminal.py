"""The user's own terminal, for what runs on it without the full screen: the raw console, a recording played."""

from __future__ import annotations

import os
import signal
import sys
import termios
import tty
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from types import FrameType

#: Bytes written at once: a terminal that is ready takes so many without blocking (the kernel's WAKEUP_CHARS).
CHUNK = 256


def is_terminal() -> bool:
    """Whether keys can be read and a screen can be drawn."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def read() -> bytes:
    """What the user typed; nothing when the terminal has hung up."""
    try:
        return os.read(0, 4096)
    except OSError:
        return b""


def write(data: bytes) -> int:
    """Bytes that the user's terminal took; none when it has hung up."""
    try:
        return os.write(1, data)
    except OSError:
        return 0


def write_some(waiting: bytearray) -> None:
    """Write of what waits as much as a terminal that is ready takes without blocking; all is lost if it hung up."""
    del waiting[: write(bytes(waiting[:CHUNK])) or len(waiting)]


def size() -> tuple[int, int]:
    """Columns and rows; 80×24 where the terminal does not say."""
    with suppress(OSError):
        columns, rows = os.get_terminal_size(1)
        if columns and rows:
            return columns, rows
    return 80, 24


class Signals:
    """What has happened to the process: `ended` is the number of the signal that is to end it, `resized` that the
    terminal has another size."""

    def __init__(self) -> None:
        self.ended: int | None = None
        self.resized = False

    def handle(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGWINCH:
            self.resized = True
        else:
            self.ended = number

    def take_resized(self) -> bool:
        """Whether the size is another since the last call."""
        resized, self.resized = self.resized, False
        return resized


@contextmanager
def raw_terminal() -> Iterator[None]:
    """The terminal raw, and afterwards as it was."""
    before = termios.tcgetattr(0)
    tty.setraw(0, termios.TCSADRAIN)
    try:
        yield
    finally:
        with suppress(termios.error):  # it may have hung up
            termios.tcsetattr(0, termios.TCSANOW, before)


@contextmanager
def signals() -> Iterator[Signals]:
    """Let SIGTERM and SIGHUP end the loop, not the program: what was begun is undone first."""
    seen = Signals()
    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGWINCH)
    before: Mapping[int, object] = {number: signal.signal(number, seen.handle) for number in numbers}
    try:
        yield seen
    finally:
        for number, was in before.items():
            signal.signal(number, was)  # type: ignore[arg-type]
