"""Painting ahead: a widget's rows on the terminal now, and not when Textual's next frame is due."""

from __future__ import annotations

from collections.abc import Iterable

from textual.geometry import Region
from textual.widget import Widget


def paint_ahead(widget: Widget, regions: Iterable[Region]) -> None:
    """Have the lean driver show these rows of `widget` (whole ones, in its own coordinates) at once.

    Call it after `widget.refresh` with the same regions: Textual paints them again some milliseconds later, and
    finds them there. Where that is not sure to be the same picture (a dialog, a layout under way, another driver),
    it does nothing.
    """
    app, screen = widget.app, widget.screen
    paint = getattr(app._driver, "paint_ahead", None)
    if paint is None or screen is not app.screen or app._batch_count or screen._layout_required:
        return
    place = screen._compositor.visible_widgets.get(widget)
    if place is None:
        return
    where, clip = place
    if where.size != widget.size or clip.intersection(where) != where:
        return
    paint(where.x, [(where.y + y, strip) for r in regions for y, strip in enumerate(widget.render_lines(r), r.y)])
