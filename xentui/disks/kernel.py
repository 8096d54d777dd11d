"""What the kernel knows of a device's partitions, and telling it of new ones."""

from __future__ import annotations

import os
from pathlib import Path

from xentui.disks.commands import SHORT
from xentui.disks.table import Table
from xentui.host import Host
from xentui.subprocesses import CommandError
from xentui.waiting import wait_until

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


def tell(host: Host, path: str, table: Table) -> bool:
    """Make the kernel take over `table`; False if it goes on seeing another one.

    partx tells only the differences, so that what is in use can stay. A device-mapper device has no partitions
    of the kernel's.
    """
    if dm_name(path) is not None:
        return True
    if sees(path, table):
        return True
    for argv in (["partx", "--update", path], ["blockdev", "--rereadpt", path], ["partx", "--update", path]):
        try:
            host.run(argv, deadline=SHORT, check=False)
        except CommandError:
            continue
        if wait_until(lambda: sees(path, table), 2.0, every=0.05):
            # The nodes in /dev are made a moment later where udev makes them.
            wait_until(lambda: all(Path(partition_path(path, s.number)).exists() for s in table.slots), 5.0, every=0.05)
            return True
    return False
