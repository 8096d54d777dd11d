"""A program on a pty with xentui's own emulator in front of it, read as fast as it comes or at a line's pace."""

from __future__ import annotations

import os
import select
from time import monotonic

from driver_pty import Terminal

from xentui.console.emulator import Emulator


class Emulated(Terminal):
    """As Terminal; `emulator` knows line drawing, and answers what is asked when it is read.

    pace: bytes a second, as a serial line of ten times as many bits; None for as fast as they come.
    """

    def __init__(self, argv: list[str], *, pace: float | None = None, **options: object) -> None:
        super().__init__(argv, **options)  # type: ignore[arg-type]
        self.emulator = Emulator(self.screen.columns, self.screen.lines, scrollback=0, reply=self._reply)
        self._pace = pace
        self._credit, self._credited = 0.0, monotonic()

    def _reply(self, data: bytes) -> None:
        os.write(self.master, data)

    def pump(self, seconds: float) -> bytes:
        end = monotonic() + seconds
        limit = 65536
        if self._pace is not None:
            now = monotonic()
            self._credit = min(self._pace / 20, self._credit + (now - self._credited) * self._pace)
            self._credited = now
            limit = int(self._credit)
            if limit < 1:
                select.select([], [], [], min(max(0.0, end - now), 2 / self._pace))
                return b""
        if not select.select([self.master], [], [], max(0.0, end - monotonic()))[0]:
            return b""
        data = os.read(self.master, limit)
        if self._pace is not None:
            self._credit -= len(data)
        self.sent += data
        self.emulator.feed(data)
        return data

    def shows(self, text: str, seconds: float = 180) -> None:
        self.until(lambda: any(text in line for line in self.emulator.display()), seconds)

    def burst(self, pause: float, *, may_be_nothing: bool = False) -> bytes:
        """What comes, from its first byte on to a pause of so long."""
        got = self.pump(0.5 if may_be_nothing else 5)
        while data := self.pump(pause):
            got += data
        return got

    def settle(self, seconds: float) -> None:
        """Read on for so long."""
        end = monotonic() + seconds
        while monotonic() < end:
            self.pump(0.05)

    def text(self) -> list[str]:
        return self.emulator.display()


def ended_well(terminal: Emulated, seconds: float = 120) -> None:
    """Wait for the program to end. SystemExit with the last screen if it failed: what was measured means nothing."""
    if status := terminal.end(seconds):
        raise SystemExit("\n".join([*terminal.text(), f"it ended with status {status}"]))
