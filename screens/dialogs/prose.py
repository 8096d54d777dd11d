"""Lines of a dialog that take as much height as they need, wrapped to its width."""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Size
from textual.strip import Strip

from xentui.screens.drawing import Line, wrap
from xentui.screens.widgets.lines import Lines

#: A paragraph: its text and the role it is drawn in.
Paragraph = tuple[str, str]


class Prose(Lines):
    """Paragraphs, wrapped; foreign text in them comes out as it is."""

    ground = "dialog"

    def __init__(self, paragraphs: Sequence[Paragraph], *, most: int = 0, id: str | None = None) -> None:
        super().__init__(id=id)
        self.paragraphs = list(paragraphs)
        self.most = most  # lines at most, 0 for no limit
        self._fits = 0  # the width for which the lines are

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._wrapped(width))

    def _wrapped(self, width: int) -> list[Line]:
        lines: list[Line] = [((line, role),) for text, role in self.paragraphs for line in wrap(text, max(1, width))]
        if self.most and len(lines) > self.most:
            lines = [*lines[: self.most - 1], ((f"... and {len(lines) - self.most + 1} lines more", "dialog-dim"),)]
        return lines

    def set(self, paragraphs: Sequence[Paragraph]) -> None:
        """Show other paragraphs."""
        self.paragraphs = list(paragraphs)
        self.on_resize()
        self.refresh(layout=True)

    def on_resize(self) -> None:
        self._fits = self.size.width
        self.show(self._wrapped(self._fits))

    def render_line(self, y: int) -> Strip:
        if self._fits != self.size.width:  # drawn before the message that says the size: one letter a line, else
            self._fits = self.size.width
            self.lines = self._wrapped(self._fits)
        return super().render_line(y)
