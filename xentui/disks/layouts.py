"""The guide's layouts as plans: disks as files (3.1.1), a host with LVM (3.1.2), a disk with its own dom0 (3.6).

Sizes are today's: /boot holds Xen (30 MB) and some kernels with their initrds, where the guide's 256 MB were
enough for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xentui.disks.lvm_operations import LvCreate, LvFormat, PvCreate, VgCreate
from xentui.disks.operations import Add, Label, Mount, Operation, PlanError
from xentui.disks.sizes import Size, about
from xentui.disks.target import Target

GROUP = "HyperVG01"
_GIB = 1 << 30
_size = Size.parse


@dataclass(frozen=True, slots=True)
class GuideLayout:
    """`section` of the guide; `text` fits behind it and the title into 80 columns; `erases`: all that the disk holds
    is lost; `smallest` disk in bytes."""

    name: str
    title: str
    section: str
    text: str
    erases: bool
    smallest: int
    plan: tuple[Operation, ...]

    def operations(self, target: Target) -> tuple[Operation, ...]:
        """The plan for a disk. Raises PlanError if it is too small."""
        if target.size < self.smallest:
            raise PlanError(f"{self.title} needs a disk of {about(self.smallest)} or more; {target.name} is smaller")
        return self.plan


def files_on(number: int, at: str = "/mnt") -> tuple[Operation, ...]:
    """3.1.1 as the guide has it: a partition that is there already, mounted, with its folders. Nothing is erased."""
    return (Mount(number, at, folders=True),)


def files() -> tuple[Operation, ...]:
    """3.1.1 on a disk of its own."""
    return (Label("gpt"), Add(name="xendomains", format="ext4", fs_label="XENDOMAINS"), *files_on(1))


def lvm_host(volumes: Sequence[tuple[str, str]] = (), group: str = GROUP) -> tuple[Operation, ...]:
    """3.1.2: a partition for /boot, the rest for LVM, and volumes as (name, size)."""
    return (
        Label("gpt"),
        Add(size=_size("1GiB"), name="boot", format="ext4", fs_label="BOOT"),
        Add(size=_size("100%"), type="lvm", name=group),
        PvCreate(2),
        VgCreate(group, (2,)),
        *(LvCreate(group, name, _size(size)) for name, size in volumes),
    )


def dom0_disk(group: str = GROUP, system: str = "hypervisor01") -> tuple[Operation, ...]:
    """3.6: what both kinds of firmware start from, /boot, and LVM with a dom0's root file system and swap space."""
    root, swap = f"{system}-root", f"{system}-swap"
    return (
        Label("gpt"),
        Add(size=_size("1MiB"), type="bios-boot", name="bios-boot"),
        Add(size=_size("512MiB"), type="efi", name="esp", format="vfat", fs_label="ESP"),
        Add(size=_size("1GiB"), name="boot", format="ext4", fs_label="BOOT"),
        Add(size=_size("100%"), type="lvm", name=group),
        PvCreate(4),
        VgCreate(group, (4,)),
        LvCreate(group, root, _size("12GiB")),
        LvFormat(group, root, "ext4", "ROOT"),
        LvCreate(group, swap, _size("1GiB")),
        LvFormat(group, swap, "swap", "SWAP"),
    )


LAYOUTS = (
    GuideLayout(
        "files", "Disks as files", "3.1.1",
        "one file system, mounted on /mnt",
        True, 64 << 20, files(),
    ),
    GuideLayout(
        "lvm-host", "LVM host", "3.1.2",
        f"/boot, and LVM for the rest: {GROUP}",
        True, 2 * _GIB, lvm_host(),
    ),
    GuideLayout(
        "dom0-disk", "dom0 disk", "3.6",
        "BIOS and UEFI, /boot, a dom0 in LVM",
        True, 16 * _GIB, dom0_disk(),
    ),
)  # fmt: skip
BY_NAME = {layout.name: layout for layout in LAYOUTS}
