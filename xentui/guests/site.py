"""The place where guests are made: a host, what runs there, and who uses which disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from xentui.disks.device import GuestDisk, UseKind
from xentui.disks.images import find_images
from xentui.domains.domain import Domain, Snapshot
from xentui.guest_disks import guest_disks, read_disks
from xentui.guests.errors import GuestError
from xentui.guests.files import RESERVE, exists, free_bytes, local_only, shown_size
from xentui.guests.manifest import path_of
from xentui.guests.snapshots.tree import load
from xentui.guests.spec import Disk
from xentui.host import Host
from xentui.subprocesses import CommandError

#: The Debian package of each tool that may be missing.
PACKAGES = {
    "mmdebstrap": "mmdebstrap",
    "mke2fs": "e2fsprogs",
    "mkswap": "util-linux",
    "qemu-img": "qemu-utils",
    "lvcreate": "lvm2",
    "capsh": "libcap2-bin",
    "debugfs": "e2fsprogs",
    "unshare": "util-linux",
}
_SMALLER = "Choose a smaller disk (--size), or another place (--dir)."


@dataclass(frozen=True, slots=True)
class DiskUser:
    """A guest that has a disk, whether it may write to it, and the guest's state. `layer` is its own image where the
    disk lies below that: read by the guest, and ruined for it by any change."""

    guest: str
    state: str
    writes: bool
    target: str
    layer: str = ""

    @property
    def runs(self) -> bool:
        return self.state not in ("off", "saved")

    @property
    def how(self) -> str:
        """What the guest has to do with the disk."""
        if self.layer:
            return f"needs it below its {self.layer}"
        if self.runs:
            return "runs with it"
        return "is saved with it" if self.state == "saved" else "has it in its configuration"


@dataclass(frozen=True)
class Site:
    """A host and what was known of it when the work began."""

    host: Host
    snapshot: Snapshot

    @property
    def has_hvm(self) -> bool:
        """Whether Xen can run HVM and PVH guests here."""
        return "hvm" in self.snapshot.host.virt_caps

    def exists(self, path: str) -> bool:
        return exists(self.host, path)

    def check_local(self) -> None:
        """Raises GuestError where guests cannot be made."""
        local_only(self.host)

    @staticmethod
    def check_xls(domain: Domain) -> None:
        """Raises GuestError where libvirt has a definition of its own: what is done to its file would not count."""
        if domain.libvirt_owns:
            raise GuestError(f"{domain.name}: {domain.leave_to_xl}")

    def check_name(self, name: str) -> None:
        """Raises GuestError if there is a guest of that name, or something left of one."""
        found = self.snapshot.domain(name)
        if found is not None:
            where = f" ({found.config_file})" if found.config_file else ""
            raise GuestError(f"There is a guest {name} already{where}: choose another name, or delete that one first.")
        if self.exists(path_of(name)):
            raise GuestError(f"Something is left of a guest {name}: see what it is by: xentui delete {name}")
        if load(self.host, name).snapshots:  # it could be reverted to what another guest was
            raise GuestError(f"Snapshots of another {name} are kept here: xentui snapshot list {name} names them.")

    def check_tools(self, *tools: str) -> None:
        """Raises GuestError naming the packages of the tools that are missing."""
        missing = [] if self.host.is_demo else [tool for tool in tools if shutil.which(tool) is None]
        if missing:
            packages = sorted({PACKAGES.get(tool, tool) for tool in missing})
            verb = "is" if len(missing) == 1 else "are"
            raise GuestError(
                f"{', '.join(missing)} {verb} not installed. As root: apt-get install {' '.join(packages)}"
            )

    def check_file(self, path: str, what: str, package: str = "") -> None:
        """Raises GuestError unless `path` is a file that can be read."""
        advice = f" As root: apt-get install {package}" if package else ""
        target = self.host.path(path)
        if not target.is_file() and not target.is_block_device():
            raise GuestError(f"{path}: {what} is not there.{advice}")
        if not os.access(target, os.R_OK):
            raise GuestError(f"{path}: {what} cannot be read: run xentui as root (sudo xentui).")

    # Disks

    def users(self, path: str, *, but: str = "") -> list[DiskUser]:
        """The guests that have this file or device as a disk: running, saved, or off."""
        wanted = _identity(self.host.path(path))
        found = {
            user.guest: user
            for user in sorted(self._users, key=lambda user: (user.writes, user.runs))
            if user.guest != but and _identity(self.host.path(user.target)) == wanted
        }
        return list(found.values())

    @cached_property
    def _users(self) -> list[DiskUser]:
        """All disks of all guests, with what xl, saved guests and libvirt's definitions say besides, and what lies
        below their layers; asked once, for it is slow where Xen is."""
        disks = [
            GuestDisk(domain.name, domain.state.value, disk.target, disk.vdev, disk.format or "raw", disk.writable)
            for domain in self.snapshot.domains
            for disk in domain.disks
            if disk.target
        ]
        disks += guest_disks(self.host).disks
        return [
            *(DiskUser(disk.guest, disk.state, disk.writable, disk.target) for disk in disks),
            *_below(self.host, [disk for disk in disks if disk.format != "raw"]),
        ]

    def check_disk(self, disk: Disk, *, but: str = "") -> None:
        """Raises GuestError if the disk cannot be given to a new guest: missing, there already, or another's."""
        if disk.is_new:
            if self.exists(disk.path):
                raise GuestError(f"{disk.path}: is there already; nothing is written over. Name another file.")
            return
        self.check_file(disk.path, "the CD image" if disk.cdrom else "the disk")
        for user in self.users(disk.path, but=but):
            if user.layer and disk.writable and not disk.cdrom:
                raise GuestError(
                    f"{disk.path}: {user.guest} {user.how}, and whatever is written to it ruins that. Copy it, or give"
                    " it read-only (,ro)."
                )
            if user.writes or (disk.writable and not disk.cdrom):
                raise GuestError(
                    f"{disk.path}: {user.guest} {user.how}; two guests writing to one disk ruin it."
                    " Copy it, or give it to both read-only (,ro)."
                )
        if disk.writable and not disk.cdrom:
            self._check_idle(disk.path, but)

    def _check_idle(self, path: str, but: str) -> None:
        """Raises GuestError when something of dom0's own uses the file or device: a mount, swap, RAID, a loop. That
        the guest `but`, which is off, has it is no use."""
        if self.host.is_demo:
            return
        found = read_disks(self.host, [path])
        device = found.find(path)
        if device is None:
            if self.host.path(path).is_block_device():
                raise GuestError(f"{path}: is not among the disks of this host: see xentui disks list")
            return
        if found.blind:
            raise GuestError(f"{path}: whether it is in use cannot be told. {found.blind[0]}")
        own = (UseKind.GUEST_DEFINED, f"{but} (off)")
        for conflict in found.conflicts(device):
            if (conflict.use.kind, conflict.use.holder) == own:
                continue
            raise GuestError(f"{conflict.sentence}: a guest that wrote to it would ruin it.")

    def check_room(self, wanted: Sequence[tuple[str, int]], advice: str = _SMALLER) -> None:
        """Raises GuestError when files of these sizes do not fit: a path and bytes for each; `advice` says what to do
        about it."""
        needed: dict[int, int] = {}
        free: dict[int, tuple[int, str]] = {}
        for path, size in wanted:
            room, device = free_bytes(self.host, path)
            needed[device] = needed.get(device, 0) + size
            free.setdefault(device, (room, path))
        for device, size in needed.items():
            room, path = free[device]
            if size + RESERVE > room:
                raise GuestError(
                    f"{path}: {shown_size(size)} are needed there and {shown_size(room)} are free. {advice}"
                )

    def check_volume_room(self, group: str, size: int) -> None:
        """Raises GuestError unless the volume group is there and has so many bytes left."""
        self.check_tools("lvcreate")
        if self.host.is_demo:
            raise GuestError(f"The demo dom0 has no volume group {group}: make the disk a file there (--disk 1G).")
        self.check_group_room(group, size)

    def check_group_room(self, group: str, size: int) -> None:
        """The same, of a group that LVM has told of."""
        try:
            said = self.host.run(
                ["vgs", "--noheadings", "--nosuffix", "--units", "b", "-o", "vg_free", group], deadline=30, record=False
            )
            free = int(float(said.stdout.strip()))
        except CommandError as error:
            raise GuestError(f"The volume group {group}: {error.headline}") from error
        if size > free:
            raise GuestError(f"The volume group {group} has {shown_size(free)} left; {shown_size(size)} are needed.")


def _below(host: Host, layers: Sequence[GuestDisk]) -> Iterator[DiskUser]:
    """The images and devices below the layers that guests have as their disks, however deep."""
    found = find_images(host, {(layer.target, layer.format) for layer in layers})
    for layer in layers:
        path, seen = layer.target, set[str]()
        while (place := found.places.get(path)) is not None:
            image = found.images.get(place.identity)
            if image is None or image.below is None or image.below in seen:
                break
            path = image.below
            seen.add(path)
            yield DiskUser(layer.guest, layer.state, False, path, layer.target)


def _identity(path: Path) -> tuple[str, int, int] | str:
    """The same for all names of one file or device."""
    try:
        found = path.stat()
    except OSError:
        return str(path)
    if path.is_block_device():
        return ("device", os.major(found.st_rdev), os.minor(found.st_rdev))
    return ("file", found.st_dev, found.st_ino)
