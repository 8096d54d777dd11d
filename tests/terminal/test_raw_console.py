"""`xentui console NAME` on a real terminal, over the demo dom0."""

from __future__ import annotations

import os
import signal
import sys
import termios
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from programs import ended

from xentui.demo.host import DemoHost

Spawn = Callable[..., Any]


@pytest.fixture
def console(program: Spawn) -> Spawn:
    """Start `xentui console` with these words."""
    return partial(program, sys.executable, "-m", "xentui.cli", "--demo", "console")


def logged_in(child: Any, guest: str = "server01") -> Any:
    child.send("\r")
    child.expect("login: ")
    child.send("livexen\r")
    child.expect("Password: ")
    child.send("live\r")
    child.expect_exact(f"livexen@{guest}:~$ ")
    return child


def test_log_in_and_leave(console: Spawn) -> None:
    child = logged_in(console("server01"))
    child.send("hostname\r")
    child.expect_exact("server01\r\n")
    child.send("\x1d")
    assert ended(child) == 0


def test_the_detach_key_works_among_others_and_in_a_flood(console: Spawn, demo_host: DemoHost) -> None:
    child = logged_in(console("server01"))
    child.send("yes flood\r")
    child.expect_exact("flood\r\nflood\r\n")
    child.send("abc\x1dxyz")
    assert ended(child) == 0
    # It was left, not torn away: the next one has it at once.
    child = console("server01")
    child.expect("detaches")
    child.expect_exact("flood")
    child.send("\x03\x1d")
    assert ended(child) == 0


@pytest.mark.parametrize(("key", "sent"), [("^B", "\x02"), ("F11", "\x1b[23~"), ("Ctrl+\\", "\x1c")])
def test_another_detach_key_frees_the_first_for_the_guest(console: Spawn, key: str, sent: str) -> None:
    child = console("-e", key, "server01")
    child.expect("detaches")
    logged_in(child)
    child.send("\x1d")
    child.send("hostname\r")
    child.expect_exact("server01")
    child.send(sent)
    assert ended(child) == 0


def test_the_terminal_is_as_before(console: Spawn, until: Callable[..., None]) -> None:
    child = console("server01")
    child.expect("detaches")
    slave = os.open(os.readlink(f"/proc/{child.pid}/fd/0"), os.O_RDWR | os.O_NOCTTY)  # noqa: PTH115
    try:
        logged_in(child)
        raw = termios.tcgetattr(slave)
        assert not raw[3] & termios.ECHO
        child.send("\x1d")
        until(lambda: not child.isalive(), "its end")
        assert termios.tcgetattr(slave)[3] & termios.ECHO
    finally:
        os.close(slave)


def test_a_rebooted_guest_is_attached_again(console: Spawn) -> None:
    child = logged_in(console("server01"))
    child.send("sudo reboot\r")
    child.expect("has gone; attaches when it is back")
    child.expect("is back")
    logged_in(child)
    child.send("\x1d")
    assert ended(child) == 0


def test_one_can_leave_while_the_guest_is_away(console: Spawn) -> None:
    child = logged_in(console("server01"))
    child.send("sudo poweroff\r")
    child.expect("has gone; attaches when it is back")
    child.send("\x1d")
    assert ended(child) == 0


def test_a_busy_console_says_by_whom(console: Spawn, program: Spawn, demo_host: DemoHost) -> None:
    program(*demo_host.terminal_argv(["xl", "console", "server01"])).expect("login: ")
    second = console("server01")
    second.expect(r"the console of server01 is held by process \d+ of \w+")
    assert ended(second) == 1


def test_read_only_watches_and_types_nothing(program: Spawn) -> None:
    child = program(sys.executable, "-m", "xentui.cli", "--demo", "--read-only", "console", "server01")
    child.expect("login: ")
    child.send("livexen\r\x1d")
    assert ended(child) == 0
    assert "livexen" not in (child.before or "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_the_console(console: Spawn, number: int, until: Callable[..., None]) -> None:
    child = logged_in(console("server01"))
    os.kill(child.pid, number)
    assert ended(child) == 128 + number
    logged_out = console("server01")
    logged_out.expect("detaches")
    logged_out.send("hostname\r")
    logged_out.expect_exact("server01")
    logged_out.send("\x1d")
    assert ended(logged_out) == 0


def test_what_cannot_be(console: Spawn) -> None:
    for words, says in [
        (("nobody",), "there is no domain"),
        (("-e", "q", "server01"), "cannot be the leader key"),
        (("Domain-0",), "you are in it"),
        (("server02",), "start it first"),
    ]:
        child = console(*words)
        child.expect_exact(says)
        assert ended(child) in (1, 2)
