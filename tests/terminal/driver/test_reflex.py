"""The reflex writes a key and its echo out of turn; then they take their normal ways, which have the last word."""

from __future__ import annotations

import asyncio
import os
import select
import socket
import termios
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from xentui.screens.terminal.line import Line
from xentui.screens.terminal.reflex import Ready, ReflexSelector
from xentui.screens.terminal.statistics import Statistics

KEYS = frozenset(bytes([code]) for code in range(0x21, 0x7F) if code != ord("~"))  # that is the leader here
BEFORE, BEHIND = b"\x1b[3;7H", b"\x1b[7m \x1b[m"
DEADLINE = 60.0


class Rig:
    """A selector between a terminal and a guest; `normal` is what an echo is to look like."""

    def __init__(self) -> None:
        self.tty, self.fingers = os.pipe()
        self.other, self.elsewhere = os.pipe()
        self.eyes, self.slave = os.openpty()
        self.ours, self.guest = socket.socketpair()
        self.keys, self.printed, self.redraws = b"", b"", 0
        self.normal: Callable[[bytes], bytes] = lambda data: BEFORE + data + BEHIND
        self.line = Line(self.slave, cast(Any, None), Statistics(), answers=False)
        self.driver = SimpleNamespace(_running=True, read_before=b"", statistics=Statistics(), redraw=self.redraw)
        self.client = SimpleNamespace(fd=self.ours.fileno(), read_before=b"", written_before=b"")
        driver, client = cast(Any, self.driver), cast(Any, self.client)
        self.selector = ReflexSelector()
        self.selector.prepare = lambda: Ready(driver, self.tty, client, self.line, KEYS, BEFORE, BEHIND)
        for fd, turn in ((self.tty, self.key), (self.client.fd, self.echo), (self.other, None)):
            self.selector.register(fd, select.EPOLLIN, (turn and SimpleNamespace(_run=turn), None))

    def close(self) -> None:
        self.selector.close()
        self.line.finish(b"", 0)
        for end in (self.ours, self.guest):
            end.close()
        for fd in (self.tty, self.fingers, self.other, self.elsewhere, self.eyes, self.slave):
            os.close(fd)

    # The normal ways.

    def key(self) -> None:
        data, self.driver.read_before = self.driver.read_before or os.read(self.tty, 99), b""
        self.keys += data
        for key in (bytes([code]) for code in data if code != ord("~")):
            if key == self.client.written_before:
                self.client.written_before = b""
            else:
                self.ours.send(key)

    def echo(self) -> None:
        data, self.client.read_before = self.client.read_before or self.ours.recv(99), b""
        self.printed += data
        self.line.write(self.normal(data))

    def redraw(self) -> None:
        self.redraws += 1

    # What happens outside.

    def types(self, data: bytes, timeout: float | None = DEADLINE) -> list[int]:
        """Type it; the descriptors that the selector leaves to the loop."""
        os.write(self.fingers, data)
        return self.turn(timeout)

    def turn(self, timeout: float | None = DEADLINE) -> list[int]:
        return [key.fd for key, _ in self.selector.select(timeout)]

    def sees(self, words: bytes) -> None:
        """The next that comes on the glass is this, and just this."""
        self.line.write(b"|")  # behind all that was written
        seen = b""
        while not seen.endswith(b"|"):
            assert select.select([self.eyes], [], [], DEADLINE)[0]
            seen += os.read(self.eyes, 999)
        assert seen == words + b"|"

    def got(self) -> bytes:
        """What the guest can read."""
        return self.guest.recv(99) if select.select([self.guest], [], [], 0)[0] else b""


@pytest.fixture
def rig() -> Iterator[Rig]:
    made = Rig()
    yield made
    made.close()


def test_a_key_and_its_echo_are_passed_on_once_and_taken_note_of(rig: Rig) -> None:
    for typed in (b"a", b"b"):
        assert rig.types(typed) == []
        assert rig.got() == typed
        rig.guest.send(typed)
        assert rig.turn(None) == []
        rig.sees(BEFORE + typed + BEHIND)
    assert (rig.keys, rig.printed) == (b"ab", b"ab")
    assert (rig.redraws, rig.driver.statistics.surprises, rig.line.foreseen) == (0, 0, b"")


