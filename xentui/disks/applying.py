"""Carrying out a plan: every check first, then step by step, and a stop at the first that fails."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from xentui.disks import backup as backups
from xentui.disks import guard, kernel
from xentui.disks import operations as ops
from xentui.disks.backup import Backup
from xentui.disks.device import Disks
from xentui.disks.guard import RefusedError
from xentui.disks.operations import Operation, PlanError
from xentui.disks.plan import pruned
from xentui.disks.planfile import MadeOn
from xentui.disks.read_table import read_table, reader
from xentui.disks.running import StepError, copy_data, make_image, run_commands
from xentui.disks.steps import Step, raw_path, steps_of
from xentui.disks.table import Read
from xentui.disks.table_change import TableChange, table_change, write_all
from xentui.disks.target import Target, TargetError, read_target
from xentui.host import Host

#: What can become of a plan.
DONE, REFUSED, FAILED, STALE = "done", "refused", "failed", "kernel-stale"

_OLD, _NEW, _UNKNOWN = "old", "new", "unknown"
_TABLE_IS = {
    _OLD: "The partition table is the old one.",
    _NEW: "The partition table is the new one.",
    _UNKNOWN: "What the partition table is now cannot be told: bring the old one back from the backup.",
}


@dataclass(frozen=True, slots=True)
class Progress:
    """Step `step` of `steps` (from 1) begins; or goes on, with `fraction` of it done."""

    step: int
    steps: int
    title: str
    fraction: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it, in words. `status`: done; refused, and nothing was written; failed after `done`;
    kernel-stale: the table is on the disk, and the kernel goes on with the old one."""

    status: str
    message: str
    done: tuple[str, ...] = ()
    not_done: tuple[str, ...] = ()
    backup: Path | None = None
    restore: str | None = None

    def json(self) -> dict[str, Any]:
        return {
            "status": self.status,
            "message": self.message,
            "done": list(self.done),
            "not_done": list(self.not_done),
            "backup": str(self.backup) if self.backup is not None else None,
            "restore_command": self.restore,
        }


Told = Callable[[Progress], None]


@dataclass(slots=True)
class _Work:
    host: Host
    target: Target
    change: TableChange
    steps: list[Step]
    read_disks: Callable[[], Disks]
    told: Told | None
    cancel: threading.Event | None
    path: str
    handle: int = -1
    at: int = 0
    done: list[str] = field(default_factory=list)
    backup: Backup | None = None
    table: str = "old"  # which one the disk holds

    def tell(self, fraction: float | None = None) -> None:
        if self.told is not None:
            self.told(Progress(self.at + 1, len(self.steps), self.steps[self.at].title, fraction))


class _StaleError(Exception):
    pass


def carry_out(
    host: Host,
    target: Target,
    operations: Sequence[Operation],
    *,
    confirm: str,
    read_disks: Callable[[], Disks],
    made_on: MadeOn | None = None,
    told: Told | None = None,
    cancel: threading.Event | None = None,
) -> Outcome:
    """Do what a plan says to `target`, which is looked at anew. Blocks: for a worker.

    Whatever a disk does is an outcome, not an exception. `confirm` must be the device's name; `read_disks` reads
    who uses what at that moment. `made_on` is what the plan's file says that it was made on.
    """
    with ExitStack() as stack:
        try:
            work = _prepare(stack, host, target, operations, confirm, read_disks, made_on)
        except (RefusedError, PlanError, TargetError) as error:
            return Outcome(REFUSED, _sentence(str(error)), not_done=tuple(each.title for each in operations))
        except OSError as error:
            message = f"{target.path}: {error.strerror or error}. Nothing was written."
            return Outcome(REFUSED, message, not_done=tuple(each.title for each in operations))
        work.told, work.cancel = told, cancel
        return _carry_out(work, stack)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _prepare(
    stack: ExitStack,
    host: Host,
    planned: Target,
    operations: Sequence[Operation],
    confirm: str,
    read_disks: Callable[[], Disks],
    made_on: MadeOn | None,
) -> _Work:
    if confirm not in (planned.name, planned.path):
        name = planned.name
        raise RefusedError(f"To confirm, give the device's name, {name}; {confirm!r} is another. Nothing was written")
    if not operations:
        raise RefusedError("The plan is empty: there is nothing to do")
    guard.check_lvm(planned, operations)
    handle = -1
    target = planned
    if planned.exists:
        handle = guard.open_locked(planned.path)
        stack.callback(os.close, handle)
        now = read_target(
            planned.path, sector_size=planned.sector_size, serial=planned.serial, model=planned.model,
            groups=planned.groups,
        )  # fmt: skip
        # What lies on the partitions as the tools of the system say counts for more than our own look.
        target = replace(now, contents={**now.contents, **planned.contents}, whole=planned.whole or now.whole)
        guard.check_identity(target, planned, made_on)
    read = reader(handle) if handle >= 0 else _zeros
    change = table_change(target, pruned(target, operations), read)
    steps = steps_of(target, change)
    guard.check_tools(steps)
    if handle >= 0:
        guard.check_fit(handle, steps)
        guard.check_use(host, read_disks(), target, change)
        if change.writes and not target.is_file and not _takes_down(steps):
            os.close(guard.claim(target.path))
    path = raw_path(target, change)
    for file in {target.path, path} if not target.exists else ():
        if os.path.lexists(file):
            raise RefusedError(f"{file} is there already; give the image another name. Nothing was written")
    return _Work(host, target, change, steps, read_disks, None, None, path, handle)


