"""Painting ahead: a widget's rows on the terminal now, and not when Textual's next frame is due.

Between a key and its echo Textual would spend ten times what the emulator and the driver need, and wait for its
clock. So a console hands its rows to the lean driver, cell by cell as Textual would get them from it later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from rich.segment import Segment
from rich.style import Style
from textual.filter import LineFilter
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


class AheadPainter:
    """Paints one widget, which has no border, no padding and no opacity; `row` gives the segments of a row of it."""

    def __init__(self, widget: Widget, row: Callable[[int, int, int], Iterable[Segment]]) -> None:
        """`row` is called with y, and width and height of the widget."""
        self._widget = widget
        self._row = row
        self._filters: Sequence[LineFilter] = ()
        self._theme = ""
        self._filtered: dict[Style | None, Style | None] = {}

    def paint(self, rows: Iterable[int]) -> bool:
        """Show these rows at once.

        False, and nothing is done, where that is not sure to be what Textual would show (a dialog, a layout under
        way) or the driver is another one: `Widget.refresh` is the way then.
        """
        widget = self._widget
        app = widget.app
        screen = app.screen
        paint = getattr(app._driver, "paint_ahead", None)
        if paint is None or app._batch_count or screen._layout_required:
            return False
        place = screen._compositor.visible_widgets.get(widget)
        if place is None:  # also when the widget is on another screen
            return False
        where, clip = place
        if clip.intersection(where) != where:
            return False
        x, y, width, height = where
        style = self._style_filter()
        painted = []
        for row in rows:
            # What Textual keeps of the row is old now: should it draw, it asks the widget.
            widget._styles_cache.set_dirty(Region(0, row, width, 1))
            segments = self._row(row, width, height)
            painted.append((y + row, [(segment[0], style(segment[1])) for segment in segments]))
        return bool(paint(x, painted))

    def _style_filter(self) -> Callable[[Style | None], Style | None]:
        """What the app's filters make of a style: the colours of the theme, or none."""
        app = self._widget.app
        filters = app.get_line_filters()
        if not filters:
            return _same
        if filters != self._filters or app.theme != self._theme:
            self._filters, self._theme = filters, app.theme
            self._filtered.clear()
        return self._filter

    def _filter(self, style: Style | None) -> Style | None:
        try:
            return self._filtered[style]
        except KeyError:
            strip = Strip([Segment(" ", style)])
            for line_filter in self._filters:
                strip = strip.apply_filter(line_filter, self._widget.background_colors[1])
            if len(self._filtered) > 2000:
                self._filtered.clear()
            found = self._filtered[style] = next(iter(strip)).style
            return found


def _same(style: Style | None) -> Style | None:
    return style
