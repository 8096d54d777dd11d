"""Volume groups and logical volumes during the replay of a plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from xentui.disks import lvm_operations as lvm
from xentui.disks.layout import Content, PlannedGroup, PlannedVolume
from xentui.disks.operations import PlanError
from xentui.disks.sizes import Size, about, exact_size

#: LVM's default extent, and what it keeps of each physical volume for itself; bytes.
_EXTENT = 4 << 20
_KEPT = 1 << 20
SHRINKABLE = ("ext4", "ext3", "ext2", "ntfs", "swap")


@dataclass(slots=True)
class _Group:
    name: str
    extent: int
    extents: int
    free: int
    volumes: dict[str, PlannedVolume] = field(default_factory=dict)
    members: dict[int, int] = field(default_factory=dict)  # extents by the partition's key
    numbers: tuple[int, ...] = ()  # of partitions that are there already
    present: bool = False


#: A partition that becomes a member: its key, its number on the disk as it is, its number now, its bytes.
Member = tuple[int, int | None, int, int]


class Groups:
    """All volume groups that the plan may speak of."""

    def __init__(self, present: Sequence[PlannedGroup]) -> None:
        self._groups: dict[str, _Group] = {}
        for each in present:
            volumes = {volume.name: volume for volume in each.volumes}
            self._groups[each.name] = _Group(
                each.name, each.extent, each.extents, each.free_extents, volumes, {}, each.numbers, True
            )

    def of(self, key: int) -> str | None:
        """The group that a partition was added to in this plan."""
        return next((group.name for group in self._groups.values() if key in group.members), None)

    def of_present(self, number: int) -> str | None:
        """The group that a partition of the disk as it is belongs to."""
        return next((group.name for group in self._groups.values() if number in group.numbers), None)

    def forget_planned(self) -> None:
        """All that the plan made so far is gone, with its table."""
        self._groups = {name: group for name, group in self._groups.items() if group.present}
        for group in self._groups.values():
            group.members.clear()

    def planned(self, numbers: Mapping[int, int] | None = None) -> tuple[PlannedGroup, ...]:
        return tuple(
            PlannedGroup(
                group.name, group.extent, group.extents, group.free, tuple(group.volumes.values()),
                group.numbers + tuple((numbers or {}).get(key, 0) for key in group.members), group.present,
            )
            for group in self._groups.values()
        )  # fmt: skip

    def _group(self, name: str) -> _Group:
        if name not in self._groups:
            there = f"there is {', '.join(self._groups)}" if self._groups else "make it first (vgcreate)"
            raise PlanError(f"there is no volume group {name} at this point; {there}")
        return self._groups[name]

    # Groups.

    def change(self, operation: Any, members: Iterable[Member], notes: list[str]) -> tuple[object, ...]:
        """`vgcreate`, `vgextend`, `vgreduce`."""
        if isinstance(operation, lvm.VgReduce):
            self._reduce(operation, members)
            return ("vg", operation.name)
        if isinstance(operation, lvm.VgCreate):
            if operation.name in self._groups:
                raise PlanError(f"there is a volume group {operation.name} already; choose another name")
            group = _Group(operation.name, _EXTENT, 0, 0)
        else:
            group = self._group(operation.name)
        found = []
        for key, origin, number, size in members:
            owner = self.of(key) or (self.of_present(origin) if origin is not None else None)
            if owner is not None:
                raise PlanError(f"partition {number} belongs to the volume group {owner} already")
            extents = (size - _KEPT) // group.extent
            if extents < 1:
                raise PlanError(f"partition {number} is too small for a physical volume of {group.name}")
            found.append((key, extents))
        for key, extents in found:
            group.members[key] = extents
            group.extents += extents
            group.free += extents
        self._groups[group.name] = group
        return ("vg", group.name)

    def _reduce(self, operation: lvm.VgReduce, members: Iterable[Member]) -> None:
        group, found = self._group(operation.name), list(members)
        for key, origin, number, _ in found:
            if key not in group.members and origin not in group.numbers:
                raise PlanError(f"partition {number} does not belong to the volume group {group.name}")
        if len(found) >= len(group.members) + len(group.numbers) and not group.present:
            raise PlanError(f"that is all of {group.name}; remove the group itself (vgremove)")
        for key, origin, number, size in found:
            extents = group.members.pop(key, (size - _KEPT) // group.extent)
            group.numbers = tuple(one for one in group.numbers if one != origin)
            if extents > group.free:
                raise PlanError(f"partition {number} is not empty: {group.name} has only {_free(group)} free")
            group.extents -= extents
            group.free -= extents

    def play(self, operation: Any, notes: list[str]) -> tuple[object, ...]:
        """The operations on logical volumes, and `vgremove`."""
        return _FUNCTIONS[type(operation)](self, operation, notes)

    def _vgremove(self, operation: lvm.VgRemove, notes: list[str]) -> tuple[object, ...]:
        group = self._group(operation.name)
        if group.volumes:
            raise PlanError(f"{group.name} still has {', '.join(group.volumes)}; remove the volumes first (lvremove)")
        del self._groups[group.name]
        return ("vg", group.name)

    # Volumes.

    def _lvcreate(self, operation: lvm.LvCreate, notes: list[str]) -> tuple[object, ...]:
        group = self._group(operation.vg)
        self._new(group, operation.name, operation.size, notes)
        return ("lv", group.name, operation.name)

    def _lvsnapshot(self, operation: lvm.LvSnapshot, notes: list[str]) -> tuple[object, ...]:
        group = self._group(operation.vg)
        origin = self._volume(group, operation.origin)
        if origin.origin is not None:
            raise PlanError(f"{operation.origin} is a snapshot itself; take one of {origin.origin}")
        self._new(group, operation.name, operation.size, notes, origin)
        return ("lv", group.name, operation.name)

    def _new(self, group: _Group, name: str, size: Size, notes: list[str], origin: PlannedVolume | None = None) -> None:
        if name in group.volumes:
            raise PlanError(f"there is a volume {group.name}/{name} already; choose another name")
        extents = _extents(size, group.free, group, notes)
        if extents > group.free:
            raise PlanError(f"size: {size} is more than {group.name} has free ({_free(group)})")
        group.free -= extents
        content = origin.content if origin else None
        group.volumes[name] = PlannedVolume(
            name, extents * group.extent, replace(content, planned="snapshot") if content else None,
            origin.name if origin else None,
        )  # fmt: skip

    def _volume(self, group: _Group, name: str) -> PlannedVolume:
        if name not in group.volumes:
            there = ", ".join(group.volumes) or "none"
            raise PlanError(f"there is no volume {group.name}/{name} at this point; there is {there}")
        return group.volumes[name]

    def _lvremove(self, operation: lvm.LvRemove, notes: list[str]) -> tuple[object, ...]:
        group = self._group(operation.vg)
        volume = self._volume(group, operation.name)
        snapshots = [each.name for each in group.volumes.values() if each.origin == volume.name]
        if snapshots:
            raise PlanError(f"{', '.join(snapshots)} is a snapshot of it; remove that first")
        if volume.content is not None and volume.present:
            notes.append(f"{volume.content.type} on it is lost")
        group.free += volume.size // group.extent
        del group.volumes[volume.name]
        return ("lv", group.name, volume.name)

    def _lvresize(self, operation: lvm.LvResize, notes: list[str]) -> tuple[object, ...]:
        group = self._group(operation.vg)
        volume = self._volume(group, operation.name)
        own = volume.size // group.extent
        extents = _extents(operation.size, group.free + own, group, notes)
        what = volume.content.type if volume.content is not None and volume.content.planned is None else None
        if extents < own and what is not None and what not in SHRINKABLE:
            raise PlanError(f"{what} on it cannot be made smaller here")
        if extents < own and what is None and volume.present:
            notes.append("nothing known lies on it; what is at its end is cut off")
        if extents > group.free + own:
            raise PlanError(f"size: {operation.size} is more than it can have ({_free(group)} more)")
        if any(each.origin == volume.name for each in group.volumes.values()):
            raise PlanError("it has snapshots; remove those first")
        group.free += own - extents
        group.volumes[volume.name] = replace(volume, size=extents * group.extent)
        return ("lv", group.name, volume.name)

    def _lvformat(self, operation: lvm.LvFormat, notes: list[str]) -> tuple[object, ...]:
        group = self._group(operation.vg)
        volume = self._volume(group, operation.name)
        if volume.content is not None and volume.content.planned is None:
            notes.append(f"{volume.content.type} on it is lost")
        made = None if operation.format == "none" else Content(operation.format, operation.fs_label, planned="format")
        group.volumes[volume.name] = replace(volume, content=made)
        return ("lv", group.name, volume.name)


def _extents(size: Size, room: int, group: _Group, notes: list[str]) -> int:
    """How many extents a volume of `size` takes; LVM rounds up."""
    if size.bytes is None:
        return max(size.of(room), 1)
    extents = max(-(-size.bytes // group.extent), 1)
    if extents * group.extent != size.bytes:
        notes.append(f"it gets {exact_size(extents * group.extent)}: volumes are made of {about(group.extent)}")
    return extents


def _free(group: _Group) -> str:
    return about(group.free * group.extent)


_FUNCTIONS: dict[type, Callable[[Groups, Any, list[str]], tuple[object, ...]]] = {
    lvm.VgRemove: Groups._vgremove,
    lvm.LvCreate: Groups._lvcreate,
    lvm.LvSnapshot: Groups._lvsnapshot,
    lvm.LvRemove: Groups._lvremove,
    lvm.LvResize: Groups._lvresize,
    lvm.LvFormat: Groups._lvformat,
}
