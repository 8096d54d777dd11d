"""What a character cell looks like besides its character (ECMA-48 SGR, with xterm's colours)."""

from __future__ import annotations

from typing import NamedTuple

Color = int | tuple[int, int, int] | None
"""None is the terminal's default, 0..255 an index into xterm's palette, a triple is red, green, blue."""


class Attributes(NamedTuple):
    """The rendition of one cell."""

    foreground: Color = None
    background: Color = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    blink: bool = False
    reverse: bool = False
    conceal: bool = False
    strike: bool = False


DEFAULT = Attributes()

Runs = list[tuple[str, Attributes]]
"""A row as texts of the same attributes, from left to right."""
