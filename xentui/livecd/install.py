"""Installing the Live CD to a disk (the guide's section 3.6), from itself and without a network.

The disk gets xentui's own layout "dom0 disk"; the layers of the Live CD are copied to it, GRUB is put there for BIOS
and for UEFI, and Debian's own update-grub writes the menu, so that a later kernel finds its way into it.
"""

from __future__ import annotations

import filecmp
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from xentui.disks.applying import DONE, FAILED, Outcome, Progress, Told, carry_out
from xentui.disks.device import Device, Disks, Kind
from xentui.disks.guard import RefusedError, check_tools, check_use
from xentui.disks.kernel import partition_path
from xentui.disks.layouts import BY_NAME, GROUP
from xentui.disks.operations import Operation, PlanError
from xentui.disks.plan import Plan, pruned
from xentui.disks.steps import Step, steps_of
from xentui.disks.table_change import table_change
from xentui.disks.target import Target, TargetError
from xentui.disks.target_of import target_of
from xentui.host import Host
from xentui.livecd import installed
from xentui.livecd.running import LiveError, LiveSystem, Mounts, copy, mounts, run

#: The volumes of the layout, and the numbers of the partitions that are mounted by themselves.
SYSTEM = "hypervisor01"
_ESP, _BOOT = 2, 3
#: Seconds: to copy the system to an old disk, or emulated, takes its time.
_COPY_DEADLINE, _INITRAMFS_DEADLINE, _GRUB_DEADLINE = 3600.0, 1800.0, 900.0
#: Seconds between two looks at how far the copying is.
_LOOK = 2.0

#: What follows on the layout's own steps.
_COPY, _SETTLE, _INITRAMFS, _BIOS, _UEFI, _MENU, _SYNC = (
    "copy the system",
    "make it a system of its own",
    "make its initramfs",
    "install GRUB for BIOS",
    "install GRUB for UEFI",
    "write GRUB's menu",
    "write out what is still in memory",
)
_OWN = (_COPY, _SETTLE, _INITRAMFS, _BIOS, _UEFI, _MENU, _SYNC)

ReadDisks = Callable[[], Disks]


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


def carry(host: Host, target: Target, plan: Sequence[Operation], confirm: str, read_disks: ReadDisks) -> None:
    """Carry out a plan. Raises LiveError."""
    outcome = carry_out(host, target, plan, confirm=confirm, read_disks=read_disks)
    if outcome.status != DONE:
        raise LiveError(outcome.message)


@dataclass(frozen=True, slots=True)
class Installation:
    """What is going to be done to a disk, and in which steps. Made by `prepare`; nothing is written yet."""

    host: Host
    live: LiveSystem
    target: Target
    plan: Plan
    steps: tuple[Step, ...]

    def install(
        self, confirm: str, read_disks: ReadDisks, told: Told | None = None, cancel: threading.Event | None = None
    ) -> Outcome:
        """Erase the disk and put the system on it. `confirm` must be its name. Blocks for minutes.

        All that stood against it is asked once more; whatever goes wrong then is an outcome, not an exception.
        """
        tell = told or (lambda _progress: None)
        outcome = carry_out(
            self.host, self.target, self.plan.operations, confirm=confirm, read_disks=read_disks, cancel=cancel,
            told=lambda progress: tell(replace(progress, steps=len(self.steps))),
        )  # fmt: skip
        if outcome.status != DONE:
            return replace(outcome, not_done=(*outcome.not_done, *_OWN))
        work = _Filling(self, tell, cancel, list(outcome.done))
        path = self.target.path
        try:
            work.fill()
        except (LiveError, OSError, KeyboardInterrupt) as error:
            said = f"{error.filename or path}: {error.strerror}" if isinstance(error, OSError) else str(error)
            said = said or "it was interrupted"  # by Ctrl-C, at the command line
            message = f"{path} is erased, and not finished: {said.rstrip('.')}. Do it again."
            left = tuple(step.title for step in self.steps[len(work.done) :])
            # What holds half a system must not stand in the way of doing it again.
            self._end("vgremove", "--force", "--yes", GROUP)
            return replace(outcome, status=FAILED, message=message, done=tuple(work.done), not_done=left)
        # Nothing of it is in use any more: the disk can be pulled, or planned on again.
        self._end("vgchange", "--activate", "n", GROUP)
        message = (
            f"Done: {path} starts Xen by BIOS and by UEFI (Secure Boot off). Its name is {installed.HOSTNAME}. "
            "Take the Live CD out and restart."
        )
        return replace(outcome, message=message, done=tuple(work.done), backup=None, restore=None)

    def _end(self, *argv: str) -> None:
        self.host.run(argv, deadline=60, check=False)


def prepare(host: Host, disks: Disks, device: Device, live: LiveSystem | None = None) -> Installation:
    """Look at all that stands against installing to `device`, before anything is asked or written. Raises LiveError."""
    live = live or LiveSystem()
    live.check(host)
    if device.kind is not Kind.DISK:
        raise LiveError(f"{device.path}: a {device.kind} is no disk that a machine starts from; give a whole disk")
    target = plan_target(disks, device)
    if target.groups:
        names = " ".join(group.name for group in target.groups)
        raise LiveError(
            f"{target.path} holds {names}, of LVM; nothing was written. If it may go: vgchange -an {names} && "
            f"vgremove {names}, then do this again"
        )
    try:
        plan = Plan(target, pruned(target, BY_NAME["dom0-disk"].operations(target)))
        change = table_change(target, plan.operations)
        steps = steps_of(target, change)
        check_tools(steps)
        check_use(host, disks, target, change)
    except (PlanError, RefusedError, OSError) as error:
        raise LiveError(str(error)) from error
    return Installation(host, live, target, plan, (*steps, *(Step(title) for title in _OWN)))


