"""Where a new or resized partition comes to lie: whole MiB, and in words what differs from what was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xentui.disks.layout import Room
from xentui.disks.operations import Add, PlanError
from xentui.disks.scratch import Placed
from xentui.disks.sizes import Size, about, exact_size


@dataclass(frozen=True, slots=True)
class Spot:
    """Sectors, and what to say about them."""

    kind: str
    start: int
    end: int
    notes: tuple[str, ...]


def place(add: Add, placed: Sequence[Placed], label: str, free: Sequence[Room], grain: int, sector_size: int) -> Spot:
    """Where a new partition goes. Raises PlanError when there is no room for it."""
    asked = None if add.start is None else (add.start.bytes or 0) // sector_size
    start = None if asked is None else -(-asked // grain) * grain
    usable = [room for room in free if room.logical in _kinds(add, placed, label, free, start)]
    if start is not None:
        usable = [Room(start, room.end, room.logical) for room in usable if room.start <= start <= room.end]
        if not usable:
            raise PlanError(f"start: {add.start} is not free; {_free(free, sector_size)}")
    if not usable:
        raise PlanError(f"there is no room for a partition; {_free(free, sector_size)}")
    size = add.size or Size.parse("100%")
    if size.bytes is None:
        room = max(usable, key=lambda one: one.sectors)
        wanted = max(size.of(room.sectors) // grain, 1) * grain
        return Spot(_kind(add, room), room.start, room.start + wanted - 1, _start_note(add, room.start, sector_size))
    wanted = max(-(-size.bytes // (grain * sector_size)), 1) * grain
    fits = (one for one in usable if one.sectors >= wanted)
    room = next(fits, max(usable, key=lambda one: one.sectors))
    # What was asked for in no whole MiB is rounded down where rounding up finds no room.
    if room.sectors * sector_size < size.bytes:
        raise PlanError(f"size: {add.size} does not fit; {_free(usable, sector_size)}")
    end = room.start + min(wanted, room.sectors) - 1
    notes = _start_note(add, room.start, sector_size)
    if (end - room.start + 1) * sector_size != size.bytes:
        notes += (f"it gets {exact_size((end - room.start + 1) * sector_size)}: partitions end on whole MiB",)
    return Spot(_kind(add, room), room.start, end, notes)


def _kinds(add: Add, placed: Sequence[Placed], label: str, free: Sequence[Room], start: int | None) -> set[bool]:
    """Which rooms are for it: those inside the extended partition (True), outside (False)."""
    if label == "gpt":
        if add.kind not in (None, "primary"):
            raise PlanError(f"kind: a GPT has no {add.kind} partitions; leave kind out")
        if len(placed) >= 128:
            raise PlanError("a GPT has 128 partitions at most; delete one first")
        return {False}
    has_extended = any(each.kind == "extended" for each in placed)
    full = sum(each.kind != "logical" for each in placed) >= 4
    if add.kind == "extended" and has_extended:
        raise PlanError("kind: there is an extended partition already; make it larger instead")
    if add.kind == "logical" and not has_extended:
        raise PlanError("kind: logical partitions lie in an extended one; add that first")
    if add.kind == "logical":
        return {True}
    if full:
        if add.kind is not None or not has_extended:
            raise PlanError("an msdos table has four primary partitions at most; make one extended, or use a GPT")
        return {True}
    if add.kind is None and start is not None:
        return {True, False}
    if add.kind is None and not any(not room.logical for room in free):
        return {True}
    return {False}


def _kind(add: Add, room: Room) -> str:
    return "logical" if room.logical else (add.kind or "primary")


def _start_note(add: Add, start: int, sector_size: int) -> tuple[str, ...]:
    if add.start is None or add.start.bytes == start * sector_size:
        return ()
    return (f"it starts at {exact_size(start * sector_size)}: partitions start on whole MiB",)


def _free(free: Sequence[Room], sector_size: int) -> str:
    if not free:
        return "no whole MiB is free"
    told = [f"{about(room.sectors * sector_size)} at {exact_size(room.start * sector_size)}" for room in free[:3]]
    return f"free: {', '.join(told)}" + (f" and {len(free) - 3} more" if len(free) > 3 else "")


def resized_end(size: Size, placed: Placed, limit: int, grain: int, sector_size: int) -> tuple[int, tuple[str, ...]]:
    """The last sector of a partition that gets `size`, and what to say. Raises PlanError."""
    room = limit - placed.start + 1
    if size.bytes is None:
        wanted = max(size.of(room) // grain, 1) * grain
        return placed.start + min(wanted, room) - 1, ()
    wanted = max(-(-size.bytes // (grain * sector_size)), 1) * grain
    if wanted == placed.end - placed.start + 1 or size.bytes == (placed.end - placed.start + 1) * sector_size:
        return placed.end, ()
    if wanted > room:
        if room * sector_size >= size.bytes:
            wanted = room // grain * grain
        else:
            raise PlanError(f"size: {size} does not fit; it can have {about(room * sector_size)} at most")
    # An old partition may start anywhere: then its end, not its size, is what comes to a whole MiB.
    end = (placed.start + wanted) // grain * grain - 1
    if end <= placed.start:
        raise PlanError(f"size: {size} leaves nothing of it")
    got = (end - placed.start + 1) * sector_size
    return end, () if got == size.bytes else (f"it gets {exact_size(got)}: partitions end on whole MiB",)
