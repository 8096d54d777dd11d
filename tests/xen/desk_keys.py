"""xentui's desk under a person's keys, on a terminal that a test reads: the table of domains, a guest's console."""

from __future__ import annotations

import re

from livemachine import SerialLine

LEADER = "\x1d"
DOWN = "\x1b[B"
#: The domains of the table: those of the CD, and one that a test adds.
DOMAINS = ("Domain-0", "client01", "client02", "noisy01", "server01", "server02")

#: Seconds; everything here is emulated, xentui's start alone takes half a minute.
OPENS, ANSWERS = 240, 120


def row_of(screen: SerialLine, name: str) -> int | None:
    """The line of the screen's table that shows the domain `name`."""
    for number, line in enumerate(screen.screen.display):
        if re.search(rf"\b{name}\b", line) and "login" not in line:
            return number
    return None


def selected(screen: SerialLine) -> str | None:
    """The domain that the cursor bar stands on: on a vt220 it is drawn in reverse."""
    for name in DOMAINS:
        row = row_of(screen, name)
        if row is not None:
            column = screen.screen.display[row].index(name)
            if screen.screen.buffer[row][column].reverse:
                return name
    return None


def select(screen: SerialLine, name: str) -> None:
    """Go down the table to the domain `name`."""
    screen.until(lambda _text: selected(screen), ANSWERS, "a cursor in the table")
    for _ in DOMAINS:
        before = selected(screen)
        if before == name:
            return
        screen.type(DOWN)
        screen.until(
            lambda _text, before=before: selected(screen) not in (None, before), ANSWERS, "the cursor moving down"
        )
    raise AssertionError(f"the cursor does not reach {name}:\n{screen.text()}")


def log_in(screen: SerialLine, guest: str, user: str) -> None:
    """At the login prompt of a guest of the CD, in its console, up to the shell's prompt."""
    screen.until(lambda text: f"{guest} login:" in text, ANSWERS, "the guest's login prompt")
    screen.type(f"{user}\r")
    screen.until(lambda text: "Password:" in text.rpartition("login:")[2], ANSWERS, "the guest's password prompt")
    screen.type("live\r")
    screen.until(lambda text: f"{user}@{guest}:~" in text, ANSWERS, "the guest's shell prompt")
