"""A session whose client is a small program of ours, and ways to wait for what it does."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from xentui.console.session import ConsoleSession
from xentui.host import Host

FAKE = Path(__file__).with_name("fake_xenconsole.py")
DEADLINE = 180.0


class Console:
    """A session on the fake client; `words` are its behaviour at the next attach, None while the domain is gone."""

    def __init__(self, folder: Path) -> None:
        self.host = Host()
        self.lock = folder / "xenconsole.7"
        self.words: list[str] | None = []
        self.domain_id = "7"
        self.session = ConsoleSession(self.host, "server01", self.argv)

    def argv(self) -> list[str] | None:
        if self.words is None:
            return None
        return [sys.executable, "-I", "-S", str(FAKE), str(self.lock), *self.words, f"id={self.domain_id}"]

    @property
    def text(self) -> str:
        emulator = self.session.emulator
        kept = [emulator.scrollback_text(index) for index in range(emulator.scrollback_size)]
        return "\n".join([*kept, *emulator.display()])

    def read_until(self, found: Callable[[], bool]) -> None:
        """Do as the event loop does, until `found`."""
        end = time.monotonic() + DEADLINE
        while not found():
            assert time.monotonic() < end, f"not within {DEADLINE} s; the console shows:\n{self.text}"
            self.session.feed_late()
            self.session.write_ready()
            if not self.session.read_ready():
                self.session.settle()

    def shows(self, words: str) -> None:
        self.read_until(lambda: words in self.text)
