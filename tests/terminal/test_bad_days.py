"""Bad days, as the user meets them: the program in a real terminal, and a demo dom0 that goes wrong."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from real_screen import RealScreen

from xentui.demo.host import DemoHost

Start = Callable[..., RealScreen]


def running(host: DemoHost) -> list[str]:
    """The guests and their ids, as Xen has them."""
    listed = host.run(["xl", "list"], deadline=180, record=False).stdout.splitlines()[1:]
    return [" ".join(line.split()[:2]) for line in listed]


def fake_xl(host: DemoHost, said: str) -> None:
    """An xl that says this and fails, whatever it is asked."""
    new = host.layout.bin / "new-xl"
    new.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{said}\nEND\nexit 1\n")
    new.chmod(0o755)
    new.replace(host.layout.bin / "xl")  # at once: xentui may start it at any moment


def test_xl_missing_and_back(start: Start, demo_host: DemoHost) -> None:
    screen = start()
    demo_host.control("missing", "on")
    screen.see("cannot be started", "blocked", "?")
    screen.press("G", "s")
    screen.see("Start server02: it did not work.", "Enter Close")
    screen.press("Enter")
    demo_host.control("missing", "off")
    screen.press("F5")  # at once, not when the pause is over that a broken toolstack is given
    screen.see_no("cannot be started")
    screen.press("s")
    screen.see("3 of 4 guests up")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            "xencall: error: Could not obtain handle on privileged command interface: Permission denied\n"
            "libxl: error: libxl.c:102:libxl_ctx_alloc: cannot open libxc handle: Permission denied\n"
            "cannot init xl context",
            "run xentui as root",
        ),
        (
            "xencall: error: Could not obtain handle on privileged command interface: No such file or directory\n"
            "libxl: error: libxl.c:102:libxl_ctx_alloc: cannot open libxc handle: No such file or directory\n"
            "cannot init xl context",
            "does not run on Xen",
        ),
    ],
    ids=["not-root", "no-xen-kernel"],
)
def test_xl_may_not_or_cannot(start: Start, demo_host: DemoHost, said: str, shown: str) -> None:
    screen = start()
    fake_xl(demo_host, said)
    screen.see_match(f" ! .*{shown}")
    screen.see_match(r"server01 .*\?")  # what was known is there, and marked as old


def test_xenstored_dead(start: Start, demo_host: DemoHost) -> None:
    screen = start()
    demo_host.control("hang", "on")
    screen.see("The dom0 does not answer; what you see is old.")
    screen.see_match(r"client01 +1 blocked \d+s\?")
    screen.press("G", "s")
    screen.see("Start server02", "^X cancels")
    screen.press("?")  # and nothing of the screen hangs
    screen.see("all keys")
    screen.press("q", "C-x")
    screen.see("Start server02: cancelled.")
    demo_host.control("hang", "off")
    screen.see_no("what you see is old", "s?")
    screen.press("q")
    assert screen.left() == 0


def test_leaving_while_every_call_hangs(start: Start, demo_host: DemoHost) -> None:
    screen = start()
    screen.on("server02")
    demo_host.control("hang", "on")
    screen.press("F5", "s", "q")  # a reading and an action are under way
    screen.see("Still running: Start")
    screen.press("Down", "Enter")
    assert screen.left() == 0


def test_three_lines_of_libxl_are_shown_whole(start: Start, demo_host: DemoHost) -> None:
    screen = start(term="vt220")
    demo_host.control("fail", "on")
    screen.press("G", "s")
    headline = "xenstore read failed: Connection refused"
    below = (
        "libxl: error: libxl_xshelp.c:201", "getting domain info list: Permission denied", "the demo was told to fail"
    )  # fmt: skip
    shown = screen.see_words(headline, *below, "Enter Close")
    assert all(shown.index(headline) < shown.index(line) for line in below)


def test_a_domain_that_vanishes(start: Start, demo_host: DemoHost) -> None:
    screen = start(settings="refresh = 3600.0")
    screen.on("client01")
    demo_host.control("kill", "client01")
    screen.press("p")
    screen.see("There is no domain client01 any more", "invalid domain identifier")
    screen.press("Enter")
    screen.press("F5")
    screen.see("1 of 4 guests up")
    screen.on("server01")
    screen.press("K")
    screen.see("Destroy server01", "y Destroy")
    demo_host.control("kill", "server01")
    screen.press("y")
    screen.see("There is no domain server01 any more")


def test_a_thousand_domains(start: Start, demo_host: DemoHost) -> None:
    screen = start()
    demo_host.control("make", "1000", "guest")
    screen.see("1002 of 1004 guests up")
    screen.press("G")
    screen.see("server02", "1005/1005")
    screen.press("g", "PPage", "NPage", "NPage")
    screen.see("/1005", "guest0")
    screen.on("guest777")
    screen.press("K")
    screen.see("Destroy guest777", "y Destroy")
    screen.press("y")
    screen.see("1001 of 1003 guests up")


def test_names_are_data(start: Start, demo_host: DemoHost) -> None:
    screen = start()
    demo_host.control("make", "16")
    screen.see("18 of 20 guests up", "\\x1b[31mre", "new\\x0aline", "[/closing]")
    assert "\x1b[31mred" not in screen.text(escapes=True)
    for name, word in (("[bold", "boldredmarkup"), ("esc", "login:"), ("it's", "login:"), ("new", "login:")):
        screen.on(name)
        screen.press("Enter")
        screen.see("1 Overview", "Console", name)
        screen.press("Escape")
        screen.see("guests up")
        screen.press("c")
        screen.see(word)
        screen.press("C-]", "d")
        screen.see_no(word)
    screen.on("xxx")
    screen.press("K")
    screen.see("Destroy xxx", "By hand")
    screen.until(lambda: screen.text().count("x") > 400, "all of its name")
    screen.press("y")
    screen.see("Destroy xxx", "..: done.", "17 of 19 guests up")


def test_the_console_client_is_killed(start: Start) -> None:
    screen = start()
    screen.on("server01")
    screen.press("c")
    screen.log_in("server01")
    (client,) = screen.clients()
    os.kill(client, signal.SIGKILL)
    screen.see("SIGKILL", "attaches again")
    screen.press("R")
    screen.until(lambda: screen.clients() not in ([], [client]), "another client")
    screen.type("hostname\r")
    screen.see_no("SIGKILL")
    screen.see("$ hostname\nserver01")


def test_resized_to_20x5_and_back(start: Start) -> None:
    screen = start()
    screen.on("server01")
    screen.press("c")
    screen.log_in("server01")
    screen.size(20, 5)
    screen.type("echo small")
    screen.see("echo small")
    screen.type("\r")
    screen.size(80, 24)
    screen.see("livexen@server01:~$ echo small", "guests up")
    screen.press("C-]", "o")
    for columns, rows in ((20, 5), (1, 1), (200, 60), (80, 24)):
        screen.size(columns, rows)
        screen.press("C-l")
    screen.see("server01", "2 of 4 guests up", "xenlive", "CPU%")
    screen.until(lambda: len(screen.text().splitlines()[0].rstrip()) >= 79, "the whole header")
    screen.press("q")
    assert screen.left() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_terminal_and_guests_alone(start: Start, demo_host: DemoHost, number: int) -> None:
    before = running(demo_host)
    screen = start()
    for guest in ("client01", "server01"):
        screen.on(guest)
        screen.press("c")
        screen.log_in(guest)
        screen.press("C-]", "o")
    os.kill(screen.pid, number)
    assert screen.left() == 128 + number, screen.text()
    screen.until(lambda: screen.clients() == [], "the end of its clients")
    assert running(demo_host) == before


def test_the_terminal_goes_away(start: Start, demo_host: DemoHost, until: Callable[..., None]) -> None:
    before = running(demo_host)
    screen = start()
    screen.on("server01")
    screen.press("c")
    screen.log_in("server01")
    pid = screen.pid
    screen.close()
    until(lambda: not Path(f"/proc/{pid}").exists(), "its end")
    screen.until(lambda: screen.clients() == [], "the end of its clients")
    assert running(demo_host) == before


def test_killed_outright_it_holds_no_console(start: Start, until: Callable[..., None]) -> None:
    screen = start()
    screen.on("server01")
    screen.press("c")
    screen.log_in("server01")
    os.kill(screen.pid, signal.SIGKILL)
    until(lambda: screen.clients() == [], "the end of its client")


def test_leaving_detaches_all_consoles(start: Start, demo_host: DemoHost) -> None:
    before = running(demo_host)
    screen = start()
    for guest in ("client01", "server01"):
        screen.on(guest)
        screen.press("c")
        screen.log_in(guest)
        screen.type("yes flood\r")
        screen.see("flood\nflood\nflood")
        screen.press("C-]", "o")
    assert len(screen.clients()) == 2
    screen.press("q")
    assert screen.left() == 0
    screen.until(lambda: screen.clients() == [], "the end of its clients")
    assert running(demo_host) == before


@pytest.mark.parametrize("end", ["q", signal.SIGTERM, signal.SIGKILL])
def test_nothing_of_a_demo_of_its_own_stays(end: str | int, tmp_path: Path, until: Callable[..., None]) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    screen = RealScreen(None, folder)
    try:
        screen.see("2 of 4 guests up")
        screen.on("server01")
        screen.press("c")
        screen.see("server01 login:")
        assert len(screen.processes()) > 2 and list(folder.glob("xentui-demo-*"))
        if isinstance(end, str):
            screen.press("C-]", "o", end)
        else:
            os.kill(screen.pid, end)
        until(lambda: not screen.processes(), "the end of all its processes")
        until(lambda: {file.name for file in folder.iterdir()} <= {"left", "pid", "tty"}, "the end of its files")
    finally:
        screen.close()
