"""The guest's names of disks: xen-vbd-interface(7), as libxl__device_disk_dev_number (libxl_device.c) reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from xentui.xlcfg.parser import as_number

#: Family: the most disks and the most partitions.
_FAMILIES = {"xvd": (1 << 20, 255), "hd": (4, 63), "sd": (16, 15)}
_NAMED = re.compile(r"(xvd|hd|sd)([a-z]+)([1-9][0-9]*)?")
_PLAIN = re.compile(r"d([0-9]+)p([0-9]+)")


@dataclass(frozen=True, slots=True)
class VirtualDevice:
    """A disk's place: its `family` (xvd, hd, sd, or "" for a bare number), disk and partition, counted from 0 (the
    whole disk), and the `number` that must be unique in the guest."""

    family: str
    disk: int
    partition: int
    number: int


def parse_vdev(text: str) -> VirtualDevice | None:
    """Read a name such as xvda1; None if libxl would refuse it."""
    if found := _PLAIN.fullmatch(text):
        return _xvd(int(found[1]), int(found[2]))
    if found := _NAMED.fullmatch(text):
        family, letters, digits = found.groups()
        disk = -1
        for letter in letters:
            disk = (disk + 1) * 26 + ord(letter) - ord("a")
        partition = int(digits or 0)
        most_disks, most_partitions = _FAMILIES[family]
        if disk >= most_disks or partition > most_partitions:
            return None
        if family == "xvd":
            return _xvd(disk, partition)
        if family == "hd":
            return VirtualDevice(
                family, disk, partition, ((3 if disk < 2 else 22) << 8) | ((disk & 1) << 6) | partition
            )
        return VirtualDevice(family, disk, partition, (8 << 8) | (disk << 4) | partition)
    if text[:1].isdecimal() and (number := as_number(text)) is not None:
        return VirtualDevice("", number, 0, number)
    return None


def _xvd(disk: int, partition: int) -> VirtualDevice | None:
    if disk >= 1 << 20 or partition > 255:
        return None
    wide = disk > 15 or partition > 15
    number = (1 << 28) | (disk << 8) | partition if wide else (202 << 8) | (disk << 4) | partition
    return VirtualDevice("xvd", disk, partition, number)
