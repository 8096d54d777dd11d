"""From the old partition table to the new one so that there is never neither.

The sectors of the new table were worked out elsewhere; here they are put into an order in which each write
leaves a disk whose table is the old one or the new one, for the kernel and for sfdisk, sgdisk and parted,
whatever prefix of the writes has reached the disk. What is about to count is never written in place:

* **GPT to GPT.** The kernel reads the second copy only when told to (``gpt`` on its command line), so the
  first one must be whole at every moment. The new entries go to a spare place that no partition takes, then
  the second copy becomes new, then one sector, the first header, is written: it points to the spare place,
  and with it the table is the new one. Then the entries go to where they belong, and the header once more.
* **msdos to msdos.** The first sector is the table. Where sectors of the chain of logical partitions (EBRs)
  that already count change too, a second chain is built in spare sectors, one sector switches to it, the
  chain's own sectors are written, and one sector switches back.
* **One kind to the other.** The first sector decides which one counts. It goes together with the first
  header where both lie in one page of memory, which no SIGKILL can divide: with 512-byte sectors. (A power
  failure can, on a disk that does not write 4096 bytes at once; the backup is there.) With 4096-byte sectors
  they are two writes; between them the kernel and sfdisk see the old or the new table, parted asks which is meant.

What lies in the second copy's place, or where a GPT's entries go, belonged to no table but perhaps to a partition
of an msdos table or to a boot loader: that is in the backup, and nothing else of the disk is touched.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from xentui.disks import gpt, msdos
from xentui.disks.operations import PlanError
from xentui.disks.table import Read, Slot, Table

_PAGE = 4096


@dataclass(frozen=True, slots=True)
class Write:
    """One write, on the disk before the next begins. `switches`: with it the new table counts."""

    offset: int
    data: bytes
    why: str
    switches: bool = False


@dataclass(slots=True)
class _Disk:
    """The disk as it will be after the writes so far."""

    read: Read
    sector_size: int
    writes: list[Write]

    def write(self, sector: int, data: bytes, why: str, *, switches: bool = False) -> None:
        """Add a write, unless that stands there already."""
        offset = sector * self.sector_size
        if self.now(offset, len(data)) != data:
            self.writes.append(Write(offset, data, why, switches))

    def now(self, offset: int, length: int) -> bytes:
        found = bytearray(self.read(offset, length))
        for write in self.writes:
            low, high = max(write.offset, offset), min(write.offset + len(write.data), offset + length)
            if low < high:
                found[low - offset : high - offset] = write.data[low - write.offset : high - write.offset]
        return bytes(found)


def switch(old: Table, new: Table, read_old: Read, read_new: Read) -> list[Write]:
    """The writes, in their order, that make of the disk that `read_old` reads the one that `read_new` does.

    `read_new` gives the new table's sectors, and may give anything elsewhere. Empty if nothing changes.
    Raises PlanError where no safe order exists, and OSError.
    """
    disk = _Disk(read_old, old.sector_size, [])
    if new.label == "gpt":
        _to_gpt(disk, old, new, read_new)
    elif old.label == "msdos" and new.label == "msdos" and not _has_gpt(disk, old):
        _msdos(disk, old, new, read_new)
    else:
        _to_msdos(disk, old, new, read_new)
    return disk.writes


def _has_gpt(disk: _Disk, table: Table) -> bool:
    return gpt.has_signature(disk.now, 1, table.sector_size)


# To a GPT.


def _to_gpt(disk: _Disk, old: Table, new: Table, read_new: Read) -> None:
    sector, last = disk.sector_size, new.sectors - 1
    first = gpt.read_header(read_new, 1, sector, new.sectors)
    second = gpt.read_header(read_new, last, sector, new.sectors)
    if first is None or second is None:
        raise PlanError("the new GPT is not whole; nothing was written")
    entries = read_new(first.entries_lba * sector, first.array_sectors(sector) * sector)
    mbr = read_new(0, sector)
    counts = gpt.read_header(disk.now, 1, sector, new.sectors) if old.label == "gpt" else None
    if counts is None:
        # The second copy may be what counts now: it stays until the first one is whole.
        disk.write(first.entries_lba, entries, "entries of the first copy")
        if old.label == "gpt":
            disk.write(1, first.sector(sector), "header of the first copy", switches=True)
            _second(disk, second, entries)
            disk.write(0, mbr, "protective MBR")
        else:
            _second(disk, second, entries)
            _head(disk, [(1, first.sector(sector)), (0, mbr)])
        return
    if disk.now(first.entries_lba * sector, len(entries)) == entries and counts.entries_lba == first.entries_lba:
        _second(disk, second, entries)
        disk.write(1, first.sector(sector), "header of the first copy", switches=True)
    elif _apart(counts, first, sector):
        disk.write(first.entries_lba, entries, "entries of the first copy")
        _second(disk, second, entries)
        disk.write(1, first.sector(sector), "header of the first copy", switches=True)
    else:
        spare = _spare_run(old, new, (counts, first, second), len(entries) // sector)
        before = disk.now(spare * sector, len(entries))
        disk.write(spare, entries, "new entries, in free space")
        _second(disk, second, entries)
        disk.write(1, first.moved(spare).sector(sector), "header of the first copy, pointing there", switches=True)
        disk.write(first.entries_lba, entries, "new entries, in their own place")
        disk.write(1, first.sector(sector), "header of the first copy, pointing to them")
        disk.write(spare, before, "free space as it was")
    disk.write(0, mbr, "protective MBR")


def _second(disk: _Disk, header: gpt.Header, entries: bytes) -> None:
    disk.write(header.entries_lba, entries, "entries of the second copy")
    disk.write(header.my_lba, header.sector(disk.sector_size), "header of the second copy")


def _apart(one: gpt.Header, other: gpt.Header, sector_size: int) -> bool:
    """Whether the arrays of two headers share no sector."""
    low, high = sorted((one, other), key=lambda header: header.entries_lba)
    return low.entries_lba + low.array_sectors(sector_size) <= high.entries_lba


def _spare_run(old: Table, new: Table, headers: Iterable[gpt.Header], sectors: int) -> int:
    """The first of that many sectors that neither table uses, for its partitions or for itself."""
    taken = [(slot.start, slot.end) for slot in (*old.slots, *new.slots)]
    taken += [(0, 1), (new.sectors - 1, new.sectors)]
    for header in headers:
        length = header.array_sectors(new.sector_size)
        taken.append((header.entries_lba, header.entries_lba + length - 1))
        taken.append((new.sectors - 1 - length, new.sectors - 1))
    at = 2
    for start, end in sorted(taken):
        if start - at >= sectors:
            return at
        at = max(at, end + 1)
    raise PlanError(
        f"there are not {sectors} free sectors in a row to write the new table to before it counts; "
        "leave 16 KiB between partitions"
    )


def _head(disk: _Disk, parts: list[tuple[int, bytes]]) -> None:
    """The first two sectors: as one write where they lie in one page, else in the order given."""
    why = "first sector and header: which table counts"
    if 2 * disk.sector_size <= _PAGE:
        sectors = dict(parts)
        disk.write(0, sectors[0] + sectors[1], why, switches=True)
        return
    for number, data in parts:
        disk.write(number, data, why, switches=number == 0)


# To msdos, or to no table.


def _to_msdos(disk: _Disk, old: Table, new: Table, read_new: Read) -> None:
    sector = disk.sector_size
    mbr = read_new(0, sector)
    for at in msdos.chain_sectors(mbr, read_new, sector, new.sectors) if new.label == "msdos" else ():
        disk.write(at, read_new(at * sector, sector), "EBR of a logical partition")
    header = disk.now(sector, sector)
    if header[:8] == gpt.SIGNATURE:
        header = bytes(sector)
    _head(disk, [(0, mbr), (1, header)])
    for at, _ in old.areas:
        if at > sector and disk.now(at, 8) == gpt.SIGNATURE:
            disk.write(at // sector, bytes(sector), "the GPT's second header, gone")


def _msdos(disk: _Disk, old: Table, new: Table, read_new: Read) -> None:
    sector = disk.sector_size
    mbr = read_new(0, sector)
    counting = _chain_or_none(disk, old)
    chain = msdos.chain_sectors(mbr, read_new, sector, new.sectors)
    fresh = {at: read_new(at * sector, sector) for at in chain}
    for at in chain:
        if at not in counting:
            disk.write(at, fresh[at], "EBR of a logical partition")
    changed = [at for at in chain if at in counting and disk.now(at * sector, sector) != fresh[at]]
    mbr_changes = disk.now(0, sector) != mbr
    if len(changed) + mbr_changes <= 1:
        for at in changed:
            disk.write(at, fresh[at], "EBR of a logical partition", switches=True)
        disk.write(0, mbr, "first sector", switches=True)
        return
    detour = _detour(old, new, counting, chain)
    before = {at: disk.now(at * sector, sector) for at in detour}
    base = detour[0]
    for at, data in _second_chain(new, detour, sector).items():
        disk.write(at, data, "EBR of a second chain, in a free sector")
    disk.write(0, _extended_from(mbr, base), "first sector, pointing to the second chain", switches=True)
    for at in chain:
        disk.write(at, fresh[at], "EBR of a logical partition")
    disk.write(0, mbr, "first sector, pointing to the chain")
    for at, data in before.items():
        disk.write(at, data, "free sector as it was")


def _chain_or_none(disk: _Disk, old: Table) -> set[int]:
    """The sectors of the chain that counts now; of a broken one, nothing does."""
    try:
        return set(msdos.chain_sectors(disk.now(0, disk.sector_size), disk.now, disk.sector_size, old.sectors))
    except msdos.ChainError:
        return set()


def _detour(old: Table, new: Table, counting: set[int], chain: list[int]) -> list[int]:
    """A free sector for each logical partition, in the order of the chain: the first one, where the second chain
    begins, near the beginning of the extended partition, each other one before its partition."""
    extended = next(slot for slot in new.slots if slot.kind == "extended")
    logical = [slot for slot in new.slots if slot.kind == "logical"]
    taken = counting | set(chain)
    held = [(slot.start, slot.end) for slot in (*old.slots, *new.slots) if slot.kind != "extended"]

    def is_free(at: int) -> bool:
        return at not in taken and not any(start <= at <= end for start, end in held)

    found = [_nearest(range(extended.start + 1, extended.end + 1), is_free, extended)]
    for slot in logical[1:]:
        found.append(_nearest(range(slot.start - 1, found[0], -1), lambda at: is_free(at) and at not in found, slot))
    return found


#: How far from its place a free sector is looked for: the gap that partition programs leave is 1 MiB at most.
_NEAR = 4096


def _nearest(places: range, is_free: Callable[[int], bool], slot: Slot) -> int:
    for at in places[:_NEAR]:
        if is_free(at):
            return at
    raise PlanError(
        f"there is no free sector at partition {slot.number} to write the new chain of logical partitions to "
        "before it counts; change them one by one"
    )


def _second_chain(new: Table, places: list[int], sector_size: int) -> dict[int, bytes]:
    """EBRs at `places` for the logical partitions of `new`; the first place is where the extended one begins."""
    logical = [slot for slot in new.slots if slot.kind == "logical"]
    blank = bytes(510) + msdos.MAGIC + bytes(sector_size - 512)
    found = {places[0]: blank}
    for (slot, at), following in itertools.zip_longest(
        zip(logical, places, strict=False), list(zip(logical, places, strict=False))[1:]
    ):
        entry = msdos.Entry(slot.attributes, int(slot.type, 16), slot.start - at, slot.sectors)
        data = msdos.with_entry(blank, 0, entry)
        if following is not None:
            next_slot, place = following
            link = msdos.Entry(0, 0x05, place - places[0], next_slot.end - place + 1)
            data = msdos.with_entry(data, 1, link)
        found[at] = data
    return found


def _extended_from(mbr: bytes, start: int) -> bytes:
    """A first sector whose extended partition begins at `start`, and ends where it did."""
    for index, entry in enumerate(msdos.entries(mbr)):
        if entry.type in msdos.EXTENDED:
            shorter = msdos.Entry(entry.boot, entry.type, start, entry.start + entry.sectors - start)
            return msdos.with_entry(mbr, index, shorter)
    raise PlanError("the new msdos table has no extended partition for its logical ones; nothing was written")
