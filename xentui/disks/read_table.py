"""Reading a disk's partition table from its sectors, and judging it. No tool is asked, nothing is written."""

from __future__ import annotations

import os

from xentui.disks import gpt, msdos
from xentui.disks.table import Flaw, Read, Slot, Table, overlaps


def reader(handle: int) -> Read:
    """A `Read` of an open file."""

    def read(offset: int, length: int) -> bytes:
        parts, got = [], 0
        while got < length:
            part = os.pread(handle, length - got, offset + got)
            if not part:
                raise OSError(5, f"cannot be read at byte {offset + got}: it ends there")
            parts.append(part)
            got += len(part)
        return b"".join(parts)

    return read


def read_table(read: Read, sector_size: int, sectors: int) -> Table:
    """The table of a disk of that many logical sectors. Raises OSError where the disk cannot be read."""
    if sectors < 2:
        return Table(None, sector_size, sectors)
    mbr = read(0, sector_size)
    said = msdos.entries(mbr) if mbr[510:512] == msdos.MAGIC else []
    types = [entry.type for entry in said if entry.type]
    if msdos.PROTECTIVE in types and (mbr[510:512] == msdos.MAGIC):
        return _gpt(read, sector_size, sectors, hybrid=len(types) > 1)
    table = Table(None, sector_size, sectors)
    if msdos.is_table(mbr):
        table = _msdos(mbr, read, sector_size, sectors)
    if gpt.has_signature(read, 1, sector_size) and gpt.read_header(read, 1, sector_size, sectors):
        return _stray_gpt(table)
    return table


def counting_header(read: Read, sector_size: int, sectors: int) -> gpt.Header | None:
    """The header of a GPT's copy that counts: the first while it is whole. Raises OSError."""
    first = gpt.read_header(read, 1, sector_size, sectors)
    return first or gpt.read_header(read, sectors - 1, sector_size, sectors)


def _gpt(read: Read, sector_size: int, sectors: int, *, hybrid: bool) -> Table:
    first = gpt.read_header(read, 1, sector_size, sectors)
    last_lba = sectors - 1
    at = first.alternate_lba if first is not None else last_lba
    second = gpt.read_header(read, at, sector_size, sectors)
    header = first or second
    if header is None:
        signed = gpt.has_signature(read, 1, sector_size) or gpt.has_signature(read, last_lba, sector_size)
        return Table("gpt", sector_size, sectors, flaws=(_BOTH_BAD if signed else _NO_GPT,))
    slots = gpt.slots(header)
    flaws = [_HYBRID] if hybrid else []
    if first is None:
        flaws.append(_FIRST_BAD)
    elif first.alternate_lba >= sectors or first.last_usable >= sectors:
        flaws.append(_SHRUNK)
    elif second is None:
        flaws.append(_SECOND_BAD)
    else:
        if first.says != second.says:
            flaws.append(_DIFFER)
        if first.alternate_lba < last_lba:
            flaws.append(_GROWN)
    flaws += _impossible(slots, header.first_usable, header.last_usable)
    areas = [(0, 2 * sector_size), (last_lba * sector_size, sector_size), (at * sector_size, sector_size)]
    for copy in (first, second):
        if copy is not None:
            areas.append((copy.entries_lba * sector_size, copy.array_sectors(sector_size) * sector_size))
    return Table(
        "gpt", sector_size, sectors, slots, gpt.guid(header.disk_guid), header.first_usable, header.last_usable,
        tuple(flaws), tuple(area for area in areas if 0 <= area[0] <= sectors * sector_size - area[1]),
    )  # fmt: skip


def _msdos(mbr: bytes, read: Read, sector_size: int, sectors: int) -> Table:
    last = min(sectors, 1 << 32) - 1
    disk_id = f"0x{int.from_bytes(mbr[440:444], 'little'):08x}"
    try:
        slots = msdos.slots(mbr, read, sector_size, sectors)
        chain = msdos.chain_sectors(mbr, read, sector_size, sectors)
    except msdos.ChainError as error:
        flaw = Flaw("ebr", f"The msdos table is broken: {error}. Mend it with fdisk, or begin with a new table.")
        return Table("msdos", sector_size, sectors, (), disk_id, 1, last, (flaw,), ((0, sector_size),))
    flaws = _impossible(slots, 1, sectors - 1)
    areas = ((0, sector_size), *((at * sector_size, sector_size) for at in chain))
    return Table("msdos", sector_size, sectors, slots, disk_id, 1, last, tuple(flaws), areas)


