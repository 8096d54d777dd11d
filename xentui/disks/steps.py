"""What a plan comes to: the steps in the order in which they depend on each other, with their commands.

First what is to go is taken down (LVM), and file systems shrink while the old table still gives them room; then
data is moved, then the one change of the table, and after it all that needs the new partitions. So the table is
written once, however many operations change it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from xentui.disks import lvm_operations as lvm
from xentui.disks import operations as ops
from xentui.disks.commands import Command, Place, check, command, make, resize, sfdisk_script, wipe
from xentui.disks.kernel import dm_name, partition_path
from xentui.disks.layout import PlannedPartition
from xentui.disks.lvm_commands import lvm_command
from xentui.disks.replay import Replayed
from xentui.disks.sizes import Size
from xentui.disks.table_change import TableChange
from xentui.disks.target import Target

_EXT_AND_NTFS = ("ext4", "ext3", "ext2", "ntfs")
_TAKE_DOWN = (lvm.LvRemove, lvm.VgRemove, lvm.VgReduce, lvm.PvRemove)
_LATER = (lvm.PvCreate, lvm.VgCreate, lvm.VgExtend, lvm.LvCreate, lvm.LvSnapshot, lvm.LvResize, lvm.LvFormat)


@dataclass(frozen=True, slots=True)
class Step:
    """`kind` is what carries it out: run (the commands), or xentui itself, and the commands would do the same by hand:
    table, copy (of `size` bytes from one offset to another), image (a file of `size` bytes).

    `loop` is the part of an image that its commands need a loop device for; `fits` the offset of a file system,
    and the bytes that it must be able to do with.
    """

    title: str
    commands: tuple[Command, ...] = ()
    kind: str = "run"
    loop: Place | None = None
    source: int = 0
    destination: int = 0
    size: int = 0
    fits: tuple[int, int] | None = None

    @property
    def shell(self) -> list[str]:
        """The lines for a shell."""
        lines = [each.shell for each in self.commands]
        if self.loop is not None:
            where = command(
                "losetup", "--find", "--show", "--offset", str(self.loop.offset), "--sizelimit", str(self.loop.size),
                self.loop.path,
            ).shell  # fmt: skip
            lines = [f"LOOP=$({where})", *lines, 'losetup --detach "$LOOP"']
        return lines


@dataclass(slots=True)
class _Builder:
    target: Target
    change: TableChange
    steps: list[Step] = field(default_factory=list)

    @property
    def parts(self) -> tuple[PlannedPartition, ...]:
        return self.change.layout.partitions

    def place(self, part: PlannedPartition) -> Place:
        """Where a partition lies once the table is written."""
        return self._place(part.number, part.slot.start, part.slot.sectors)

    def old_place(self, number: int) -> Place:
        slot = self.target.table.slot(number)
        if slot is None:
            raise AssertionError(number)
        return self._place(number, slot.start, slot.sectors)

    def _place(self, number: int, start: int, sectors: int) -> Place:
        sector = self.target.sector_size
        if self.target.is_file:
            return Place(self.target.path, sectors * sector, start * sector, sector)
        return Place(partition_path(self.target.path, number), sectors * sector, None, sector)

    def path(self, key: int) -> str:
        """The device of the partition with that key: as it will be, or as it is."""
        part = next((part for part in self.parts if part.key == key), None)
        return self.place(part).path if part is not None else self.old_place(-key).path

    def run(self, title: str, commands: list[Command], place: Place | None = None, **more: tuple[int, int]) -> None:
        needs_loop = place is not None and any("$LOOP" in each.argv for each in commands)
        self.steps.append(Step(title, tuple(commands), loop=place if needs_loop else None, fits=more.get("fits")))


def steps_of(target: Target, change: TableChange) -> list[Step]:
    """The steps of a plan that was replayed on `target`."""
    build = _Builder(target, change)
    _image(build)
    early = _take_down(build)
    _shrink(build)
    _move(build)
    _table(build)
    mapped = _map(build)
    _contents(build)
    for replayed in change.replayed:
        if replayed not in early:
            _later(build, replayed)
    mounts = [each for each in change.replayed if isinstance(each.operation, ops.Mount)]
    for replayed in mounts:
        _mount(build, replayed)
    if mapped and not mounts:
        _let_go(build)
    _convert(build)
    return build.steps


def _operation(change: TableChange, kind: type[ops.Image]) -> ops.Image | None:
    return next((each.operation for each in change.replayed if isinstance(each.operation, kind)), None)


def raw_path(target: Target, change: TableChange) -> str:
    """The raw image that is worked on: the device itself, or what becomes a qcow2 image at the end."""
    image = _operation(change, ops.Image)
    return f"{target.path}.raw" if image is not None and image.format == "qcow2" else target.path


def _image(build: _Builder) -> None:
    image = _operation(build.change, ops.Image)
    if image is not None:
        path = raw_path(build.target, build.change)
        build.target = replace(build.target, path=path)
        by_hand = command("truncate", f"--size={build.target.size}", path)
        build.steps.append(Step(image.title, (by_hand,), "image", size=build.target.size))


def _convert(build: _Builder) -> None:
    image = _operation(build.change, ops.Image)
    if image is not None and image.format == "qcow2":
        raw = build.target.path
        argv = ("qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, str(Path(raw).with_suffix("")))
        build.run("make it a qcow2 image", [command(*argv, deadline=3600), command("rm", raw)])


def _take_down(build: _Builder) -> list[Replayed]:
    """LVM gives up what it has now and shall not keep, before anything else is written there."""
    there = {(group.name, volume.name) for group in build.target.groups for volume in group.volumes}
    groups = {group.name for group in build.target.groups}
    early = []
    for each in build.change.replayed:
        done = each.operation
        if not isinstance(done, _TAKE_DOWN):
            continue
        if isinstance(done, lvm.LvRemove):
            is_there = (done.vg, done.name) in there
        elif isinstance(done, lvm.PvRemove):
            is_there = all(key < 0 for key in each.keys)
        else:
            is_there = done.name in groups and all(key < 0 for key in each.keys)
        if is_there:
            devices = [build.old_place(-key).path for key in each.keys]
            build.run(done.title, lvm_command(done, devices))
            early.append(each)
    return early


def _resized(build: _Builder) -> Iterator[tuple[PlannedPartition, int, int]]:
    """The partitions whose file system goes along, with their old and new bytes."""
    for part in build.parts:
        old = build.target.table.slot(part.origin) if part.origin is not None else None
        if old is not None and part.content is not None and part.content.planned is None:
            sector = build.target.sector_size
            yield part, old.sectors * sector, part.slot.sectors * sector


def _shrink(build: _Builder) -> None:
    shrunk = [
        (part, part.content, new) for part, old, new in _resized(build)
        if new < old and part.content is not None and part.content.type in _EXT_AND_NTFS
    ]  # fmt: skip
    mapped = bool(shrunk) and _is_volume(build)
    if mapped:
        _take_hold(build)
    for part, content, new in shrunk:
        place = build.old_place(part.origin or 0)
        slot = build.target.table.slot(part.origin or 0)
        start = slot.start * build.target.sector_size if slot is not None else 0
        title = f"shrink the {content.type} file system on partition {part.origin}"
        build.run(title, resize(place, content, new), place, fits=(start, new))
    if mapped:
        _let_go(build)


def _move(build: _Builder) -> None:
    sector = build.target.sector_size
    for part in build.parts:
        old = build.target.table.slot(part.origin or 0)
        if part.moved_from is None or old is None:
            continue
        size = min(old.sectors, part.slot.sectors) * sector
        source, destination = part.moved_from * sector, part.slot.start * sector
        path = build.target.path
        by_hand = command(
            "dd", f"if={path}", f"of={path}", "bs=1M", f"skip={source}", f"seek={destination}",
            f"count={size}", "iflag=skip_bytes,count_bytes", "oflag=seek_bytes", "conv=notrunc,fsync",
        )  # fmt: skip
        title = f"copy partition {part.origin} to its new place"
        build.steps.append(Step(title, (by_hand,), "copy", source=source, destination=destination, size=size))


def _table(build: _Builder) -> None:
    if not build.change.writes:
        return
    new = frozenset(part.number for part in build.parts if part.origin is None)
    by_hand = [Command(("sfdisk", build.target.path), sfdisk_script(build.change.layout.table, new))]
    build.steps.append(Step("write the partition table", tuple(by_hand), "table"))


def _is_volume(build: _Builder) -> bool:
    """Whether the kernel makes no devices of the partitions by itself."""
    return not build.target.is_file and dm_name(build.target.path) is not None


def _take_hold(build: _Builder) -> None:
    build.run("make the partitions devices", [command("kpartx", "-a", "-s", "-p", "p", build.target.path)])


def _let_go(build: _Builder) -> None:
    build.run("let go of the partitions", [command("kpartx", "-d", "-s", "-p", "p", build.target.path)])


def _map(build: _Builder) -> bool:
    """A volume's partitions are no devices until kpartx makes them some."""
    needed = any(part.changes - {"flagged", "named", "typed"} for part in build.parts)
    needed = needed or any(isinstance(each.operation, ops.Check | ops.Mount) for each in build.change.replayed)
    if not needed or not _is_volume(build):
        return False
    _take_hold(build)
    return True


