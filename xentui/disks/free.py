"""The gaps between partitions."""

from __future__ import annotations

from collections.abc import Iterable

from xentui.disks.device import FreeArea

MIB = 1 << 20


def gaps(first: int, end: int, taken: Iterable[tuple[int, int]], grain: int = MIB) -> tuple[FreeArea, ...]:
    """What of `first` to `end` no (start, size) in `taken` covers, in whole grains. All in bytes.

    A gap smaller than a grain is none: nothing aligned fits in.
    """
    found = []
    at = first
    for start, size in [*sorted(taken), (end, 0)]:
        low, high = -(-at // grain) * grain, min(start, end) // grain * grain
        if high - low >= grain:
            found.append(FreeArea(low, high - low))
        at = max(at, start + size)
    return tuple(found)
