"""The line is never waited for, and never far ahead of."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import termios
from time import monotonic

import pytest
from driver_pty import Terminal

from xentui.screens.terminal.line import QUESTION, Line, bytes_per_second, is_pseudo_terminal
from xentui.screens.terminal.statistics import Statistics


@pytest.fixture
def pty() -> object:
    master, slave = os.openpty()
    attributes = termios.tcgetattr(slave)
    attributes[1] &= ~termios.OPOST
    attributes[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    os.set_blocking(master, False)
    yield master, slave
    os.close(master)
    os.close(slave)


def set_speed(fd: int, speed: int) -> None:
    attributes = termios.tcgetattr(fd)
    attributes[4] = attributes[5] = speed
    termios.tcsetattr(fd, termios.TCSANOW, attributes)


async def drained(master: int, line: Line) -> None:
    """Read until everything that was written has left the line."""
    end = monotonic() + 180
    while line._pending and monotonic() < end:
        with contextlib.suppress(BlockingIOError):
            os.read(master, 65536)
        await asyncio.sleep(0)


async def test_the_speed_of_a_pty_counts_only_if_somebody_set_it(pty: tuple[int, int]) -> None:
    assert is_pseudo_terminal(pty[1])
    assert bytes_per_second(pty[1]) is None
    set_speed(pty[1], termios.B9600)
    assert bytes_per_second(pty[1]) == 960


async def test_at_a_known_speed_little_is_under_way(pty: tuple[int, int]) -> None:
    set_speed(pty[1], termios.B9600)
    line = Line(pty[1], asyncio.get_running_loop(), Statistics(), answers=True)
    room = line.room()
    assert room is not None and 64 <= room <= 200
    line.write(b"x" * 1000)
    assert line.room() == 0
    assert 0 < line.wait() <= 0.25
    assert QUESTION not in os.read(pty[0], 4096)


async def test_a_full_line_is_not_waited_for(pty: tuple[int, int]) -> None:
    line = Line(pty[1], asyncio.get_running_loop(), Statistics(), answers=False)
    came = asyncio.Event()
    line.on_room = came.set
    before = monotonic()
    line.write(b"x" * 1_000_000)
    assert monotonic() - before < 1  # a blocking write would never come back: nobody reads
    assert line.room() == 0
    read = 0
    while read < 1_000_000:
        try:
            read += len(os.read(pty[0], 65536))
        except BlockingIOError:
            await asyncio.sleep(0)
    await asyncio.wait_for(came.wait(), 5)
    assert line.room() is None


async def test_a_terminal_that_is_slow_to_answer_slows_us_down(pty: tuple[int, int]) -> None:
    statistics = Statistics()
    line = Line(pty[1], asyncio.get_running_loop(), statistics, answers=True)
    line.write(b"x" * 2000)
    assert line.question_open
    line._asked_at = monotonic() - 2.0  # as if it had been asked two seconds ago
    line.answered()
    assert statistics.bytes_per_second == pytest.approx(1000, rel=0.05)
    line.write(b"x" * 400)
    assert line.room() == 0  # until it answers
    line.answered()
    assert line.room() != 0


async def test_a_terminal_that_does_not_answer_is_not_waited_for(pty: tuple[int, int]) -> None:
    line = Line(pty[1], asyncio.get_running_loop(), Statistics(), answers=True)
    for _ in range(2):
        line.write(b"x" * 5000)
        await drained(pty[0], line)
        assert line.room() == 0
        assert line._asked_at is not None
        line._asked_at -= 10
        assert line.room() != 0
    line.write(b"x" * 5000)
    await drained(pty[0], line)
    assert line.room() is None
    assert not line.question_open


def test_leaving_a_line_that_was_stopped() -> None:
    """XOFF, and the terminal is switched off: nobody will ever read the rest."""
    with Terminal() as terminal:
        terminal.shows("server07")
        terminal.quiet()
        termios.tcflow(terminal.slave, termios.TCOOFF)
        terminal.type(b"m\x1b[B")
        terminal.process.send_signal(signal.SIGHUP)
        assert terminal.end() == 128 + signal.SIGHUP
        termios.tcflow(terminal.slave, termios.TCOON)
        assert termios.tcgetattr(terminal.slave) == terminal.before