def _zeros(_offset: int, length: int) -> bytes:
    return bytes(length)


def _takes_down(steps: Sequence[Step]) -> bool:
    """Whether something is done before the table is written, after which all is to be asked anew."""
    kinds = [step.kind for step in steps]
    return "table" in kinds and kinds.index("table") > 0


def _carry_out(work: _Work, stack: ExitStack) -> Outcome:
    try:
        for number, step in enumerate(work.steps):
            work.at = number
            if work.cancel is not None and work.cancel.is_set():
                raise StepError("it was cancelled")
            work.tell()
            _do(work, step, stack)
            work.done.append(step.title)
    except _StaleError:
        left = [step.title for step in work.steps[work.at + 1 :]]
        then = "; then go on with what is left" if left else ""
        message = (
            f"The new table is on {work.target.path}, but the kernel still sees the old one: something holds it. "
            f"Do not write it again. Restart, or end what uses it and run: partprobe {work.target.path}{then}."
        )
        return _outcome(work, STALE, message, [*work.done, work.steps[work.at].title], left)
    except (StepError, RefusedError, OSError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        left = [step.title for step in work.steps[work.at :]]
        if isinstance(error, RefusedError) and not work.done and work.table == _OLD:
            return _outcome(work, REFUSED, _sentence(said), work.done, left)
        table = f" {_TABLE_IS[work.table]}" if work.change.writes else ""
        message = _sentence(f"This did not work: {work.steps[work.at].title}: {said}") + table
        return _outcome(work, FAILED, message, work.done, left)
    what = "The one step is" if len(work.steps) == 1 else f"All {len(work.steps)} steps are"
    return _outcome(work, DONE, f"{what} done on {work.target.path}.", work.done, [])


def _outcome(work: _Work, status: str, message: str, done: list[str], left: list[str]) -> Outcome:
    restore = None
    if work.backup is not None and work.table != _OLD:
        restore = work.backup.restore_command(work.target.path)
    file = work.backup.file if work.backup is not None else None
    return Outcome(status, message, tuple(done), tuple(left), file, restore)


def _do(work: _Work, step: Step, stack: ExitStack) -> None:
    if step.kind == "image":
        make_image(work.path, step.size)
        work.handle = guard.open_locked(work.path)
        stack.callback(os.close, work.handle)
    elif step.kind == "table":
        _write_table(work)
    elif step.kind == "copy":
        copy_data(work.handle, step.source, step.destination, step.size, work.tell, work.cancel)
    else:
        run_commands(work.host, step, work.cancel)


def _write_table(work: _Work) -> None:
    target, read = work.target, reader(work.handle)
    now = read_table(read, target.sector_size, target.size // target.sector_size)
    if target.exists and not now.same_partitions(target.table):
        raise RefusedError("its partition table changed meanwhile; nothing of it was overwritten")
    if target.exists and work.at > 0:
        guard.check_use(work.host, work.read_disks(), target, work.change, before=False)
    with ExitStack() as stack:
        if not target.is_file:
            stack.callback(os.close, guard.claim(target.path))
        if target.exists:
            work.backup = backups.keep(target, work.change.writes, read)
        try:
            write_all(work.handle, work.change.writes)
        finally:
            work.table = _table_now(work, read)
        if work.table != _NEW:
            raise StepError("what was written does not read back; the disk may be failing")
    if not target.is_file and not kernel.tell(target.path, work.change.layout.table):
        raise _StaleError


def _table_now(work: _Work, read: Read) -> str:
    try:
        now = read_table(read, work.target.sector_size, work.target.size // work.target.sector_size)
    except OSError:
        return _UNKNOWN
    if now.same_partitions(work.change.layout.table) and now.obstacle is None:
        return _NEW
    return _OLD if now.same_partitions(work.target.table) else _UNKNOWN


def new_image_size(operations: Sequence[Operation]) -> int | None:
    """The bytes of the image that a plan begins with making; None if it does not."""
    first = operations[0] if operations else None
    return first.size.bytes if isinstance(first, ops.Image) else None
