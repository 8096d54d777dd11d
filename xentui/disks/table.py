"""What partition table a disk has: one model of GPT and msdos, and what is wrong with it."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field

#: ``read(offset, length)`` in bytes. Raises OSError; never gives less than was asked for.
Read = Callable[[int, int], bytes]


@dataclass(frozen=True, slots=True)
class Slot:
    """A partition as its table has it. `start` and `sectors` are logical sectors.

    `type` is a GUID in lower case, or ``0x83``; `attributes` the GPT's 64 bits, or msdos' boot byte;
    `kind` primary, extended or logical; `ebr` the sector that describes a logical partition.
    """

    number: int
    start: int
    sectors: int
    type: str
    uuid: str = ""
    name: str = ""
    attributes: int = 0
    kind: str = "primary"
    ebr: int | None = None

    @property
    def end(self) -> int:
        """The last sector."""
        return self.start + self.sectors - 1


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something wrong with a table, as a sentence that says what to do. While one `blocks`, nothing but
    a new table, a repair (where `repairable`) or a restore is written."""

    code: str
    sentence: str
    blocks: bool = True
    repairable: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """`label` is gpt, msdos, or None where there is no table. `areas` are the byte ranges that it occupies.

    `first` and `last` are the sectors between which partitions may lie.
    """

    label: str | None
    sector_size: int
    sectors: int
    slots: tuple[Slot, ...] = ()
    disk_id: str = ""
    first: int = 0
    last: int = 0
    flaws: tuple[Flaw, ...] = ()
    areas: tuple[tuple[int, int], ...] = field(default=(), compare=False)

    @property
    def hash(self) -> str:
        """Names the content: label, identity, all partitions. Equal tables have equal hashes."""
        slots = [
            (s.number, s.start, s.sectors, s.type, s.uuid, s.name, s.attributes, s.kind)
            for s in sorted(self.slots, key=lambda slot: slot.number)
        ]
        said = json.dumps([self.label, self.disk_id, self.sector_size, slots])
        return hashlib.sha256(said.encode()).hexdigest()[:32]

    @property
    def obstacle(self) -> Flaw | None:
        """The first flaw that blocks."""
        return next((flaw for flaw in self.flaws if flaw.blocks), None)

    def slot(self, number: int) -> Slot | None:
        return next((slot for slot in self.slots if slot.number == number), None)

    def same_partitions(self, other: Table) -> bool:
        return self.hash == other.hash


def overlaps(slots: tuple[Slot, ...]) -> tuple[Slot, Slot] | None:
    """Two partitions that share sectors, logical ones and their extended one aside."""
    for kinds in (("primary", "extended"), ("logical",)):
        ordered = sorted((slot for slot in slots if slot.kind in kinds), key=lambda slot: slot.start)
        for one, next_one in itertools.pairwise(ordered):
            if next_one.start <= one.end:
                return one, next_one
    return None