def test_an_echo_that_comes_at_once_is_of_the_same_turn(rig: Rig) -> None:
    rig.selector.unregister(rig.client.fd)
    terminal, slave = os.openpty()
    try:
        way = termios.tcgetattr(slave)
        way[3] = termios.ECHO
        termios.tcsetattr(slave, termios.TCSANOW, way)
        rig.client.fd = terminal
        rig.selector.register(terminal, select.EPOLLIN, (SimpleNamespace(_run=rig.echo), None))
        assert rig.types(b"c") == []
        if not rig.printed:  # on a loaded machine
            assert rig.turn() == []
        assert (rig.keys, rig.printed, os.read(slave, 9)) == (b"c", b"c", b"c")
        rig.sees(BEFORE + b"c" + BEHIND)
    finally:
        rig.selector.unregister(terminal)
        os.close(terminal)
        os.close(slave)


@pytest.mark.parametrize("other", [lambda data: BEFORE + data, lambda _data: b"", lambda data: data + data])
def test_what_was_not_to_be_written_is_mended(rig: Rig, other: Callable[[bytes], bytes]) -> None:
    rig.normal = other
    rig.guest.send(b"a")
    assert rig.turn() == []
    assert (rig.redraws, rig.driver.statistics.surprises, rig.line.foreseen) == (1, 1, b"")
    rig.sees(BEFORE + b"a" + BEHIND + other(b"a"))


@pytest.mark.parametrize("keys", [b"~", b" ", b"\r", b"\x1d", b"\x1b", b"ab", "ä".encode(), b"a" * 64])
def test_what_is_no_key_alone_goes_its_normal_way(rig: Rig, keys: bytes) -> None:
    assert rig.types(keys) == []
    assert rig.keys == keys
    assert rig.got() == keys.replace(b"~", b"")


@pytest.mark.parametrize("printed", [b"ab", b"\b", b" ", b"\xe4", "ä".encode(), "表".encode(), b"\x1b[7ma"])
def test_what_is_no_character_alone_is_not_foreseen(rig: Rig, printed: bytes) -> None:
    rig.normal = lambda data: b"<%s>" % data.hex().encode()
    rig.guest.send(printed)
    assert rig.turn() == []
    assert rig.printed == printed
    rig.sees(b"<%s>" % printed.hex().encode())
    assert rig.driver.statistics.surprises == 0


def test_what_comes_together_is_left_to_the_loop(rig: Rig) -> None:
    os.write(rig.elsewhere, b".")
    assert sorted(rig.types(b"a")) == sorted([rig.tty, rig.other])
    os.read(rig.other, 1)
    rig.guest.send(b"b")
    assert sorted(rig.turn()) == sorted([rig.tty, rig.client.fd])
    assert (rig.keys, rig.printed, rig.got()) == (b"", b"", b"")
    rig.sees(b"")


def test_a_guest_that_echoes_nothing_has_its_key_and_the_loop_goes_on(rig: Rig) -> None:
    for key in (b"p", b"w"):
        assert rig.types(key, None) == []
        assert rig.got() == key
    assert (rig.keys, rig.printed) == (b"pw", b"")
    rig.sees(b"")


def test_a_time_that_is_up_is_up(rig: Rig) -> None:
    rig.selector.prepare, prepare = cast(Any, pytest.fail), rig.selector.prepare
    assert rig.turn(0) == []
    assert rig.types(b"a", -1) == [rig.tty]
    rig.selector.prepare = prepare
    os.read(rig.tty, 1)
    assert rig.turn(0.001) == []
    assert rig.keys == b""


def test_a_client_that_has_gone_is_left_to_the_loop(rig: Rig) -> None:
    rig.guest.close()
    assert rig.types(b"a")[:1] in ([rig.tty], [rig.client.fd])
    assert rig.printed == b""


def test_a_terminal_that_was_given_back_is_not_read(rig: Rig) -> None:
    rig.driver._running = False
    assert rig.types(b"a") == [rig.tty]
    assert rig.got() == b""


def test_a_mistake_in_preparing_costs_the_reflex_only() -> None:
    said: list[dict[str, Any]] = []
    selector = ReflexSelector()

    async def work() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: said.append(context))
        selector.prepare = cast(Any, lambda: 1 // 0)
        await asyncio.sleep(0.01)
        await asyncio.sleep(0.01)

    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selector)) as runner:
        runner.run(work())
    assert [type(context["exception"]) for context in said] == [ZeroDivisionError]
