"""Installing the Live CD to a disk (the guide's section 3.6), from itself and without a network.

The disk gets xentui's own layout "dom0 disk"; the layers of the Live CD are copied to it, GRUB is put there for BIOS
and for UEFI, and Debian's own update-grub writes the menu, so that a later kernel finds its way into it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from xentui.disks.applying import DONE, Progress, carry_out
from xentui.disks.device import Device, Disks, Kind
from xentui.disks.kernel import partition_path
from xentui.disks.layouts import BY_NAME, GROUP
from xentui.disks.operations import Operation, PlanError
from xentui.disks.target import Target, TargetError
from xentui.disks.target_of import target_of
from xentui.host import Host
from xentui.livecd import installed
from xentui.livecd.running import LiveError, LiveSystem, Mounts, copy, mounts, run

#: The volumes of the layout, and the numbers of the partitions that are mounted by themselves.
SYSTEM = "hypervisor01"
_ESP, _BOOT = 2, 3
#: Seconds: to copy the system to an old disk, or emulated, takes its time.
_COPY_DEADLINE, _GRUB_DEADLINE = 3600.0, 900.0

ReadDisks = Callable[[], Disks]
Say = Callable[[str], None]


def find_disk(disks: Disks, name: str) -> Device:
    """The disk, or part of one, that `name` means, as ``sdb`` or ``/dev/sdb``. Raises LiveError."""
    device = disks.find(name if name.startswith("/") else f"/dev/{name}")
    if device is None:
        there = ", ".join(root.path for root in disks.roots if root.can_hold_table)
        raise LiveError(f"There is no disk {name}; there are {there or 'none'}")
    return device


def plan_target(disks: Disks, device: Device) -> Target:
    """The target of the plan, looked at now. Raises LiveError."""
    try:
        return target_of(disks, device)
    except (TargetError, OSError) as error:
        raise LiveError(str(error)) from error


def install(
    host: Host, disk: str, confirm: str, read_disks: ReadDisks, say: Say, live: LiveSystem | None = None
) -> None:
    """Erase `disk` and put the system on it. `confirm` must be its name. Blocks for minutes.

    Raises LiveError; what stands against it is found before anything is written.
    """
    live = live or LiveSystem()
    live.check()
    disks = read_disks()
    device = find_disk(disks, disk)
    if device.kind is not Kind.DISK:
        raise LiveError(f"{device.path}: a {device.kind} is no disk that a machine starts from; give a whole disk")
    target = plan_target(disks, device)
    try:
        plan = BY_NAME["dom0-disk"].operations(target)
    except PlanError as error:
        raise LiveError(str(error)) from error
    if target.groups:
        names = " ".join(group.name for group in target.groups)
        raise LiveError(
            f"{target.path} holds {names}, of LVM; nothing was written. If it may go: vgchange -an {names} && "
            f"vgremove {names}, then do this again"
        )
    carry(host, target, plan, confirm, read_disks, say)
    try:
        _fill(host, target, live, say)
    except LiveError as error:
        raise LiveError(f"{target.path} is erased, and not finished: {str(error).rstrip('.')}. Do it again.") from error
    finally:
        # Nothing of it is in use any more: the disk can be pulled, or planned on again.
        host.run(["vgchange", "--activate", "n", GROUP], deadline=60, check=False)
    say(f"Done: {target.path} starts Xen by BIOS and by UEFI (Secure Boot off). Its name is {installed.HOSTNAME}.")


def carry(
    host: Host, target: Target, plan: Sequence[Operation], confirm: str, read_disks: ReadDisks, say: Say | None = None
) -> None:
    """Carry out a plan, each step told. Raises LiveError."""
    told = None if say is None else lambda progress: _tell(say, progress)
    outcome = carry_out(host, target, plan, confirm=confirm, read_disks=read_disks, told=told)
    if outcome.status != DONE:
        raise LiveError(outcome.message)


def _fill(host: Host, target: Target, live: LiveSystem, say: Say) -> None:
    with mounts(host) as mounted:
        root = _mount_target(mounted, target.path)
        _copy_system(host, mounted, live, root, say)
        say("Making it a system of its own")
        uuids = [_uuid(host, partition_path(target.path, number)) for number in (_BOOT, _ESP)]
        try:
            shadow = Path("/etc/shadow").read_text()
            installed.settle(root, installed.fstab(GROUP, SYSTEM, *uuids), shadow)
            installed.take_keys(Path("/home/livexen"), root)
        except OSError as error:
            raise LiveError(f"{error.filename or root}: {error.strerror or error}") from error
        run(host, "systemd-machine-id-setup", f"--root={root}")
        _boot_loaders(host, mounted, root, target.path, say)
        say("Writing out what is still in memory")


def _tell(say: Say, progress: Progress) -> None:
    if progress.fraction is None:
        say(f"[{progress.step}/{progress.steps}] {progress.title}")


def _mount_target(mounted: Mounts, disk: str) -> Path:
    root = mounted.make("target")
    mounted.mount(f"/dev/{GROUP}/{SYSTEM}-root", root)
    mounted.mount(partition_path(disk, _BOOT), root / "boot")
    mounted.mount(partition_path(disk, _ESP), root / "boot/efi")
    return root


def _copy_system(host: Host, mounted: Mounts, live: LiveSystem, root: Path, say: Say) -> None:
    """The layers as one, without what was changed since the start; the initrd, which stands beside them."""
    say("Copying the system")
    source = mounted.make("source")
    lower = ":".join(str(layer) for layer in live.layers)
    mounted.mount("overlay", source, "-t", "overlay", "-o", f"ro,lowerdir={lower}")
    run(host, "cp", "--archive", "--one-file-system", f"{source}/.", str(root), deadline=_COPY_DEADLINE)
    try:
        copy(live.initrd, root / f"boot/initrd.img-{installed.kernel_version(root)}")
    except OSError as error:
        raise LiveError(f"{error.filename or root}: {error.strerror or error}") from error


def _uuid(host: Host, partition: str) -> str:
    uuid = run(host, "blkid", "--match-tag", "UUID", "--output", "value", partition).strip()
    if not uuid:
        raise LiveError(f"{partition}: blkid tells no UUID of it")
    return uuid


def _boot_loaders(host: Host, mounted: Mounts, root: Path, disk: str, say: Say) -> None:
    for folder in ("dev", "proc", "sys", "run"):
        mounted.mount(f"/{folder}", root / folder, "--bind")
    inside = ("chroot", str(root))
    say("Installing GRUB for BIOS")
    run(host, *inside, "grub-install", "--target=i386-pc", "--recheck", disk, deadline=_GRUB_DEADLINE)
    say("Installing GRUB for UEFI")
    # Where firmware looks that knows nothing of this disk; nothing is written into that of this machine.
    run(
        host, *inside, "grub-install", "--target=x86_64-efi", "--efi-directory=/boot/efi", "--removable", "--no-nvram",
        "--no-uefi-secure-boot", deadline=_GRUB_DEADLINE,
    )  # fmt: skip
    say("Writing GRUB's menu")
    run(host, *inside, "update-grub", deadline=_GRUB_DEADLINE)
