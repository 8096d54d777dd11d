"""The preview of a plan as a table, and the list of its operations."""

from __future__ import annotations

from collections.abc import Sequence

from textual.strip import Strip

from xentui.disks.plan import Item, Preview
from xentui.screens.drawing import Line, draw, fit
from xentui.screens.glyphs import Glyphs
from xentui.screens.plan_rows import PlanRow, cells_of, rows_of
from xentui.screens.widgets.cursor_list import CursorList

_NUMBER, _BEGIN, _SIZE = 4, 7, 7


class PlanTable(CursorList):
    """What the disk will be."""

    head = 1

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.glyphs = glyphs
        self.rows: list[PlanRow] = []
        self.sector = 512
        self.message = ""

    @property
    def count(self) -> int:
        return len(self.rows)

    @property
    def selected(self) -> PlanRow | None:
        """The row under the cursor."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    def show(self, preview: Preview, sector: int) -> None:
        """Show what results; the cursor stays on what it is on, and goes to what is new."""
        before, known = self.selected, {row.key for row in self.rows}
        self.rows, self.sector = rows_of(preview.layout), sector
        keys = [row.key for row in self.rows]
        new = [i for i, row in enumerate(self.rows) if row.key not in known and row.room is None]
        if known and new:
            self.cursor = new[0]
        elif before is not None and before.key in keys:
            self.cursor = keys.index(before.key)
        self.cursor = max(0, min(self.cursor, len(keys) - 1))
        self.keep_in_view()
        self.refresh()
        self.post_message(self.Moved())

    def draw_head(self, y: int) -> Strip:
        text = f" {'NR':<{_NUMBER}}{'BEGINS':>{_BEGIN}}{'SIZE':>{_SIZE}}  WHAT LIES ON IT"
        return draw(((text, "columns"),), self.size.width, self.theme, base="columns")

    def draw_row(self, index: int, *, under_cursor: bool) -> Strip:
        if index >= len(self.rows):
            text = self.message if index == 0 else ""
            return draw(((f" {text}", "dim"),), self.size.width, self.theme)
        override = self.theme["cursor" if self.has_focus else "cursor-away"] if under_cursor else None
        return draw(self._line(self.rows[index]), self.size.width, self.theme, override=override)

    def _line(self, row: PlanRow) -> Line:
        cells = cells_of(row, self.sector)
        role = "dim" if row.room is not None else "strong" if row.volume is None and row.group is not None else "text"
        changes = f" {cells.changes}" if cells.changes else ""
        room = max(4, self.size.width - 1 - _NUMBER - _BEGIN - _SIZE - 2)
        changes = changes[: max(0, room - 4)]
        return (
            (f" {cells.number:<{_NUMBER}}{cells.begin:>{_BEGIN}}{cells.size:>{_SIZE}}  ", role),
            (fit(cells.what, room - len(changes), self.glyphs.more), role),
            (changes, "marked"),
        )


class OperationList(CursorList):
    """The operations in their order; those that cannot be done are marked."""

    head = 1

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.glyphs = glyphs
        self.items: Sequence[Item] = ()
        self.preview: Preview | None = None

    @property
    def count(self) -> int:
        return len(self.items)

    def show(self, items: Sequence[Item], preview: Preview) -> None:
        """Show these; the cursor goes to the last when one was added."""
        if len(items) > len(self.items):
            self.cursor = len(items) - 1
        self.items, self.preview = items, preview
        self.cursor = max(0, min(self.cursor, len(items) - 1))
        self.keep_in_view()
        self.refresh()

    @property
    def sentence(self) -> str:
        """The operation under the cursor, whole, with what is to be said about it."""
        if self.preview is None or self.cursor >= len(self.preview.replayed):
            return ""
        each = self.preview.replayed[self.cursor]
        said = [f"cannot be done: {each.problem}"] if each.problem else list(each.notes)
        return f"{self.cursor + 1}. {each.operation.title}" + (f": {'; '.join(said)}" if said else "")

    def draw_head(self, y: int) -> Strip:
        count = f"OPERATIONS ({self.count})" if self.count else "OPERATIONS"
        return draw(((f" {count}", "columns"),), self.size.width, self.theme, base="columns")

    def draw_row(self, index: int, *, under_cursor: bool) -> Strip:
        line: Line = (((" none yet" if index == 0 else ""), "dim"),)
        override = None
        if self.preview is not None and index < len(self.preview.replayed):
            each = self.preview.replayed[index]
            joined = index > 0 and self.items[index].group == self.items[index - 1].group != 0
            role = "dying" if each.problem else "paused" if each.notes else "text"
            sign = "!" if each.problem else "*" if each.notes else " "
            text = f"{'+' if joined else ' '}{index + 1:>2}{sign}{each.operation.title}"
            line = ((fit(text, self.size.width, self.glyphs.more), role),)
            if under_cursor:
                override = self.theme["cursor" if self.has_focus else "cursor-away"]
        return draw(line, self.size.width, self.theme, override=override)
