"""The line above the key bar: what was done last, what runs now, why a key did nothing; at the right, where one is."""

from __future__ import annotations

from xentui.screens.drawing import fit, width_of
from xentui.screens.glyphs import Glyphs
from xentui.screens.widgets.lines import Lines


class StatusLine(Lines):
    """One sentence and, at the right end, one remark."""

    ground = "status"

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.glyphs = glyphs
        self.text, self.role, self.remark, self.short = "", "status", "", ""

    def say(self, text: str, role: str = "status") -> None:
        """Show a sentence; `role` is status, good or error."""
        self.text, self.role = text, role
        self._update()

    def set_remark(self, remark: str, short: str = "") -> None:
        """Show a remark at the right end; its `short` form always, even if the sentence is cut for it."""
        self.remark, self.short = remark, short
        self._update()

    def on_resize(self) -> None:
        self._update()

    def _update(self) -> None:
        width = self.size.width
        # The sentence is what was asked for: the remark makes room.
        fits = width_of(self.text) + width_of(self.remark) + 4 <= width
        chosen = self.remark if fits else self.short
        remark = f" {chosen} " if chosen else ""
        text = fit(f" {self.text}", width - width_of(remark), self.glyphs.more)
        self.show([((text, self.role), (remark, "status"))])
