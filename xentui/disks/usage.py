"""Who uses which device: what is mounted, swap space, layers above, guests, other systems."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from xentui.disks.device import RANK, Device, GuestDisk, Kind, Use, UseKind
from xentui.disks.images import Found
from xentui.disks.lvm import VolumeGroup
from xentui.disks.sources import LVM_MEMBER
from xentui.disks.tree import Tree

Json = dict[str, Any]

#: Where live systems mount the medium they run from: live-boot(7), dracut's dmsquash-live.
_LIVE = ("/run/live/", "/lib/live/mount/", "/run/initramfs/live", "/run/initramfs/isoscan")
_OCTAL = re.compile(r"\\([0-7]{3})")
_MD_LINE = re.compile(r"^(md\S+) : (\w+)\s+(.*)$", re.MULTILINE)


class Uses:
    """Uses by the path of the device, while they are collected."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.by_path: dict[str, list[Use]] = {}

    def add(self, device: Device | None, use: Use) -> None:
        """Note a use, once."""
        if device is not None:
            uses = self.by_path.setdefault(device.path, [])
            if use not in uses:
                uses.append(use)

    def finished(self) -> dict[str, tuple[Use, ...]]:
        """Those that say most first."""
        return {path: tuple(sorted(uses, key=lambda use: RANK[use.kind])) for path, uses in self.by_path.items()}


def unescaped(text: str) -> str:
    """A path of /proc/mounts and its kin, where blanks stand as \\040."""
    return _OCTAL.sub(lambda found: chr(int(found[1], 8)), text)


def add_mounts(uses: Uses, mountinfo: str) -> None:
    """/proc/PID/mountinfo: proc(5). A btrfs over several devices is mounted from all of them."""
    for line in mountinfo.splitlines():
        front, _, back = line.partition(" - ")
        words, more = front.split(" "), back.split(" ")
        if len(words) < 5 or len(more) < 2:
            continue
        where = unescaped(words[4])
        # btrfs has numbers of its own: its device is known by name.
        device = uses.tree.find(words[2]) or uses.tree.find(unescaped(more[1]))
        if device is None:
            continue
        if device.fstype is None:
            uses.tree.change(device.path, fstype=more[0])
        live = where.startswith(_LIVE)
        use = Use(UseKind.LIVE_MEDIUM if live else UseKind.MOUNTED, where)
        uses.add(device, use)
        if device.fstype == "btrfs" and device.uuid:
            for member in list(uses.tree.devices.values()):
                if member.fstype == "btrfs" and member.uuid == device.uuid:
                    uses.add(member, use)


def add_swaps(uses: Uses, swaps: str) -> None:
    """/proc/swaps: proc(5)."""
    for line in swaps.splitlines()[1:]:
        name = unescaped(line.split()[0]) if line.split() else ""
        uses.add(uses.tree.find(name), Use(UseKind.SWAP, "in use"))


def add_layers(uses: Uses, groups: Sequence[VolumeGroup] | None, mdstat: str, *, all_groups: bool = True) -> None:
    """Those that hold a device for the layer above it. Unless LVM has told of `all_groups`, a physical volume of
    none that is known belongs to one that is not."""
    in_group = set()
    for group in groups or ():
        count = len(group.volumes)
        detail = f"with {count} volume{'' if count == 1 else 's'}"
        active = bool(group.active)
        for name in group.physical:
            device = uses.tree.find(name)
            if device is not None:
                in_group.add(device.path)
                text = detail if active or not count else f"{detail}, none of them active"
                uses.add(device, Use(UseKind.LVM, group.group.name, text, blocking=active))
    for found in _MD_LINE.finditer(mdstat):
        for member in found[3].split():
            if "[" in member:
                device = uses.tree.find(member.partition("[")[0])
                uses.add(device, Use(UseKind.MD, f"/dev/{found[1]}", "" if found[2] == "active" else found[2]))
    for below, above in uses.tree.edges():
        _add_layer(uses, below, above)
    for device in list(uses.tree.devices.values()):
        unread = (groups is None or not all_groups) and device.fstype == LVM_MEMBER
        if (unread or device.path in uses.tree.below_hidden) and device.path not in in_group:
            uses.add(device, Use(UseKind.LVM, "a volume group", "which cannot be read"))


