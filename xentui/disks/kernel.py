"""What the kernel knows of a device's partitions, and telling it of new ones."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import struct
from pathlib import Path

from xentui.disks.table import Table
from xentui.waiting import wait_until

#: Seconds that a device may be held by somebody who only looks at it.
_PATIENCE = 2.0
_SYSFS = Path("/sys/class/block")


def kernel_name(path: str) -> str:
    """``sda``, ``loop0``, ``dm-3``: what a path leads to."""
    return Path(os.path.realpath(path)).name


def dm_name(path: str) -> str | None:
    """The device-mapper's name of a device of its, else None."""
    try:
        return (_SYSFS / kernel_name(path) / "dm" / "name").read_text(encoding="utf-8").strip()
    except OSError:
        return None


def partition_path(path: str, number: int) -> str:
    """The device of a partition, whether it is there yet or not."""
    mapper = dm_name(path)
    if mapper is not None:
        return f"/dev/mapper/{mapper}p{number}"
    name = kernel_name(path)
    return f"/dev/{name}{'p' if name[-1:].isdigit() else ''}{number}"


def partitions(path: str) -> dict[int, tuple[int, int]]:
    """The partitions that the kernel has of a device: start and length in bytes, by number."""
    found = {}
    for folder in (_SYSFS / kernel_name(path)).glob("*/partition"):
        try:
            number, start, size = (int((folder.parent / name).read_text()) for name in ("partition", "start", "size"))
        except (OSError, ValueError):  # it goes away while we look
            continue
        found[number] = (start * 512, size * 512)  # always in these units, whatever the sector
    return found


def sees(path: str, table: Table) -> bool:
    """Whether the kernel's partitions are those of `table`. Of an extended one only its start counts."""
    wanted = {slot.number: (slot.start * table.sector_size, slot.sectors * table.sector_size) for slot in table.slots}
    known = partitions(path)
    extended = {slot.number for slot in table.slots if slot.kind == "extended"}
    return known.keys() == wanted.keys() and all(
        known[number] == place or (number in extended and known[number][0] == place[0])
        for number, place in wanted.items()
    )


def tell(path: str, table: Table) -> bool:
    """Make the kernel take over `table`; False if it goes on seeing another one, because something holds it.

    Only the differences are told (BLKPG, linux/blkpg.h), so that what is in use and stays as it was can stay in use.
    A device-mapper device has no partitions of the kernel's.
    """
    if dm_name(path) is not None or sees(path, table):
        return True
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False

    def told() -> bool:
        _tell_differences(handle, partitions(path), table)
        return sees(path, table)

    try:
        # Who lists disks has each of them for a moment: that is no reason to give up.
        if not wait_until(told, _PATIENCE, every=0.05):
            return False
    finally:
        os.close(handle)
    # The nodes in /dev are made a moment later where udev makes them.
    wait_until(lambda: all(Path(partition_path(path, slot.number)).exists() for slot in table.slots), 5.0, every=0.05)
    return True


def forget(path: str) -> None:
    """Make the kernel forget the partitions of a device, as before a loop device goes."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        for number in partitions(path):
            _blkpg(handle, _DELETE, number, 0, 0)
    finally:
        os.close(handle)


def _tell_differences(handle: int, known: dict[int, tuple[int, int]], table: Table) -> None:
    """What the kernel refuses is left as it is."""
    wanted = {slot.number: slot for slot in table.slots}
    sector = table.sector_size

    def start_of(number: int) -> int | None:
        slot = wanted.get(number)
        return slot.start * sector if slot is not None else None

    for number, (start, size) in known.items():
        if start_of(number) != start:
            _blkpg(handle, _DELETE, number, 0, 0)
        elif wanted[number].kind != "extended" and wanted[number].sectors * sector < size:
            _blkpg(handle, _RESIZE, number, start, wanted[number].sectors * sector)
    for number, slot in sorted(wanted.items()):
        # Of an extended partition the kernel shows its first sectors, where a boot loader may be.
        size = max(1024, sector) if slot.kind == "extended" else slot.sectors * sector
        if number not in known or known[number][0] != slot.start * sector:
            _blkpg(handle, _ADD, number, slot.start * sector, size)
        elif slot.kind != "extended" and size > known[number][1]:
            _blkpg(handle, _RESIZE, number, slot.start * sector, size)


_BLKPG = 0x1269
_ADD, _DELETE, _RESIZE = 1, 2, 3


def _blkpg(handle: int, operation: int, number: int, start: int, size: int) -> None:
    part = ctypes.create_string_buffer(struct.pack("@qqi64s64s", start, size, number, b"", b""))
    argument = struct.pack("@iiiP", operation, 0, len(part.raw), ctypes.addressof(part))
    with contextlib.suppress(OSError):  # what it then sees is asked for
        fcntl.ioctl(handle, _BLKPG, argument)
