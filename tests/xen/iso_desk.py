"""What `make test-iso` types: at a guest's console, and into xentui's screens on the serial line or over ssh."""

from __future__ import annotations

import re
from functools import partial

import pexpect
from livemachine import Dom0, SerialLine

#: Seconds, emulated: a guest's start with its disk, its way to the login; an installation; an answer; xentui's start.
GUEST_DEADLINE, INSTALL_DEADLINE, ANSWERS, OPENS = 300.0, 2400.0, 180.0, 300.0
UP, DOWN = "\x1b[A", "\x1b[B"


def has_login(dom0: Dom0, name: str) -> bool:
    argv = dom0.host.terminal_argv(["xl", "console", name])
    child = pexpect.spawn(argv[0], argv[1:], encoding="utf-8", codec_errors="replace", dimensions=(24, 80))
    try:
        child.send("\r")
        found: int = child.expect([f"{name} login: ", pexpect.EOF, pexpect.TIMEOUT], timeout=GUEST_DEADLINE)
        return found == 0
    finally:
        child.close(force=True)


def open_desk(serial: SerialLine) -> None:
    """From the login prompt of the serial line to the table of domains."""
    serial.type("livexen\r")
    serial.until(lambda text: "Password:" in text, ANSWERS, "the password prompt")
    serial.type("live\r")
    serial.until(lambda text: "Domain-0" in text, OPENS, "the table of domains")


def leave_desk(serial: SerialLine) -> None:
    """To the shell, and out of it."""
    serial.type("q")
    serial.until(lambda text: "livexen@" in text, ANSWERS, "dom0's shell after xentui")
    serial.type("exit\r")
    serial.until(lambda text: " login:" in text, ANSWERS, "the next login prompt")


def _bar(screen: SerialLine) -> int | None:
    """The line with the cursor, which a vt220 shows in reverse; title and key bar are, too."""
    for number in range(3, 22):
        line = screen.screen.buffer[number]
        if sum(line[column].reverse for column in range(80)) > 40:
            return number
    return None


def _moved_from(screen: SerialLine, at: int | None, _text: str) -> bool:
    return _bar(screen) not in (None, at)


def go_to(screen: SerialLine, name: str) -> None:
    """Go to the row of `name` in a list that fits the screen: down, or up to where it is seen."""
    row_of_it = re.compile(rf"(?:\b|q){re.escape(name)}\b")  # q is what draws a tree's line on a vt220
    screen.until(lambda _text: _bar(screen) is not None, ANSWERS, "a cursor in the list")
    for _ in range(20):
        at = _bar(screen)
        if at is not None and row_of_it.search(screen.screen.display[at]):
            return
        above = any(map(row_of_it.search, screen.screen.display[3:at]))
        screen.type(UP if above else DOWN)
        screen.until(partial(_moved_from, screen, at), ANSWERS, "the cursor moving")
    raise AssertionError(f"the cursor does not reach {name}:\n{screen.text()}")
