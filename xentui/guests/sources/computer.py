"""This computer, or another that once booted from one of its disks, as a guest: the disk below a layer that takes all
that the guest writes. The disk itself is only read, and must be idle: nothing of it mounted, no guest on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xentui.disks.device import Device, Disks
from xentui.guest_disks import read_disks
from xentui.guests.config import Settings
from xentui.guests.errors import GuestError
from xentui.guests.files import path_complaint
from xentui.guests.site import Site
from xentui.guests.sources.boot import check_device_model
from xentui.guests.spec import Disk, Spec
from xentui.guests.work import Step

#: The type of an EFI system partition: UEFI specification, 5.3.3.
_ESP = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
_OVMF = "/usr/share/ovmf/OVMF.fd"
#: What lsblk calls the memory image of a hibernated Linux.
_HIBERNATED = "swsuspend"


@dataclass(frozen=True, slots=True)
class Computer:
    """`disk` is a whole disk, `size` its bytes; `uefi` where it has an EFI system partition."""

    disk: str
    size: int
    uefi: bool

    name: ClassVar[str] = "computer"
    types: ClassVar[tuple[str, ...]] = ("hvm",)
    memory_mib: ClassVar[int] = 2048
    least_mib: ClassVar[int] = 256
    disk_bytes: ClassVar[int] = 0

    def check(self, site: Site, spec: Spec) -> None:
        if spec.disks:
            raise GuestError("The computer's disk is this guest's only one: leave --disk and --size away.")
        site.check_tools("qemu-img")
        check_device_model(site)
        if self.uefi:
            site.check_file(_OVMF, "the firmware that this disk boots by (UEFI)", "ovmf")

    def settings(self, site: Site, spec: Spec) -> Settings:
        settings: Settings = {"boot": "c", "vga": "stdvga", "videoram": 16, "vnc": 1, "vnclisten": "127.0.0.1"}
        settings.update({"usb": 1, "usbdevice": ["tablet"]})
        if self.uefi:
            settings["bios"] = "ovmf"
        return settings

    def disks(self, site: Site, spec: Spec) -> tuple[Disk, ...]:
        return (Disk(f"{spec.folder}/{spec.name}-changes.qcow2", self.size, "qcow2", backing=self.disk),)

    def steps(self, site: Site, spec: Spec) -> list[Step]:
        return []

    def afterwards(self, spec: Spec) -> list[str]:
        return [
            f"While {spec.name} exists, leave {self.disk} alone: a write to it from here ruins the layer above.",
            "What the guest writes is in the layer and goes with it; watch that its file system does not fill up.",
            "Disks by name in its fstab (/dev/sda1) are /dev/hda1 or /dev/xvda1 in the guest; UUIDs stay.",
        ]


def computer_source(site: Site, disk: str) -> Computer:
    """The source for a disk. Raises GuestError unless it is a whole, idle disk."""
    if (wrong := path_complaint(disk)) is not None:
        raise GuestError(wrong)
    if site.host.is_demo:
        path = site.host.path(disk)
        if not path.is_file():
            raise GuestError(f"{disk}: is not there. The demo's disks are images in /srv/xen.")
        for user in site.users(disk):
            raise GuestError(f"{disk}: {user.guest} {user.how}: a disk in use cannot be a guest's.")
        return Computer(disk, path.stat().st_size, False)
    found = read_disks(site.host, [disk])
    device = found.find(disk)
    if device is None:
        raise GuestError(f"{disk}: is no disk of this host: see xentui disks list")
    check_idle(found, device)
    return Computer(device.path, device.size, has_esp(found, device))


def check_idle(disks: Disks, device: Device) -> None:
    """Raises GuestError unless the device is a whole disk that nobody uses, and nobody hibernated on."""
    if disks.blind:
        raise GuestError(f"{device.path}: whether it is in use cannot be told. {disks.blind[0]}")
    if not device.can_hold_table:
        raise GuestError(f"{device.path}: is a {device.kind}; a computer is made of a whole disk.")
    for conflict in disks.conflicts(device):
        raise GuestError(f"{conflict.sentence}: a disk in use cannot be a guest's.")
    for part in (device, *disks.below(device)):
        if part.fstype == _HIBERNATED:
            raise GuestError(
                f"{part.path}: a Linux is hibernated there, and would go on in the guest as if it were the computer."
                " Boot it and shut it down first."
            )


def has_esp(disks: Disks, device: Device) -> bool:
    """Whether the disk is booted by UEFI."""
    return any(part.partition is not None and part.partition.type == _ESP for part in disks.below(device))
