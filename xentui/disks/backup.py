"""The partition table kept before it is changed, and brought back.

A backup is two files under xentui's state folder, readable by their owner only: ``NAME-TIME.sfdisk``, for sfdisk
and for the eye, and ``NAME-TIME.json`` with the sectors themselves: the table's, the first and the last MiB, and
all that was about to be overwritten. The second one brings a table back byte for byte.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import shlex
import time
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xentui.disks.commands import sfdisk_script
from xentui.disks.read_table import read_table
from xentui.disks.switching import Write, switch
from xentui.disks.table import Read, Table
from xentui.disks.target import Target

_MIB = 1 << 20
_FORMAT = 1
_LARGEST = 64 << 20


class BackupError(ValueError):
    """A backup that cannot be read, or is of another disk. One sentence."""


@dataclass(frozen=True, slots=True)
class Backup:
    """`areas` are offsets in bytes with what stood there; `written` the ranges that were then overwritten."""

    file: Path
    path: str
    size: int
    sector_size: int
    serial: str | None
    table: str
    areas: tuple[tuple[int, bytes], ...]
    written: tuple[tuple[int, int], ...]

    def restore_command(self, device: str) -> str:
        name = Path(device).name
        argv = ["xentui", "disks", "restore", str(self.file), "--device", device, "--confirm", name]
        return shlex.join(argv)

    def read(self, below: Read) -> Read:
        """The disk as it was: the backup's bytes, and `below` where it has none."""

        def read(offset: int, length: int) -> bytes:
            found = bytearray(below(offset, length))
            for at, data in self.areas:
                low, high = max(at, offset), min(at + len(data), offset + length)
                if low < high:
                    found[low - offset : high - offset] = data[low - at : high - at]
            return bytes(found)

        return read

    def writes(self, now: Table, below: Read) -> list[Write]:
        """The writes that bring the old table back, safe at each of them, and then all else that was overwritten."""
        old_read = self.read(below)
        old = read_table(old_read, self.sector_size, self.size // self.sector_size)
        writes = list(switch(now, old, below, old_read))
        after = _after(below, writes)
        for offset, length in self.written:
            was = old_read(offset, length)
            if after(offset, length) != was:
                writes.append(Write(offset, was, "what stood there"))
        return writes


def _after(below: Read, writes: Sequence[Write]) -> Read:
    def read(offset: int, length: int) -> bytes:
        found = bytearray(below(offset, length))
        for write in writes:
            low, high = max(write.offset, offset), min(write.offset + len(write.data), offset + length)
            if low < high:
                found[low - offset : high - offset] = write.data[low - write.offset : high - write.offset]
        return bytes(found)

    return read


def folder() -> Path:
    """Where backups are kept."""
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return state / "xentui" / "tables"


def keep(target: Target, writes: Iterable[Write], read: Read) -> Backup:
    """Write the backup of a device that is about to be changed; on the disk when this returns. Raises OSError."""
    written = tuple((write.offset, len(write.data)) for write in writes)
    ends = [(0, min(_MIB, target.size)), (max(target.size - _MIB, 0), min(_MIB, target.size))]
    areas = tuple((at, read(at, length)) for at, length in _merged([*ends, *target.table.areas, *written], target.size))
    place = folder()
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    place.chmod(0o700)
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime())
    safe = "".join(c if c.isalnum() or c in ".-_" else "_" for c in target.name)[:80] or "disk"
    file = _unused(place, f"{safe}-{stamp}")
    path, table = os.path.realpath(target.path), target.table.hash
    backup = Backup(file, path, target.size, target.sector_size, target.serial, table, areas, written)
    if target.table.label is not None and target.table.slots:
        _write(file.with_suffix(".sfdisk"), sfdisk_script(target.table).encode())
    _write(file, json.dumps(_json(backup), indent=1).encode())
    return backup


def _merged(ranges: Iterable[tuple[int, int]], size: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for at, length in sorted((at, min(length, size - at)) for at, length in ranges if at < size):
        start, before = found[-1] if found else (0, -1)
        if at <= start + before:
            found[-1] = (start, max(before, at + length - start))
        else:
            found.append((at, length))
    return found


def _unused(place: Path, name: str) -> Path:
    file, number = place / f"{name}.json", 1
    while file.exists():
        number += 1
        file = place / f"{name}-{number}.json"
    return file


def _write(file: Path, data: bytes) -> None:
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as opened:
        opened.write(data)
        opened.flush()
        os.fsync(opened.fileno())
    fresh.replace(file)
    parent = os.open(file.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)


def _json(backup: Backup) -> dict[str, Any]:
    return {
        "xentui_table_backup": _FORMAT,
        "path": backup.path,
        "size": backup.size,
        "sector_size": backup.sector_size,
        "serial": backup.serial,
        "table": backup.table,
        "written": [list(each) for each in backup.written],
        "areas": [
            {"offset": at, "length": len(data), "zlib": base64.b64encode(zlib.compress(data)).decode()}
            for at, data in backup.areas
        ],
    }


def load(file: Path) -> Backup:
    """Read a backup. Raises BackupError and OSError."""
    with file.open("rb") as opened:
        raw = opened.read(_LARGEST + 1)
    try:
        said = json.loads(raw[:_LARGEST])
        if said["xentui_table_backup"] != _FORMAT:
            raise BackupError(f"{file}: a backup of a newer xentui; use that one")
        areas = []
        for area in said["areas"]:
            data = zlib.decompressobj().decompress(base64.b64decode(area["zlib"], validate=True), _LARGEST)
            if len(data) != area["length"]:
                raise BackupError(f"{file}: damaged; there may be an older backup beside it")
            areas.append((int(area["offset"]), data))
        written = tuple((int(at), int(length)) for at, length in said["written"])
        if said["sector_size"] not in (512, 1024, 2048, 4096) or any(at < 0 or at > said["size"] for at, _ in areas):
            raise BackupError(f"{file}: damaged; there may be an older backup beside it")
        return Backup(
            file.absolute(), said["path"], int(said["size"]), said["sector_size"], said["serial"], said["table"],
            tuple(areas), written,
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, zlib.error, binascii.Error, RecursionError) as error:
        if isinstance(error, BackupError):
            raise
        raise BackupError(f"{file}: this is no backup of a table that xentui made") from None
