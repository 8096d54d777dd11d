"""A text that is longer than its place: it scrolls, and says where one is in it."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.binding import Binding
from textual.message import Message

from xentui.screens.drawing import Line
from xentui.screens.widgets.lines import Lines


class TextView(Lines, can_focus=True):
    """Lines with scrolling. `follow` keeps its end in view as long as the reader has not left it."""

    BINDINGS = [
        Binding("up,k", "scroll(-1)", show=False),
        Binding("down,j,enter", "scroll(1)", show=False),
        Binding("pageup,b,ctrl+b", "page(-1)", show=False),
        Binding("pagedown,space,ctrl+f", "page(1)", show=False),
        Binding("home,g", "scroll(-1000000)", show=False),
        Binding("end,G", "scroll(1000000)", show=False),
    ]

    class Moved(Message):
        """The view was moved, or its text became longer or shorter."""

        can_bubble = True

    def __init__(self, *, ground: str = "text", follow: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self.ground = ground
        self.follow = follow

    @property
    def position(self) -> str:
        """Which lines are in view; empty when all are."""
        height = self.size.height
        if len(self.lines) <= height:
            return ""
        return f"{self.top + 1}-{min(len(self.lines), self.top + height)} of {len(self.lines)}"

    @property
    def at_end(self) -> bool:
        """Whether the last line is in view."""
        return self.top >= self._last_top

    @property
    def _last_top(self) -> int:
        return max(0, len(self.lines) - max(1, self.size.height))

    def show(self, lines: Sequence[Line]) -> None:
        at_end = self.at_end
        before = self.position
        super().show(lines)
        if self.follow and at_end:
            self.scroll_to_line(self._last_top)
        if self.position != before:
            self.post_message(self.Moved())

    def scroll_to_line(self, top: int) -> None:
        """Make `top` the first line in view, as far as there is text."""
        top = max(0, min(top, self._last_top))
        if top != self.top:
            self.top = top
            self.refresh()
            self.post_message(self.Moved())

    def action_scroll(self, lines: int) -> None:
        self.scroll_to_line(self.top + lines)

    def action_page(self, pages: int) -> None:
        self.scroll_to_line(self.top + pages * max(1, self.size.height - 1))

    def on_resize(self) -> None:
        at_end = self.follow and self.top >= max(0, len(self.lines) - 1 - self.size.height)
        super().on_resize()
        if at_end:
            self.scroll_to_line(self._last_top)
        self.post_message(self.Moved())

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self.action_scroll(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self.action_scroll(-3)
