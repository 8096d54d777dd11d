"""Snapshots of single disks, each in the way of its kind: a copy of a file, within a qcow2 image, an LVM snapshot.

The guest must not run meanwhile. A copy shares its blocks with the disk where the file system can (reflink: XFS,
Btrfs); elsewhere it takes the room that the disk takes.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from xentui.domains.domain import Disk
from xentui.guests.errors import GuestCancelledError, GuestError
from xentui.guests.files import exists, used_bytes
from xentui.guests.site import Site
from xentui.guests.snapshots.tree import DiskPart
from xentui.guests.volumes import TAG, is_there, remove_volume, told_of, volume_of
from xentui.guests.work import failed
from xentui.host import Host
from xentui.subprocesses import CancelledError, CommandError

_DEADLINE = 4 * 3600.0
#: How much of an LVM volume may change before its (thick) snapshot is full, in percent.
_THICK_PERCENT = 100


def part_of(site: Site, disk: Disk, snapshot: str) -> DiskPart:
    """How a snapshot of the disk is made. Raises GuestError where there is no way."""
    target = disk.target or ""
    path = site.host.path(target)
    if path.is_block_device() or (not path.exists() and target.startswith("/dev/")):
        vg, lv = volume_of(site.host, target)
        part = DiskPart(disk.vdev, target, "volume", f"/dev/{vg}/{lv}-{snapshot}")
    elif disk.format == "qcow2" and not site.host.is_demo:  # its images are empty files
        site.check_tools("qemu-img")
        part = DiskPart(disk.vdev, target, "qcow2", snapshot)
    elif path.is_file():
        part = DiskPart(disk.vdev, target, "copy", f"{target}.{snapshot}")
    else:
        raise GuestError(f"{target}: is neither a file nor a volume; no snapshot of it can be made.")
    check_free(site.host, part)
    return part


def check_free(host: Host, part: DiskPart) -> None:
    """Raises GuestError where something has the snapshot's name already: it is somebody else's, and stays."""
    if part.kind == "qcow2":
        if part.place in _names(host, str(host.path(part.target))):
            raise GuestError(f"{part.target}: has a snapshot {part.place} within it already. Choose another name.")
    elif exists(host, part.place) or (part.kind == "volume" and is_there(host, part.place)):
        raise GuestError(f"{part.place}: is there already; nothing is written over. Choose another name.")


def room(site: Site, part: DiskPart) -> tuple[str, int]:
    """What a copy takes at most: where, and how many bytes."""
    return part.place, used_bytes(site.host.path(part.target)) if part.kind == "copy" else 0


def check_groups(site: Site, parts: Sequence[DiskPart]) -> None:
    """Raises GuestError where a volume group has no room for the snapshots of its volumes."""
    needed: dict[str, int] = {}
    for part in parts:
        if part.kind == "volume":
            vg, lv = volume_of(site.host, part.target)
            needed[vg] = needed.get(vg, 0) + (_set_aside(site.host, vg, lv) or 0)
    for vg, size in needed.items():
        site.check_group_room(vg, size)


def take(host: Host, part: DiskPart, cancel: threading.Event | None = None) -> None:
    """Make the snapshot. Raises GuestError, and then nothing is left of it."""
    if part.kind == "copy":
        _copy(host, part.target, part.place, cancel)
    elif part.kind == "qcow2":
        _run(host, ["qemu-img", "snapshot", "-c", part.place, str(host.path(part.target))], cancel=cancel)
    else:
        vg, lv = PurePosixPath(part.place).parts[-2:]
        origin = volume_of(host, part.target)[1]
        argv = ["lvcreate", "--yes", "--addtag", TAG, "--snapshot", *_thick(host, vg, origin), "-n", lv]
        _run(host, [*argv, f"{vg}/{origin}"], cancel=cancel)


def revert(host: Host, part: DiskPart) -> None:
    """Make the disk what it was. The snapshot stays. Raises GuestError; a copied disk is then as it was before."""
    if part.kind == "copy":
        fresh = f"{part.target}.reverting"
        _remove_file(host.path(fresh))
        _copy(host, part.place, fresh)
        os.replace(host.path(fresh), host.path(part.target).resolve())  # noqa: PTH105
    elif part.kind == "qcow2":
        _run(host, ["qemu-img", "snapshot", "-a", part.place, str(host.path(part.target))])
    else:
        # Merging uses the snapshot up; the same one is made again at once.
        vg, lv = PurePosixPath(part.place).parts[-2:]
        _run(host, ["lvconvert", "--yes", "--interval", "1", "--merge", f"{vg}/{lv}"])
        take(host, part)


def remove(host: Host, part: DiskPart) -> None:
    """Take the snapshot away. One that is gone already is no fault. Raises GuestError."""
    if part.kind == "copy":
        _remove_file(host.path(part.place))
    elif part.kind == "qcow2":
        image = str(host.path(part.target))
        if not host.path(part.target).exists() or part.place not in _names(host, image):
            return
        _run(host, ["qemu-img", "snapshot", "-d", part.place, image])
    else:
        remove_volume(host, part.place)


def there(host: Host, part: DiskPart) -> bool:
    """Whether the snapshot is still there."""
    if part.kind == "copy":
        return host.path(part.place).is_file()
    if part.kind == "qcow2":
        return host.path(part.target).exists() and part.place in _names(host, str(host.path(part.target)))
    vg, lv = PurePosixPath(part.place).parts[-2:]
    said = host.run(["lvs", "--noheadings", "-o", "lv_attr", f"{vg}/{lv}"], deadline=30, check=False, record=False)
    return said.ok and said.stdout.strip()[4:5] not in ("I", "S")  # a full one is invalid: lvs(8), State


def cost(host: Host, part: DiskPart) -> int | None:
    """The bytes that it takes from where it is, so that nothing else can have them; None where that cannot be told
    (within a qcow2 image)."""
    if part.kind == "copy":
        return used_bytes(host.path(part.place))
    if part.kind == "qcow2":
        return None
    vg, lv = PurePosixPath(part.place).parts[-2:]
    words = told_of(host, vg, lv, "lv_size,data_percent,pool_lv")
    try:
        if len(words) == 3:  # out of a thin pool; what it shares is counted, too
            return int(float(words[0]) * float(words[1]) / 100)
        return int(float(words[0]))  # set aside in its group, however little of it is written
    except (IndexError, ValueError):
        return None


def _copy(host: Host, source: str, target: str, cancel: threading.Event | None = None) -> None:
    path = host.path(target)
    if path.exists():
        raise GuestError(f"{target}: is there already; nothing is written over.")
    argv = ["cp", "--reflink=auto", "--sparse=always", "--preserve=mode,ownership", "--no-target-directory"]
    try:
        _run(host, [*argv, "--", str(host.path(source)), str(path)], cancel=cancel)
        _sync(path)
    except GuestError:
        _remove_file(path)
        raise


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _remove_file(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise GuestError(f"{path}: cannot be removed: {error.strerror}") from error


def _names(host: Host, image: str) -> list[str]:
    # -U: also of one that a guest runs with.
    said = _run(host, ["qemu-img", "snapshot", "-U", "-l", image], record=False)
    return [words[1] for line in said.splitlines() if len(words := line.split()) > 2 and words[0].isdigit()]


def _set_aside(host: Host, vg: str, lv: str) -> int | None:
    """The bytes that LVM has to set aside for a snapshot of the volume; None for one out of a thin pool, which shares
    its blocks."""
    words = told_of(host, vg, lv, "lv_size,pool_lv")
    if len(words) == 2:
        return None
    return int(float(words[0])) if words else 0


def _thick(host: Host, vg: str, lv: str) -> list[str]:
    """The size that LVM wants for the snapshot of a volume out of no thin pool."""
    return [] if _set_aside(host, vg, lv) is None else ["--extents", f"{_THICK_PERCENT}%ORIGIN"]


def _run(host: Host, argv: list[str], *, record: bool = True, cancel: threading.Event | None = None) -> str:
    try:
        return host.run(argv, deadline=_DEADLINE, record=record, cancel=cancel).stdout
    except CancelledError as error:
        raise GuestCancelledError("Cancelled.") from error
    except CommandError as error:
        raise failed(error) from error
