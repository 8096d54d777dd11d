"""Text that becomes cells: the one way to the screen for all that guests, configurations and tools say.

A `Line` is a row of parts, each a text and the theme role it is drawn in. Whatever a text holds,
`draw` makes it printable: no escape, no markup and no newline of foreign origin reaches the terminal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from xentui.screens.themes import Theme
from xentui.subprocesses import printable

Part = tuple[str, str]
Line = Sequence[Part]


def width_of(text: str) -> int:
    """The cells that `text` takes once it is printable."""
    return len(text) if text.isascii() and text.isprintable() else cell_len(printable(text))


def fit(text: str, width: int, more: str = "~", *, right: bool = False) -> str:
    """`text`, printable, in exactly `width` cells: padded, or cut with `more` where it was cut."""
    if width <= 0:
        return ""
    clean = printable(text)
    if clean.isascii():
        if len(clean) > width:
            return clean[: width - 1] + more
        return clean.rjust(width) if right else clean.ljust(width)
    taken = cell_len(clean)
    if taken > width:
        return set_cell_size(clean, width - 1) + more
    return " " * (width - taken) + clean if right else clean + " " * (width - taken)


def draw(
    line: Line, width: int, theme: Theme, *, base: str = "text", override: Style | None = None, more: str = ""
) -> Strip:
    """`line` as a strip of exactly `width` cells on the style of the role `base`.

    `override` is laid over every part: the cursor. `more` stands at the end of what has to be cut.
    """
    ground = theme[base]
    segments: list[Segment] = []
    left = width
    for text, role in line:
        if left <= 0:
            break
        clean = printable(text)
        cells = len(clean) if clean.isascii() else cell_len(clean)
        if cells > left:
            clean, cells = set_cell_size(clean, left - len(more)) + more, left
        if cells:
            style = override if override is not None else ground + theme[role] if role else ground
            segments.append(Segment(clean, style))
            left -= cells
    if left > 0:
        segments.append(Segment(" " * left, override if override is not None else ground))
    return Strip(segments, width)


def wrap(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` cells: its own newlines kept, long lines broken at blanks where it can."""
    lines: list[str] = []
    for raw in text.expandtabs().splitlines() or [""]:
        rest = printable(raw)
        while cell_len(rest) > width > 0:
            cut = width
            while cell_len(rest[:cut]) > width:
                cut -= 1
            blank = rest.rfind(" ", max(1, cut - max(24, width // 2)), cut + 1)
            cut = max(1, blank if blank > 0 else cut)
            lines.append(rest[:cut].rstrip())
            rest = rest[cut:].lstrip(" ") if blank > 0 else rest[cut:]
        lines.append(rest)
    return lines


def plain(texts: Iterable[str], role: str = "text") -> list[Line]:
    """Each text as a line of one part."""
    return [((text, role),) for text in texts]
