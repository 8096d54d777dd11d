"""A widget that shows lines, and redraws only those that changed."""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from xentui.screens.drawing import Line, draw
from xentui.screens.themes import Theme


class Lines(Widget):
    """Shows the lines that `show` is given, from the first on; the base of the header, the key bar and the texts."""

    ALLOW_SELECT = False
    #: The role whose style is the widget's ground.
    ground = "text"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.lines: list[Line] = []
        self.top = 0

    @property
    def theme(self) -> Theme:
        """The theme that is chosen in the app."""
        theme: Theme = self.app.palette  # type: ignore[attr-defined]
        return theme

    def show(self, lines: Sequence[Line]) -> None:
        """Show these lines instead of what is shown."""
        old, old_top, self.lines = self.lines, self.top, list(lines)
        self._limit_top()
        if not self.is_mounted:
            return
        if self.top != old_top:  # a shorter text moved the view: no line is where it was
            self.refresh()
            return
        width = self.size.width
        changed = [
            Region(0, y, width, 1)
            for y in range(self.size.height)
            if _at(old, self.top + y) != _at(self.lines, self.top + y)
        ]
        if changed:
            self.refresh(*changed)

    def _limit_top(self) -> None:
        """A text that became shorter must not leave the view behind its end."""
        self.top = max(0, min(self.top, len(self.lines) - max(1, self.size.height)))

    def on_resize(self) -> None:
        before = self.top
        self._limit_top()
        if self.top != before:  # it was drawn before this is told
            self.refresh()

    def render_line(self, y: int) -> Strip:
        return draw(_at(self.lines, self.top + y) or (), self.size.width, self.theme, base=self.ground)


def _at(lines: list[Line], index: int) -> Line | None:
    return lines[index] if 0 <= index < len(lines) else None
