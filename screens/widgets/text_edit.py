"""A small text editor: lines with a cursor, a margin for marks, and every byte of what is not touched kept.

Drawn through `drawing`, so that nothing in a text reaches the terminal as an escape; a control character takes the
cells of its printable form.
"""

from __future__ import annotations

from collections.abc import Mapping

from textual import events
from textual.binding import Binding
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from xentui.screens.drawing import Part, draw, width_of
from xentui.screens.themes import Theme
from xentui.subprocesses import printable

#: Steps that can be undone.
_MOST_UNDONE = 200
_TAB = 4


class TextEdit(Widget, can_focus=True):
    """`text` is what is edited; `marks` are the roles that a line's number is drawn in, by line, from 0."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "TextEdit { height: 1fr; }"
    BINDINGS = [
        Binding("up", "move(-1, 0)", show=False),
        Binding("down", "move(1, 0)", show=False),
        Binding("left", "move(0, -1)", show=False),
        Binding("right", "move(0, 1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home,ctrl+a", "home", show=False),
        Binding("end,ctrl+e", "end", show=False),
        Binding("ctrl+home", "place(0, 0)", show=False),
        Binding("ctrl+end", "last", show=False),
        Binding("enter", "insert('\\n')", show=False),
        Binding("backspace,ctrl+h", "backspace", show=False),
        Binding("delete", "delete", show=False),
        Binding("ctrl+k", "delete_line", show=False),
    ]

    class Changed(Message):
        """The text is another one."""

    class Moved(Message):
        """The cursor stands elsewhere."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.read_only = False
        self.row, self.column, self.top, self.left = 0, 0, 0, 0
        self.marks: dict[int, str] = {}
        self._lines = [""]
        self._undone: list[tuple[str, int, int]] = []
        self._typing = False  # the last change was a typed letter: the next one belongs to the same step

    @property
    def theme(self) -> Theme:
        """The theme that is chosen in the app."""
        theme: Theme = self.app.palette  # type: ignore[attr-defined]
        return theme

    @property
    def text(self) -> str:
        """The whole text."""
        return "\n".join(self._lines)

    @property
    def lines(self) -> list[str]:
        """Its lines, without their ends."""
        return self._lines

    def load(self, text: str) -> None:
        """Begin with a text; nothing before it can be undone."""
        self._lines, self._undone, self.row, self.column, self.top, self.left = text.split("\n"), [], 0, 0, 0, 0
        self.refresh()

    def change(self, text: str) -> None:
        """Another text in one step; the cursor stays where it can."""
        if text != self.text:
            self._remember()
            self._lines = text.split("\n")
            self._changed()

    def undo(self) -> bool:
        """Go back a step; False when there is none."""
        if not self._undone:
            return False
        text, self.row, self.column = self._undone.pop()
        self._lines = text.split("\n")
        self._changed()
        return True

    def mark(self, marks: Mapping[int, str]) -> None:
        """Draw the numbers of these lines in these roles."""
        if marks != self.marks:
            self.marks = dict(marks)
            self.refresh()

    def action_place(self, row: int, column: int) -> None:
        """Put the cursor there, as far as there is text."""
        self._typing = False
        self.row = max(0, min(row, len(self._lines) - 1))
        self.column = max(0, min(column, len(self._lines[self.row])))
        self._keep_in_view()
        self.refresh()
        self.post_message(self.Moved())

    # Drawing

    @property
    def _margin(self) -> int:
        return len(str(len(self._lines))) + 3

    def _keep_in_view(self) -> None:
        height, width = max(1, self.size.height), max(4, self.size.width - self._margin)
        self.top = max(0, min(self.top, self.row), self.row - height + 1)
        self.top = min(self.top, max(0, len(self._lines) - height))
        at = width_of(self._lines[self.row][: self.column])
        if at < self.left or at >= self.left + width:
            self.left = max(0, at - width // 2)
        if at < width:
            self.left = 0

    def on_resize(self) -> None:
        self._keep_in_view()
        self.refresh()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def render_line(self, y: int) -> Strip:
        index = self.top + y
        if index >= len(self._lines):
            return draw((), self.size.width, self.theme)
        role = self.marks.get(index, "dim")
        sign = "!" if index in self.marks else " "  # seen without colours, too
        number = f"{index + 1:>{self._margin - 2}}{sign} "
        return draw(((number, role), *self._visible(index)), self.size.width, self.theme)

    def _visible(self, index: int) -> list[Part]:
        line = self._lines[index]
        shown = printable(line)
        comment = "dim" if line.lstrip().startswith("#") else "text"
        if index != self.row:
            return [(_from_cell(shown, self.left), comment)]
        before, under = printable(line[: self.column]), printable(line[self.column : self.column + 1]) or " "
        after = printable(line[self.column + 1 :])
        cursor = "cursor" if self.has_focus else "cursor-away"
        return [(_from_cell(before, self.left), comment), (under, cursor), (after, comment)]

    # Changing

    def _remember(self) -> None:
        self._undone.append((self.text, self.row, self.column))
        del self._undone[:-_MOST_UNDONE]

    def _changed(self) -> None:
        self.row = max(0, min(self.row, len(self._lines) - 1))
        self.column = max(0, min(self.column, len(self._lines[self.row])))
        self._keep_in_view()
        self.refresh()
        self.post_message(self.Changed())

    def action_insert(self, text: str) -> None:
        """Put `text` in where the cursor is."""
        if self.read_only:
            self.post_message(self.Changed())
            return
        typed = len(text) == 1 and text != "\n"
        if not (typed and self._typing):
            self._remember()
        self._typing = typed
        line = self._lines[self.row]
        pieces = (line[: self.column] + text).split("\n")
        self._lines[self.row : self.row + 1] = [*pieces[:-1], pieces[-1] + line[self.column :]]
        self.row, self.column = self.row + len(pieces) - 1, len(pieces[-1])
        self._changed()

    def action_backspace(self) -> None:
        if self.column == 0 and self.row == 0:
            return
        self.action_move(0, -1)
        self.action_delete()

    def action_delete(self) -> None:
        line = self._lines[self.row]
        if self.read_only or (self.column == len(line) and self.row == len(self._lines) - 1):
            return
        self._remember()
        self._typing = False
        if self.column < len(line):
            self._lines[self.row] = line[: self.column] + line[self.column + 1 :]
        else:
            self._lines[self.row : self.row + 2] = [line + self._lines[self.row + 1]]
        self._changed()

    def action_delete_line(self) -> None:
        if self.read_only:
            return
        self._remember()
        self._typing = False
        del self._lines[self.row]
        self._lines = self._lines or [""]
        self.column = 0
        self._changed()

    # Moving

    def action_move(self, rows: int, columns: int) -> None:
        row, column = self.row + rows, self.column + columns
        if columns and column < 0 and row > 0:
            row, column = row - 1, len(self._lines[row - 1])
        elif columns and column > len(self._lines[self.row]) and row < len(self._lines) - 1:
            row, column = row + 1, 0
        self.action_place(row, column)

    def action_page(self, pages: int) -> None:
        self.action_place(self.row + pages * max(1, self.size.height - 1), self.column)

    def action_home(self) -> None:
        self.action_place(self.row, 0)

    def action_end(self) -> None:
        self.action_place(self.row, len(self._lines[self.row]))

    def action_last(self) -> None:
        self.action_place(len(self._lines), 0)

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return character is not None and character.isprintable()

    def on_key(self, event: events.Key) -> None:
        if event.character is not None and event.character.isprintable() and len(event.character) == 1:
            event.stop()
            event.prevent_default()
            self.action_insert(event.character)

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self.action_insert(event.text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " " * _TAB))

    def on_click(self, event: events.Click) -> None:
        self.action_place(self.top + event.y, max(0, event.x - self._margin + self.left))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self.action_move(3, 0)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self.action_move(-3, 0)


def _from_cell(shown: str, cells: int) -> str:
    """What of a printable text stands right of so many cells."""
    while shown and cells > 0:
        cells -= width_of(shown[0])
        shown = shown[1:]
    return shown
