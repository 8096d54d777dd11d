"""The gaps between partitions."""

from __future__ import annotations

from collections.abc import Iterable

from xentui.disks.device import FreeArea

MIB = 1 << 20


def gaps(first: int, end: int, taken: Iterable[tuple[int, int]], lead: int = 0) -> tuple[FreeArea, ...]:
    """What of `first` to `end` no (start, size) in `taken` covers, in whole MiB. All in bytes.

    A smaller gap is none: nothing aligned fits in. `lead` bytes at the start of each gap are not free: a
    logical partition has a sector of its own before it.
    """
    found = []
    at = first
    for start, size in [*sorted(taken), (end, 0)]:
        low, high = -(-(at + lead) // MIB) * MIB, min(start, end) // MIB * MIB
        if high - low >= MIB:
            found.append(FreeArea(low, high - low))
        at = max(at, start + size)
    return tuple(found)
