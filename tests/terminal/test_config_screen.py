"""The editor of a configuration in a real terminal over the demo dom0: the file there is another one afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest
from real_screen import RealScreen

from xentui.demo.host import DemoHost


def test_memory_is_changed_in_the_form_saved_and_set_now(demo_host: DemoHost, tmp_path: Path) -> None:
    screen = RealScreen(demo_host, tmp_path, term="vt220")
    try:
        screen.see("server01", "client02")
        screen.on("server01")
        screen.press("C")
        screen.see("/etc/xen/server01.cfg", "Identity and type", "Change")
        screen.press("/")
        screen.see("Find a key")
        screen.type("memory")
        screen.press("Enter")
        screen.see("Memory the guest starts with")
        screen.press("Enter")
        screen.see("Do it", "An empty answer")
        screen.type("128\r")
        screen.see("changed")
        screen.press("F2")
        screen.see("Save /etc/xen/server01.cfg?", "-memory = 160", "+memory = 128", "xl mem-set server01 128m")
        screen.press("y")
        screen.see("Do to server01 now, as it runs?", "xl mem-set server01 128m")
        screen.press("Down", "Enter")
        screen.see("Done to server01: memory.")
        text = demo_host.path("/etc/xen/server01.cfg").read_text()
        assert "memory = 128\nvcpus = 1\n# The disk is shared" in text
        assert "memory = 160\n" in demo_host.path("/etc/xen/server01.cfg~").read_text()
        screen.press("Escape")
        screen.until(lambda: " 128M " in next(line for line in screen.text().splitlines() if "server01" in line), "128")
        screen.press("F10")
        assert screen.left() == 0
    finally:
        screen.close()


@pytest.mark.parametrize("term", ["vt220", "xterm-256color"])
def test_text_is_typed_and_checked(demo_host: DemoHost, tmp_path: Path, term: str) -> None:
    screen = RealScreen(demo_host, tmp_path, term=term)
    try:
        screen.see("client02")
        screen.on("client02")
        screen.press("C")
        screen.see("/etc/xen/client02.cfg", "Identity and type")
        screen.press("Tab")
        screen.see("F2 Save", "line ")
        screen.press("End", "Enter")
        screen.type("q = yes; Memory = 1")
        screen.see("1 error", "yes is no value")
        screen.press("F7")
        screen.see("+q = yes; Memory = 1", "Close")
        screen.press("Enter")
        screen.see_no("Close")
        screen.press("Escape")
        screen.see("was changed and not saved")
        screen.press("Down", "Down", "Enter")
        screen.see_no("client02.cfg")
        assert "yes;" not in demo_host.path("/etc/xen/client02.cfg").read_text()
    finally:
        screen.close()
