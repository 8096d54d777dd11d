"""The device that a plan is made for, as it was when it was looked at."""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from fcntl import ioctl
from pathlib import Path

from xentui.disks import gpt
from xentui.disks.direct import drop_cache
from xentui.disks.layout import Content, PlannedGroup
from xentui.disks.planfile import MadeOn
from xentui.disks.read_table import counting_header, read_table, reader
from xentui.disks.signatures import Signature, read_signature
from xentui.disks.table import Read, Table

#: Bytes: both copies of a GPT with 4096-byte sectors, and something between.
_SMALLEST = 64 << 10
_BLKSSZGET = 0x1268
_BLKGETSIZE64 = 0x80081272


class TargetError(Exception):
    """The device cannot be read, or is none. One sentence."""


@dataclass(frozen=True, slots=True)
class Target:
    """`size` is bytes; `areas` are the bytes of the partition table with their offsets, `whole` what lies on the
    device itself where there is no table, `contents` what lies on each partition, by its first sector.

    `groups` are the volume groups that the plan may change.
    """

    path: str
    size: int
    sector_size: int
    table: Table
    areas: tuple[tuple[int, bytes], ...] = ()
    serial: str | None = None
    model: str | None = None
    is_file: bool = False
    exists: bool = True
    whole: Content | None = None
    contents: Mapping[int, Content] = field(default_factory=dict)
    groups: tuple[PlannedGroup, ...] = ()

    @property
    def name(self) -> str:
        """What the user types to confirm: ``sda``, ``server01-disk``."""
        return Path(self.path).name

    def header(self) -> gpt.Header | None:
        """Of a GPT, the header of the copy that counts."""
        return counting_header(self.read, self.sector_size, self.size // self.sector_size)

    def read(self, offset: int, length: int) -> bytes:
        """The bytes of the partition table as they were read; zeros where nothing of it stands."""
        found = bytearray(length)
        for at, data in self.areas:
            low, high = max(at, offset), min(at + len(data), offset + length)
            if low < high:
                found[low - offset : high - offset] = data[low - at : high - at]
        return bytes(found)

    @property
    def made_on(self) -> MadeOn:
        return MadeOn(self.path, self.size, self.sector_size, self.serial, self.table.hash)


def read_target(
    path: str,
    *,
    sector_size: int | None = None,
    serial: str | None = None,
    model: str | None = None,
    groups: tuple[PlannedGroup, ...] = (),
) -> Target:
    """Look at a block device or a disk image. `sector_size` is for images: they cannot tell. Raises TargetError."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            return _read(handle, path, sector_size, serial, model, groups)
        finally:
            os.close(handle)
    except FileNotFoundError:
        raise TargetError(f"{path}: there is no such device or file") from None
    except OSError as error:
        raise TargetError(f"{path}: cannot be read: {error.strerror or error}; nothing was written") from None


def _read(
    handle: int,
    path: str,
    sector_size: int | None,
    serial: str | None,
    model: str | None,
    groups: tuple[PlannedGroup, ...],
) -> Target:
    size, sector, is_file = geometry(handle, path, sector_size)
    if size < _SMALLEST:
        raise TargetError(f"{path}: with {size} bytes it is too small for a partition table")
    drop_cache(handle)
    read = reader(handle)
    table = read_table(read, sector, size // sector)
    areas = tuple((offset, read(offset, length)) for offset, length in dict.fromkeys(((0, sector), *table.areas)))
    look = _short(read, size)
    contents = {}
    for slot in table.slots:
        if slot.kind != "extended" and (slot.end + 1) * sector <= size:
            found = read_signature(look, slot.start * sector)
            if found is not None:
                contents[slot.start] = content(found)
    signature = read_signature(look) if table.label is None else None
    return Target(
        path, size, sector, table, areas, serial, model, is_file,
        whole=content(signature) if signature else None, contents=contents, groups=groups,
    )  # fmt: skip


def geometry(handle: int, path: str, sector_size: int | None = None) -> tuple[int, int, bool]:
    """Size in bytes, logical sector in bytes, whether it is a file. Raises TargetError and OSError."""
    mode = os.fstat(handle).st_mode
    if stat.S_ISREG(mode):
        sector = sector_size or 512
        return os.fstat(handle).st_size // sector * sector, sector, True
    if not stat.S_ISBLK(mode):
        raise TargetError(f"{path}: neither a block device nor a disk image")
    sector = struct.unpack("i", ioctl(handle, _BLKSSZGET, bytes(4)))[0]
    return struct.unpack("Q", ioctl(handle, _BLKGETSIZE64, bytes(8)))[0], sector, False


def new_image(path: str, size: int, sector_size: int = 512) -> Target:
    """The target of a plan that begins with `image`: a file that is not there yet."""
    sectors = size // sector_size
    return Target(path, size, sector_size, Table(None, sector_size, sectors), is_file=True, exists=False)


def content(signature: Signature) -> Content:
    return Content(signature.fstype, signature.label, signature.uuid)


def _short(read: Read, size: int) -> Read:
    """`read`, giving fewer bytes at the end instead of failing."""

    def look(offset: int, length: int) -> bytes:
        length = min(length, size - offset)
        return read(offset, length) if length > 0 else b""

    return look
