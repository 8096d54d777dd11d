"""The partitions inside an image or a volume as devices of dom0, for maintenance: losetup(8), kpartx(8).

A guest that has the same disk does not know what dom0 writes to it, nor dom0 what the guest does: nothing of a
running or a saved guest is mapped. What is mapped is in use, and has to be let go before the guest starts.
"""

from __future__ import annotations

from pathlib import Path

from xentui.disks import kernel
from xentui.disks.commands import SHORT
from xentui.disks.device import Device, Disks, UseKind
from xentui.disks.guard import RefusedError, find_program
from xentui.disks.probe import locate
from xentui.disks.target import Target, read_target
from xentui.host import Host
from xentui.waiting import wait_until

#: What stands against looking at a disk from here: others may hold it, a guest may not.
_GUESTS = (UseKind.GUEST_RUNNING, UseKind.GUEST_SAVED)
_BELOW = ("raw", None)
#: Seconds in which a loop device that somebody looks at has to be let go.
LET_GO = 10.0


def map_partitions(host: Host, disks: Disks, path: str) -> tuple[str, ...]:
    """Make devices of the partitions inside; their paths. Raises RefusedError, CommandError and TargetError."""
    device = locate(host, disks, path)
    _check_guests(disks, device, path)
    if device is not None and device.format not in _BELOW:
        raise RefusedError(f"{path} is a {device.format} image; make it raw first (qemu-img convert -O raw).")
    target = read_target(path)
    if not target.table.slots:
        raise RefusedError(f"{path} has no partitions to make devices of.")
    if target.table.obstacle is not None:
        raise RefusedError(target.table.obstacle.sentence)
    if target.is_file:
        return _by_loop(host, target)
    if kernel.dm_name(path) is None:
        raise RefusedError(f"The partitions of {path} are devices already: the kernel makes them.")
    _kpartx(host, "-a", path)
    return tuple(kernel.partition_path(path, slot.number) for slot in target.table.slots if slot.kind != "extended")


def unmap_partitions(host: Host, disks: Disks, path: str) -> None:
    """Take the devices away again. Raises RefusedError when one of them is in use, CommandError and TargetError."""
    device = locate(host, disks, path)
    if device is None:
        raise RefusedError(f"{path}: nothing of it is mapped.")
    for below in disks.below(device):
        for use in disks.uses(below):
            if use.kind in (UseKind.MOUNTED, UseKind.SWAP, UseKind.MD, *_GUESTS):
                raise RefusedError(f"{below.path} is {use.sentence}: that has to end first.")
    target = read_target(path)
    if not target.is_file:
        _kpartx(host, "-d", path)
        return
    loops = [below for below in disks.below(device) if below.backing_file is not None]
    if not loops:
        raise RefusedError(f"{path}: nothing of it is mapped.")
    for loop in loops:
        kernel.forget(loop.path)
        host.run(["losetup", "--detach", loop.path], deadline=SHORT)
        # While somebody looks at it, as udev does, the kernel only notes that it is to go (loop(4), LOOP_CLR_FD).
        bound = Path("/sys/block", Path(loop.path).name, "loop")
        if not wait_until(lambda bound=bound: not bound.exists(), LET_GO):  # type: ignore[misc]
            raise RefusedError(f"{loop.path} is open in another program: {path} stays mapped until that closes it.")


def _check_guests(disks: Disks, device: Device | None, path: str) -> None:
    if disks.blind:
        raise RefusedError(f"{disks.blind[0]} So nobody can say what is in use.")
    for conflict in disks.conflicts(device) if device is not None else ():
        if conflict.use.kind in _GUESTS:
            raise RefusedError(f"{conflict.sentence}: {conflict.remedy}, two would write to {path}.")
        if conflict.device.path == path and conflict.use.kind is UseKind.LOOP:
            raise RefusedError(f"{conflict.sentence} already: unmap it first.")


def _by_loop(host: Host, target: Target) -> tuple[str, ...]:
    argv = ["losetup", "--find", "--show", "--sector-size", str(target.sector_size), target.path]
    loop = host.run(argv, deadline=SHORT).stdout.strip()
    if not kernel.tell(loop, target.table):
        kernel.forget(loop)
        host.run(["losetup", "--detach", loop], deadline=SHORT, check=False)
        raise RefusedError(f"The kernel does not take the partitions of {target.path}.")
    return tuple(kernel.partition_path(loop, slot.number) for slot in target.table.slots if slot.kind != "extended")


def _kpartx(host: Host, what: str, path: str) -> None:
    if find_program("kpartx") is None:
        raise RefusedError("To make partitions of a volume devices, kpartx is needed: apt install kpartx.")
    host.run(["kpartx", what, "-s", "-p", "p", path], deadline=SHORT)
