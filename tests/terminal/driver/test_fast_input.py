"""A paste on a serial line, which brings it a few characters at a time and cannot say what it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import pytest

from xentui.screens.terminal.fast_input import PAUSE, FastInput
from xentui.screens.terminal.input import InputParser, Token, escape_delay


class Clock:
    """A clock that the test sets, and a loop that calls when it is time."""

    def __init__(self) -> None:
        self.now = 100.0
        self._due: tuple[float, Callable[[], None]] | None = None

    def call_later(self, delay: float, call: Callable[[], None]) -> Clock:
        self._due = (self.now + delay, call)
        return self

    def cancel(self) -> None:
        self._due = None

    def passes(self, seconds: float) -> None:
        self.now += seconds
        if self._due is not None and self._due[0] <= self.now:
            _, call = self._due
            self._due = None
            call()


class Line:
    """What comes in on a serial line, as far as the parser's tokens."""

    def __init__(self) -> None:
        self.clock, self.tokens = Clock(), list[Token]()
        self._parser = InputParser(utf8=False, clock=lambda: self.clock.now)
        loop = cast(asyncio.AbstractEventLoop, self.clock)
        self._fast = FastInput(loop, self._take, lambda: self.clock.now)

    def _take(self, data: bytes) -> None:
        self.tokens += self._parser.feed(data)

    def comes(self, data: bytes, after: float) -> None:
        self.clock.passes(after)
        if not self._fast.holds(data, may_begin=not self._parser.waiting):
            self._take(data)

    def keys(self) -> str:
        return "".join(token.text for token in self.tokens if token.kind == "key")


def test_a_paste_at_9600_baud_presses_nothing() -> None:
    line, text = Line(), b"Keyboards: yes\rdestroy\r" * 2800
    for at in range(0, len(text), 8):  # the FIFO's trigger
        line.comes(text[at : at + 8], 8 / 960)
    line.clock.passes(PAUSE)
    assert line.keys() == ""
    assert sum(len(token.text) for token in line.tokens) == len(text)
    line.comes(b"j", 1.5)
    assert line.keys() == "j"


def test_what_is_typed_is_pressed_at_once() -> None:
    line = Line()
    for key in (b"j", b"\x1b[B", b"K", b"y", b"\x1b", b"j"):
        line.comes(key, 0.2)
        assert line.tokens[-1].kind == "key" or key == b"\x1b"
    for _ in range(200):  # a key that is held down repeats some thirty times a second
        line.comes(b"j", 1 / 30)
    assert line.keys().count("j") == 202


def test_a_few_that_came_together_are_keys_in_their_order() -> None:
    line = Line()
    line.comes(b"/", 1)
    line.comes(b"serv", 0.005)
    line.comes(b"er01\r\x1b[B", 0.005)
    assert line.keys() == "/"
    line.clock.passes(PAUSE)
    assert line.keys() == "/server01\r\x1b[B"


def test_the_wait_after_escape_is_as_long_as_a_sequence_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ESCDELAY", raising=False)
    fast = escape_delay(None)
    for baud in (9600, 1200, 300):
        sequence = len(b"\x1b[24~") * 10 / baud
        assert fast + sequence < escape_delay(baud / 10) <= 1
    slow = escape_delay(30)
    for own, seconds in (("25", 0.025), ("²", slow), ("-1", slow)):
        monkeypatch.setenv("ESCDELAY", own)
        assert escape_delay(30) == seconds
