"""Whether a plan may be carried out now: what stands against it, as sentences, before anything is written."""

from __future__ import annotations

import errno
import fcntl
import os
import shlex
import shutil
import struct
from collections.abc import Iterable, Sequence

from xentui.disks import lvm_operations as lvm
from xentui.disks.commands import PACKAGES
from xentui.disks.device import RANK, Conflict, Device, Disks, Kind, UseKind
from xentui.disks.operations import Operation
from xentui.disks.planfile import MadeOn
from xentui.disks.probe import locate
from xentui.disks.sizes import about
from xentui.disks.steps import Step
from xentui.disks.table_change import TableChange
from xentui.disks.target import Target
from xentui.host import Host
from xentui.waiting import wait_until

#: Seconds that another program may go on holding the lock on the device: udev looks at a disk that long.
_LOCK_PATIENCE = 5.0
_CLAIM_PATIENCE = 2.0


class RefusedError(Exception):
    """Nothing was written. One sentence says why, and what to do."""


def check_use(host: Host, disks: Disks, target: Target, change: TableChange, *, before: bool = True) -> None:
    """Refuse what is in use: of the whole disk if its table changes, else of the partitions and volumes concerned.

    `before`: volume groups that the plan takes down do not count yet. Raises RefusedError.
    """
    if disks.blind:
        raise RefusedError(f"{disks.blind[0]} So nobody can say what is in use; nothing was written.")
    gone = _leaving(change)
    for each in change.replayed:
        if isinstance(each.operation, lvm.VgCreate) and each.operation.name not in gone:
            _check_name(disks, each.operation.name)
    leaving = gone if before else frozenset()
    for device in _concerned(host, disks, target, change):
        standing = [each for each in disks.conflicts(device) if not _is_taken_down(each, leaving)]
        if standing:  # a guest on a volume says more than the group that it lies in
            worst = min(standing, key=lambda each: RANK[each.use.kind])
            raise RefusedError(f"{worst.sentence}: {worst.remedy}. Nothing was written.")


def _check_name(disks: Disks, name: str) -> None:
    for device in disks.devices:
        if device.kind is Kind.VG and device.group is not None and device.group.name == name:
            below = ", ".join(device.parents) or "another disk"
            raise RefusedError(f"There is a volume group {name} already, on {below}: choose another name.")


def _leaving(change: TableChange) -> frozenset[str]:
    return frozenset(each.operation.name for each in change.replayed if isinstance(each.operation, lvm.VgRemove))


def _is_taken_down(conflict: Conflict, leaving: frozenset[str]) -> bool:
    return conflict.use.kind in (UseKind.LVM, UseKind.EXCLUSIVE, UseKind.DM) and bool(leaving) and (
        conflict.use.holder in leaving or any(f"/{name}/" in conflict.use.holder for name in leaving)
    )  # fmt: skip


def _concerned(host: Host, disks: Disks, target: Target, change: TableChange) -> Iterable[Device]:
    whole = locate(host, disks, target.path)
    if change.writes:
        if whole is not None:
            yield whole
        elif not target.is_file and target.exists:
            raise RefusedError(f"{target.path} is not among the disks that lsblk tells of; nothing was written.")
    elif whole is not None:
        children = [disks.find(path) for path in whole.children]
        numbers = {-key for each in change.replayed for key in each.keys if key < 0}
        if target.is_file and numbers:
            yield whole
        for child in children:
            if child is not None and child.partition is not None and child.partition.number in numbers:
                yield child
    for each in change.replayed:
        done = each.operation
        if isinstance(done, lvm.LvRemove | lvm.LvResize | lvm.LvFormat):
            volume = locate(host, disks, f"/dev/{done.vg}/{done.name}")
            if volume is not None:
                yield volume


def check_lvm(target: Target, operations: Iterable[Operation]) -> None:
    """Refuse LVM on an image, of which LVM would see only the file. Raises RefusedError."""
    if target.is_file and any(isinstance(each, lvm.LVM_OPERATIONS) for each in operations):
        how = f"losetup --find --show --partscan {shlex.quote(target.path)}"
        raise RefusedError(
            f"{target.path} is a file, and LVM takes only block devices: set it up as one first ({how}) and plan on "
            "that. Nothing was written."
        )


