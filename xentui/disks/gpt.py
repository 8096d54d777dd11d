"""The GUID partition table: UEFI 2.10 chapter 5.3. Read as the kernel reads it (block/partitions/efi.c)."""

from __future__ import annotations

import struct
import uuid
import zlib
from dataclasses import dataclass, replace

from xentui.disks.table import Read, Slot

SIGNATURE = b"EFI PART"
_HEADER = struct.Struct("<8sIIIIQQQQ16sQIII")
#: The most bytes of an array of entries that is read: the usual is 16 KiB.
_LARGEST_ARRAY = 1 << 20


@dataclass(frozen=True, slots=True)
class Header:
    """A GPT header with its array of entries. Places are in sectors."""

    my_lba: int
    alternate_lba: int
    first_usable: int
    last_usable: int
    disk_guid: bytes
    entries_lba: int
    entry_count: int
    entry_size: int
    entries: bytes
    revision: int = 0x10000
    header_size: int = 92

    def sector(self, sector_size: int) -> bytes:
        """The header's sector, its checksums worked out."""
        fields = [
            SIGNATURE, self.revision, self.header_size, 0, 0, self.my_lba, self.alternate_lba, self.first_usable,
            self.last_usable, self.disk_guid, self.entries_lba, self.entry_count, self.entry_size,
            zlib.crc32(self.entries),
        ]  # fmt: skip
        fields[3] = zlib.crc32(_HEADER.pack(*fields).ljust(self.header_size, b"\0"))
        return _HEADER.pack(*fields).ljust(sector_size, b"\0")

    def array_sectors(self, sector_size: int) -> int:
        return -(-len(self.entries) // sector_size)

    def moved(self, entries_lba: int) -> Header:
        """The same header with its array elsewhere."""
        return replace(self, entries_lba=entries_lba)

    @property
    def says(self) -> tuple[object, ...]:
        """What both copies of a GPT must agree on."""
        return (self.disk_guid, self.entries, self.entry_count, self.entry_size, self.first_usable, self.last_usable)


def read_header(read: Read, lba: int, sector_size: int, sectors: int) -> Header | None:
    """The header at `lba` if it and its entries are whole, else None. Raises OSError."""
    if not 1 <= lba < sectors:
        return None
    raw = read(lba * sector_size, sector_size)
    said = _HEADER.unpack_from(raw)
    signature, revision, size, crc, _, my_lba, alternate, first, last, guid, array, count, entry_size, array_crc = said
    if signature != SIGNATURE or not _HEADER.size <= size <= sector_size or my_lba != lba:
        return None
    if zlib.crc32(raw[:16] + bytes(4) + raw[20:size]) != crc:
        return None
    if entry_size < 128 or entry_size % 128 or count * entry_size > _LARGEST_ARRAY or not 0 < array < sectors:
        return None
    length = count * entry_size
    if array * sector_size + length > sectors * sector_size:
        return None
    whole = read(array * sector_size, -(-length // sector_size) * sector_size)
    if zlib.crc32(whole[:length]) != array_crc:
        return None
    return Header(my_lba, alternate, first, last, guid, array, count, entry_size, whole[:length], revision, size)


def has_signature(read: Read, lba: int, sector_size: int) -> bool:
    return read(lba * sector_size, 8) == SIGNATURE


def whole_copies(header: Header, sector_size: int, sectors: int) -> list[tuple[int, bytes]]:
    """Both copies of a GPT as they should stand on a disk of that many sectors, of the one that counts."""
    array = header.array_sectors(sector_size)
    last = sectors - 1
    entries = header.entries.ljust(array * sector_size, b"\0")
    said = replace(header, last_usable=max(header.last_usable, last - array - 1))
    first = replace(said, my_lba=1, alternate_lba=last, entries_lba=2)
    second = replace(said, my_lba=last, alternate_lba=1, entries_lba=last - array)
    return [
        (sector_size, first.sector(sector_size)),
        (2 * sector_size, entries),
        ((last - array) * sector_size, entries),
        (last * sector_size, second.sector(sector_size)),
    ]


def slots(header: Header) -> tuple[Slot, ...]:
    """The partitions that a header's entries describe."""
    found = []
    for number in range(1, header.entry_count + 1):
        raw = header.entries[(number - 1) * header.entry_size :][:128]
        if not any(raw[:16]):
            continue
        start, end, attributes = struct.unpack_from("<QQQ", raw, 32)
        name = raw[56:128].decode("utf-16-le", "replace").split("\0", 1)[0]
        found.append(Slot(number, start, end - start + 1, guid(raw[:16]), guid(raw[16:32]), name, attributes))
    return tuple(found)


def guid(raw: bytes) -> str:
    """A GUID as it is written, in lower case; on disk its first three parts are little-endian."""
    return str(uuid.UUID(bytes_le=bytes(raw)))
