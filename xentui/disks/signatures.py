"""Which file system lies somewhere, by the marks at its start: for images, which no tool lists.

libblkid knows many more and decides between them; these are the ones that xentui makes itself and those
that must not be overlooked. Places of the marks: util-linux's libblkid/src/superblocks.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from xentui.disks.table import Read


@dataclass(frozen=True, slots=True)
class Signature:
    """A file system, swap space, or a layer's mark, in blkid's words. `mounted`: of ext, where it was the last time."""

    fstype: str
    label: str | None = None
    uuid: str | None = None
    mounted: str | None = None


#: So many bytes hold most of the marks below, and so many all. The first are enough at a device's beginning, which is
#: read already; elsewhere each reading costs more than the bytes that it brings.
_USUAL, _ALL = 8 << 10, 68 << 10


def read_signature(read: Read, start: int = 0) -> Signature | None:
    """What lies at `start` bytes; None for nothing known."""
    for length in (_ALL,) if start else (_USUAL, _ALL):
        data = read(start, length)
        for look in _LOOKS:
            found = look(data)
            if found is not None:
                return found
    return None


def _text(raw: bytes) -> str | None:
    return raw.split(b"\0")[0].decode("utf-8", "replace").strip() or None


def _uuid(raw: bytes) -> str | None:
    return str(uuid.UUID(bytes=raw)) if any(raw) else None


def _luks(data: bytes) -> Signature | None:
    if data[:6] != b"LUKS\xba\xbe":
        return None
    version = int.from_bytes(data[6:8], "big")
    return Signature("crypto_LUKS", _text(data[24:72]) if version == 2 else None, _text(data[168:208]))


def _lvm(data: bytes) -> Signature | None:
    for at in range(0, 2048, 512):
        if data[at : at + 8] == b"LABELONE" and data[at + 24 : at + 32] == b"LVM2 001":
            raw = data[at + 32 : at + 64].decode("ascii", "replace")
            ends = (6, 10, 14, 18, 22, 26, 32)
            return Signature("LVM2_member", None, "-".join(raw[a:b] for a, b in zip((0, *ends), ends, strict=False)))
    return None


def _ext(data: bytes) -> Signature | None:
    block = data[1024:2048]
    if block[0x38:0x3A] != b"\x53\xef":
        return None
    compat, incompat = int.from_bytes(block[0x5C:0x60], "little"), int.from_bytes(block[0x60:0x64], "little")
    if incompat & 0x8:
        name = "jbd"
    elif incompat & 0x2C0:  # extents, 64 bits, flexible groups
        name = "ext4"
    else:
        name = "ext3" if compat & 0x4 else "ext2"
    return Signature(name, _text(block[0x78:0x88]), _uuid(block[0x68:0x78]), _text(block[0x88:0xC8]))


def _ntfs(data: bytes) -> Signature | None:
    if data[3:11] != b"NTFS    ":
        return None
    return Signature("ntfs", None, f"{int.from_bytes(data[0x48:0x50], 'little'):016X}")


def _bitlocker(data: bytes) -> Signature | None:
    return Signature("BitLocker") if data[3:11] == b"-FVE-FS-" else None


def _vfat(data: bytes) -> Signature | None:
    for at, label, serial in ((82, 71, 67), (54, 43, 39)):
        if data[at : at + 3] == b"FAT" and data[510:512] == b"\x55\xaa":
            name = _text(data[label : label + 11])
            number = int.from_bytes(data[serial : serial + 4], "little")
            return Signature("vfat", None if name == "NO NAME" else name, f"{number >> 16:04X}-{number & 0xFFFF:04X}")
    return None


def _swap(data: bytes) -> Signature | None:
    for page in (4096, 8192, 16384, 65536):
        mark = data[page - 10 : page]
        if mark in (b"SWAPSPACE2", b"SWAP-SPACE"):
            return Signature("swap", _text(data[1052:1068]), _uuid(data[1036:1052]))
        if mark in (b"S1SUSPEND\0", b"S2SUSPEND\0", b"ULSUSPEND\0", b"LINHIB0001"):
            return Signature("swsuspend")
    return None


def _xfs(data: bytes) -> Signature | None:
    return Signature("xfs", _text(data[108:120]), _uuid(data[32:48])) if data[:4] == b"XFSB" else None


def _btrfs(data: bytes) -> Signature | None:
    block = data[65536:]
    if block[64:72] != b"_BHRfS_M":
        return None
    return Signature("btrfs", _text(block[299:555]), _uuid(block[32:48]))


def _iso(data: bytes) -> Signature | None:
    return Signature("iso9660", _text(data[32808:32840])) if data[32769:32774] == b"CD001" else None


def _raid(data: bytes) -> Signature | None:
    """md's version 1.1 and 1.2; 1.0 and 0.90 stand at the end of the device."""
    for at in (0, 4096):
        if data[at : at + 4] == b"\xfc\x4e\x2b\xa9":
            return Signature("linux_raid_member", _text(data[at + 32 : at + 64]), _uuid(data[at + 16 : at + 32]))
    return None


_LOOKS: tuple[Callable[[bytes], Signature | None], ...] = (
    _luks,
    _lvm,
    _raid,
    _bitlocker,
    _ntfs,
    _vfat,
    _xfs,
    _btrfs,
    _ext,
    _swap,
    _iso,
)
