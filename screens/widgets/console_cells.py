"""A guest's cells as strips: the one way from the emulator to the screen."""

from __future__ import annotations

from functools import lru_cache

from rich.cells import cell_len
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from xentui.console import attributes
from xentui.console.attributes import Attributes, Runs

#: The cursor where the keys are, and where they are not.
BLOCK, LINE = Style(reverse=True), Style(underline=True)


def _color(color: attributes.Color) -> Color | None:
    if color is None:
        return None
    return Color.from_ansi(color) if isinstance(color, int) else Color.from_rgb(*color)


@lru_cache(maxsize=4096)
def style_of(look: Attributes, ground: Style, reverse_screen: bool = False) -> Style:
    """How a guest's cell is drawn on the theme's `ground`, which stands for its default colours."""
    return ground + Style(
        color=_color(look.foreground),
        bgcolor=_color(look.background),
        bold=look.bold or None,
        dim=look.dim or None,
        italic=look.italic or None,
        underline=look.underline or None,
        blink=look.blink or None,
        reverse=(look.reverse != reverse_screen) or None,
        strike=look.strike or None,
    )


def shown(text: str, look: Attributes) -> str:
    """The text of a run as it may be drawn: the emulator keeps controls out; this is the second lock on that door."""
    if look.conceal:
        return " " * cell_len(text)
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" if c != "\xa0" else " " for c in text)


_PLAIN = Style()


def row_segments(
    runs: Runs, columns: int, ground: Style, *, reverse_screen: bool = False, cursor: int | None = None,
    cursor_style: Style = _PLAIN,
) -> list[Segment]:  # fmt: skip
    """A row of the guest's screen in `columns` cells; the cell at `cursor` with `cursor_style` laid over it."""
    segments: list[Segment] = []
    width = 0
    for text, look in runs:
        clean = shown(text, look)
        if not clean.isascii():
            break
        segments.append(Segment(clean, style_of(look, ground, reverse_screen)))
        width += len(clean)
    else:
        if width < columns:
            segments.append(Segment(" " * (columns - width), style_of(attributes.DEFAULT, ground, reverse_screen)))
        return segments if cursor is None else _with_cursor(segments, cursor, cursor_style)
    strip = Strip([Segment(shown(text, look), style_of(look, ground, reverse_screen)) for text, look in runs])
    strip = strip.adjust_cell_length(columns, style_of(attributes.DEFAULT, ground, reverse_screen))
    return list(strip if cursor is None else overlay(strip, cursor, cursor + 1, cursor_style))


def _with_cursor(segments: list[Segment], cursor: int, style: Style) -> list[Segment]:
    """The segments, whose characters are one cell wide, with `style` laid over one of these."""
    start = 0
    for index, (text, own, _) in enumerate(segments):
        at = cursor - start
        if at < len(text):
            parts = ((text[:at], own), (text[at], (own or Style()) + style), (text[at + 1 :], own))
            segments[index : index + 1] = [Segment(part, look) for part, look in parts if part]
            break
        start += len(text)
    return segments


def overlay(strip: Strip, start: int, end: int, style: Style) -> Strip:
    """`strip` with `style` laid over the cells from `start` to `end`: the cursor, something found."""
    length = strip.cell_length
    start, end = max(0, start), min(end, length)
    if start >= end:
        return strip
    before, middle, after = strip.divide([start, end, length])
    laid_over = [Segment(text, (own or Style()) + style) for text, own, _ in middle]
    return Strip([*before, *laid_over, *after], length)
