"""What is done to a guest without leaving its console, in a real terminal over the demo dom0."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from real_screen import RealScreen

Start = Callable[..., RealScreen]


@pytest.fixture
def console(start: Start) -> RealScreen:
    screen = start()
    screen.on("server01")
    screen.press("c")
    screen.see("server01 login:")
    return screen


def test_power_sysrq_and_cd_from_the_console(console: RealScreen) -> None:
    console.press("C-]", "x")
    console.see("Send server01 which SysRq?", "write all disks (sync)")
    console.press("Enter")
    console.see("sysrq: Emergency Sync")
    console.press("C-]", "x")
    console.see("reboot at once")
    console.press("Down", "Down", "Enter")
    console.see("not written to its disks is lost", "xl sysrq server01 b")
    console.press("Enter")  # its default is no
    console.see("Nothing was done.")
    console.press("C-]", "D")
    console.see("HVM guests only; this one is PV.")
    console.press("C-]", "P")
    console.see("Shut down", "not now: The domain runs already.")
    console.press("Down", "Down", "Down", "Down", "Enter")
    console.see("paused   pv")
    console.press("C-]", "P")
    console.see("not now: The domain is paused")
    console.press(*["Down"] * 5, "Enter")
    console.see_no("paused")
    console.see("Unpause server01: done.")


def test_every_key_is_found_by_its_name(console: RealScreen) -> None:
    console.press("C-]", ":")
    console.see("At this console")
    console.type("third")
    console.see("3 after the leader")
    console.press("Enter")
    console.see_no("At this console")
    console.press("C-]", ":")
    console.see("At this console")
    console.type("raise a not")
    console.see("W after the leader")
    console.press("Escape")
    console.see_no("At this console")
    console.type("who\r")
    console.see("Password:")  # what is typed goes to the guest again


def test_a_notice_of_another_console_and_its_mark_in_the_table(start: Start) -> None:
    screen = start(settings='refresh = 0.5\nwatch = ["Emergency Sync complete"]')
    screen.on("server01")
    screen.press("c")
    screen.see("server01 login:")
    screen.press("C-]", "o", "z")
    screen.see("Send server01 which SysRq?")
    screen.press("Enter")
    screen.see("Emergency Sync complete", "! server01")
    screen.see("server01: [")


def test_what_is_marked_reaches_the_clipboard_of_the_terminal(console: RealScreen) -> None:
    console.tmux("set", "-g", "set-clipboard", "on")
    console.press("C-]", "/")
    console.type("debian gnu")
    console.press("Enter")
    console.see("q back")
    console.press("v", "0", "Space", "$", "y")
    console.see("sent to your terminal's clipboard")
    console.until(lambda: "Debian GNU/Linux" in console.tmux("show-buffer"), "the clipboard")


def test_the_history_is_written_with_its_times(console: RealScreen, tmp_path: Path) -> None:
    console.press("C-]", "T")
    console.see("server01 login:")
    console.press("C-]", "w")
    name = f"{tmp_path}/kept"
    for end in range(6, len(name) + 6, 6):  # as by hand: what comes in one piece is a paste
        console.type(name[end - 6 : end])
        console.see(name[:end][-10:] + "_")
    console.press("Enter")
    console.see("lines written to")
    lines = (tmp_path / "kept").read_text().splitlines()
    assert any(line[:2] == "20" and line.endswith("server01 login:") for line in lines)
