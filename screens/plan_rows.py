"""A plan's preview as rows: partitions and free space in their order, then the volume groups and their volumes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xentui.disks.layout import Layout, PlannedGroup, PlannedPartition, PlannedVolume, Room
from xentui.disks.listing import short_size
from xentui.disks.partition_types import TYPE_NAMES
from xentui.screens.widgets.disk_bar import BarPart, kind_of


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One line of the preview: exactly one of a partition, a room, a group, a group's volume (with the group)."""

    part: PlannedPartition | None = None
    room: Room | None = None
    group: PlannedGroup | None = None
    volume: PlannedVolume | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """What tells rows apart from one preview to the next."""
        if self.part is not None:
            return "part", self.part.slot.start
        if self.room is not None:
            return "room", self.room.start
        return "group", self.group and self.group.name, self.volume and self.volume.name


def rows_of(layout: Layout) -> list[PlanRow]:
    """The lines."""
    placed: list[tuple[int, int, PlanRow]] = [
        (part.slot.start, part.slot.kind != "extended", PlanRow(part=part)) for part in layout.partitions
    ]
    placed += [(room.start, 1, PlanRow(room=room)) for room in layout.free]
    found = [row for _, _, row in sorted(placed, key=lambda entry: entry[:2])]
    for group in layout.groups:
        found.append(PlanRow(group=group))
        found += [PlanRow(group=group, volume=volume) for volume in group.volumes]
    return found


@dataclass(frozen=True, slots=True)
class Cells:
    """A row's cells as text; `changes` is what the plan does to it."""

    number: str
    begin: str
    size: str
    what: str
    changes: str = ""


def cells_of(row: PlanRow, sector: int) -> Cells:
    """What stands in the line; `sector` is bytes."""
    if row.part is not None:
        slot = row.part.slot
        indent = " " if slot.kind == "logical" else ""
        # What is new is nothing else besides.
        changes = "new" if "new" in row.part.changes else ", ".join(sorted(row.part.changes, key=_order))
        begin, size = short_size(slot.start * sector), short_size(slot.sectors * sector)
        return Cells(f"{indent}{slot.number}", begin, size, what_of(row.part), changes)
    if row.room is not None:
        indent = " " if row.room.logical else ""
        begin, size = short_size(row.room.start * sector), short_size(row.room.sectors * sector)
        return Cells(f"{indent}-", begin, size, "free")
    if row.volume is not None:
        volume = row.volume
        of = f"snapshot of {volume.origin}" if volume.origin else ""
        content = volume.content.type if volume.content is not None else ""
        words = " ".join(word for word in (volume.name, content, of) if word)
        return Cells(" lv", "", short_size(volume.size), words, "" if volume.present else "new")
    assert row.group is not None  # noqa: S101
    group = row.group
    free = short_size(group.free_extents * group.extent)
    words = f"{group.name}, {free} free"
    return Cells("vg", "", short_size(group.extents * group.extent), words, "" if group.present else "new")


def _order(change: str) -> int:
    order = ("moved", "resized", "formatted", "typed", "named", "flagged")
    return order.index(change) if change in order else len(order)


def what_of(part: PlannedPartition) -> str:
    """What a partition holds, or else what it is meant for; then its label or name."""
    slot, content = part.slot, part.content
    kind = f"{int(slot.type, 16):#x}" if slot.type.startswith("0x") else slot.type
    purpose = TYPE_NAMES.get(kind, kind)
    if slot.kind == "extended":
        return "extended"
    label = (content.label if content is not None else None) or slot.name
    return " ".join(word for word in (content.type if content is not None else purpose, label) if word)


def bar_of(layout: Layout, size: int, sector: int, selected: PlanRow | None) -> list[BarPart]:
    """The bar of the preview; `size` is the disk's in bytes."""
    parts = list(_bar(layout, sector, selected))
    return parts or [BarPart("no partition table" if layout.table.label is None else "free", size, "free")]


def _bar(layout: Layout, sector: int, selected: PlanRow | None) -> Iterator[BarPart]:
    for row in rows_of(layout):
        here = selected is not None and row.key == selected.key
        if row.part is not None and row.part.slot.kind != "extended":
            content = row.part.content
            numbers = selected.group.numbers if selected is not None and selected.group is not None else ()
            label = f"{row.part.number} {(content.label or content.type) if content is not None else ''}".strip()
            kind = kind_of(content.type if content is not None else None)
            under = here or row.part.number in numbers
            yield BarPart(label, row.part.slot.sectors * sector, kind, under)
        elif row.room is not None:
            yield BarPart("free", row.room.sectors * sector, "free", here)
