"""The acceptance test: the guide's first hour, over the serial line of a 960 MB machine, as a person does it."""

from __future__ import annotations

import re

from desk_keys import ANSWERS, LEADER, OPENS, log_in, row_of, select
from livemachine import Dom0, SerialLine


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
    log_in(serial, "server01", "livexen")
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
