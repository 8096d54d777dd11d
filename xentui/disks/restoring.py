"""Bringing back a partition table from its backup, with the same checks and the same care as changing it."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from xentui.disks import backup as backups
from xentui.disks import guard, kernel
from xentui.disks.applying import DONE, FAILED, REFUSED, STALE, Outcome
from xentui.disks.backup import Backup, BackupError
from xentui.disks.device import Disks
from xentui.disks.guard import RefusedError
from xentui.disks.layout import Layout
from xentui.disks.operations import PlanError
from xentui.disks.read_table import read_table, reader
from xentui.disks.table_change import TableChange, write_all
from xentui.disks.target import Target, TargetError, read_target
from xentui.host import Host

_TITLE = "bring back the partition table"


def restore(
    host: Host,
    file: Path,
    target: Target,
    *,
    confirm: str,
    read_disks: Callable[[], Disks],
) -> Outcome:
    """Write the table of a backup to `target`. What it replaces is kept as a backup in turn."""
    with ExitStack() as stack:
        try:
            return _restore(stack, host, file, target, confirm, read_disks)
        except (RefusedError, PlanError, TargetError, BackupError) as error:
            return Outcome(REFUSED, str(error), not_done=(_TITLE,))
        except OSError as error:
            return Outcome(FAILED, f"{error.filename or target.path}: {error.strerror or error}.", not_done=(_TITLE,))


def _restore(
    stack: ExitStack, host: Host, file: Path, asked: Target, confirm: str, read_disks: Callable[[], Disks]
) -> Outcome:
    kept = backups.load(file)
    if confirm not in (asked.name, asked.path):
        raise RefusedError(
            f"To confirm, give the device's name, {asked.name}; {confirm!r} is another. Nothing was written."
        )
    handle = guard.open_locked(asked.path)
    stack.callback(os.close, handle)
    now = read_target(asked.path, sector_size=kept.sector_size, serial=asked.serial, model=asked.model)
    _check_device(kept, now)
    read = reader(handle)
    writes = kept.writes(now.table, read)
    if not writes:
        return Outcome(DONE, f"{now.path} has that table already.", done=(_TITLE,))
    sectors = now.size // now.sector_size
    wanted = read_table(kept.read(read), now.sector_size, sectors)
    guard.check_use(host, read_disks(), now, TableChange((), Layout(wanted), tuple(writes)))
    with ExitStack() as claimed:
        if not now.is_file:
            claimed.callback(os.close, guard.claim(now.path))
        replaced = backups.keep(now, writes, read)
        write_all(handle, writes)
    back = replaced.restore_command(now.path)
    if not read_table(read, now.sector_size, sectors).same_partitions(wanted):
        message = f"What was written to {now.path} does not read back; the disk may be failing."
        return Outcome(FAILED, message, (), (_TITLE,), replaced.file, back)
    if not now.is_file and not kernel.tell(now.path, wanted):
        message = f"The table is back on {now.path}, but the kernel still sees the other one: partprobe {now.path}"
        return Outcome(STALE, message, (_TITLE,), (), replaced.file, back)
    return Outcome(DONE, f"{now.path} has the table of {file.name} again.", (_TITLE,), (), replaced.file, back)


def _check_device(kept: Backup, now: Target) -> None:
    if kept.size != now.size:
        raise RefusedError(f"The backup is of a device of {kept.size} bytes, {now.path} has {now.size}: another one.")
    if kept.serial and now.serial and kept.serial != now.serial:
        raise RefusedError(
            f"The backup is of a device with the serial number {kept.serial}, {now.path} has {now.serial}."
        )
