"""How a disk looks, now or after a plan: the model that a preview is drawn from. Sectors unless it says bytes."""

from __future__ import annotations

from dataclasses import dataclass

from xentui.disks.table import Slot, Table

#: Partitions begin and end on multiples of this many bytes.
GRAIN = 1 << 20


@dataclass(frozen=True, slots=True)
class Content:
    """What lies on a partition or volume, in blkid's words (ext4, vfat, LVM2_member, crypto_LUKS).

    `planned` names what the plan makes of it; None for what is there already.
    """

    type: str
    label: str | None = None
    uuid: str | None = None
    planned: str | None = None


@dataclass(frozen=True, slots=True)
class PlannedPartition:
    """A partition of the layout. `origin` is its number on the disk as it is, None for a new one;
    `changes` says what the plan does to it: new, resized, moved, formatted, released
    (from LVM), checked, flagged, named, typed."""

    slot: Slot
    content: Content | None = None
    origin: int | None = None
    changes: frozenset[str] = frozenset()
    moved_from: int | None = None  # the sector, where the data lies now
    key: int = 0  # one for its life in the plan; of a partition that is there already, minus its number there

    @property
    def number(self) -> int:
        return self.slot.number


@dataclass(frozen=True, slots=True)
class Room:
    """Free space where an aligned partition fits; `logical` lies inside the extended partition."""

    start: int
    end: int
    logical: bool = False

    @property
    def sectors(self) -> int:
        return self.end - self.start + 1


@dataclass(frozen=True, slots=True)
class PlannedVolume:
    """A logical volume; bytes. `origin` is what it is a snapshot of, `present` whether it is there already."""

    name: str
    size: int
    content: Content | None = None
    origin: str | None = None
    present: bool = False


@dataclass(frozen=True, slots=True)
class PlannedGroup:
    """A volume group. `numbers` are the partitions of this disk that it lies on; bytes.

    `extents` of a group that is planned are an estimate: LVM keeps 1 MiB of each physical volume.
    """

    name: str
    extent: int
    extents: int
    free_extents: int
    volumes: tuple[PlannedVolume, ...] = ()
    numbers: tuple[int, ...] = ()
    present: bool = False

    def volume(self, name: str) -> PlannedVolume | None:
        return next((volume for volume in self.volumes if volume.name == name), None)


@dataclass(frozen=True, slots=True)
class Layout:
    table: Table
    partitions: tuple[PlannedPartition, ...] = ()
    free: tuple[Room, ...] = ()
    groups: tuple[PlannedGroup, ...] = ()

    def partition(self, number: int) -> PlannedPartition | None:
        return next((part for part in self.partitions if part.number == number), None)

    def group(self, name: str) -> PlannedGroup | None:
        return next((group for group in self.groups if group.name == name), None)


def rooms(first: int, last: int, taken: list[tuple[int, int]], grain: int, *, logical: bool = False) -> list[Room]:
    """The gaps between `first` and `last` in whole grains; a logical partition leaves a grain to its EBR."""
    found, at = [], first
    for start, end in [*sorted(taken), (last + 1, last + 1)]:
        low = -(-(at + logical) // grain) * grain
        high = start // grain * grain - 1
        if high - low + 1 >= grain:
            found.append(Room(low, high, logical))
        at = max(at, end + 1)
    return found
