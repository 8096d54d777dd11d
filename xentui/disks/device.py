"""Block devices, volumes and disk images as a tree, and who uses them. Immutable; nothing in here asks the system."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What a device is. A volume group is no device, yet it stands in the tree between its PVs and its LVs."""

    DISK = "disk"
    PART = "part"
    VG = "vg"
    LV = "lv"
    MD = "md"
    CRYPT = "crypt"
    MPATH = "mpath"
    DM = "dm"  # any other device-mapper device
    LOOP = "loop"
    ROM = "rom"
    IMAGE = "image"  # a file that holds a disk


class UseKind(StrEnum):
    """The ways in which a device can be in use, those that say most first."""

    GUEST_RUNNING = "guest-running"  # paused, crashed, dying ones, too: Xen has them
    GUEST_SAVED = "guest-saved"
    LIVE_MEDIUM = "live-medium"
    MOUNTED = "mounted"
    SWAP = "swap"
    GUEST_DEFINED = "guest-defined"
    LVM = "lvm"
    MD = "md"
    DM = "dm"
    LOOP = "loop"
    EXCLUSIVE = "exclusive"  # the kernel says it is claimed, and nobody above is known to hold it
    OTHER_OS = "other-os"


#: Their place in the list above.
RANK = {kind: place for place, kind in enumerate(UseKind)}

#: Uses of a lower layer by the layer above it: no reason against writing to the layer above.
LAYERS = frozenset({UseKind.LVM, UseKind.MD, UseKind.DM, UseKind.LOOP, UseKind.EXCLUSIVE})


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a device. `holder` names who, as ``server01 (running)`` or ``/boot``; `detail` says more.

    `blocking`: writing to the device now is unsafe. What does not block is still named before it is lost.
    """

    kind: UseKind
    holder: str
    detail: str = ""
    blocking: bool = True

    @property
    def sentence(self) -> str:
        """In words: ``mounted on /boot``, ``disk xvda of server01 (running)``."""
        text = _WORDS[self.kind].format(self.holder)
        return f"{text}, {self.detail}" if self.detail else text


_WORDS = {
    UseKind.MOUNTED: "mounted on {}",
    UseKind.LIVE_MEDIUM: "the live medium this system runs from, at {}",
    UseKind.SWAP: "swap space ({})",
    UseKind.LVM: "a physical volume of {}",
    UseKind.MD: "a member of {}",
    UseKind.DM: "held by {}",
    UseKind.LOOP: "set up as {}",
    UseKind.GUEST_RUNNING: "a disk of {}",
    UseKind.GUEST_SAVED: "a disk of {}",
    UseKind.GUEST_DEFINED: "a disk of {}",
    UseKind.OTHER_OS: "{}",
    UseKind.EXCLUSIVE: "claimed by {}",
}


_REMEDIES = {
    UseKind.GUEST_RUNNING: "shut the guest down first",
    UseKind.GUEST_SAVED: "restore the guest and shut it down first",
    UseKind.GUEST_DEFINED: "take it out of the guest's configuration first",
    UseKind.MOUNTED: "unmount it first",
    UseKind.SWAP: "turn it off first (swapoff)",
    UseKind.LVM: "remove the volume group in the same plan, or let go of it first (vgchange -an)",
    UseKind.MD: "stop the array first (mdadm --stop)",
    UseKind.LOOP: "detach that first (losetup -d)",
}


@dataclass(frozen=True, slots=True)
class FreeArea:
    """Space that no partition (of a disk) or volume (of a volume group) takes. `start` and `size` are bytes.

    `start` of a volume group's free space is 0: it may lie anywhere.
    """

    start: int
    size: int


@dataclass(frozen=True, slots=True)
class Partition:
    """A partition's place in its table. `start` is bytes from the beginning of the disk.

    `type` is the table's own: a GUID in lower case for GPT, ``0x83`` for msdos. `flags` are the table's
    attribute word as lsblk prints it (``0x80`` is active for msdos).
    """

    number: int
    start: int
    type: str | None = None
    type_name: str | None = None
    name: str | None = None
    uuid: str | None = None
    flags: str | None = None


@dataclass(frozen=True, slots=True)
class Volume:
    """What LVM says of a logical volume. `segment` is LVM's segtype: linear, striped, thin, thin-pool, ..."""

    vg: str
    name: str
    segment: str | None = None
    origin: str | None = None  # of a snapshot
    pool: str | None = None  # of a thin volume
    active: bool = True
    data_percent: float | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """What LVM says of a volume group; `extent` is bytes."""

    name: str
    extent: int
    extents: int
    free_extents: int
    missing: int = 0  # physical volumes that are not there


