"""How well something typed matches a title."""

from __future__ import annotations


def score(typed: str, title: str) -> float:
    """0 for no match; the more, the better: whole words before beginnings, beginnings before scattered letters."""
    needle, hay = typed.casefold().strip(), title.casefold()
    if not needle:
        return 1.0
    at = hay.find(needle)
    if at == 0:
        return 4.0 + len(needle) / (len(hay) + 1)
    if at > 0:
        return (3.0 if not hay[at - 1].isalnum() else 2.0) + len(needle) / (len(hay) + 1)
    position, gaps = -1, 0
    for char in needle.replace(" ", ""):
        found = hay.find(char, position + 1)
        if found < 0:
            return 0.0
        gaps += found - position - 1
        position = found
    return 1.0 / (1 + gaps)
