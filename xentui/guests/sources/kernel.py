"""A kernel that stands on dom0, with what goes with it: the disks may hold anything, or there are none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xentui.guests.config import Settings
from xentui.guests.errors import GuestError
from xentui.guests.files import path_complaint
from xentui.guests.site import Site
from xentui.guests.sources.boot import check_device_model
from xentui.guests.spec import Disk, Spec
from xentui.guests.work import Step


@dataclass(frozen=True, slots=True)
class KernelFiles:
    """`append` is the kernel's command line."""

    kernel: str
    initrd: str = ""
    append: str = "console=hvc0"

    name: ClassVar[str] = "kernel"
    types: ClassVar[tuple[str, ...]] = ("pvh", "pv", "hvm")
    memory_mib: ClassVar[int] = 256
    least_mib: ClassVar[int] = 32
    disk_bytes: ClassVar[int] = 0

    def check(self, site: Site, spec: Spec) -> None:
        for path, what in ((self.kernel, "the kernel"), (self.initrd, "the initrd")):
            if path and (wrong := path_complaint(path)) is not None:
                raise GuestError(wrong)
            if path:
                site.check_file(path, what)
        if len(self.append) > 1023:
            raise GuestError("The kernel's command line is longer than the 1023 characters that Xen passes on.")
        if spec.type == "hvm":
            check_device_model(site)

    def settings(self, site: Site, spec: Spec) -> Settings:
        settings: Settings = {"kernel": self.kernel}
        if self.initrd:
            settings["ramdisk"] = self.initrd
        settings["cmdline"] = self.append
        if spec.type == "hvm":
            settings.update({"serial": "pty", "vga": "none", "nographic": 1})
        return settings

    def disks(self, site: Site, spec: Spec) -> tuple[Disk, ...]:
        return ()

    def steps(self, site: Site, spec: Spec) -> list[Step]:
        return []

    def afterwards(self, spec: Spec) -> list[str]:
        return []
