"""A line that is typed in a pane's title: what to search for, the name of a file."""

from __future__ import annotations

from collections.abc import Callable


class Prompt:
    """Asks for `name`; `then` gets what was typed once Enter is pressed, if it is something or `empty` is allowed."""

    def __init__(self, name: str, then: Callable[[str], None], *, typed: str = "", empty: bool = False) -> None:
        self.name, self.typed = name, typed
        self._then, self._empty = then, empty

    @property
    def line(self) -> str:
        """What stands in the title."""
        return f"{self.name} {self.typed}_"

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
