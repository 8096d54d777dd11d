"""`xentui livecd boot`: the serial line in the terminal, and a key to leave."""

from __future__ import annotations

import sys

import pexpect
from livemachine import MENU_DEADLINE, live_iso


def test_the_menu_is_on_the_serial_line_and_ctrl_a_x_ends_it() -> None:
    argv = ["-m", "xentui.livecd", "boot", "--iso", str(live_iso())]
    child = pexpect.spawn(sys.executable, argv, encoding="utf-8", codec_errors="replace", timeout=MENU_DEADLINE)
    try:
        child.expect("Ctrl-A X ends it")
        for entry in ("Xen, with xentui", "115200 baud", "9600 baud", "Debian without Xen"):
            child.expect(entry)
        child.send("\x01x")
        child.expect(pexpect.EOF)
    finally:
        child.close(force=True)
    assert child.exitstatus == 0
