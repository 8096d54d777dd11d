"""A scratch copy of a disk's partition table, in memory, on which libparted works.

The copy is as large as the disk, of the same sectors, and holds nothing but the table: libparted cannot
tell it from the disk, and the disk is never opened. libparted sets the locale and keeps its devices
process-wide, so one thread at a time is let in.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import _ped

from xentui.disks.operations import PlanError
from xentui.disks.read_table import read_table, reader
from xentui.disks.table import Read, Table

#: pyparted's exceptions have no base of their own.
_EXCEPTIONS: Any = tuple(each for each in vars(_ped).values() if isinstance(each, type) and issubclass(each, Exception))
_ONE_AT_A_TIME = threading.RLock()
#: How libparted calls what is to lie on a partition: it chooses the type in the table by that.
_FILE_SYSTEMS = {
    "ext4": "ext4", "ext3": "ext3", "ext2": "ext2", "vfat": "fat32", "ntfs": "ntfs", "swap": "linux-swap(v1)",
}  # fmt: skip
_KINDS = {"primary": _ped.PARTITION_NORMAL, "logical": _ped.PARTITION_LOGICAL, "extended": _ped.PARTITION_EXTENDED}
#: The flags that are a partition's type, by the plan's word for it.
TYPE_FLAGS = {
    "swap": "swap", "efi": "esp", "lvm": "lvm", "bios-boot": "bios_grub", "raid": "raid", "microsoft": "msftdata",
}  # fmt: skip
_OTHER_TYPE_FLAGS = (
    "msftres", "prep", "irst", "diag", "hp-service", "atvrecv", "chromeos_kernel", "bls_boot", "linux-home", "palo",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Placed:
    """A partition as libparted has it just now; sectors."""

    number: int
    start: int
    end: int
    kind: str


class Scratch:
    """The table under change. Use it in a `with`, and let go of it soon: nobody else gets in meanwhile."""

    def __init__(self, size: int, sector_size: int, areas: Iterable[tuple[int, bytes]]) -> None:
        self.sector_size = sector_size
        self.sectors = size // sector_size
        self._size, self._areas = size, list(areas)
        self._disk: Any = None
        self._placed: list[Placed] | None = None
        self._handle = -1

    def __enter__(self) -> Scratch:
        _ONE_AT_A_TIME.acquire()
        try:
            self._handle = os.memfd_create("xentui-scratch")
            os.ftruncate(self._handle, self.sectors * self.sector_size)
            for offset, data in self._areas:
                os.pwrite(self._handle, data, offset)
            # The only way to tell libparted; it is read when the device is opened (libparted/arch/linux.c).
            os.environ["PARTED_SECTOR_SIZE"] = str(self.sector_size)
            self._device = _ped.device_get(f"/proc/{os.getpid()}/fd/{self._handle}")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._disk = None
            if getattr(self, "_device", None) is not None:
                self._device.cache_remove()  # the next scratch may get the same path
                self._device = None
            if self._handle >= 0:
                os.close(self._handle)
                self._handle = -1
            os.environ.pop("PARTED_SECTOR_SIZE", None)
        finally:
            _ONE_AT_A_TIME.release()

    @property
    def label(self) -> str | None:
        return str(self._disk.type.name) if self._disk is not None else None

    def open_table(self) -> str | None:
        """Take the table that is there. If libparted cannot, what it says; then there is none."""
        self._placed = None
        try:
            with _words("The table cannot be read"):
                self._disk = _ped.Disk(self._device)
                if self._disk.type.name == "msdos":
                    self._disk.set_flag(_ped.DISK_CYLINDER_ALIGNMENT, 0)
        except PlanError as error:
            self._disk = None
            return str(error)
        return None

    def new_table(self, label: str) -> None:
        """An empty table. Raises PlanError."""
        self._placed = None
        with _words("No new table"):
            self._disk = _ped.disk_new_fresh(self._device, _ped.disk_type_get(label))
            if label == "msdos":
                self._disk.set_flag(_ped.DISK_CYLINDER_ALIGNMENT, 0)

    def placed(self) -> list[Placed]:
        """The partitions in the order of the disk."""
        if self._placed is None:
            self._placed = sorted(self._each(), key=lambda each: each.start)
        return self._placed

    def _each(self) -> Iterator[Placed]:
        if self._disk is None:
            return
        for number in range(1, self._disk.get_last_partition_num() + 1):
            try:
                part = self._disk.get_partition(number)
            except _ped.PartitionException:
                continue  # nobody has that number
            kind = "extended" if part.type & _ped.PARTITION_EXTENDED else "primary"
            kind = "logical" if part.type & _ped.PARTITION_LOGICAL else kind
            yield Placed(part.num, part.geom.start, part.geom.end, kind)

    def add(self, kind: str, start: int, end: int, format_: str | None) -> int:
        """A partition of exactly these sectors; its number. Raises PlanError."""
        with _words("The partition cannot be added"):
            geometry = _ped.Geometry(self._device, start, end - start + 1)
            # Not given at all rather than None: pyparted would take the half-made partition apart, and crash.
            system = [_ped.file_system_type_get(_FILE_SYSTEMS.get(format_ or "", "ext4"))] * (kind != "extended")
            made = _ped.Partition(self._disk, _KINDS[kind], start, end, *system)
            self._placed = None
            self._disk.add_partition(made, _ped.constraint_exact(geometry))
            return int(made.num)

    def delete(self, number: int) -> None:
        with _words("It cannot be deleted"):
            self._placed = None
            self._disk.delete_partition(self._disk.get_partition(number))

    def resize(self, number: int, start: int, end: int) -> None:
        with _words("It cannot be changed"):
            constraint = _ped.constraint_exact(_ped.Geometry(self._device, start, end - start + 1))
            self._placed = None
            self._disk.set_partition_geom(self._disk.get_partition(number), constraint, start, end)

    def set_flag(self, number: int, flag: str, on: bool) -> None:
        with _words(f"The flag {flag} cannot be set"):
            part, wanted = self._disk.get_partition(number), _ped.partition_flag_get_by_name(flag)
            if not wanted or not part.is_flag_available(wanted):
                raise PlanError(f"{_title(self.label)} knows no flag {flag}; leave it out")
            part.set_flag(wanted, int(on))

    def set_type(self, number: int, word: str, format_: str | None = None) -> None:
        """Make a partition's type the plan's `word`; what file system it holds decides between its kinds."""
        with _words(f"The type {word} cannot be set"):
            part = self._disk.get_partition(number)
            for name in (*TYPE_FLAGS.values(), *_OTHER_TYPE_FLAGS):
                flag = _ped.partition_flag_get_by_name(name)
                if flag and part.is_flag_available(flag) and part.get_flag(flag):
                    part.set_flag(flag, 0)
            if word == "microsoft" and self.label == "msdos":
                part.set_system(_ped.file_system_type_get("fat32" if format_ == "vfat" else "ntfs"))
                if format_ == "vfat":
                    part.set_flag(_ped.PARTITION_LBA, 1)
            elif word == "linux":
                part.set_system(_ped.file_system_type_get("ext4"))
            else:
                self.set_flag(number, TYPE_FLAGS[word], True)

    def set_name(self, number: int, name: str) -> None:
        if self.label != "gpt":
            raise PlanError(f"{_title(self.label)} has no names for partitions; leave the name out")
        with _words("It cannot be named"):
            self._disk.get_partition(number).set_name(name)

    def written(self) -> tuple[Table, Read]:
        """What the disk would hold: the table as it was written here, and the reader of its sectors.

        The reader is good until the scratch is left. Raises PlanError.
        """
        if self._disk is not None:
            with _words("The table cannot be written"):
                self._disk.commit_to_dev()
        read = reader(self._handle)
        return read_table(read, self.sector_size, self.sectors), read


@contextmanager
def _words(what: str) -> Iterator[None]:
    try:
        yield
    except (*_EXCEPTIONS, ArithmeticError, OSError) as error:
        said = re.sub(r"/proc/\d+/fd/\d+", "the disk", " ".join(str(error).split())) or "libparted does not say why"
        raise PlanError(f"{what}: {said}") from None


def _title(label: str | None) -> str:
    return {"gpt": "a GPT", "msdos": "an msdos table"}.get(label or "", "this table")
