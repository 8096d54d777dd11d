"""The last line: the keys that matter most here, made from the registry of actions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xentui.actions import Action
from xentui.screens.drawing import Line, Part
from xentui.screens.keys import shown
from xentui.screens.widgets.lines import Lines

#: What must be there even if nothing else fits.
_ALWAYS = ("help", "quit")

Hint = tuple[str, str]


class KeyBar(Lines):
    """Hints are pairs of a key and what it does, the most important ones first; what does not fit is left out."""

    ground = "text"

    def __init__(self, hints: Sequence[Hint] = (), *, always: int = 0, id: str | None = None) -> None:
        super().__init__(id=id)
        self.hints = list(hints)
        #: So many of the last hints have room before the others.
        self.always = always

    def set_hints(self, hints: Sequence[Hint], *, always: int = 0) -> None:
        """Show other keys."""
        self.hints, self.always = list(hints), always
        self.show([self._line()])

    def on_mount(self) -> None:
        self.show([self._line()])

    def on_resize(self) -> None:
        self.show([self._line()])

    def _line(self) -> Line:
        room = self.size.width
        last = self.hints[len(self.hints) - self.always :]
        taken: list[Hint] = []
        for hint in (*last, *self.hints[: len(self.hints) - self.always]):
            cells = len(hint[0]) + len(hint[1]) + 3
            if cells <= room:
                room -= cells
                taken.append(hint)
        parts: list[Part] = []
        in_dialog = self.ground == "dialog"
        for key, title in [hint for hint in self.hints if hint in taken]:
            parts += [(f" {key}", "dialog-key" if in_dialog else "key")]
            parts += [(f" {title} ", "dialog-dim" if in_dialog else "dim")]
        return tuple(parts)


def registry_hints(actions: Iterable[Action], *, read_only: bool) -> tuple[list[Hint], int]:
    """The hints of the actions that have a place in the key bar, and how many of them come first."""
    placed = sorted((a for a in actions if a.bar and not (read_only and a.changes)), key=lambda a: a.bar)
    placed = [a for a in placed if a.name not in _ALWAYS] + [a for a in placed if a.name in _ALWAYS]
    hints = [(shown(action.keys[0]), action.title) for action in placed]
    return hints, sum(action.name in _ALWAYS for action in placed)
