"""The commands that change what lies on a partition or volume, as argv lists: nothing here runs them."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from xentui.disks.layout import Content
from xentui.disks.table import Table

#: Stands in an argv for the loop device over a part of an image.
LOOP = "$LOOP"
#: Seconds: to make or resize a file system of many TiB takes its time, a quick one does not.
LONG, SHORT = 6 * 3600.0, 120.0
#: The Debian package of each program that is not on every system.
PACKAGES = {
    "mkfs.ext4": "e2fsprogs", "mkfs.ext3": "e2fsprogs", "mkfs.ext2": "e2fsprogs", "e2fsck": "e2fsprogs",
    "resize2fs": "e2fsprogs", "mkfs.vfat": "dosfstools", "fsck.vfat": "dosfstools", "mkntfs": "ntfs-3g",
    "ntfsresize": "ntfs-3g", "ntfsfix": "ntfs-3g", "qemu-img": "qemu-utils", "kpartx": "kpartx",
    "sfdisk": "fdisk", "mkswap": "util-linux", "wipefs": "util-linux", "losetup": "mount",
    "pvcreate": "lvm2", "pvremove": "lvm2", "pvresize": "lvm2", "vgcreate": "lvm2", "vgextend": "lvm2",
    "vgreduce": "lvm2", "vgremove": "lvm2", "lvcreate": "lvm2", "lvremove": "lvm2", "lvresize": "lvm2",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Command:
    """A program to run. `good` are the exit statuses that mean it worked; `text_in` is its standard input."""

    argv: tuple[str, ...]
    text_in: str | None = None
    good: tuple[int, ...] = (0,)
    deadline: float = SHORT

    @property
    def shell(self) -> str:
        """As it can be pasted into a POSIX shell."""
        line = " ".join(f'"{LOOP}"' if word == LOOP else shlex.quote(word) for word in self.argv)
        return line if self.text_in is None else f"{line} <<'END'\n{self.text_in}END"

    def on(self, device: str) -> Command:
        """The same with the loop device's name in its place."""
        argv = tuple(device if word == LOOP else word for word in self.argv)
        return Command(argv, self.text_in, self.good, self.deadline)


