"""A list of lines to choose one from."""

from __future__ import annotations

from collections.abc import Sequence

from textual.strip import Strip

from xentui.screens.drawing import Line, draw
from xentui.screens.widgets.cursor_list import CursorList


class PickList(CursorList):
    """Rows are lines as they are."""

    def __init__(self, rows: Sequence[Line] = (), *, ground: str = "text", id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows: list[Line] = list(rows)
        self.ground = ground

    @property
    def count(self) -> int:
        return len(self.rows)

    def show(self, rows: Sequence[Line], cursor: int | None = None) -> None:
        """Show other rows."""
        at_end = self.cursor >= len(self.rows) - 1
        self.rows = list(rows)
        target = cursor if cursor is not None else len(self.rows) - 1 if at_end else self.cursor
        self.cursor = max(0, min(target, len(self.rows) - 1))
        self.keep_in_view()
        self.refresh()

    def draw_row(self, index: int, *, under_cursor: bool) -> Strip:
        line = self.rows[index] if index < len(self.rows) else ()
        override = self.theme["cursor"] if under_cursor else None
        more: str = self.app.glyphs.more  # type: ignore[attr-defined]
        return draw((("  " if not under_cursor else "> ", ""), *line), self.size.width, self.theme,
                    base=self.ground, override=override, more=more)  # fmt: skip