@dataclass(frozen=True, slots=True)
class Device:
    """A node of the tree. Sizes are bytes, None is unknown.

    `path` identifies it: ``/dev/sda1``, ``/dev/HyperVG01/server01`` for an LV, ``/dev/HyperVG01`` for a VG,
    the file's own path for an image. `number` is ``MAJOR:MINOR``, None where the kernel has no device for it.
    `parents` and `children` are paths.
    """

    path: str
    kind: Kind
    size: int
    name: str = ""
    kernel_name: str | None = None
    number: str | None = None
    logical_sector: int = 512
    physical_sector: int = 512
    model: str | None = None
    serial: str | None = None
    transport: str | None = None
    table: str | None = None  # gpt, msdos; None for no partition table
    fstype: str | None = None
    label: str | None = None
    uuid: str | None = None
    last_mounted: str | None = None  # where, as an ext file system remembers
    read_only: bool = False
    removable: bool = False
    partition: Partition | None = None
    volume: Volume | None = None
    group: Group | None = None
    backing_file: str | None = None  # of a loop device
    format: str | None = None  # of an image: raw, qcow2
    aliases: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    free: tuple[FreeArea, ...] = ()

    @property
    def can_hold_table(self) -> bool:
        """Whether it is something that one makes partitions on."""
        return self.kind in (Kind.DISK, Kind.LOOP, Kind.MD, Kind.MPATH, Kind.IMAGE, Kind.LV) and self.size > 0


@dataclass(frozen=True, slots=True)
class Conflict:
    """A use that stands against writing to a device, and the device that is used: itself, a part of it, its whole."""

    device: Device
    use: Use

    @property
    def sentence(self) -> str:
        """As ``/dev/sda1 is mounted on /boot``."""
        return f"{self.device.path} is {self.use.sentence}"

    @property
    def remedy(self) -> str:
        """What ends it, as ``unmount it first``."""
        return _REMEDIES.get(self.use.kind, "that has to end first")


@dataclass(frozen=True)
class Disks:
    """All devices, in the order of the tree.

    `problems` are sentences for the user: what could not be read. `blind` are those of them without
    which nobody can say whether a device is in use: while there are any, nothing may be written.
    """

    devices: tuple[Device, ...] = ()
    used: Mapping[str, tuple[Use, ...]] = field(default_factory=dict)  # by path
    problems: tuple[str, ...] = ()
    blind: tuple[str, ...] = ()
    _by_name: dict[str, Device] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_name: dict[str, Device] = {}
        for device in self.devices:
            for alias in (device.number, device.kernel_name, *device.aliases):
                if alias:
                    by_name.setdefault(alias, device)
        by_name.update((device.path, device) for device in self.devices)
        object.__setattr__(self, "_by_name", by_name)

    def find(self, path: str) -> Device | None:
        """The device with this path, alias (``/dev/mapper/...``), kernel name or ``MAJOR:MINOR``."""
        return self._by_name.get(path)

    def uses(self, device: Device) -> tuple[Use, ...]:
        """How `device` itself is used; not its parts, nor what it is a part of."""
        return self.used.get(device.path, ())

    def below(self, device: Device) -> Iterator[Device]:
        """All that lies on `device`: its partitions, the volumes on them, and so on; each once."""
        return self._follow(device, lambda found: found.children)

    def above(self, device: Device) -> Iterator[Device]:
        """All that `device` lies on, up to whole disks and image files; each once."""
        return self._follow(device, lambda found: found.parents)

    def _follow(self, device: Device, step: Callable[[Device], Iterable[str]]) -> Iterator[Device]:
        seen, queue = {device.path}, list(step(device))
        while queue:
            path = queue.pop(0)
            found = self._by_name.get(path)
            if found is not None and found.path not in seen:
                seen.add(found.path)
                yield found
                queue += step(found)

    def conflicts(self, device: Device) -> tuple[Conflict, ...]:
        """Every use that makes writing to `device` unsafe: its own, those of whatever lies on it, and those
        of what it is a part of (its disk exported whole to a guest, say)."""
        own = [Conflict(device, use) for use in self.uses(device)]
        own += [Conflict(found, use) for found in self.below(device) for use in self.uses(found)]
        own += [
            Conflict(found, use) for found in self.above(device) for use in self.uses(found) if use.kind not in LAYERS
        ]
        return tuple(conflict for conflict in own if conflict.use.blocking)

    def remarks(self, device: Device) -> tuple[Conflict, ...]:
        """The uses of `device` and of what lies on it that do not block, but are to be named before it is lost."""
        found = [Conflict(each, use) for each in (device, *self.below(device)) for use in self.uses(each)]
        return tuple(remark for remark in found if not remark.use.blocking)

    @property
    def roots(self) -> tuple[Device, ...]:
        """What lies on nothing else: disks, drives, images, and loop devices whose file is not known."""
        return tuple(device for device in self.devices if not device.parents)


@dataclass(frozen=True, slots=True)
class GuestDisk:
    """A disk of a guest, whoever knows of it: ``target`` as the toolstack has it.

    `state` is as the user is to read it; all but ``saved`` and ``off`` are domains that Xen has.
    """

    guest: str
    state: str
    target: str
    vdev: str = ""
    format: str = "raw"
    writable: bool = True
    source: str = ""  # where that is written: a configuration file, a save file