def command(*argv: str, good: tuple[int, ...] = (0,), deadline: float = SHORT) -> Command:
    return Command(argv, None, good, deadline)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something lies: a device of its own, or `size` bytes at `offset` of an image file."""

    path: str
    size: int
    offset: int | None = None
    sector_size: int = 512

    @property
    def in_image(self) -> bool:
        return self.offset is not None

    @property
    def device(self) -> str:
        """The device's path; of a part of an image, the loop device's that is to be set up over it."""
        return LOOP if self.in_image else self.path


def make(place: Place, content: Content, *, efi: bool = False) -> list[Command]:
    """Make a file system or swap space: mke2fs(8), mkfs.fat(8), mkntfs(8), mkswap(8)."""
    label = content.label
    kind = content.type
    if kind in ("ext4", "ext3", "ext2"):
        argv = [f"mkfs.{kind}", "-q", "-F", *(("-L", label) if label else ())]
        if place.in_image:
            return [command(*argv, "-E", f"offset={place.offset}", place.path, f"{place.size // 1024}k", deadline=LONG)]
        return [command(*argv, place.path, deadline=LONG)]
    if kind == "vfat":
        name = ("-n", label) if label else ()
        # An EFI system partition is FAT32, as soon as it has clusters enough for that.
        wide = efi and place.size > 70_000 * place.sector_size
        if not place.in_image:
            return [command("mkfs.vfat", *(("-F", "32") if wide else ()), *name, place.path, deadline=LONG)]
        # In an image it would choose by the size of the whole file: bits as it does for a disk of this size.
        bits = 32 if wide or place.size >= 512 << 20 else 16 if place.size >= 18_000 * place.sector_size else 12
        where = (f"--offset={(place.offset or 0) // place.sector_size}", place.path, str(place.size // 1024))
        sector = str(place.sector_size)
        return [command("mkfs.vfat", "-F", str(bits), *name, "-S", sector, *where, deadline=LONG)]
    if kind == "ntfs":
        return [command("mkntfs", "-Q", "-F", *(("-L", label) if label else ()), place.device, deadline=LONG)]
    identity = (*(("-L", label) if label else ()), *(("-U", content.uuid) if content.uuid else ()))
    if not place.in_image:
        return [command("mkswap", *identity, place.path, deadline=LONG)]
    # Its first page is all that swap space has to begin with; made beside the image, no loop device is needed.
    beside = f"{place.path}.swap"
    return [
        command("truncate", f"--size={place.size}", beside),
        command("mkswap", "--pagesize", "4096", *identity, beside),
        command(
            "dd", f"if={beside}", f"of={place.path}", "bs=4096", "count=1", f"seek={place.offset}", "oflag=seek_bytes",
            "conv=notrunc", "status=none",
        ),
        command("rm", beside),
    ]  # fmt: skip


def wipe(place: Place) -> list[Command]:
    """Remove what would make something else of it: signatures, or in an image the first and last MiB."""
    if not place.in_image:
        return [command("wipefs", "--all", "--quiet", place.path)]
    size = min(1 << 20, place.size)
    ends = dict.fromkeys((place.offset or 0, (place.offset or 0) + place.size - size))
    return [
        command(
            "dd", "if=/dev/zero", f"of={place.path}", f"bs={size}", "count=1", f"seek={at}", "oflag=seek_bytes",
            "conv=notrunc", "status=none",
        )
        for at in ends
    ]  # fmt: skip


def check(place: Place, kind: str) -> list[Command]:
    """Check, and mend what is safe to mend. e2fsck(8): 1 means that it mended."""
    if kind in ("ext4", "ext3", "ext2"):
        where = f"{place.path}?offset={place.offset}" if place.in_image else place.path
        return [command("e2fsck", "-f", "-p", where, good=(0, 1), deadline=LONG)]
    if kind == "vfat":
        return [command("fsck.vfat", "-a", place.device, good=(0, 1), deadline=LONG)]
    return [command("ntfsfix", "--no-action", place.device, deadline=LONG)]


def resize(place: Place, content: Content, size: int | None) -> list[Command]:
    """Resize a file system to `size` bytes, or to all of its place: resize2fs(8), ntfsresize(8), pvresize(8).

    On a loop device where it lies in an image: resize2fs cuts an image off behind the file system.
    """
    device = place.device
    if content.type in ("ext4", "ext3", "ext2"):
        blocks = [f"{size // 1024}K"] if size is not None else []
        return [
            command("e2fsck", "-f", "-p", device, good=(0, 1), deadline=LONG),
            command("resize2fs", device, *blocks, deadline=LONG),
        ]
    if content.type == "ntfs":
        # Twice --force: once for a volume that is marked to be checked, once for not being asked.
        wanted = ("--size", str(size)) if size is not None else ()
        return [
            command("ntfsresize", "--no-action", "--force", *wanted, device, deadline=LONG),
            command("ntfsresize", "--force", "--force", *wanted, device, deadline=LONG),
        ]
    if content.type == "LVM2_member":
        return [command("pvresize", "--yes", device)]
    return make(place, content)  # swap space holds nothing that lasts


def sfdisk_script(table: Table, new: frozenset[int] | None = None) -> str:
    """`table` as sfdisk(8) reads it. Of the partitions whose numbers are in `new`, and of the table unless it is None,
    the identities are left to sfdisk: they are made up each time."""
    lines = [f"label: {'dos' if table.label == 'msdos' else table.label}"]
    lines += [f"label-id: {table.disk_id}"] if new is None or len(new) < len(table.slots) else []
    lines += ["unit: sectors", f"sector-size: {table.sector_size}"]
    if table.label == "gpt":
        lines += [f"first-lba: {table.first}", f"last-lba: {table.last}"]
    lines.append("")
    for slot in sorted(table.slots, key=lambda one: one.number):
        said = [f"start={slot.start}", f"size={slot.sectors}", f"type={slot.type.removeprefix('0x').upper()}"]
        if table.label == "gpt":
            said += [f"uuid={slot.uuid.upper()}"] if slot.number not in (new or ()) else []
            said += [f'name="{_escaped(slot.name)}"'] if slot.name else []
            said += [f'attrs="{_attributes(slot.attributes)}"'] if slot.attributes else []
        elif slot.attributes & 0x80:
            said.append("bootable")
        lines.append(f"{slot.number} : {', '.join(said)}")
    return "\n".join(lines) + "\n"


def _escaped(name: str) -> str:
    return "".join(f"\\x{ord(c):02x}" if c in '"\\' else c for c in name)


def _attributes(bits: int) -> str:
    words = {0: "RequiredPartition", 1: "NoBlockIOProtocol", 2: "LegacyBIOSBootable"}
    return " ".join(words.get(bit, f"GUID:{bit}") for bit in range(64) if bits >> bit & 1)
