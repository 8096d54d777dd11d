"""The table of domains: drawn straight from the snapshot, and only the cells that changed.

A refresh formats the rows in view and no others, compares them with what it drew before, and marks the
regions of the cells that differ. The cursor belongs to a domain, not to a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from xentui.domains.domain import Domain
from xentui.screens.columns import BY_NAME, SORTABLE, Cell, Place, Seen, arrange
from xentui.screens.drawing import fit
from xentui.screens.glyphs import Glyphs
from xentui.screens.history import History
from xentui.screens.widgets.cursor_list import CursorList

#: From this width on there is a graph of CPU use, where the terminal can draw one.
_GRAPH_WIDTH = 110
_STATE_WIDTH, _STALE_WIDTH = 8, 14

#: A drawn row: the texts of its cells with their roles, and whether the cursor is on it.
_Row = tuple[tuple[Cell, ...], bool]


class DomainTable(CursorList):
    """Rows are domains, sorted and filtered; some of them marked."""

    head = 1

    class SelectionChanged(Message):
        """The marks, the filter, the sorting or the number of rows is another one."""

    def __init__(self, history: History, glyphs: Glyphs, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.seen = Seen(history, glyphs)
        self.rows: list[Domain] = []
        self.sort_column, self.sort_reverse = "name", False
        self.filter = ""
        self.message = "Reading the domains ..."
        self._domains: Sequence[Domain] = ()
        self._cursor_key: str | None = None
        self._places: list[Place] = []
        self._layout: tuple[int, int, int] | None = None
        self._drawn: list[_Row | None] = []

    # What it shows

    @property
    def count(self) -> int:
        return len(self.rows)

    @property
    def total(self) -> int:
        """How many domains there are, filtered out or not."""
        return len(self._domains)

    @property
    def selected(self) -> Domain | None:
        """The domain under the cursor."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    @property
    def targets(self) -> list[Domain]:
        """The marked domains, as they are listed; without marks the one under the cursor."""
        if self.seen.marked:
            return [d for d in self.rows if d.key in self.seen.marked]
        return [self.selected] if self.selected is not None else []

    def set_domains(self, domains: Sequence[Domain]) -> None:
        """Show these domains; the cursor stays with its domain, or goes to the neighbour of one that is gone."""
        keys = {d.key for d in domains}
        if self._cursor_key is not None and self._cursor_key not in keys:
            was = next((d for d in self._domains if d.key == self._cursor_key), None)
            known = {d.key for d in self._domains}
            new = [d.key for d in domains if was is not None and d.key not in known and _same(was, d)]
            self._cursor_key = new[0] if new else self._cursor_key
        self._domains = domains
        if not self.seen.marked <= keys:
            self._set_marked(self.seen.marked & keys)
        self._arrange_rows()

    def _arrange_rows(self) -> None:
        before = [d.key for d in self.rows]
        self.rows = self._sorted(self._filtered(self._domains))
        where = {d.key: i for i, d in enumerate(self.rows)}
        if self._cursor_key not in where and before:
            at = self.cursor
            near = (*before[at:], *reversed(before[:at]))
            self._cursor_key = next((key for key in near if key in where), None)
        moved = self._cursor_key is None
        self.cursor = where.get(self._cursor_key or "", max(0, min(self.cursor, len(self.rows) - 1)))
        if self.selected is not None and self.selected.key != self._cursor_key:
            self._cursor_key, moved = self.selected.key, True
        self.keep_in_view()
        self._redraw_changes()
        if moved:
            self.post_message(self.Moved())
        if len(before) != len(self.rows):
            self.post_message(self.SelectionChanged())

    def _filtered(self, domains: Iterable[Domain]) -> list[Domain]:
        words = self.filter.casefold().split()
        if not words:
            return list(domains)
        found = []
        for domain in domains:
            text = " ".join((domain.name, domain.state, domain.type or "", *domain.managed_by)).casefold()
            if all(word in text for word in words):
                found.append(domain)
        return found

    def _sorted(self, domains: list[Domain]) -> list[Domain]:
        column = BY_NAME[self.sort_column]
        value = column.value
        domains.sort(key=BY_NAME["name"].value)
        if self.sort_column == "name":
            if self.sort_reverse:
                domains.reverse()
            return domains
        known = [d for d in domains if value(d) is not None]
        unknown = [d for d in domains if value(d) is None]
        known.sort(key=value, reverse=column.biggest_first != self.sort_reverse)
        return known + unknown

    def set_sort(self, column: str, *, reverse: bool = False) -> None:
        """Sort by this column; `reverse` of its usual direction."""
        self.sort_column, self.sort_reverse = column, reverse
        self._layout = None
        self._arrange_rows()
        self.refresh()
        self.post_message(self.SelectionChanged())

    def next_sort(self, step: int) -> None:
        """Sort by the next column of those in view, or the one before."""
        names = [c.name for c in SORTABLE if any(p.column is c for p in self._places)]
        at = names.index(self.sort_column) if self.sort_column in names else 0
        self.set_sort(names[(at + step) % len(names)])

    def set_filter(self, text: str) -> None:
        """Show only domains that hold all these words."""
        self.filter = text
        self._arrange_rows()
        self.post_message(self.SelectionChanged())

    def set_consoles(self, consoles: Mapping[str, str]) -> None:
        """Tell which domains have an open console, and how it stands there."""
        self.seen = replace(self.seen, consoles=dict(consoles))
        self._redraw_changes()

    def _set_marked(self, keys: Iterable[str]) -> None:
        self.seen = replace(self.seen, marked=frozenset(keys))
        self.post_message(self.SelectionChanged())

    def toggle_mark(self) -> None:
        """Mark the domain under the cursor, or no longer; go to the next."""
        if self.selected is not None:
            self._set_marked(self.seen.marked ^ {self.selected.key})
            self._redraw_changes()
            self.place_cursor(self.cursor + 1)

    def toggle_all(self) -> None:
        """Mark all that are shown; if they are, none."""
        keys = {d.key for d in self.rows}
        self._set_marked(() if keys <= self.seen.marked else self.seen.marked | keys)
        self._redraw_changes()

    def clear_marks(self) -> None:
        """Mark none."""
        self._set_marked(())
        self._redraw_changes()

    def place_cursor(self, index: int) -> None:
        super().place_cursor(index)
        self._cursor_key = self.selected.key if self.selected is not None else None
        self._remember()

    # Drawing

    def _lay_out(self) -> bool:
        """Find the columns for the width; whether they are other ones than before."""
        id_width = max((len(str(d.id)) for d in self.rows if d.id is not None), default=1)
        stale = any(d.stale_seconds is not None for d in self.rows)
        layout = (self.size.width, id_width, _STALE_WIDTH if stale else _STATE_WIDTH)
        if layout == self._layout:
            return False
        self._layout = layout
        graph = bool(self.seen.glyphs.graph) and self.size.width >= _GRAPH_WIDTH
        self._places = arrange(self.size.width, id_width=layout[1], state_width=layout[2], graph=graph)
        return True

    def _cells(self, index: int) -> tuple[Cell, ...]:
        if index >= len(self.rows):
            return ()
        domain, more = self.rows[index], self.seen.glyphs.more
        cells = []
        for place in self._places:
            text, role = place.column.cell(domain, self.seen, place.width)
            cells.append((fit(text, place.width, more, right=place.column.right), role))
        return tuple(cells)

    def _row(self, index: int) -> _Row:
        return self._cells(index), index == self.cursor and index < len(self.rows)

    def _remember(self) -> None:
        self._drawn = [self._row(self.top + y) for y in range(self.visible_rows)]

    def _redraw_changes(self) -> None:
        if not self.is_mounted or not self.size.width:
            return
        other_columns = self._lay_out()
        before, width = self._drawn, self.size.width
        self._remember()
        if other_columns or len(before) != len(self._drawn) or not self.rows:
            self.refresh()
            return
        regions = []
        for y, (old, new) in enumerate(zip(before, self._drawn, strict=True)):
            if old == new or new is None:
                continue
            if old is None or old[1] != new[1] or len(old[0]) != len(new[0]):
                regions.append(Region(0, y + self.head, width, 1))
                continue
            regions += [
                Region(place.x, y + self.head, place.width, 1)
                for place, one, other in zip(self._places, old[0], new[0], strict=True)
                if one != other
            ]
        if regions:
            self.refresh(*regions)

    def on_resize(self) -> None:
        super().on_resize()
        self._lay_out()
        self._remember()

    def draw_head(self, y: int) -> Strip:
        self._lay_out()
        theme, glyphs = self.theme, self.seen.glyphs
        segments = []
        for place in self._places:
            column = place.column
            text, role = column.head, "columns"
            if column.name == self.sort_column:
                role = "sorted"
                descending = column.biggest_first != self.sort_reverse
                # The direction stays visible, however narrow the column is.
                text = text[: place.width - 1] + (glyphs.down if descending else glyphs.up)
            segments.append(Segment(fit(text, place.width, right=column.right), theme["text"] + theme[role]))
            segments.append(Segment(" ", theme["text"] + theme["columns"]))
        return Strip(segments).adjust_cell_length(self.size.width, theme["text"] + theme["columns"])

    def draw_row(self, index: int, *, under_cursor: bool) -> Strip:
        theme, width = self.theme, self.size.width
        text = theme["text"]
        if index >= len(self.rows):
            note = self._note() if index == 0 else ""
            return Strip([Segment(fit("  " + note if note else "", width), text + theme["dim"])], width)
        override: Style | None = None
        if under_cursor:
            override = text + theme["cursor" if self.has_focus else "cursor-away"]
        gap = override or text
        segments = []
        for cell, role in self._cells(index):
            segments.append(Segment(cell, override or (text + theme[role] if role else text)))
            segments.append(Segment(" ", gap))
        return Strip(segments).adjust_cell_length(width, gap)

    def _note(self) -> str:
        if self._domains:
            return f"No domain holds {self.filter!r}. Esc shows all again."
        return self.message


def _same(was: Domain, now: Domain) -> bool:
    """Whether it is the same guest under another name: what is done next is meant for it."""
    if was.id is not None and was.id == now.id:
        return True
    if was.uuid is not None and now.uuid is not None:
        return was.uuid == now.uuid
    return any(interface.mac for interface in was.interfaces) and was.interfaces == now.interfaces