def check_identity(now: Target, planned: Target | None, made_on: MadeOn | None) -> None:
    """Refuse a device that is not the one, or not as it was, when the plan was made. Raises RefusedError."""
    expected = made_on or (planned.made_on if planned is not None else None)
    if expected is None:
        return
    is_now = now.made_on
    if expected.size != is_now.size or expected.sector_size != is_now.sector_size:
        what = f"{about(expected.size)}, not {about(is_now.size)}"
        raise RefusedError(f"{now.path} is not the device that was planned on: that one has {what}. Plan anew.")
    if expected.serial and is_now.serial and expected.serial != is_now.serial:
        raise RefusedError(
            f"{now.path} is not the device that was planned on: its serial number is {is_now.serial}, not "
            f"{expected.serial}. Plan anew."
        )
    if expected.table and expected.table != is_now.table:
        raise RefusedError(f"The partition table of {now.path} has changed since the plan was made. Plan anew.")


def check_tools(steps: Sequence[Step]) -> None:
    """Refuse a plan whose programs are not all here. Raises RefusedError."""
    for step in steps:
        if step.kind != "run":
            continue
        programs = [each.argv[0] for each in step.commands] + (["losetup"] if step.loop else [])
        for program in programs:
            if find_program(program) is None:
                package = PACKAGES.get(program, program)
                raise RefusedError(f"To {step.title}, {program} is needed: apt install {package}. Nothing was written.")
        if step.loop is not None and os.geteuid() != 0:
            raise RefusedError(f"To {step.title}, a loop device is needed: do it as root. Nothing was written.")


def find_program(name: str) -> str | None:
    """Where a program is, also where only root's PATH leads."""
    path = os.environ.get("PATH") or os.defpath
    return shutil.which(name, path=f"{path}:/usr/sbin:/sbin")


def check_fit(handle: int, steps: Sequence[Step]) -> None:
    """Refuse to shrink an ext file system below what it holds. Raises RefusedError and OSError."""
    for step in steps:
        if step.fits is None:
            continue
        offset, size = step.fits
        block = os.pread(handle, 1024, offset + 1024)
        if len(block) < 1024 or block[0x38:0x3A] != b"\x53\xef":
            continue
        blocks, _, free = struct.unpack_from("<III", block, 4)
        if struct.unpack_from("<I", block, 0x60)[0] & 0x80:  # 64bit: the upper halves count
            blocks |= struct.unpack_from("<I", block, 0x150)[0] << 32
            free |= struct.unpack_from("<I", block, 0x158)[0] << 32
        held = (blocks - free) * (1024 << struct.unpack_from("<I", block, 0x18)[0])
        if held > size:
            raise RefusedError(
                f"To {step.title} to {about(size)} is not possible: it holds {about(held)}. Nothing was written."
            )


def open_locked(path: str) -> int:
    """The device, open for writing and locked against udev and others who ask. Raises RefusedError."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        why = {
            errno.ENOENT: "it is not there any more",
            errno.EROFS: "it is read-only",
            errno.EACCES: "only root may write to it",
            errno.EPERM: "it may not be written to",
        }.get(error.errno or 0, error.strerror or str(error))
        raise RefusedError(f"{path} cannot be opened: {why}. Nothing was written.") from error

    def locked() -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    if not wait_until(locked, _LOCK_PATIENCE, every=0.05):
        os.close(handle)
        raise RefusedError(f"Another program holds the lock on {path}: try again later. Nothing was written.")
    return handle


def claim(path: str) -> int:
    """The device for us alone: while this is open, nothing of it can be mounted. Raises RefusedError.

    Who lists disks, another xentui say, has each of them for a moment; that is waited for.
    """
    handle = -1

    def claimed() -> bool:
        nonlocal handle
        try:
            handle = os.open(path, os.O_RDWR | os.O_EXCL | os.O_CLOEXEC)
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise RefusedError(f"{path} cannot be opened: {error.strerror}.") from error
        return handle >= 0

    if not wait_until(claimed, _CLAIM_PATIENCE, every=0.05):
        raise RefusedError(f"{path}: the kernel says that it, or a part of it, is in use.")
    return handle
