"""A day at the desk, key by key: the program in a real terminal over the demo dom0."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from programs import ended
from real_screen import RealScreen

from xentui.demo.host import DemoHost

Start = Callable[..., RealScreen]


def names(screen: RealScreen) -> list[str]:
    """The domains in the order of the table."""
    return re.findall(r"^[ *c+!] (Domain-0|server0\d|client0\d) ", screen.text(), re.MULTILINE)


def test_sort_by_every_column_and_filter_as_you_type(start: Start) -> None:
    screen = start()
    screen.press("o")
    lines = [line for line in screen.see("Sort by", "Enter Choose").splitlines() if line.startswith("  │")]
    titles = [line.split("│")[1].strip(" >") for line in lines][1:-1]
    screen.press("Escape")
    screen.see_no("Sort by")
    assert len(titles) > 12
    for title in titles:
        screen.press("o")
        screen.see("Sort by")
        screen.press("Home", *["Down"] * titles.index(title), "Enter")
        screen.see("Sorted by " + title.lower())
    screen.press("o")
    screen.see("Sort by")
    screen.press("Home", "Enter")
    screen.until(lambda: names(screen)[1:3] == ["client01", "client02"], "the order of the names")
    screen.press("o", "Enter")
    screen.until(lambda: names(screen)[:2] == ["server02", "server01"], "the order turned round")
    screen.press("/")
    screen.type("cl")
    screen.until(lambda: names(screen) == ["client02", "client01"], "the clients only")
    screen.type(" off")
    screen.until(lambda: names(screen) == ["client02"], "the client that is off")
    screen.press("Escape")
    screen.until(lambda: len(names(screen)) == 5, "all of them")


def test_mark_several_and_act_on_all(start: Start) -> None:
    screen = start()
    screen.press("Down", "Down", "Space", "Down", "Space")
    screen.see("* client02", "* server02", "2 marked")
    screen.press("s")
    screen.see("4 of 4 guests up")
    screen.press("K")
    screen.see("Destroy these 2 domains?", "client02", "server02", "By hand: xl destroy")
    screen.press("Enter")
    screen.see("Nothing was done.", "4 of 4 guests up")
    screen.press("K")
    screen.see("y Destroy")
    screen.press("y")
    screen.see("2 of 4 guests up")


def test_a_key_that_cannot_be_used_says_why(start: Start) -> None:
    screen = start()
    screen.on("server02")
    screen.press("c")
    screen.see("The domain is off: start it first.")
    screen.on("server01")
    screen.press("s")
    screen.see("The domain runs already.")
    screen.on("Domain-0")
    screen.press("K")
    screen.see("Domain-0 is this machine itself; this cannot be done to it.")


def test_read_only(start: Start, demo_host: DemoHost) -> None:
    screen = start("--read-only")
    screen.see("READ-ONLY")
    screen.on("server01")
    for key in ("d", "K", "p", "w", "a", "m", "!"):
        screen.press(key)
        screen.see("read-only (--read-only)")
        screen.press(">")
        screen.see_no("(--read-only)")
    screen.press("c")
    screen.see("server01 login:")
    screen.type("root\r")
    screen.press("C-]", "d")
    screen.see_no("server01 login:")
    screen.press("q")
    assert screen.left() == 0
    assert not any(record.argv[:2] == ("xl", "pause") for record in demo_host.log)


def test_details(start: Start) -> None:
    screen = start()
    screen.on("server01")
    screen.press("p")
    screen.see("Pause server01: done.")
    screen.press("Enter")
    screen.see("State         paused", "/etc/xen/server01.cfg", "xl console server01", "Disks", "xvda", "Interfaces")
    screen.press("2")
    screen.see("name", "vif", "xenbr0")
    screen.press("3")
    screen.see("xl-server01.log")
    screen.see_no("Reading ...")
    screen.press("4")
    screen.see("Pause: done from here", "paused")
    screen.press("u")
    screen.see("Unpause: done from here")


def test_consoles_side_by_side_and_none_is_lost(start: Start) -> None:
    screen = start()
    for guest in ("client01", "server01"):
        screen.on(guest)
        screen.press("c")
        screen.log_in(guest)
        screen.type("yes busy\r")
        screen.see("busy\nbusy\nbusy")
        screen.press("C-]", "o")
        screen.see("Tab Console")
    screen.press("Escape")
    screen.see("Domain-0")
    screen.press("Tab", "C-]", "t")
    screen.see("busy" + " " * 36 + "busy", "Domain-0")  # both, and the table
    screen.press("C-]", "t")
    screen.see_no("busy" + " " * 36 + "busy")
    screen.press("C-]", "p", "C-c")
    screen.type("hostname\r")
    screen.see("$ hostname\nclient01")
    # The other one was not touched; it is left in the middle of its flood.
    screen.press("C-]", "n")
    screen.see("busy\nbusy\nbusy")
    screen.press("C-]", "d")
    screen.until(lambda: len(screen.clients()) == 1, "the end of one client")
    screen.see("$ hostname\nclient01")


def test_attached_again_after_a_reboot(start: Start) -> None:
    screen = start()
    screen.on("server01")
    screen.press("c")
    screen.log_in("server01")
    screen.press("C-]", "f")
    screen.type("sudo reboot\r")
    screen.until(lambda: screen.text().rstrip().endswith("\nserver01 login:"), "its second boot")
    screen.log_in("server01")
    screen.press("C-]", "f")
    screen.see("filter ")  # the table is back
    screen.until(lambda: re.search(r"server01 +3 ", screen.text()), "its new id")
    screen.press("C-]", "/")
    screen.type("attached again")
    screen.press("Enter")
    screen.see("attached again at")


def test_a_busy_console_names_who_has_it_and_offers_the_log(
    start: Start, program: Callable[..., Any], demo_host: DemoHost
) -> None:
    holder = program(*demo_host.terminal_argv(["xl", "console", "server01"]))
    holder.expect("login:")  # it has the console by now
    screen = start()
    screen.on("server01")
    screen.press("c")
    shown = screen.see_words("held by process", "R tries again", "reads its log")
    pid = re.search(r"held by process (\d+) of", shown)
    assert pid is not None and int(pid[1]) in screen.clients()
    screen.press("l")
    screen.see("log, read-only")
    holder.kill(signal.SIGTERM)
    ended(holder)
    screen.until(lambda: not screen.clients(), "its end")
    screen.press("C-]", "R")
    screen.until(screen.clients, "our client")
    screen.press("Enter")
    screen.see("server01 login:")
    screen.see_no("log, read-only")


def test_another_leader_and_the_size(start: Start) -> None:
    screen = start(settings='refresh = 0.5\nleader = "f11"')
    screen.on("server01")
    screen.press("c")
    screen.log_in("server01")
    screen.press("C-]")
    screen.type("x")  # both go to the guest, and do not detach
    screen.press("C-c", "F11")
    screen.see("d detach", "t tile")
    screen.press("s")
    rows, columns = screen.see_match(r"stty rows (\d+) cols (\d+)$").groups()
    screen.see(f"{columns}x{rows}  F11 ?")
    screen.type("stty size\r")
    screen.see(f"\n{rows} {columns}\n")
    screen.press("F11", "d")
    screen.see_no("F11 ?")
    screen.until(lambda: not screen.clients(), "the end of the client")


def test_the_command_log_can_be_pasted(start: Start, demo_host: DemoHost) -> None:
    demo_host.control("make-named", "it's")
    screen = start()
    screen.see("it's")
    screen.on("it's")
    screen.press("p")
    screen.see("Pause it's: done.")
    screen.press("L")
    screen.see("Commands run for you")
    command = screen.see_match(r" ok .*(xl pause .*)$")[1].strip()
    done = subprocess.run(
        ["sh", "-c", command.replace("pause", "unpause")], env=dict(demo_host.environment()), check=False
    )
    assert done.returncode == 0
    screen.press("Enter")
    screen.see("after ", "Enter Close")


def test_themes_and_a_bad_one(start: Start) -> None:
    folder = Path(os.environ["XDG_CONFIG_HOME"]) / "xentui" / "themes"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text('title = "Mine"\n\n[styles]\ntext = "blurred"\n')
    screen = start()
    screen.see("A theme cannot be used.")
    screen.until(lambda: "mine.toml:4:" in "".join(line.strip(" │") for line in screen.text().splitlines()), "where")
    screen.press("Enter")
    looks: dict[str, int] = {}
    for number in range(5):
        screen.press("F9")
        screen.see("Dark", "High contrast", "Light", "Monochrome", "16 colours")
        screen.press("Home", *["Down"] * number, "Enter")
        screen.see_no("High contrast")

        def heads_anew(number: int = number) -> bool:
            return looks.setdefault(screen.text(escapes=True).splitlines()[2], number) == number

        screen.until(heads_anew, "a look that none of the others has")


def test_the_shell_is_in_the_same_dom0(start: Start) -> None:
    screen = start()
    screen.press("!")
    screen.see("exit brings you back")
    screen.type("xl create /etc/xen/server02.cfg && xm list | tail -1\r")
    screen.see("Parsing config", "server02  ")
    os.kill(screen.pid, signal.SIGINT)  # a ^C is the shell's, though the terminal tells us, too
    screen.type("exit\r")
    screen.see("3 of 4 guests up", "Domain-0")
    screen.press("q")
    assert screen.left() == 0


def test_the_end_of_xentui_is_the_end_of_its_shell(start: Start) -> None:
    screen = start()
    screen.press("!")
    screen.see("exit brings you back")
    screen.type("echo up $((1 + 1))\r")
    screen.see("up 2")
    os.kill(screen.pid, signal.SIGTERM)
    assert screen.left() == 128 + signal.SIGTERM


@pytest.mark.parametrize("term", ["vt220", "linux", "xterm-256color"])
def test_every_column_of_the_screen_is_where_it_belongs(start: Start, term: str) -> None:
    screen = start(term=term)
    first, second, heads = screen.see_match(
        r"\A(.*\d\d:\d\d:\d\d)$\n(.*guests up)$\n(.*BY  AUTO)$\n(?s:.)*Domain-0"
    ).groups()
    assert [len(line) for line in (first, second, heads)] == [79, 79, 80]
