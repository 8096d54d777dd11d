"""The partition table that a plan makes, and the writes that put it on the disk."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xentui.disks.layout import GRAIN, Layout
from xentui.disks.operations import Operation, PlanError
from xentui.disks.replay import Replay, Replayed
from xentui.disks.switching import Write, switch
from xentui.disks.table import Read
from xentui.disks.target import Target


@dataclass(frozen=True, slots=True)
class TableChange:
    """`layout` is what results, with the very identities that are written; `writes` may be none."""

    replayed: tuple[Replayed, ...]
    layout: Layout
    writes: tuple[Write, ...]


def table_change(target: Target, operations: Sequence[Operation], read: Read | None = None) -> TableChange:
    """Replay a plan on `target`, which `read` reads (or what was read of it). Raises PlanError and OSError."""
    with Replay(target) as playing:
        replayed = tuple(playing.play(operation) for operation in operations)
        for number, each in enumerate(replayed, 1):
            if each.problem is not None:
                raise PlanError(f"operation {number} ({each.operation.op}): {each.problem}")
        layout, read_new = playing.result()
        if layout.table.label is None or _unchanged(target, layout, playing):
            return TableChange(replayed, layout, ())
        writes = switch(target.table, layout.table, read or target.read, read_new)
        if target.table.label is None:
            writes += _cleared(target, layout, read or target.read)
    return TableChange(replayed, layout, tuple(writes))


def _cleared(target: Target, layout: Layout, read: Read) -> list[Write]:
    """A disk without a table may hold something else, whose marks stand in its first and last MiB: LUKS, btrfs, LVM.
    Two things at once would then be found on it."""
    length = min(GRAIN, target.size // 2)
    kept = sorted(layout.table.areas)
    writes = []
    for begin, end in ((0, length), (target.size - length, target.size)):
        at = begin
        for low, size in [*kept, (end, 0)]:
            gap = min(low, end) - at
            if gap > 0 and any(read(at, gap)):
                writes.append(Write(at, bytes(gap), "what was there before the table"))
            at = max(at, low + size)
    return writes


def _unchanged(target: Target, layout: Layout, playing: Replay) -> bool:
    return layout.table.same_partitions(target.table) and not (playing.repair or playing.is_new_table)


def write_all(handle: int, writes: Sequence[Write], told: Callable[[Write], None] | None = None) -> None:
    """Write them one after the other, each on the disk before the next begins. Raises OSError."""
    for write in writes:
        if told is not None:
            told(write)
        done = 0
        while done < len(write.data):
            done += os.pwrite(handle, write.data[done:], write.offset + done)
        os.fsync(handle)
