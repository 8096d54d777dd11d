"""A line that is typed in a pane's title: what to search for, the name of a file."""

from __future__ import annotations

from collections.abc import Callable

from rich.cells import cell_len, set_cell_size


class Prompt:
    """Asks for `name`; `then` gets what was typed once Enter is pressed, if it is something or `empty` is allowed."""

    def __init__(self, name: str, then: Callable[[str], None], *, typed: str = "", empty: bool = False) -> None:
        self.name, self.typed = name, typed
        self._then, self._empty = then, empty

    def line(self, width: int) -> str:
        """What stands in the title; of a long text its end."""
        text = f"{self.name} {self.typed}_"
        if cell_len(text) <= width:
            return text
        room = max(0, width - cell_len(self.name) - 3)
        return f"{self.name} ~{set_cell_size(self.typed[::-1], room)[::-1]}_"

    def key(self, key: str, character: str | None) -> Callable[[], None] | None:
        """Take a key. When the prompt is over: what is to be done then."""
        if key in ("escape", "ctrl+c"):
            return lambda: None
        if key == "enter":
            typed, then = self.typed, self._then
            return (lambda: then(typed)) if typed or self._empty else (lambda: None)
        if key == "backspace":
            self.typed = self.typed[:-1]
        elif character is not None:
            self.paste(character)
        return None

    def paste(self, text: str) -> None:
        """Type a text."""
        self.typed += "".join(c for c in text if c.isprintable())
