"""Lines of a dialog that take as much height as they need, wrapped to its width."""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Size

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
        self.show(self._wrapped(self.size.width))
        self.refresh(layout=True)

    def on_mount(self) -> None:
        self.on_resize()

    def on_resize(self) -> None:
        self.show(self._wrapped(self.size.width))
