"""The line above the key bar: what was done last, what runs now, why a key did nothing; at the right, where one is."""

from __future__ import annotations

import time

from textual.timer import Timer

from xentui.screens.drawing import fit, width_of
from xentui.screens.glyphs import Glyphs
from xentui.screens.widgets.lines import Lines

LEAST_COLUMNS, LEAST_LINES = 60, 20
"""The smallest terminal on which everything can be used."""

READING_SECONDS = 3.0
"""So long bad news stands before good news takes its place."""


class StatusLine(Lines):
    """One sentence and, at the right end, one remark. On a terminal that is too small, that is the sentence until
    there is another."""

    ground = "status"

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.glyphs = glyphs
        self.text, self.role, self.remark, self.short = "", "status", "", ""
        self._said_at = 0.0
        self._later: Timer | None = None

    def say(self, text: str, role: str = "status") -> None:
        """Show a sentence; `role` is status, good or error. That something was done waits while bad news is read."""
        if self._later is not None:
            self._later.stop()
        left = self._said_at + READING_SECONDS - time.monotonic()
        if role == "good" and self.role == "error" and self.text and left > 0:
            self._later = self.set_timer(left, lambda: self._say(text, role))
        else:
            self._say(text, role)

    def _say(self, text: str, role: str) -> None:
        self.text, self.role, self._said_at = text, role, time.monotonic()
        self._update()

    def set_remark(self, remark: str, short: str = "") -> None:
        """Show a remark at the right end; its `short` form always, even if the sentence is cut for it."""
        self.remark, self.short = remark, short
        self._update()

    def on_resize(self) -> None:
        if self._too_small():
            self.text = ""
        self._update()

    def _too_small(self) -> str:
        columns, lines = self.app.size
        if columns >= LEAST_COLUMNS and lines >= LEAST_LINES:
            return ""
        least = f"{LEAST_COLUMNS}x{LEAST_LINES}"
        return f"{columns}x{lines} is too small: xentui needs {least}." if columns >= 40 else f"Too small: {least}"

    def _update(self) -> None:
        width = self.size.width
        said, role = (self.text, self.role) if self.text else (self._too_small(), "error")
        # The sentence is what was asked for: the remark makes room.
        fits = width_of(said) + width_of(self.remark) + 4 <= width
        chosen = self.remark if fits else self.short
        remark = f" {chosen} " if chosen else ""
        text = fit(f" {said}", width - width_of(remark), self.glyphs.more)
        self.show([((text, role), (remark, "status"))])
