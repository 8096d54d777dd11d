"""An image that was made elsewhere (raw, qcow2, vmdk, vhdx ...), copied into the guest's new disk."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import ClassVar

from xentui.guests.config import Settings
from xentui.guests.errors import GuestError
from xentui.guests.files import path_complaint, shown_size
from xentui.guests.images import image_info
from xentui.guests.site import Site
from xentui.guests.sources.boot import own_kernel
from xentui.guests.spec import Disk, Spec
from xentui.guests.work import Step, Work

_SECTOR = 512
_DEADLINE = 4 * 3600.0
_QEMU_NAMES = {"vhd": "vpc"}


@dataclass(frozen=True, slots=True)
class Image:
    """`image` is left as it is. `size` is that of the disk in it, in bytes: the new disk is at least as large."""

    image: str
    size: int

    name: ClassVar[str] = "image"
    types: ClassVar[tuple[str, ...]] = ("pvh", "hvm")
    memory_mib: ClassVar[int] = 1024
    least_mib: ClassVar[int] = 64

    @property
    def disk_bytes(self) -> int:
        """The new disk's size, in whole MiB."""
        return -(-self.size // (1 << 20)) << 20

    def check(self, site: Site, spec: Spec) -> None:
        self.settings(site, spec)
        root = spec.disks[0] if spec.disks else None
        if root is not None and not root.is_new:
            raise GuestError("The image is copied into a new disk; to use it where it is, give --disk PATH alone.")
        if root is not None and (root.size or 0) < self.size:
            raise GuestError(
                f"{self.image}: the disk in it has {shown_size(self.size)};"
                f" {shown_size(root.size or 0)} are too little for it."
            )
        for user in site.users(self.image):
            if user.writes and user.state != "off":
                raise GuestError(f"{self.image}: {user.guest} {user.how}; a copy of it now would be torn.")

    def settings(self, site: Site, spec: Spec) -> Settings:
        return system_on_disk(site, spec)

    def disks(self, site: Site, spec: Spec) -> tuple[Disk, ...]:
        return ()

    def steps(self, site: Site, spec: Spec) -> list[Step]:
        disk, form = spec.disks[0], image_info(site, self.image).format
        target = _QEMU_NAMES.get(disk.format, disk.format)

        def argv(image: str, path: str) -> list[str]:
            # -n: into the disk that was made, which may be larger, and may be a device.
            return ["qemu-img", "convert", "-n", "-f", form, "-O", target, image, path]

        def do(work: Work) -> None:
            words = argv(str(work.host.path(self.image)), str(work.host.path(disk.path)))
            work.run(words, deadline=_DEADLINE, growing=disk.path)

        return [Step(f"Copy the {form} image into it", do, (shlex.join(argv(self.image, disk.path)),))]

    def afterwards(self, spec: Spec) -> list[str]:
        said = [f"Its console is: xentui console {spec.name}"]
        if spec.type == "pvh":
            said.append("If GRUB finds nothing to boot on the image, make it an HVM guest (--type hvm).")
        return said


@dataclass(frozen=True, slots=True)
class ExistingDisk:
    """A system that stands on the guest's first disk already (--disk PATH)."""

    name: ClassVar[str] = "disk"
    types: ClassVar[tuple[str, ...]] = ("pvh", "hvm")
    memory_mib: ClassVar[int] = 1024
    least_mib: ClassVar[int] = 64
    disk_bytes: ClassVar[int] = 0

    def check(self, site: Site, spec: Spec) -> None:
        if not spec.disks:
            raise GuestError("A guest that boots from its disk needs one: --disk PATH.")
        if spec.disks[0].is_new:
            raise GuestError("There is nothing on a new disk to boot: choose a --source, or --disk PATH.")
        self.settings(site, spec)

    def settings(self, site: Site, spec: Spec) -> Settings:
        return system_on_disk(site, spec)

    def disks(self, site: Site, spec: Spec) -> tuple[Disk, ...]:
        return ()

    def steps(self, site: Site, spec: Spec) -> list[Step]:
        return []

    def afterwards(self, spec: Spec) -> list[str]:
        return [f"Its console is: xentui console {spec.name}"]


def system_on_disk(site: Site, spec: Spec) -> Settings:
    """How a system with a boot loader on its own disk is booted."""
    settings = own_kernel(site, spec.type)
    if spec.type == "hvm":
        settings.update({"boot": "c", "vnc": 1, "vnclisten": "127.0.0.1", "serial": "pty"})
    return settings


def image_source(site: Site, path: str) -> Image:
    """The source for an image. Raises GuestError."""
    if (wrong := path_complaint(path)) is not None:
        raise GuestError(wrong)
    info, file = image_info(site, path), site.host.path(path)
    if info.format == "raw" and file.is_file() and (file.stat().st_size % _SECTOR or not file.stat().st_size):
        raise GuestError(f"{path}: is no disk image: its size is not in whole sectors, and it is of no other format.")
    return Image(path, info.size)
