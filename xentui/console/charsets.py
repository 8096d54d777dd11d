"""The character sets of a VT220 that still matter when the stream is UTF-8, and the widths of characters."""

from __future__ import annotations

import re
import unicodedata

from rich.cells import get_character_cell_size

Charset = dict[int, int] | None
"""A table for str.translate; None is ASCII."""

# VT220 Programmer Reference Manual, table 2-4 (DEC Special Graphics), from 0x5f on.
_GRAPHICS = " ◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·"

CHARSETS: dict[str, Charset] = {
    "B": None,
    "0": {0x5F + index: ord(character) for index, character in enumerate(_GRAPHICS)},
    "A": {ord("#"): ord("£")},
}
"""By the final character of `ESC ( F`. A set that is not here is drawn as ASCII."""

CONTINUATION = "\0"
"""Stands in the cell that the right half of a wide character covers."""

FIRST_CLUSTER = 0x100000
CLUSTERS = 0x8000
"""Plane 16, for private use, holds our symbols for a letter with its combining marks; a guest cannot send it."""

LINE_SEPARATORS = "\u2028\u2029"
_CONTROLS = frozenset(("Cc", "Cf", "Zl", "Zp"))

MAX_MARKS = 8
"""Combining marks kept on one letter; a guest can send millions."""

# Every character here is one cell wide and needs no thought: Latin, Greek, Cyrillic, punctuation, arrows,
# mathematics, box drawing, braille, the replacement character. tests/unit/console/test_charsets.py holds it
# against rich, which measures what the pane draws.
_NARROW = re.compile("[ -~\xa0-\xac\xae-ʯͰ-ҁ‐-\u2027‰-⁞₠-⃀←-⌙⎀-⏈␀-␦─-▐─-◼⠀-⣿\ufffd]*+")


def is_narrow(text: str) -> bool:
    """Whether each character of the text takes one cell (False only says that it has to be looked at)."""
    match = _NARROW.match(text)
    return match is not None and match.end() == len(text)


def width(character: str) -> int:
    """Cells of a character: 0 (a combining mark), 1 or 2; -1 for what is not to be shown at all.

    Not shown are the format characters: zero-width joiners (which would make rich count two letters as one cell
    group), variation selectors and bidirectional overrides, by which a guest could reorder the user's screen.
    """
    category = unicodedata.category(character)
    if category == "Cf" or "\ufe00" <= character <= "\ufe0f" or "\U000e0000" <= character <= "\U000e0fff":
        return -1
    if character in LINE_SEPARATORS:
        return 1
    return get_character_cell_size(character)


def displayable(character: str) -> str:
    """The character, or U+FFFD for line separators and for the code points that we use ourselves."""
    if character in LINE_SEPARATORS or ord(character) >= FIRST_CLUSTER:
        return "\ufffd"
    return character


def without_controls(text: str) -> str:
    """The text without control, format and line separator characters."""
    return "".join([character for character in text if unicodedata.category(character) not in _CONTROLS])