def _add_layer(uses: Uses, below: Device, above: Device) -> None:
    by_mapper = (above.kernel_name or "").startswith("dm-")
    if below.kind is Kind.VG or above.kind is Kind.VG:
        return
    if above.kind is Kind.LOOP:
        uses.add(below, Use(UseKind.LOOP, above.path))
    elif above.kind is Kind.MD:
        if not any(use.kind is UseKind.MD for use in uses.by_path.get(below.path, ())):
            uses.add(below, Use(UseKind.MD, above.path))
    elif above.kind is Kind.PART and not by_mapper:
        return  # the kernel's own partitions: no holder
    elif above.kind is Kind.LV:
        uses.add(below, Use(UseKind.LVM, above.path))
    else:
        what = {Kind.CRYPT: "encryption", Kind.MPATH: "multipath", Kind.PART: "a partition mapped by kpartx"}
        uses.add(below, Use(UseKind.DM, above.path, what.get(above.kind, "")))


_GUEST_KINDS = {"saved": UseKind.GUEST_SAVED, "off": UseKind.GUEST_DEFINED}


def add_guests(uses: Uses, disks: Iterable[GuestDisk], found: Found) -> None:
    """The guests' disks: the device or file itself, and the files below a qcow2 image."""
    for disk in disks:
        kind = _GUEST_KINDS.get(disk.state, UseKind.GUEST_RUNNING)
        detail = f"as {disk.vdev}" if disk.vdev else ""
        if not disk.writable:
            detail = f"{detail}, read-only".removeprefix(", ")
        holder = f"{disk.guest} ({disk.state})"
        path: str | None = target_path(disk)
        seen: set[str] = set()
        upper = ""
        while path is not None and path not in seen:
            seen.add(path)
            place = found.places.get(path)
            image = found.images.get(place.identity) if place is not None and not place.is_block else None
            device = uses.tree.find(place.number if place.is_block else place.path) if place is not None else None
            uses.add(device or uses.tree.find(path), Use(kind, holder, f"below {upper}" if upper else detail))
            upper, path = path, image.below if image is not None else None


def target_path(disk: GuestDisk) -> str:
    """The path that the toolstack opens: a relative one is in /dev, xl-disk-configuration(5)."""
    return disk.target if disk.target.startswith("/") else f"/dev/{disk.target}"


#: Partition types and file systems that another system leaves, and what that says.
_TYPES = {
    "e3c9e316-0b5c-4db8-817d-f92df00215ae": "a reserved partition of Windows",
    "de94bba4-06d1-4d40-a16a-bfd50179d6ac": "a recovery partition of Windows",
    "0x27": "a recovery partition of Windows",
    "c12a7328-f81f-11d2-ba4b-00a0c93ec93b": "an EFI system partition, where systems keep their boot loaders",
    "0xef": "an EFI system partition, where systems keep their boot loaders",
    "4f68bce3-e8cd-4db1-96e7-fbcaf984b709": "by its type the root file system of a Linux",
    "7c3457ef-0000-11aa-aa11-00306543ecac": "an APFS container of macOS",
    "48465300-0000-11aa-aa11-00306543ecac": "an HFS+ partition of macOS",
    "516e7cb6-6ecf-11d6-8ff8-00022d09712b": "a UFS partition of FreeBSD",
    "516e7cba-6ecf-11d6-8ff8-00022d09712b": "a ZFS partition of FreeBSD",
}
_FSTYPES = {
    "BitLocker": "a BitLocker volume of Windows",
    "ntfs": "an NTFS file system, as Windows makes them",
    "apfs": "an APFS container of macOS",
    "hfsplus": "an HFS+ file system of macOS",
    "swsuspend": "the memory of a hibernated Linux",
    "zfs_member": "a member of a ZFS pool",
}
#: Where the root file system of a Linux is mounted: by itself, by dracut's initrd.
_ROOTS = ("/", "/sysroot")


def add_other_systems(uses: Uses) -> None:
    """What points to another system. It can only be guessed at: nothing is mounted to look."""
    for device in list(uses.tree.devices.values()):
        kind = device.partition.type if device.partition is not None else None
        text = _FSTYPES.get(device.fstype or "") or _TYPES.get(kind or "")
        if device.last_mounted in _ROOTS:
            text = "the root file system of a Linux, by where it was mounted last"
        if text and not any(use.kind is UseKind.MOUNTED for use in uses.by_path.get(device.path, ())):
            uses.add(device, Use(UseKind.OTHER_OS, text, blocking=False))
