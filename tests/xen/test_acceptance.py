"""The acceptance test: the guide's first hour, over the serial line of a 960 MB machine, as a person does it."""

from __future__ import annotations

import re

from livemachine import Dom0, SerialLine

LEADER = "\x1d"
DOWN = "\x1b[B"
DOMAINS = ("Domain-0", "client01", "client02", "server01", "server02")

#: Seconds; everything here is emulated, xentui's start alone takes half a minute.
OPENS, ANSWERS = 240, 120


def row_of(serial: SerialLine, name: str) -> int | None:
    """The line of the screen's table that shows the domain `name`."""
    for number, line in enumerate(serial.screen.display):
        if re.search(rf"\b{name}\b", line) and "login" not in line:
            return number
    return None


def selected(serial: SerialLine) -> str | None:
    """The domain that the cursor bar stands on: on a vt220 it is drawn in reverse."""
    for name in DOMAINS:
        row = row_of(serial, name)
        if row is not None:
            column = serial.screen.display[row].index(name)
            if serial.screen.buffer[row][column].reverse:
                return name
    return None


def select(serial: SerialLine, name: str) -> None:
    serial.until(lambda _text: selected(serial), ANSWERS, "a cursor in the table")
    for _ in DOMAINS:
        before = selected(serial)
        if before == name:
            return
        serial.type(DOWN)
        serial.until(
            lambda _text, before=before: selected(serial) not in (None, before), ANSWERS, "the cursor moving down"
        )
    raise AssertionError(f"the cursor does not reach {name}:\n{serial.text()}")


def test_from_login_to_a_guests_console_and_back(serial: SerialLine, dom0: Dom0) -> None:
    dom0.wait("two guests", lambda: len(dom0.running()) == 3, deadline=240)
    domid = dom0.run(["xl", "domid", "server01"]).stdout

    # Log in: xentui opens on the table of domains.
    serial.type("livexen\r")
    serial.until(lambda text: "Password:" in text, ANSWERS, "the password prompt")
    serial.type("live\r")
    serial.until(
        lambda text: all(name in text for name in ("Domain-0", "server01", "client01")),
        OPENS,
        "the table of domains",
    )
    for name in ("server01", "client01"):
        serial.until(
            lambda _text, name=name: re.search(r"running|blocked", serial.screen.display[row_of(serial, name) or 0]),
            ANSWERS,
            f"{name} running or blocked",
        )

    # A console, opened with the keys.
    select(serial, "server01")
    serial.type("c")
    serial.until(lambda text: "server01 login:" in text, ANSWERS, "the guest's login prompt")
    serial.type("livexen\r")
    serial.until(lambda text: text.count("Password:") >= 1, ANSWERS, "the guest's password prompt")
    serial.type("live\r")
    serial.until(lambda text: "livexen@server01:~$" in text, ANSWERS, "the guest's shell prompt")
    serial.type("echo $((6*7)) from $(hostname)\r")
    serial.until(lambda text: "42 from server01" in text, ANSWERS, "the command's answer")
    serial.type("exit\r")

    # Detached, the client is gone and the guest stays.
    serial.type(LEADER + "d")
    serial.until(lambda text: "42 from server01" not in text, ANSWERS, "the console pane closed")
    dom0.wait("no console client", lambda: not dom0.run(["pgrep", "-x", "xenconsole"], check=False).ok, 30)

    serial.type("q")
    serial.until(lambda text: "livexen@xenlive" in text, ANSWERS, "dom0's shell after xentui")
    assert "server01" in dom0.running()
    assert dom0.run(["xl", "domid", "server01"]).stdout == domid

    serial.type("exit\r")
    serial.until(lambda text: "xenlive login:" in text, ANSWERS, "the next login prompt")
