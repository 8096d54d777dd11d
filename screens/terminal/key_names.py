"""What Textual calls the keys of a sequence. Finding that takes longer than sending the key, so it is remembered."""

from __future__ import annotations

from textual._xterm_parser import XTermParser

_KEPT = 500
"""Sequences that are remembered."""

Names = list[tuple[str, str | None]]
"""Names, with the characters that the keys type."""


class KeyNames:
    """Asks `parser`, and remembers."""

    def __init__(self, parser: XTermParser) -> None:
        self._parser = parser
        self._known: dict[str, Names] = {}
        self.known = self._known.get
        """The names, if they have been asked for before."""

    def find(self, text: str) -> Names:
        """The names for a sequence; none if it is no key."""
        pressed = list(self._parser._sequence_to_key_events(text))
        if not pressed and len(text) == 2 and text[0] == "\x1b":
            pressed = list(self._parser._sequence_to_key_events(text[1], alt=True))
        if len(self._known) >= _KEPT:
            self._known.clear()
        names = self._known[text] = [(key.key, key.character) for key in pressed]
        return names
