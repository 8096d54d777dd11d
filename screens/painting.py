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

from xentui.screens.glance import glance


class AheadPainter:
    """Paints one widget, which has no border, no padding and no opacity; `row` gives the segments of a row of it."""

    def __init__(self, widget: Widget, row: Callable[[int, int, int], Iterable[Segment]]) -> None:
        """`row` is called with y, and width and height of the widget."""
        self._widget = widget
        self._row = row
        self._filters: Sequence[LineFilter] = ()
        self._theme = ""
        self._filtered: dict[Style | None, Style | None] = {}
        self._seen: tuple[Region, Region] | None = None
        self._where: Region | None = None

    def paint(self, rows: Iterable[int]) -> bool:
        """Show these rows at once.

        False, and nothing is done, where that is not sure to be what Textual would show (a dialog, a layout under
        way) or the driver is another one: `Widget.refresh` is the way then.
        """
        place = self._place()
        if place is None:
            return False
        x, y, width, height = place
        self._learn_filters()
        style = self.filtered
        painted = []
        for row in rows:
            self._forget(row, width)
            segments = self._row(row, width, height)
            painted.append((y + row, [(segment[0], style(segment[1])) for segment in segments]))
        paint: Callable[..., bool] = self._widget.app._driver.paint_ahead  # type: ignore[union-attr]
        return paint(x, painted)

    def paint_cells(self, row: int, column: int, texts: Sequence[tuple[str, Style | None]]) -> bool:
        """Show these texts, in styles that `filtered` gave, from the widget's cell (row, column) on at once. False as
        for `paint`."""
        place = self._place()
        if place is None:
            return False
        paint: Callable[..., bool] = self._widget.app._driver.paint_cells_ahead  # type: ignore[union-attr]
        if not paint(place.y + row, place.x + column, texts):
            return False
        self._forget(row, place.width)
        return True

    def place_of(self, row: int, column: int) -> tuple[int, int] | None:
        """Where `paint_cells` would paint, as y and x of the screen."""
        place = self._place()
        return None if place is None else (place.y + row, place.x + column)

    def _place(self) -> Region | None:
        """Where the widget is, if all of it is in view and the next frame would not move it."""
        widget = self._widget
        app = widget.app
        driver = app._driver
        if app._batch_count or not app._screen_stack or driver is None or not hasattr(driver, "paint_ahead"):
            return None  # also at the end: Textual takes the screens away before what still prints is closed
        screen = app._screen_stack[-1]
        if screen._layout_required or screen._compositor.size != driver._size:
            return None  # the terminal may be another size already, and nothing be laid out for it
        place = screen._compositor.visible_widgets.get(widget)
        if place is not self._seen:
            self._seen, self._where = place, None
            if place is not None and place[1].intersection(place[0]) == place[0]:
                self._where = place[0]
        return self._where  # None also when the widget is on another screen

    def _forget(self, row: int, width: int) -> None:
        """What Textual keeps of the row is old now: should it draw, it asks the widget."""
        self._widget._styles_cache.set_dirty(Region(0, row, width, 1))

    @property
    def filters(self) -> object:
        """Stands for what the app's filters make of styles: another object when that is another."""
        self._learn_filters()
        return self._filtered

    def _learn_filters(self) -> None:
        app = self._widget.app
        filters = [line_filter for line_filter in app._filters if line_filter.enabled]
        theme = glance(app, "theme")
        if filters != self._filters or theme != self._theme:
            self._filters, self._theme = filters, theme
            self._filtered = {}

    def filtered(self, style: Style | None) -> Style | None:
        """What the app's filters make of a style: the colours of the theme, or none. Ask for `filters` first."""
        if not self._filters:
            return style
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
