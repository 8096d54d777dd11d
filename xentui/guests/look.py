"""A look at the Linux on a guest's disk, without mounting it: debugfs(8) reads ext2, ext3 and ext4 as plain files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from xentui.guests.site import Site
from xentui.subprocesses import CommandError, ProgramMissingError

_DEADLINE = 60.0


@dataclass(frozen=True, slots=True)
class System:
    """What was found: the text of its fstab, of its initramfs.conf ("" for none), whether GRUB has a menu, and where
    on the disk its root begins, in bytes."""

    fstab: str
    initramfs: str
    grub_menu: bool
    offset: int = 0

    @property
    def mounts(self) -> list[tuple[str, str]]:
        """What fstab(5) mounts: the device as it is named there, and where."""
        found = []
        for line in self.fstab.splitlines():
            words = line.split()
            if len(words) >= 2 and not words[0].startswith("#"):
                found.append((words[0], words[1]))
        return found

    @property
    def root(self) -> str:
        """What stands for the root in fstab, "" if nothing does."""
        return next((device for device, place in self.mounts if place == "/"), "")


def look(site: Site, path: str) -> System | None:
    """The system on a raw image or device; None where there is none that can be read so."""
    if site.host.is_demo or "?" in path:  # debugfs takes what follows ? for options
        return None
    place = str(site.host.path(path))
    found: System | None = None
    menu = False
    for offset in _offsets(site, place):
        where = f"{place}?offset={offset}" if offset else place
        menu = menu or any(_there(site, where, file) for file in ("/boot/grub/grub.cfg", "/grub/grub.cfg"))
        fstab = _cat(site, where, "/etc/fstab")
        if fstab and found is None:
            found = System(fstab, _cat(site, where, "/etc/initramfs-tools/initramfs.conf"), False, offset)
    return System(found.fstab, found.initramfs, menu, found.offset) if found is not None else None


def read_file(site: Site, path: str, offset: int, file: str) -> str:
    """The text of a file of the system that begins at `offset`; "" if there is none."""
    place = str(site.host.path(path))
    return _cat(site, f"{place}?offset={offset}" if offset else place, file)


def _offsets(site: Site, place: str) -> Iterator[int]:
    """Where file systems may begin, in bytes: at the beginning, or where partitions do."""
    yield 0
    try:
        said = site.host.run(["sfdisk", "--json", place], deadline=_DEADLINE, record=False)
        table = json.loads(said.stdout)["partitiontable"]
        for partition in table["partitions"]:
            yield int(partition["start"]) * int(table.get("sectorsize", 512))
    except (CommandError, ValueError, KeyError, TypeError):
        return


def _cat(site: Site, where: str, file: str) -> str:
    try:
        said = site.host.run(["debugfs", "-R", f"cat {file}", where], deadline=_DEADLINE, record=False, check=False)
    except ProgramMissingError:
        return ""
    return said.stdout


def _there(site: Site, where: str, file: str) -> bool:
    try:
        said = site.host.run(["debugfs", "-R", f"stat {file}", where], deadline=_DEADLINE, record=False, check=False)
    except ProgramMissingError:
        return False
    return "Type: regular" in said.stdout
