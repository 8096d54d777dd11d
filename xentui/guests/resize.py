"""Making a disk of a guest larger, and the file system with it where it fills the whole disk."""

from __future__ import annotations

import os
from dataclasses import dataclass

from xentui.domains.domain import Disk, State
from xentui.guests.errors import GuestError
from xentui.guests.files import parse_size, shown_size
from xentui.guests.site import Site
from xentui.guests.work import failed
from xentui.host import Host
from xentui.subprocesses import CommandError

_DEADLINE = 3600.0
#: Where an ext2, ext3 or ext4 file system has its mark: linux, fs/ext4/ext4.h.
_EXT_AT, _EXT_MAGIC = 1024 + 56, b"\x53\xef"


@dataclass(frozen=True, slots=True)
class Resizing:
    """A disk that can grow from `before` to `after` bytes. `fills`: an ext file system is all that is on it."""

    name: str
    disk: Disk
    before: int
    after: int
    fills: bool

    def describe(self) -> str:
        """What is done, in a sentence."""
        return f"{self.disk.target} grows from {shown_size(self.before)} to {shown_size(self.after)}."


def plan(site: Site, name: str, size: str, vdev: str = "") -> Resizing:
    """`size` is the new one, or with + what comes to it. Raises GuestError."""
    site.check_local()
    domain = site.snapshot.domain(name)
    if domain is None:
        raise GuestError(f"There is no guest {name}: see xentui list")
    if domain.state is not State.OFF:
        raise GuestError(f"{name} is {domain.state.said}: shut it down first.")
    disks = [disk for disk in domain.disks if disk.writable and not disk.cdrom and disk.target]
    wanted = next((disk for disk in disks if disk.vdev == vdev), None) if vdev else next(iter(disks), None)
    if wanted is None:
        names = ", ".join(disk.vdev for disk in disks) or "none"
        raise GuestError(f"{name} has no disk {vdev or 'that it writes to'}; there are: {names}.")
    for user in site.users(wanted.target or "", but=name):
        raise GuestError(f"{wanted.target}: {user.guest} {user.how}, too.")
    before = _size(site, wanted)
    after = before + parse_size(size[1:]) if size.startswith("+") else parse_size(size)
    if after <= before:
        raise GuestError(f"{wanted.target} has {shown_size(before)} already; a disk can only be made larger here.")
    if site.host.path(wanted.target or "").is_file() and wanted.format == "raw":
        site.check_room([(wanted.target or "", after - before)], "Make room there, or choose a smaller size.")
    return Resizing(name, wanted, before, after, _fills(site.host, wanted))


def resize(site: Site, plan: Resizing) -> list[str]:
    """Do it; give what is left to do. Raises GuestError; what is on the disk is never lost by it."""
    host, target = site.host, plan.disk.target or ""
    path = str(host.path(target))
    if host.path(target).is_block_device():
        _run(host, ["lvextend", "-L", f"{plan.after}b", target])
    elif plan.disk.format == "raw":
        try:
            os.truncate(path, plan.after)
        except OSError as error:
            raise GuestError(f"{target}: cannot be made larger: {error.strerror}") from error
    else:
        _run(host, ["qemu-img", "resize", "-q", "-f", plan.disk.format or "qcow2", path, str(plan.after)])
    if not plan.fills:
        return ["Within the guest, the partition and the file system are still to grow: growpart, then resize2fs."]
    try:
        _run(host, ["e2fsck", "-f", "-p", path], good=(0, 1))
        _run(host, ["resize2fs", path])
    except GuestError as error:
        raise GuestError(
            f"The disk is larger, its file system is as it was: {error.headline}", error.details
        ) from error
    return []


def _size(site: Site, disk: Disk) -> int:
    from xentui.guests.images import image_info

    target = disk.target or ""
    path = site.host.path(target)
    if not path.exists():
        raise GuestError(f"{target}: is not there.")
    if path.is_block_device() or disk.format == "raw":
        with path.open("rb") as file:
            return file.seek(0, os.SEEK_END)
    return image_info(site, target).size


def _fills(host: Host, disk: Disk) -> bool:
    if disk.format != "raw" or host.is_demo:
        return False
    with host.path(disk.target or "").open("rb") as file:
        file.seek(_EXT_AT)
        return file.read(2) == _EXT_MAGIC


def _run(host: Host, argv: list[str], good: tuple[int, ...] = (0,)) -> None:
    try:
        done = host.run(argv, deadline=_DEADLINE, check=False)
        if done.status not in good:
            raise failed(CommandError(done))
    except CommandError as error:
        raise failed(error) from error