@dataclass(slots=True)
class _Filling:
    """The work after the layout: `done` has the titles of all steps that are done."""

    plan: Installation
    tell: Told
    cancel: threading.Event | None
    done: list[str]

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        if self.cancel is not None and self.cancel.is_set():
            raise LiveError("it was cancelled")
        self.say(title)
        yield
        self.done.append(title)

    def say(self, title: str, fraction: float | None = None) -> None:
        self.tell(Progress(len(self.done) + 1, len(self.plan.steps), title, fraction))

    def run(self, *argv: str, deadline: float = 60.0) -> str:
        return run(self.plan.host, *argv, deadline=deadline, cancel=self.cancel)

    def fill(self) -> None:
        """Raises LiveError and OSError."""
        disk, live = self.plan.target.path, self.plan.live
        with mounts(self.plan.host) as mounted:
            root = mounted.make("target")
            mounted.mount(f"/dev/{GROUP}/{SYSTEM}-root", root)
            mounted.mount(partition_path(disk, _BOOT), root / "boot")
            mounted.mount(partition_path(disk, _ESP), root / "boot/efi")
            with self.step(_COPY):
                self._copy(mounted, live, root)
            with self.step(_SETTLE):
                self._settle(live, root, disk)
            for folder in ("dev", "proc", "sys", "run"):
                mounted.mount(f"/{folder}", root / folder, "--bind")
            with self.step(_INITRAMFS):
                self._initramfs(live, root)
            self._boot_loaders(root, disk)
            with self.step(_SYNC):
                self.run("sync", "--file-system", str(root), str(root / "boot"), deadline=_COPY_DEADLINE)

    def _copy(self, mounted: Mounts, live: LiveSystem, root: Path) -> None:
        """The layers as one, without what was changed since the start; the initrd, which stands beside them."""
        source = mounted.make("source")
        lower = ":".join(str(layer) for layer in live.layers)
        mounted.mount("overlay", source, "-t", "overlay", "-o", f"ro,lowerdir={lower}")
        with self._looking(live, root):
            self.run("cp", "--archive", "--one-file-system", f"{source}/.", str(root), deadline=_COPY_DEADLINE)
        copy(live.initrd, self._initrd(root))

    def _initrd(self, root: Path) -> Path:
        return root / f"boot/initrd.img-{installed.kernel_version(root)}"

    @contextmanager
    def _looking(self, live: LiveSystem, root: Path) -> Iterator[None]:
        """Tell, while it is copied, how many of the files are there."""
        wanted = sum(os.statvfs(layer).f_files for layer in live.layers)  # squashfs: the inodes that it has
        over = threading.Event()

        def look() -> None:
            while not over.wait(_LOOK):
                there = os.statvfs(root)
                self.say(_COPY, min(1.0, (there.f_files - there.f_ffree) / max(1, wanted)))

        looker = threading.Thread(target=look, name="how far the copying is", daemon=True)
        looker.start()
        try:
            yield
        finally:
            over.set()
            looker.join()

    def _settle(self, live: LiveSystem, root: Path, disk: str) -> None:
        uuids = [self._uuid(partition_path(disk, number)) for number in (_BOOT, _ESP)]
        installed.settle(root, installed.fstab(GROUP, SYSTEM, *uuids), live.shadow.read_text())
        installed.take_keys(live.home, root)
        self.run("systemd-machine-id-setup", f"--root={root}")

    def _uuid(self, partition: str) -> str:
        uuid = self.run("blkid", "--match-tag", "UUID", "--output", "value", partition).strip()
        if not uuid:
            raise LiveError(f"{partition}: blkid tells no UUID of it")
        return uuid

    def _initramfs(self, live: LiveSystem, root: Path) -> None:
        """Without live-boot, which has no business there; dpkg's trigger makes the initramfs anew when it goes."""
        self.run("chroot", str(root), "dpkg", "--purge", *installed.LIVE_PACKAGES, deadline=_INITRAMFS_DEADLINE)
        if filecmp.cmp(live.initrd, self._initrd(root), shallow=False):
            raise LiveError(f"{self._initrd(root).relative_to(root)} is still the Live CD's")

    def _boot_loaders(self, root: Path, disk: str) -> None:
        inside = ("chroot", str(root))
        with self.step(_BIOS):
            self.run(*inside, "grub-install", "--target=i386-pc", "--recheck", disk, deadline=_GRUB_DEADLINE)
        with self.step(_UEFI):
            # Where firmware looks that knows nothing of this disk; nothing is written into that of this machine.
            self.run(
                *inside, "grub-install", "--target=x86_64-efi", "--efi-directory=/boot/efi", "--removable",
                "--no-nvram", "--no-uefi-secure-boot", deadline=_GRUB_DEADLINE,
            )  # fmt: skip
        with self.step(_MENU):
            self.run(*inside, "update-grub", deadline=_GRUB_DEADLINE)
