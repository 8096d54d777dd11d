"""A plan replayed on the table as it is: what results, operation by operation, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from xentui.disks import gpt
from xentui.disks import lvm_operations as lvm
from xentui.disks import operations as ops
from xentui.disks.layout import GRAIN, Content, Layout, PlannedPartition, Room, rooms
from xentui.disks.operations import Operation, PlanError
from xentui.disks.placing import place, resized_end
from xentui.disks.replay_lvm import SHRINKABLE, Groups
from xentui.disks.scratch import Placed, Scratch
from xentui.disks.sizes import about
from xentui.disks.table import Read, Table
from xentui.disks.target import Target

#: What grows along with its partition.

GROWABLE = (*SHRINKABLE, "LVM2_member")
_MADE = {"swap": "swap", "vfat": "vfat", "ntfs": "ntfs", "ext4": "ext4", "ext3": "ext3", "ext2": "ext2"}


@dataclass(frozen=True, slots=True)
class Replayed:
    """An operation after its replay: `notes` say what comes out otherwise than asked for, `problem` why it cannot be.

    `subject` names what it changed, the same for all operations on the same partition or volume.
    """

    operation: Operation
    notes: tuple[str, ...] = ()
    problem: str | None = None
    subject: tuple[object, ...] = ()
    keys: tuple[int, ...] = ()  # of the partitions that it speaks of: `PlannedPartition.key`


@dataclass(slots=True)
class _Part:
    """A partition during the replay, known by its first sector; numbers may change."""

    key: int  # one for its life
    content: Content | None = None
    origin: int | None = None
    moved_from: int | None = None
    changes: frozenset[str] = frozenset()


class Replay:
    """Plays operations on a scratch copy. Used in a `with`; `layout` at the end."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.sector_size = target.sector_size
        self.grain = max(GRAIN // target.sector_size, 1)
        self.notes: list[str] = []
        self._spoken_of: list[int] = []
        self._unreadable: str | None = None  # what libparted says of a table that we can read, and it cannot
        self.is_new_table = False
        self.image: ops.Image | None = None
        self.repair = False
        self._parts: dict[int, _Part] = {}
        self._keys = iter(range(1, 1 << 30))
        self.groups = Groups(target.groups)
        self._scratch = Scratch(target.size, target.sector_size, _sound(target))

    def __enter__(self) -> Replay:
        self._scratch.__enter__()
        try:
            if self.target.table.label is not None and self._readable():
                self._unreadable = self._scratch.open_table()
            for slot in self.target.table.slots:
                content = self.target.contents.get(slot.start)
                self._parts[slot.start] = _Part(-slot.number, content, slot.number)
        except BaseException:
            self._scratch.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._scratch.__exit__(*error)

    def _readable(self) -> bool:
        obstacle = self.target.table.obstacle
        return obstacle is None or obstacle.repairable

    # One operation.

    def play(self, operation: Operation) -> Replayed:
        """Play one operation. What cannot be done is left out, and says so in `problem`."""
        self.notes, self._spoken_of = [], []
        try:
            subject = self._do(operation)
        except PlanError as error:
            return Replayed(operation, problem=str(error).removeprefix(f"{operation.op}: "))
        return Replayed(operation, tuple(self.notes), subject=subject, keys=tuple(self._spoken_of))

    def _do(self, operation: Operation) -> tuple[object, ...]:
        function = _FUNCTIONS[type(operation)]
        if not isinstance(operation, ops.Label | ops.Image | lvm.LvOperation):
            self._need_table(operation)
        return function(self, operation)

    def _need_table(self, operation: Operation) -> None:
        obstacle = self.target.table.obstacle
        if obstacle is not None and not self.is_new_table and not (obstacle.repairable and self.repair):
            if isinstance(operation, ops.Repair) and obstacle.repairable:
                return
            raise PlanError(obstacle.sentence)
        if self._unreadable is not None and not self.is_new_table:
            raise PlanError(self._unreadable)
        if self._scratch.label is None:
            what = f"; {self.target.path} holds {self.target.whole.type}" if self.target.whole else ""
            raise PlanError(f"there is no partition table yet{what}; begin with a new one (label)")

    def _part(self, number: int) -> tuple[Placed, _Part]:
        placed = next((each for each in self._scratch.placed() if each.number == number), None)
        if placed is None:
            there = ", ".join(str(each.number) for each in self._scratch.placed()) or "none"
            raise PlanError(f"there is no partition {number} at this point; there is {there}")
        part = self._parts[placed.start]
        self._spoken_of.append(part.key)
        return placed, part

    def _label(self, operation: ops.Label) -> tuple[object, ...]:
        for slot in self.target.table.slots:
            if (name := self.groups.of_present(slot.number)) is not None:
                raise PlanError(f"the volume group {name} lies on partition {slot.number}; remove it first (vgremove)")
        self._scratch.new_table(operation.type)
        self.groups.forget_planned()
        for part in self._parts.values():
            if part.content is not None and part.content.planned is None:
                self.notes.append(f"partition {part.origin} with {part.content.type} is lost")
        if self.target.whole is not None:
            self.notes.append(f"{self.target.whole.type} on the disk itself is lost")
        self._parts.clear()
        self.is_new_table = True
        return ("table",)

    def _image(self, operation: ops.Image) -> tuple[object, ...]:
        if self.target.exists:
            raise PlanError(f"{self.target.path} is there already; give the image another name")
        self.image = operation
        return ("image",)

    def _repair(self, operation: ops.Repair) -> tuple[object, ...]:
        if not any(flaw.repairable for flaw in self.target.table.flaws):
            raise PlanError("there is nothing to repair: both copies of the table are whole and agree")
        self.repair = True
        return ("table",)

    def _add(self, operation: ops.Add) -> tuple[object, ...]:
        label = self._scratch.label
        if operation.type == "bios-boot" and label != "gpt":
            raise PlanError("a bios-boot partition needs a GPT; on an msdos table GRUB takes the gap before the first")
        spot = place(operation, self._scratch.placed(), label or "", self.rooms(), self.grain, self.sector_size)
        self.notes += spot.notes
        number = self._scratch.add(spot.kind, spot.start, spot.end, operation.format)
        try:
            if operation.type not in ("linux", "extended") or operation.format in ("vfat", "ntfs", "swap"):
                self._scratch.set_type(number, operation.type, operation.format)
            if operation.name:
                self._scratch.set_name(number, operation.name)
        except PlanError:
            self._scratch.delete(number)
            raise
        part = _Part(next(self._keys), changes=frozenset({"new"}))
        part.content = _made(operation.format, operation.fs_label)
        self._parts[spot.start] = part
        self._spoken_of.append(part.key)
        return ("part", part.key)

    def _delete(self, operation: ops.Delete) -> tuple[object, ...]:
        placed, part = self._part(operation.number)
        if placed.kind == "extended" and any(each.kind == "logical" for each in self._scratch.placed()):
            raise PlanError("the extended partition holds logical ones; delete those first")
        self._free_of_group(part, "delete")
        if part.content is not None and part.content.planned is None:
            self.notes.append(f"{part.content.type} on it is lost")
        self._scratch.delete(operation.number)
        del self._parts[placed.start]
        return ("part", part.key)

    def _resize(self, operation: ops.Resize) -> tuple[object, ...]:
        placed, part = self._part(operation.number)
        limit = self._limit(placed)
        end, notes = resized_end(operation.size, placed, limit, self.grain, self.sector_size)
        self.notes += notes
        self._may_resize(placed, part, end)
        if end != placed.end:
            self._scratch.resize(placed.number, placed.start, end)
            part.changes |= {"resized"}
        return ("part", part.key)

    def _may_resize(self, placed: Placed, part: _Part, end: int) -> None:
        what = part.content.type if part.content is not None and part.content.planned is None else None
        if end < placed.end:
            if placed.kind == "extended":
                last = max((each.end for each in self._scratch.placed() if each.kind == "logical"), default=0)
                if last > end:
                    raise PlanError("logical partitions lie beyond that; the extended one cannot be made so small")
            if what is not None and what not in SHRINKABLE:
                raise PlanError(f"{what} cannot be made smaller here; copy what it holds and add a smaller one")
            if what is None and part.origin is not None and placed.kind != "extended":
                self.notes.append("nothing known lies on it; what is at its end is cut off")
        elif end > placed.end and what is not None and what not in GROWABLE:
            self.notes.append(f"only the partition grows: {what} on it has to be grown by its own tools")

    def _limit(self, placed: Placed) -> int:
        """The last sector up to which a partition can grow."""
        later = [each for each in self._scratch.placed() if each.start > placed.end]
        if placed.kind == "logical":
            extended = next(each for each in self._scratch.placed() if each.kind == "extended")
            starts = [each.start - self.grain for each in later if each.kind == "logical"]
            return min([extended.end, *(start - 1 for start in starts)])
        starts = [each.start for each in later if each.kind != "logical"]
        return min([self.bounds()[1], *(start - 1 for start in starts)])

    def _move(self, operation: ops.Move) -> tuple[object, ...]:
        placed, part = self._part(operation.number)
        if placed.kind != "primary":
            raise PlanError(f"{placed.kind} partitions are not moved; add a new one and copy what it holds")
        if part.origin is None:
            raise PlanError("it is not there yet; undo its add and place it anew")
        self._free_of_group(part, "move")
        length = placed.end - placed.start + 1
        asked = operation.start.of(0) // self.sector_size
        start = -(-asked // self.grain) * self.grain
        end = start + length - 1
        if start * self.sector_size != operation.start.bytes:
            self.notes.append(f"it starts at {about(start * self.sector_size)}, a multiple of 1 MiB")
        present = self.target.table
        if any(slot.start <= end and slot.end >= start for slot in present.slots):
            raise PlanError("something lies there on the disk as it is; data is moved to free space only")
        if not any(room.start <= start and end <= room.end + self.grain for room in self.rooms() if not room.logical):
            raise PlanError(f"there is no free room of {about(length * self.sector_size)} at {operation.start}")
        if part.moved_from is not None:
            raise PlanError("it is moved already; undo that move first")
        self._scratch.resize(placed.number, start, end)
        part.moved_from, part.changes = placed.start, part.changes | {"moved"}
        self._parts[start] = self._parts.pop(placed.start)
        return ("part", part.key)

    def _format(self, operation: ops.Format) -> tuple[object, ...]:
        placed, part = self._part(operation.number)
        if placed.kind == "extended":
            raise PlanError("an extended partition holds partitions, no file system")
        self._free_of_group(part, "format")
        if part.content is not None and part.content.planned is None:
            self.notes.append(f"{part.content.type} on it is lost")
        part.content, part.changes = _made(operation.format, operation.fs_label), part.changes | {"formatted"}
        return ("part", part.key)

    def _check(self, operation: ops.Check) -> tuple[object, ...]:
        _, part = self._part(operation.number)
        if part.content is None or part.content.type not in ("ext4", "ext3", "ext2", "vfat", "ntfs"):
            what = part.content.type if part.content else "nothing known"
            raise PlanError(f"{what} on it cannot be checked here; ext4, ext3, ext2, vfat and ntfs can")
        part.changes |= {"checked"}
        return ("part", part.key)

    def _flag(self, operation: ops.Flag) -> tuple[object, ...]:
        _, part = self._part(operation.number)
        self._scratch.set_flag(operation.number, operation.flag, operation.on)
        part.changes |= {"flagged"}
        return ("part", part.key)

    def _name(self, operation: ops.Name) -> tuple[object, ...]:
        _, part = self._part(operation.number)
        self._scratch.set_name(operation.number, operation.name)
        part.changes |= {"named"}
        return ("part", part.key)

    def _type(self, operation: ops.Type) -> tuple[object, ...]:
        placed, part = self._part(operation.number)
        if placed.kind == "extended":
            raise PlanError("an extended partition has no other type")
        self._scratch.set_type(operation.number, operation.type, part.content.type if part.content else None)
        part.changes |= {"typed"}
        return ("part", part.key)

    def _mount(self, operation: ops.Mount) -> tuple[object, ...]:
        _, part = self._part(operation.number)
        if part.content is None or part.content.type in ("swap", "LVM2_member", "crypto_LUKS", "linux_raid_member"):
            what = part.content.type if part.content else "nothing"
            raise PlanError(f"{what} on it cannot be mounted; format it first")
        return ("part", part.key, "mount")

    def _pvcreate(self, operation: lvm.PvCreate) -> tuple[object, ...]:
        placed, part = self._part(operation.number)
        if placed.kind == "extended":
            raise PlanError("an extended partition cannot be a physical volume")
        self._free_of_group(part, "pvcreate")
        if part.content is not None and part.content.planned is None:
            self.notes.append(f"{part.content.type} on it is lost")
        part.content, part.changes = Content("LVM2_member", planned="pvcreate"), part.changes | {"formatted"}
        return ("part", part.key)

    def _pvremove(self, operation: lvm.PvRemove) -> tuple[object, ...]:
        _, part = self._part(operation.number)
        if part.content is None or part.content.type != "LVM2_member":
            raise PlanError("it is no physical volume")
        self._free_of_group(part, "pvremove")
        part.content, part.changes = None, part.changes | {"released"}
        return ("part", part.key)

    def _free_of_group(self, part: _Part, verb: str) -> None:
        name = self.groups.of(part.key)
        if name is None and part.origin is not None:
            name = self.groups.of_present(part.origin)
        if name is not None:
            raise PlanError(f"{verb}: it belongs to the volume group {name}; remove or reduce that first")

    def _volumes(self, operation: Any) -> tuple[object, ...]:
        """The operations on physical volumes as members of a group."""
        members = []
        for number in operation.numbers:
            placed, part = self._part(number)
            if part.content is None or part.content.type != "LVM2_member":
                raise PlanError(f"partition {number} is no physical volume; make it one first (pvcreate)")
            size = (placed.end - placed.start + 1) * self.sector_size
            members.append((part.key, part.origin, number, size))
        return self.groups.change(operation, members, self.notes)

    def _logical(self, operation: Any) -> tuple[object, ...]:
        return self.groups.play(operation, self.notes)

    # The result.

    def bounds(self) -> tuple[int, int]:
        """The first and last sector for partitions."""
        sectors = self.target.size // self.sector_size
        if self._scratch.label == "msdos":
            return 1, min(sectors, 1 << 32) - 1
        array = -(-128 * 128 // self.sector_size)
        last = sectors - 2 - array
        if self.is_new_table or not self.target.table.first:
            return 2 + array, last
        grown = any(flaw.code == "gpt-grown" for flaw in self.target.table.flaws)
        return self.target.table.first, last if grown else self.target.table.last

    def rooms(self) -> list[Room]:
        """The free space, in the order of the disk."""
        if self._scratch.label is None:
            return []
        placed, (first, last) = self._scratch.placed(), self.bounds()
        found = rooms(first, last, [(each.start, each.end) for each in placed if each.kind != "logical"], self.grain)
        for extended in (each for each in placed if each.kind == "extended"):
            inner = [(each.start, each.end) for each in placed if each.kind == "logical"]
            found += rooms(extended.start, extended.end, inner, self.grain, logical=True)
        return sorted(found, key=lambda room: room.start)

    def result(self) -> tuple[Layout, Read]:
        """The layout as it would be on disk, and the reader of its sectors (good inside the `with`).

        Raises PlanError if what would be written is no sound table.
        """
        free = tuple(self.rooms())
        if self._scratch.label is None:
            return Layout(self.target.table, groups=self.groups.planned()), self._scratch.written()[1]
        table, read = self._scratch.written()
        if table.flaws:
            raise PlanError(f"libparted would write a table that is not sound: {table.flaws[0].sentence}")
        parts = tuple(self._planned(table, slot.number) for slot in table.slots)
        numbers = {self._parts[slot.start].key: slot.number for slot in table.slots}
        return Layout(table, parts, free, self.groups.planned(numbers)), read

    def _planned(self, table: Table, number: int) -> PlannedPartition:
        slot = table.slot(number)
        if slot is None or slot.start not in self._parts:
            raise PlanError(f"libparted placed partition {number} elsewhere than it was told")
        part = self._parts[slot.start]
        return PlannedPartition(slot, part.content, part.origin, part.changes, part.moved_from, part.key)


def _sound(target: Target) -> list[tuple[int, bytes]]:
    """The table's bytes, both copies of a GPT made alike: libparted would ask what to do about one that is not."""
    if target.table.label is None:
        return []  # what stands in the first sector is no boot loader
    areas = list(target.areas)
    if target.table.label == "gpt" and any(flaw.repairable for flaw in target.table.flaws):
        header = target.header()
        if header is not None:
            areas += gpt.whole_copies(header, target.sector_size, target.size // target.sector_size)
    return areas


def _made(format_: str | None, label: str | None) -> Content | None:
    return Content(_MADE[format_], label, planned="format") if format_ in _MADE else None


_FUNCTIONS: dict[type[Operation], Callable[[Any, Any], tuple[object, ...]]] = {
    ops.Label: Replay._label, ops.Image: Replay._image, ops.Repair: Replay._repair, ops.Add: Replay._add,
    ops.Delete: Replay._delete, ops.Resize: Replay._resize, ops.Move: Replay._move, ops.Format: Replay._format,
    ops.Check: Replay._check, ops.Flag: Replay._flag, ops.Name: Replay._name, ops.Type: Replay._type,
    ops.Mount: Replay._mount, lvm.PvCreate: Replay._pvcreate, lvm.PvRemove: Replay._pvremove,
    lvm.VgCreate: Replay._volumes, lvm.VgExtend: Replay._volumes, lvm.VgReduce: Replay._volumes,
    lvm.VgRemove: Replay._logical, lvm.LvCreate: Replay._logical, lvm.LvSnapshot: Replay._logical,
    lvm.LvRemove: Replay._logical, lvm.LvResize: Replay._logical, lvm.LvFormat: Replay._logical,
}  # fmt: skip


def replay(target: Target, plan: Sequence[Operation]) -> tuple[tuple[Replayed, ...], Layout]:
    """Every operation replayed, and the layout that results of those that can be done. Raises PlanError."""
    with Replay(target) as playing:
        replayed = tuple(playing.play(operation) for operation in plan)
        return replayed, playing.result()[0]
