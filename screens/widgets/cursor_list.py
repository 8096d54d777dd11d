"""Rows with a cursor: the base of the domain table and of all lists to choose from.

Drawn with the line API straight from what the subclass knows; a move of the cursor redraws two rows.
"""

from __future__ import annotations

from textual import events
from textual.binding import Binding
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from xentui.screens.themes import Theme


class CursorList(Widget, can_focus=True):
    """`head` lines stand still at the top; below them rows from `top` on, one of them under the cursor."""

    ALLOW_SELECT = False
    BINDINGS = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup,ctrl+b", "page(-1)", show=False),
        Binding("pagedown,ctrl+f", "page(1)", show=False),
        Binding("home,g", "move(-1000000)", show=False),
        Binding("end,G", "move(1000000)", show=False),
    ]
    head = 0

    class Moved(Message):
        """The cursor stands on another row."""

    class Chosen(Message):
        """A row was clicked a second time."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.cursor = 0
        self.top = 0

    @property
    def theme(self) -> Theme:
        """The theme that is chosen in the app."""
        theme: Theme = self.app.palette  # type: ignore[attr-defined]
        return theme

    @property
    def count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def draw_head(self, y: int) -> Strip:
        """Line `y` of the head."""
        raise NotImplementedError

    def draw_row(self, index: int, *, under_cursor: bool) -> Strip:
        """A row; `index` may be past the last one: an empty row."""
        raise NotImplementedError

    @property
    def visible_rows(self) -> int:
        """How many rows there is place for."""
        return max(0, self.size.height - self.head)

    def render_line(self, y: int) -> Strip:
        if y < self.head:
            return self.draw_head(y)
        index = self.top + y - self.head
        return self.draw_row(index, under_cursor=index == self.cursor and index < self.count)

    def place_cursor(self, index: int) -> None:
        """Put the cursor on a row and scroll so that it is seen; redraw what that changes."""
        before_cursor, before_top = self.cursor, self.top
        self.cursor = max(0, min(index, self.count - 1))
        self.keep_in_view()
        if self.top != before_top:
            self.refresh()
        elif self.cursor != before_cursor:
            self.refresh_rows(before_cursor, self.cursor)
        if self.cursor != before_cursor:
            self.post_message(self.Moved())

    def keep_in_view(self) -> None:
        """Move `top` as little as needed for the cursor to be in view."""
        room = max(1, self.visible_rows)
        self.top = max(0, min(self.top, self.count - room))
        if self.cursor < self.top:
            self.top = self.cursor
        elif self.cursor >= self.top + room:
            self.top = self.cursor - room + 1

    def refresh_rows(self, *indexes: int) -> None:
        """Redraw these rows, as far as they are in view."""
        width = self.size.width
        regions = [
            Region(0, self.head + index - self.top, width, 1)
            for index in indexes
            if self.top <= index < self.top + self.visible_rows
        ]
        if regions:
            self.refresh(*regions)

    def action_move(self, rows: int) -> None:
        self.place_cursor(self.cursor + rows)

    def action_page(self, pages: int) -> None:
        self.place_cursor(self.cursor + pages * max(1, self.visible_rows - 1))

    def on_resize(self) -> None:
        before = self.top
        self.keep_in_view()
        if self.top != before:  # it was drawn before this is told
            self.refresh()

    def on_focus(self) -> None:
        self.refresh_rows(self.cursor)

    def on_blur(self) -> None:
        self.refresh_rows(self.cursor)

    def on_click(self, event: events.Click) -> None:
        index = self.top + event.y - self.head
        if event.y < self.head or index >= self.count:
            return
        if index == self.cursor:
            self.post_message(self.Chosen())
        else:
            self.place_cursor(index)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self.action_move(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self.action_move(-3)
