"""A few questions in one dialog: lines to type in and words to choose from; what is wrong is said as a sentence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from xentui.screens.dialogs.dialog import Dialog
from xentui.screens.dialogs.prose import Prose
from xentui.screens.drawing import draw
from xentui.screens.themes import Theme
from xentui.screens.widgets.key_bar import KeyBar
from xentui.subprocesses import printable

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Field:
    """A question. With `choices` one of them is chosen, else a line is typed; `value` is the first answer."""

    name: str
    title: str
    value: str = ""
    choices: tuple[str, ...] = ()


class Choices(Widget, can_focus=True):
    """One word of a few: Left and Right, or Space, change it."""

    DEFAULT_CSS = "Choices { height: 1; width: 1fr; }"
    BINDINGS = [Binding("left", "turn(-1)", show=False), Binding("right,space", "turn(1)", show=False)]

    class Changed(Message):
        """Another word was chosen."""

    def __init__(self, choices: Sequence[str], value: str, *, id: str) -> None:
        super().__init__(id=id)
        self.choices = list(choices)
        self.value = value if value in choices else self.choices[0]

    def action_turn(self, by: int) -> None:
        self.choose(self.choices[(self.choices.index(self.value) + by) % len(self.choices)])
        self.post_message(self.Changed())

    def choose(self, value: str) -> None:
        """Show another word."""
        if value in self.choices and value != self.value:
            self.value = value
            self.refresh()

    def on_key(self, event: events.Key) -> None:
        # The first letter of a word chooses it, too.
        if event.character and event.is_printable and event.character != " ":
            later = self.choices.index(self.value) + 1
            ordered = [*self.choices[later:], *self.choices[:later]]
            found = next((word for word in ordered if word.startswith(event.character)), None)
            if found is not None:
                event.stop()
                self.choose(found)
                self.post_message(self.Changed())

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def render_line(self, y: int) -> Strip:
        theme: Theme = self.app.palette  # type: ignore[attr-defined]
        role = "cursor" if self.has_focus else "dialog"
        line = (("< ", "dialog-dim"), (self.value, role), (" >", "dialog-dim"))
        return draw(line, self.size.width, theme, base="dialog")


class Form(Dialog[bool]):
    """`attempt` does what is meant with the answers, by the fields' names; a sentence from it keeps the form open.

    `follow` may give other answers when one changed. The result is whether it was done.
    """

    DEFAULT_CSS = """
    Form Horizontal { height: 1; }
    Form .title { width: 16; height: 1; }
    Form Input { width: 1fr; }
    """
    BINDINGS = [
        Binding("escape", "leave", show=False),
        Binding("enter", "submit", show=False, priority=True),
        Binding("down,tab", "next", show=False, priority=True),
        Binding("up,shift+tab", "previous", show=False, priority=True),
    ]

    def __init__(
        self,
        title: str,
        fields: Sequence[Field],
        attempt: Callable[[Values], Awaitable[str | None]],
        *,
        remark: str = "",
        follow: Callable[[str, Values], Values] | None = None,
    ) -> None:
        super().__init__()
        self.heading, self.fields, self.attempt = title, list(fields), attempt
        self.remark, self.follow = remark, follow
        self._busy = False

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Prose([(self.heading, "dialog-title")], most=3)
            for field in self.fields:
                with Horizontal():
                    title = Prose([(field.title, "dialog-dim")])
                    title.add_class("title")
                    yield title
                    if field.choices:
                        yield Choices(field.choices, field.value, id=field.name)
                    else:
                        entry = Input(printable(field.value), select_on_focus=True, id=field.name)
                        entry.cursor_blink = False
                        yield entry
            yield Prose([(self.remark, "dialog-dim")], id="complaint", most=4)
            hints = [("Enter", "Do it"), ("Tab", "Next"), ("Esc", "Leave it")]
            if any(field.choices for field in self.fields):
                hints.insert(2, ("Left/Right", "Choose"))
            bar = KeyBar(hints, always=1)
            bar.ground = "dialog"
            yield bar

    @property
    def values(self) -> dict[str, str]:
        """The answers as they stand."""
        found: dict[str, str] = {}
        for field in self.fields:
            widget = self.query_one(f"#{field.name}")
            found[field.name] = widget.value if isinstance(widget, Input | Choices) else ""
        return found

    @on(Choices.Changed)
    def _changed(self, event: Choices.Changed) -> None:
        if self.follow is None or not isinstance(self.focused, Choices):
            return
        for name, value in self.follow(str(self.focused.id), self.values).items():
            widget = self.query_one(f"#{name}")
            if isinstance(widget, Choices):
                widget.choose(value)
            elif isinstance(widget, Input):
                widget.value = value

    def action_next(self) -> None:
        self.focus_next()

    def action_previous(self) -> None:
        self.focus_previous()

    async def action_submit(self) -> None:
        if self._busy:
            return
        self._busy = True
        try:
            wrong = await self.attempt(self.values)
        finally:
            self._busy = False
        if wrong is None:
            self.dismiss(True)
        else:
            self.query_one("#complaint", Prose).set([(wrong, "danger")])

    def action_leave(self) -> None:
        self.dismiss(False)