def _contents(build: _Builder) -> None:
    for part in build.parts:
        place, content = build.place(part), part.content
        if part.slot.kind == "extended":
            continue
        if part.changes & {"new", "formatted"}:
            build.run(f"wipe the beginning and end of partition {part.number}", wipe(place), place)
        if content is not None and content.planned == "format":
            is_efi = part.slot.type in ("c12a7328-f81f-11d2-ba4b-00a0c93ec93b", "0xef")
            build.run(f"make {content.type} on partition {part.number}", make(place, content, efi=is_efi), place)
    for part, old, new in _resized(build):
        content = part.content
        if content is None:
            continue
        place = build.place(part)
        if new > old and content.type in (*_EXT_AND_NTFS, "LVM2_member"):
            build.run(f"grow the {content.type} on partition {part.number}", resize(place, content, None), place)
        elif new != old and content.type == "swap":
            build.run(f"make swap on partition {part.number} anew", resize(place, content, None), place)


def _later(build: _Builder, replayed: Replayed) -> None:
    operation = replayed.operation
    if isinstance(operation, ops.Check):
        part = next(part for part in build.parts if part.key == replayed.keys[0])
        if part.content is not None:
            place = build.place(part)
            build.run(f"check the file system on partition {part.number}", check(place, part.content.type), place)
    elif isinstance(operation, (*_LATER, *_TAKE_DOWN)):
        content = None
        if isinstance(operation, lvm.LvResize):
            group = build.change.layout.group(operation.vg)
            volume = group.volume(operation.name) if group is not None else None
            content = volume.content if volume is not None else None
            if volume is not None and operation.size.bytes is None and operation.size.percent != 100:
                operation = replace(operation, size=Size(bytes=volume.size))
        devices = [build.path(key) for key in replayed.keys]
        build.run(replayed.operation.title, lvm_command(operation, devices, content))


def _mount(build: _Builder, replayed: Replayed) -> None:
    operation = replayed.operation
    part = next(part for part in build.parts if part.key == replayed.keys[0])
    if not isinstance(operation, ops.Mount):
        raise AssertionError(operation)
    place = build.place(part)
    options = ("-o", f"loop,offset={place.offset},sizelimit={place.size}") if place.in_image else ()
    commands = [command("mkdir", "-p", operation.at), command("mount", *options, place.path, operation.at)]
    if operation.folders:
        commands.append(command("mkdir", "-p", f"{operation.at}/xendomains/domains"))
    build.run(operation.title, commands)
