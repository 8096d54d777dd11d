"""The few characters beyond letters that the screens draw with, for what the terminal can show."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One set. `graph` goes from nothing to all, empty where a graph cannot be drawn."""

    mark: str
    up: str
    down: str
    bar_used: str
    bar_free: str
    more: str  # where text was cut
    graph: str
    border: str  # the border type of dialogs, in Textual's words
    branch: str = "├─"  # the lines of a tree
    last: str = "└─"
    line: str = "│"


_UNICODE = Glyphs("*", "▲", "▼", "█", "░", "…", " ▁▂▃▄▅▆▇█", "round")
# The font of a PC console: no eighths, no ellipsis.
_CONSOLE = Glyphs("*", "▲", "▼", "█", "░", "~", "", "solid")
_ASCII = Glyphs("*", "^", "v", "#", ".", "~", "", "ascii", "|-", "`-", "|")

SETS: dict[str, Glyphs] = {
    "unicode": _UNICODE,
    "console": _CONSOLE,
    # DEC graphics has lines (the driver translates them) and no blocks.
    "dec": Glyphs("*", "^", "v", "#", ".", "~", "", "solid"),
    "ascii": _ASCII,
}
