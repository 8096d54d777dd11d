"""The tree of disks, partitions, volumes and images, with who uses each."""

from __future__ import annotations

from collections.abc import Sequence

from textual.strip import Strip

from xentui.disks.device import Disks, UseKind
from xentui.disks.listing import Row, content_of, label_of, rows, short_size, type_of, used_by
from xentui.screens.drawing import Line, draw, fit
from xentui.screens.glyphs import Glyphs
from xentui.screens.widgets.cursor_list import CursorList

_SIZE, _TYPE = 6, 10
#: What a use makes of the colour of its row.
_ROLES = {
    UseKind.GUEST_RUNNING: "running",
    UseKind.GUEST_SAVED: "saved",
    UseKind.LIVE_MEDIUM: "running",
    UseKind.MOUNTED: "running",
    UseKind.SWAP: "running",
}


class DiskTree(CursorList):
    """A row a device or free area; the cursor stays on its device when the tree is read anew."""

    head = 1

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.glyphs = glyphs
        self.disks = Disks()
        self.rows: list[Row] = []
        self.message = ""

    @property
    def count(self) -> int:
        return len(self.rows)

    @property
    def selected(self) -> Row | None:
        """The row under the cursor."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    def set_disks(self, disks: Disks) -> None:
        """Show these."""
        before = self.selected
        self.disks, self.rows = disks, rows(disks)
        if before is not None:
            keys = [row.key for row in self.rows]
            same = before.key if before.key in keys else (before.device.path, -1)
            self.cursor = keys.index(same) if same in keys else min(self.cursor, max(0, len(keys) - 1))
        self.keep_in_view()
        self.refresh()
        self.post_message(self.Moved())

    def select(self, path: str) -> None:
        """Put the cursor on a device."""
        for index, row in enumerate(self.rows):
            if row.device.path == path and row.free is None:
                self.place_cursor(index)
                return

    def _widths(self) -> tuple[int, int, int]:
        """Of the name, the content and the users."""
        width = max(20, self.size.width - _SIZE - _TYPE - 5)
        longest = max((2 * len(row.lasts) + len(row.device.name or row.device.path) for row in self.rows), default=0)
        name = min(max(14, longest), width * 2 // 5)
        content = min(24, (width - name) * 2 // 5)
        return name, content, width - name - content

    def draw_head(self, y: int) -> Strip:
        name, content, users = self._widths()
        more = self.glyphs.more
        cells = (
            f" {fit('NAME', name, more)} {'SIZE':>{_SIZE}} {fit('TYPE', _TYPE, more)}"
            f"{fit('CONTENT', content, more)} {fit('USED BY', users, more)}"
        )
        return draw(((cells, "columns"),), self.size.width, self.theme, base="columns")

    def draw_row(self, index: int, *, under_cursor: bool) -> Strip:
        if index >= len(self.rows):
            text = self.message if index == 0 else ""
            return draw(((f" {text}", "dim"),), self.size.width, self.theme)
        override = None
        if under_cursor:
            override = self.theme["cursor" if self.has_focus else "cursor-away"]
        return draw(self._line(self.rows[index]), self.size.width, self.theme, override=override)

    def _line(self, row: Row) -> Line:
        name, content, users = self._widths()
        more = self.glyphs.more
        lines = self._tree_lines(row.lasts)
        free = row.free is not None
        said = " ".join(word for word in (content_of(row), label_of(row)) if word)
        role = "dim" if free or row.again else "text"
        title = "free" if free else row.device.name or row.device.path
        return (
            (f" {lines}", "dim"),
            (fit(title, max(1, name - len(lines)), more), "strong" if not row.lasts else role),
            (f" {short_size(row.size):>{_SIZE}} ", role),
            (fit("" if free else type_of(row), _TYPE, more), "dim"),
            (fit(said, content, more), role),
            (" " + fit(used_by(row, self.disks), users, more), self._use_role(row)),
        )

    def _tree_lines(self, lasts: Sequence[bool]) -> str:
        if not lasts:
            return ""
        stems = "".join("  " if last else f"{self.glyphs.line} " for last in lasts[:-1])
        return stems + (self.glyphs.last if lasts[-1] else self.glyphs.branch)

    def _use_role(self, row: Row) -> str:
        if row.free is not None or row.again:
            return "dim"
        for use in self.disks.uses(row.device):
            if use.kind in _ROLES:
                return _ROLES[use.kind]
        return "dim"
