"""A list to choose one thing from, with a filter as one types: the palette, sorting, themes, what to cancel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Input

from xentui.screens.dialogs.dialog import Dialog
from xentui.screens.dialogs.prose import Prose
from xentui.screens.drawing import fit
from xentui.screens.fuzzy import score
from xentui.screens.widgets.cursor_list import CursorList
from xentui.screens.widgets.key_bar import KeyBar
from xentui.screens.widgets.pick_list import PickList

_MOST_ROWS = 16


@dataclass(frozen=True, slots=True)
class Choice:
    """`value` is the result; `title` and `remark` are shown, and `role` is how."""

    value: str
    title: str
    remark: str = ""
    role: str = ""


class Choose(Dialog[str | None]):
    """The result is the value of the choice, None when left."""

    DEFAULT_CSS = """
    Choose PickList { height: auto; background: $x-dialog-bg; }
    """
    BINDINGS = [Binding("escape", "leave", show=False)]

    def __init__(
        self, title: str, choices: Sequence[Choice], *, current: str | None = None, with_filter: bool = False
    ) -> None:
        super().__init__()
        self.heading, self.choices, self.current, self.with_filter = title, list(choices), current, with_filter
        self._shown = list(choices)

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Prose([(self.heading, "dialog-title")])
            if self.with_filter:
                entry = Input()
                entry.cursor_blink = False
                yield entry
            pick = PickList(ground="dialog")
            pick.can_focus = not self.with_filter
            yield pick
            bar = KeyBar([("Enter", "Choose"), ("Esc", "Leave")])
            bar.ground = "dialog"
            yield bar

    def on_mount(self) -> None:
        values = [choice.value for choice in self._shown]
        self._list(values.index(self.current) if self.current in values else 0)

    def _list(self, cursor: int = 0) -> None:
        pick = self.query_one(PickList)
        pick.styles.height = max(1, min(len(self.choices), _MOST_ROWS, self.app.size.height - 5 - self.with_filter))
        title_width = max((len(c.title) for c in self.choices), default=0) + 2
        if title_width > self.inner_width * 3 // 4:  # no column of remarks then: each stands behind its own title
            title_width = 0
        rows = []
        for choice in self._shown:
            title = fit(choice.title, title_width) or f"{choice.title}  "
            rows.append(((title, choice.role), (choice.remark, choice.role or "dialog-dim")))
        pick.show(rows, cursor)

    def on_resize(self, event: events.Resize) -> None:
        self._list(self.query_one(PickList).cursor)

    @on(Input.Changed)
    def _filter(self, event: Input.Changed) -> None:
        event.stop()
        words = event.value.strip().removeprefix("/")  # which begins a filter everywhere else
        scored = [(score(words, choice.title), choice) for choice in self.choices]
        found = sorted((pair for pair in scored if pair[0] > 0), key=lambda pair: -pair[0])
        self._shown = [choice for _, choice in found] if words else list(self.choices)
        self._list()

    @on(Input.Submitted)
    @on(CursorList.Chosen)
    def _chosen(self) -> None:
        self.action_choose()

    def on_key(self, event: events.Key) -> None:
        # The filter has the focus; what moves in a list goes to the list.
        moves = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10}
        if event.key in moves and self.with_filter:
            event.stop()
            self.query_one(PickList).action_move(moves[event.key])
        elif event.key == "enter" and not self.with_filter:
            event.stop()
            self.action_choose()

    def action_choose(self) -> None:
        cursor = self.query_one(PickList).cursor
        if cursor < len(self._shown):
            self.dismiss(self._shown[cursor].value)

    def action_leave(self) -> None:
        self.dismiss(None)
