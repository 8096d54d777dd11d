"""All disks and images of all guests, with what they take, and the images that no guest has: xen-list-images' table."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from xentui.guests import manifest
from xentui.guests.errors import GuestError
from xentui.guests.files import shown_size, used_bytes
from xentui.guests.images import image_info
from xentui.guests.site import Site
from xentui.guests.snapshots.tree import load
from xentui.guests.spec import IMAGES

#: Where images stand that may be nobody's any more.
FOLDERS = (IMAGES, "/var/lib/xen/images")
_ENDINGS = (".img", ".raw", ".qcow2", ".qcow", ".vhd", ".vhdx", ".vmdk", ".vdi", ".iso")


@dataclass(frozen=True, slots=True)
class ListedImage:
    """A disk of a guest, or an image of nobody's (`guest` ""). `size` is what the guest sees and `used` what it takes
    on its file system, in bytes; None where that cannot be told."""

    guest: str
    state: str
    vdev: str
    path: str
    format: str
    writable: bool
    there: bool
    size: int | None
    used: int | None

    @property
    def words(self) -> str:
        """What is special about it."""
        found = [] if self.there else ["MISSING"]
        if not self.guest:
            found.append("no guest has it")
        elif not self.writable:
            found.append("read-only")
        return ", ".join(found)


def list_images(site: Site) -> list[ListedImage]:
    """By guest, in the order of its disks; what belongs to nobody comes last. Raises GuestError."""
    site.check_local()
    found = []
    for domain in sorted(site.snapshot.domains, key=lambda domain: domain.name):
        for disk in domain.disks:
            if disk.target:
                size, used, there = _sizes(site, disk.target, disk.format or "raw")
                found.append(
                    ListedImage(domain.name, str(domain.state), disk.vdev, disk.target, disk.format or "raw",
                                disk.writable and not disk.cdrom, there, size, used)
                )  # fmt: skip
    known = _known(site)
    for path in _strangers(site, known):
        size, used, _there = _sizes(site, path, "")
        found.append(ListedImage("", "", "", path, "", True, True, size, used))
    return found


def table(images: Iterable[ListedImage]) -> list[str]:
    """The lines for people, with a heading."""
    rows = [("GUEST", "STATE", "DISK", "FORMAT", "SIZE", "USED", "IMAGE")]
    for one in images:
        size, used = ("-" if number is None else shown_size(number) for number in (one.size, one.used))
        words = f"  ({one.words})" if one.words else ""
        rows.append((one.guest or "-", one.state or "-", one.vdev or "-", one.format or "-", size, used,
                     one.path + words))  # fmt: skip
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    lines = []
    for row in rows:
        cells = [cell.rjust(w) if column in (4, 5) else cell.ljust(w)
                 for column, (cell, w) in enumerate(zip(row[:6], widths, strict=True))]  # fmt: skip
        lines.append("  ".join([*cells, row[6]]))
    return lines


def _sizes(site: Site, target: str, form: str) -> tuple[int | None, int | None, bool]:
    """What the guest sees, what it takes, and whether it is there."""
    path = site.host.path(target)
    try:
        if path.is_block_device():
            with path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
            return size, size, True
        if not path.is_file():
            return None, None, False
        if form in ("raw", "") and not target.endswith((".qcow2", ".qcow", ".vhd", ".vhdx", ".vmdk", ".vdi")):
            return path.stat().st_size, used_bytes(path), True
    except OSError:  # a device without a medium, a file of somebody else's
        return None, None, True
    try:
        return image_info(site, target).size, used_bytes(path), True
    except GuestError:  # a layer, or no qemu-img here: its size is not known, the room that it takes is
        return None, used_bytes(path), True


def _known(site: Site) -> set[str]:
    """Everything that somebody may want: disks, what was made for guests, and their snapshots."""
    known = set()
    for domain in site.snapshot.domains:
        known |= {disk.target for disk in domain.disks if disk.target}
        known |= {part.place for snapshot in load(site.host, domain.name).snapshots for part in snapshot.disks}
        made = manifest.load(site.host, domain.name)
        known |= {item.path for item in made.made} if made is not None else set()
    return known


def _strangers(site: Site, known: set[str]) -> Iterable[str]:
    for folder in FOLDERS:
        for info in sorted(site.host.scan(folder), key=lambda info: info.path):
            name = info.path.rpartition("/")[2]
            if name.startswith(".") or not name.endswith(_ENDINGS) or info.path in known:
                continue
            if not site.users(info.path):  # by another name, saved, or libvirt's
                yield info.path
