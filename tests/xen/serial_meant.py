"""Run in the dom0, in xentui's place: xentui itself, which on SIGUSR1 writes what its screen is meant to show.

`python serial_meant.py FOLDER [xentui's own words]`. FOLDER/pid has the process. Each signal makes FOLDER/meant.N,
N from 1, as soon as the app is at rest and has written all: the compositor's picture, drawn cell by cell by a writer
that knows nothing of what the terminal shows (`driver_cells.simply`).
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from driver_cells import simply
from textual._compositor import LayoutUpdate
from textual.geometry import Region

from xentui import cli
from xentui.screens import app
from xentui.screens.terminal.lean import LeanDriver
from xentui.screens.terminal.looks import Looks
from xentui.screens.terminal.sheet import Sheet

FOLDER = Path(sys.argv.pop(1))
_REST = 0.3
"""Seconds between two looks that must be the same: a screen that is just being put up is none yet."""


class Asked(LeanDriver):
    """Answers SIGUSR1."""

    answered = 0

    def start_application_mode(self) -> None:
        super().start_application_mode()
        self._loop.add_signal_handler(signal.SIGUSR1, self._answer_at_rest)
        (FOLDER / "pid").write_text(str(os.getpid()))

    def _answer_at_rest(self, before: bytes = b"") -> None:
        meant = self._meant()
        assert self._glass is not None and self._line is not None
        if meant != before or self._glass.behind or self._line.room() == 0:
            self._loop.call_later(_REST, self._answer_at_rest, meant)
            return
        self.answered += 1
        written = FOLDER / "writing"
        written.write_bytes(meant)
        written.rename(FOLDER / f"meant.{self.answered}")

    def _meant(self) -> bytes:
        width, height = self._size
        strips = self._app.screen._compositor.render_strips()
        looks = Looks(self.capabilities, dark=self._app.current_theme.dark)
        sheet = Sheet(width, height, looks, self.capabilities.glyphs)
        sheet.paint(LayoutUpdate([[strip] for strip in strips], Region(0, 0, width, height)))
        return simply(sheet, self.capabilities)


app.LeanDriver = Asked  # type: ignore[misc]
sys.exit(cli.main())
