"""xentui itself in a tmux of its own, over a demo dom0 that the test can let things befall."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from xentui.demo.host import DemoHost

DEADLINE = 180.0


class RealScreen:
    """The program, the terminal it is in, and what stands there."""

    def __init__(self, host: DemoHost | None, folder: Path, *words: str, term: str = "xterm-256color") -> None:
        """Over the demo of `host`, or with a demo of its own below `folder`."""
        demo = host.environment() if host is not None else {"PATH": os.environ["PATH"]}
        self._demo = os.fsencode(host.layout.directory if host is not None else folder)
        self.socket = f"xentui-{uuid.uuid4().hex[:8]}"
        self._left, self._pid, self._tty = folder / "left", folder / "pid", folder / "tty"
        settings = {
            "TERM": term,
            "LANG": "C.UTF-8",
            "PYTHONPATH": os.pathsep.join(sys.path),
            "XENTUI_DEMO_SPEED": "inf",
            "TMPDIR": str(folder),
            **{name: demo[name] for name in ("PATH", "XENTUI_DEMO_DIR") if name in demo},
            **{name: os.environ[name] for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME")},
        }
        program = [sys.executable, "-m", "xentui.cli", "--demo", *words]
        inner = f"echo $$ > {self._pid}; exec {shlex.join(program)}"
        outer = f"trap : INT; tty > {self._tty}; sh -c {shlex.quote(inner)}; echo $? > {self._left}; exec cat"
        environment = [f"{name}={value}" for name, value in settings.items()]
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24",
                  shlex.join(["env", "-u", "NO_COLOR", "-u", "LC_ALL", *environment, "sh", "-c", outer]),
                  ";", "set", "-g", "status", "off")  # fmt: skip

    def tmux(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", self.socket, *words], check=False, capture_output=True, text=True, timeout=180
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def text(self, *, escapes: bool = False) -> str:
        """The screen as it is now."""
        return self.tmux("capture-pane", "-p", *(["-e"] if escapes else []))

    def press(self, *keys: str) -> None:
        """Keys by tmux's names."""
        self.tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        self.tmux("send-keys", "-l", "--", text)

    def until(self, condition: Callable[[], object], what: str) -> None:
        end, tick = time.monotonic() + DEADLINE, threading.Event()
        while not condition():
            assert time.monotonic() < end, f"{what} did not come:\n{self.text()}"
            tick.wait(0.03)

    def see(self, *texts: str) -> str:
        """Wait until all of these stand on the screen at once; the screen on which they did."""
        return self._looked(lambda screen: all(text in screen for text in texts), f"{texts}")

    def see_no(self, *texts: str) -> str:
        """Wait until none of these does; the screen without them."""
        return self._looked(lambda screen: not any(text in screen for text in texts), f"the end of {texts}")

    def see_match(self, pattern: str) -> re.Match[str]:
        """Wait until something on the screen is like this; `^` and `$` are those of a line."""
        found: list[re.Match[str]] = []

        def matches(screen: str) -> bool:
            found[:] = re.finditer(pattern, screen, re.MULTILINE)
            return bool(found)

        self._looked(matches, pattern)
        return found[-1]

    def see_words(self, *texts: str) -> str:
        """`see`, however the lines are broken; without the frame, which tmux may print as the letters it is made of."""
        words = ""

        def stand_there(screen: str) -> bool:
            nonlocal words
            words = " ".join(word for word in screen.split() if word not in ("x", "|", "│"))
            return all(text in words for text in texts)

        self._looked(stand_there, f"{texts}")
        return words

    def _looked(self, like: Callable[[str], object], what: str) -> str:
        """One look decides, and is what is given: the next one may see another screen."""
        screen = ""

        def looks() -> object:
            nonlocal screen
            screen = self.text()
            assert "A mistake in xentui" not in screen, screen
            return like(screen)

        self.until(looks, what)
        return screen

    def on(self, domain: str) -> None:
        """Put the cursor on the domain of this name, by way of the filter."""
        self.press("/", "C-u")  # of an earlier filter nothing stays
        self.type(domain)
        self.press("Enter")
        self.see("filter ", domain, ": 1 of")

    def log_in(self, guest: str) -> None:
        """At the console of `guest` that is open."""
        self.see(f"{guest} login:")
        self.type("livexen\r")
        self.see("Password:")
        self.type("live\r")
        self.see(f"livexen@{guest}:~$")

    def size(self, columns: int, rows: int) -> None:
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    @property
    def pid(self) -> int:
        """The process of xentui."""
        self.until(lambda: self._pid.exists() and self._pid.read_text().strip(), "its process")
        return int(self._pid.read_text())

    def left(self) -> int:
        """Wait for its end; its exit status. The terminal must be as it was."""
        self.until(lambda: self._left.exists() and self._left.read_text().strip(), "its end")
        modes = subprocess.run(
            ["stty", "-a", "-F", self._tty.read_text().strip()], check=False, capture_output=True, text=True
        )
        assert {"icanon", "echo", "isig", "icrnl", "opost"} <= set(modes.stdout.split()), modes.stdout
        flags = "#{alternate_on} #{cursor_flag} #{mouse_any_flag}"
        given_back = "0 1 0\n"  # once tmux has taken in all that xentui wrote
        self.until(lambda: self.tmux("display-message", "-p", flags) == given_back, "its screen, cursor and mouse")
        return int(self._left.read_text())

    def clients(self) -> list[int]:
        """The console clients of the demo that run."""
        return self.processes(b"xenconsole.pyc")

    def processes(self, program: bytes = b"") -> list[int]:
        """The processes that work for the demo; only those whose command line holds `program`."""
        found = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                with suppress(OSError):
                    line = (folder / "cmdline").read_bytes()
                    if self._demo in line and program in line and b"/left" not in line:
                        found.append(int(folder.name))
        return found

    def close(self) -> None:
        subprocess.run(["tmux", "-L", self.socket, "kill-server"], check=False, capture_output=True, timeout=180)
