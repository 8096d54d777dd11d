"""The program itself over a demo dom0, in a real terminal: what a user types, what a user sees."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")

DEADLINE = 180.0
COLOUR = re.compile(r"\x1b\[([0-9;]*;)?(3[0-7]|4[0-7]|38;[25]|48;[25]|9[0-7])[;m]")


class Terminal:
    """xentui in a tmux of its own."""

    def __init__(self, folder: Path, term: str, *arguments: str, locale: str = "C.UTF-8") -> None:
        self.socket = f"xentui-{uuid.uuid4().hex[:8]}"
        self.status = folder / "status"
        environment = {
            "TERM": term,
            "LANG": locale,
            "XENTUI_DEMO_SPEED": "inf",
            "XDG_CONFIG_HOME": str(folder / "config"),
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        words = [f"{key}={value}" for key, value in environment.items()]
        program = [sys.executable, "-m", "xentui.cli", *arguments]
        command = ["env", "-u", "NO_COLOR", "-u", "LC_ALL", *words, *program]
        # The shell keeps the pane, so that what is left on the terminal can be seen.
        quoted = " ".join(f"'{word}'" for word in command)
        # The screen that Xen's Live CD has: 80x24.
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24",
                  f"{quoted}; echo left with $? > {self.status}; stty -a | tr '\\n' ' '; exec cat")  # fmt: skip

    def tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", self.socket, *arguments], capture_output=True, text=True, timeout=180, check=True
        )
        return done.stdout

    def screen(self, *, escapes: bool = False) -> str:
        return self.tmux("capture-pane", "-p", *(["-e"] if escapes else []))

    def press(self, *keys: str) -> None:
        self.tmux("send-keys", *keys)

    def see(self, *texts: str) -> str:
        """Wait until all of these stand on the screen."""
        end, tick = time.monotonic() + DEADLINE, threading.Event()
        while not all(text in (screen := self.screen()) for text in texts):
            assert time.monotonic() < end, f"{texts} did not come:\n{screen}"
            tick.wait(0.05)
        return screen

    def close(self) -> None:
        self.tmux("kill-server")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    return tmp_path


@pytest.fixture(params=["vt220", "linux", "xterm-256color"])
def terminal(request: pytest.FixtureRequest, folder: Path) -> Iterator[Terminal]:
    opened = Terminal(folder, request.param, "--demo")
    try:
        yield opened
    finally:
        opened.close()


def test_a_guest_is_started_looked_at_and_left(terminal: Terminal, request: pytest.FixtureRequest) -> None:
    screen = terminal.see("DEMO DOM0, simulated", "Domain-0", "server01", "2 of 4 guests up")
    if "vt220" in request.node.name:
        assert screen.isascii() and not COLOUR.search(terminal.screen(escapes=True))
    else:
        assert COLOUR.search(terminal.screen(escapes=True))
    terminal.press("G", "s")  # server02 is the last one
    terminal.see("Start server02: done.", "3 of 4 guests up")
    terminal.press("Enter")
    terminal.see("/etc/xen/server02.cfg", "xenbr0")
    terminal.press("L")
    terminal.see("xl create /etc/xen/server02.cfg", "ok")
    terminal.press("q", "q")
    terminal.see("server02", "guests up")
    for width, height in ((20, 5), (132, 40), (80, 24)):
        terminal.tmux("resize-window", "-x", str(width), "-y", str(height))
        terminal.see(*("server02", "guests up", "Quit") if width >= 80 else ("DEMO", "server02"))
    terminal.press("K")
    terminal.see("Destroy server02 (id ")
    terminal.press("y")
    terminal.see("Destroy server02: done.", "2 of 4 guests up")
    terminal.press("q")
    terminal.see(" icanon", " echo ", "ixon")
    assert terminal.status.read_text() == "left with 0\n"


def test_a_console_beside_the_table(folder: Path) -> None:
    terminal = Terminal(folder, "xterm-256color", "--demo")
    try:
        terminal.see("client01", "guests up")
        terminal.press("Down", "c")
        terminal.see("client01 login:", "Domain-0", "^] then:")
        terminal.press("livexen", "Enter")
        terminal.see("Password:")
        terminal.press("live", "Enter")
        terminal.see("livexen@client01")
        terminal.press("C-]", "o", "Down", "Down", "c")
        terminal.see("server01 login:")
        terminal.press("C-]", "p")
        terminal.see("livexen@client01", "Domain-0")
        terminal.press("C-]", "f")
        terminal.see("livexen@client01", "DEMO")
        terminal.press("C-]", "o")
        terminal.see("Domain-0", "Tab Console")
        terminal.press("q")
        terminal.see(" icanon", " echo ")
        assert terminal.status.read_text() == "left with 0\n"
    finally:
        terminal.close()


def test_a_shell_and_back(folder: Path) -> None:
    terminal = Terminal(folder, "xterm-256color", "--demo")
    try:
        terminal.see("guests up")
        terminal.press("!")
        terminal.see("exit brings you back")
        terminal.press("xl create /etc/xen/server02.cfg", "Enter")
        terminal.see("Parsing config")
        terminal.press("exit", "Enter")
        terminal.see("3 of 4 guests up", "Domain-0")
    finally:
        terminal.close()
