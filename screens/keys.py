"""Keys: Textual's names of them as they are printed on a keyboard, and bindings made from the registry."""

from __future__ import annotations

from collections.abc import Iterable

from textual.binding import Binding

from xentui.actions import Action

_SHOWN = {
    "enter": "Enter",
    "space": "Space",
    "escape": "Esc",
    "tab": "Tab",
    "delete": "Del",
    "backspace": "Bksp",
    "slash": "/",
    "asterisk": "*",
    "colon": ":",
    "question_mark": "?",
    "exclamation_mark": "!",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "right_square_bracket": "]",
    "circumflex_accent": "^",
    "backslash": "\\",
    "underscore": "_",
}


def shown(key: str) -> str:
    """A key as the reader knows it: ``slash`` is ``/``, ``ctrl+x`` is ``^X``."""
    if key.startswith("ctrl+"):
        return f"^{shown(key.removeprefix('ctrl+')).upper()}"
    if key in _SHOWN:
        return _SHOWN[key]
    return key.upper() if len(key) > 1 else key


def bindings(actions: Iterable[Action]) -> list[Binding]:
    """A binding for each action: its keys call `action_do` of the screen with its name."""
    return [
        Binding(",".join(action.keys), f"do({action.name!r})", action.title, show=False, id=action.name)
        for action in actions
        if action.keys
    ]
