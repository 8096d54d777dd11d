"""A bar of used and free memory, as parts of a line."""

from __future__ import annotations

from xentui.domains.domain import HostInfo
from xentui.screens.drawing import Part
from xentui.screens.glyphs import Glyphs


def memory_bar(host: HostInfo, width: int, glyphs: Glyphs) -> list[Part]:
    """``[####....]`` in `width` cells; nothing where Xen has not said how much there is."""
    total, free = host.total_memory_mib, host.free_memory_mib
    if not total or free is None or width < 5:
        return []
    cells = width - 2
    used = max(0, min(cells, round(cells * (total - free) / total)))
    return [
        ("[", "header-dim"),
        (glyphs.bar_used * used, "bar-used"),
        (glyphs.bar_free * (cells - used), "bar-free"),
        ("]", "header-dim"),
    ]
