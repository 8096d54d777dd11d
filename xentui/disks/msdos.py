"""The msdos partition table: four entries in the first sector, logical partitions in a chain of sectors (EBR)."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from xentui.disks.table import Read, Slot

ENTRIES = 446
MAGIC = b"\x55\xaa"
EXTENDED = (0x05, 0x0F, 0x85)
PROTECTIVE = 0xEE
#: The kernel follows no chain that is longer (block/partitions/msdos.c), and has no more numbers.
_LONGEST_CHAIN = 100
_NO_CHS = b"\xfe\xff\xff"


@dataclass(frozen=True, slots=True)
class Entry:
    """One of the four entries of a sector; `start` and `sectors` as they stand there."""

    boot: int
    type: int
    start: int
    sectors: int


class ChainError(ValueError):
    """The chain of logical partitions is broken. One sentence."""


def entries(sector: bytes) -> list[Entry]:
    """The four entries of an MBR or EBR."""
    found = []
    for index in range(4):
        raw = sector[ENTRIES + 16 * index :][:16]
        start, sectors = struct.unpack_from("<II", raw, 8)
        found.append(Entry(raw[0], raw[4], start, sectors))
    return found


def with_entry(sector: bytes, index: int, entry: Entry | None) -> bytes:
    """`sector` with one of its entries replaced: its place is said in sectors, CHS is left at its maximum."""
    raw = bytes(16)
    if entry is not None:
        raw = bytes([entry.boot]) + _NO_CHS + bytes([entry.type]) + _NO_CHS
        raw += struct.pack("<II", entry.start, entry.sectors)
    at = ENTRIES + 16 * index
    return sector[:at] + raw + sector[at + 16 :]


def is_table(sector: bytes) -> bool:
    """Whether a first sector is a partition table, and no file system's boot sector."""
    if sector[510:512] != MAGIC or any(entry.boot not in (0, 0x80) for entry in entries(sector)):
        return False
    has_entries = any(entry.type for entry in entries(sector))
    boot_sector = sector[54:57] == b"FAT" or sector[82:87] == b"FAT32" or sector[3:8] in (b"NTFS ", b"EXFAT")
    return has_entries or not boot_sector


def slots(mbr: bytes, read: Read, sector_size: int, sectors: int) -> tuple[Slot, ...]:
    """The partitions of a table, the logical ones from 5. Raises ChainError and OSError."""
    disk_id = struct.unpack_from("<I", mbr, 440)[0]
    found, extended = [], None
    for number, entry in enumerate(entries(mbr), 1):
        if entry.type == 0 or entry.sectors == 0:
            continue
        kind = "extended" if entry.type in EXTENDED else "primary"
        found.append(_slot(number, entry, entry.start, kind, disk_id))
        if kind == "extended" and extended is None:
            extended = entry
    if extended is not None:
        found += [
            _slot(number, entry, start, "logical", disk_id, ebr)
            for number, (ebr, start, entry) in enumerate(_chain(extended, read, sector_size, sectors), 5)
        ]
    return tuple(found)


def _slot(number: int, entry: Entry, start: int, kind: str, disk_id: int, ebr: int | None = None) -> Slot:
    uuid = f"{disk_id:08x}-{number:02x}"
    return Slot(number, start, entry.sectors, f"0x{entry.type:02x}", uuid, "", entry.boot, kind, ebr)


def _chain(extended: Entry, read: Read, sector_size: int, sectors: int) -> Iterable[tuple[int, int, Entry]]:
    """Each logical partition: the sector that describes it, its first sector, its entry."""
    at, seen = extended.start, set[int]()
    while True:
        if at in seen or len(seen) >= _LONGEST_CHAIN:
            raise ChainError(f"the chain of logical partitions runs in a circle at sector {at}")
        if not extended.start <= at < min(extended.start + extended.sectors, sectors):
            raise ChainError(f"the chain of logical partitions leads to sector {at}, outside the extended partition")
        seen.add(at)
        sector = read(at * sector_size, sector_size)
        if sector[510:512] != MAGIC:
            raise ChainError(f"the chain of logical partitions breaks off at sector {at}")
        first, link, *_ = entries(sector)
        if first.type and first.sectors and first.type not in EXTENDED:
            yield at, at + first.start, first
        if link.type not in EXTENDED or not link.sectors:
            return
        at = extended.start + link.start


def chain_sectors(mbr: bytes, read: Read, sector_size: int, sectors: int) -> list[int]:
    """The sectors of the chain, the first one that of the extended partition itself. Raises ChainError, OSError."""
    extended = next((entry for entry in entries(mbr) if entry.type in EXTENDED and entry.sectors), None)
    if extended is None:
        return []
    found, at = [extended.start], extended.start
    while len(found) < _LONGEST_CHAIN:
        sector = read(at * sector_size, sector_size)
        link = entries(sector)[1]
        if sector[510:512] != MAGIC or link.type not in EXTENDED or not link.sectors:
            return found
        at = extended.start + link.start
        if at in found or not extended.start <= at < min(extended.start + extended.sectors, sectors):
            break
        found.append(at)
    raise ChainError(f"the chain of logical partitions runs in a circle or out of its bounds at sector {at}")