def _impossible(slots: tuple[Slot, ...], first: int, last: int) -> list[Flaw]:
    """What no table should say: partitions over one another, outside the disk, outside their extended one."""
    flaws = []
    clash = overlaps(slots)
    if clash is not None:
        one, other = clash
        flaws.append(Flaw("overlap", f"Partitions {one.number} and {other.number} overlap. {_MEND}"))
    extended = next((slot for slot in slots if slot.kind == "extended"), None)
    for slot in slots:
        if slot.start < first or slot.end > last or slot.sectors < 1:
            flaws.append(Flaw("outside", f"Partition {slot.number} lies outside the disk. {_MEND}"))
        elif slot.kind == "logical" and extended and not extended.start < slot.start <= slot.end <= extended.end:
            flaws.append(Flaw("outside", f"Partition {slot.number} lies outside the extended partition. {_MEND}"))
    records = {slot.ebr for slot in slots if slot.ebr is not None}
    for slot in slots:
        if slot.kind == "logical" and any(slot.start <= at <= slot.end for at in records):
            flaws.append(Flaw("overlap", f"Partition {slot.number} lies over the record of a logical one. {_MEND}"))
    if sum(slot.kind == "extended" for slot in slots) > 1:
        flaws.append(Flaw("extended", f"There are two extended partitions. {_MEND}"))
    return flaws


def _stray_gpt(table: Table) -> Table:
    flaw = _STRAY if table.label is not None else _NO_PROTECTION
    return Table(
        table.label or "gpt", table.sector_size, table.sectors, table.slots, table.disk_id, table.first, table.last,
        (flaw, *table.flaws), table.areas,
    )  # fmt: skip


_MEND = "Mend the table with fdisk, or begin with a new one."
_BOTH_BAD = Flaw(
    "gpt-both", "Both copies of the GPT are damaged: nobody can say what partitions there are. "
    "Restore a backup of the table, try gdisk's recovery, or begin with a new table.",
)  # fmt: skip
_NO_GPT = Flaw(
    "gpt-none", "The first sector announces a GPT (a protective MBR), but there is none. "
    "Restore a backup of the table, or begin with a new one.",
)  # fmt: skip
_FIRST_BAD = Flaw(
    "gpt-first", "The first copy of the GPT is damaged, the second one is whole: the kernel sees no partitions. "
    "Repair it from the second copy first.", repairable=True,
)  # fmt: skip
_SECOND_BAD = Flaw(
    "gpt-second", "The second copy of the GPT, at the end of the disk, is damaged; the first one is whole. "
    "Repair it from the first copy first.", repairable=True,
)  # fmt: skip
_SHRUNK = Flaw(
    "gpt-shrunk", "The GPT was made for a larger disk: this one has lost its end, perhaps with data. "
    "Give the disk its old size back, or begin with a new table.",
)  # fmt: skip
_DIFFER = Flaw(
    "gpt-differ", "The two copies of the GPT differ: a change was interrupted. The first copy counts; "
    "the next change writes both.", blocks=False, repairable=True,
)  # fmt: skip
_GROWN = Flaw(
    "gpt-grown", "The disk has grown since its GPT was made: the next change moves the second copy to the end.",
    blocks=False, repairable=True,
)  # fmt: skip
_HYBRID = Flaw(
    "hybrid", "A hybrid MBR: the first sector repeats some partitions of the GPT for old systems, and a change here "
    "would lose that. Change it with gdisk, or begin with a new table.",
)  # fmt: skip
_STRAY = Flaw(
    "gpt-stray", "An msdos table with a GPT behind it: tools do not agree which one counts, the kernel takes msdos. "
    "Remove the one that is not meant (wipefs -t gpt, or gdisk), or begin with a new table.",
)  # fmt: skip
_NO_PROTECTION = Flaw(
    "gpt-unprotected", "A GPT without its protective MBR: the kernel does not see its partitions. "
    "Mend it with gdisk (it writes a new MBR), or begin with a new table.",
)  # fmt: skip
