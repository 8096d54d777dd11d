"""The Debian Installer, in text, from the package debian-installer-13-netboot-amd64: nothing is downloaded first.

Two configurations are made: the guest's own, which boots its disk by GRUB for PVH, and beside its manifest the one that
boots the installer. The installer halts at its end instead of booting into itself again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xentui.guests.config import Settings, disk_setting, render
from xentui.guests.errors import GuestError
from xentui.guests.files import write_file
from xentui.guests.manifest import FOLDER
from xentui.guests.site import Site
from xentui.guests.sources.boot import own_kernel
from xentui.guests.spec import Disk, Spec
from xentui.guests.work import Step, Work

RELEASE = "13"
_PACKAGE = f"debian-installer-{RELEASE}-netboot-amd64"
_IMAGES = f"/usr/lib/debian-installer/images/{RELEASE}/amd64/text/debian-installer/amd64"


@dataclass(frozen=True, slots=True)
class Installer:
    """`preseed` is the address of a file that answers its questions, "" to answer them yourself."""

    preseed: str = ""

    name: ClassVar[str] = "installer"
    types: ClassVar[tuple[str, ...]] = ("pvh",)
    memory_mib: ClassVar[int] = 1024
    least_mib: ClassVar[int] = 512
    disk_bytes: ClassVar[int] = 8 << 30

    def check(self, site: Site, spec: Spec) -> None:
        if self.preseed and (self.preseed.split() != [self.preseed] or "://" not in self.preseed):
            raise GuestError(f"{self.preseed!r} is no address of a preseed file: http://HOST/preseed.cfg")
        if spec.bridge is None:
            raise GuestError("The installer takes Debian from the network: the guest needs a bridge.")
        for name in ("linux", "initrd.gz"):
            site.check_file(f"{_IMAGES}/{name}", "the installer", _PACKAGE)
        own_kernel(site, spec.type)

    def settings(self, site: Site, spec: Spec) -> Settings:
        return own_kernel(site, spec.type)

    def disks(self, site: Site, spec: Spec) -> tuple[Disk, ...]:
        return ()

    def steps(self, site: Site, spec: Spec) -> list[Step]:
        answers = f"auto=true priority=critical preseed/url={self.preseed} " if self.preseed else ""
        text = render(
            {
                "name": spec.name,
                "type": spec.type,
                "kernel": f"{_IMAGES}/linux",
                "ramdisk": f"{_IMAGES}/initrd.gz",
                "cmdline": f"{answers}debian-installer/exit/always_halt=true --- console=hvc0",
                "memory": spec.memory_mib,
                "vcpus": spec.vcpus,
                "disk": [disk_setting(disk) for disk in spec.disks],
                "vif": [f"mac={spec.mac},bridge={spec.bridge}"],
                "on_poweroff": "destroy",
                "on_reboot": "destroy",
                "on_crash": "destroy",
            },
            f"Boots the Debian Installer for {spec.name}. When it has halted, start {spec.name} itself.",
        )

        def do(work: Work) -> None:
            work.makes("file", _config(spec))
            write_file(work.host, _config(spec), text)

        return [Step(f"Write the installer's configuration {_config(spec)}", do)]

    def afterwards(self, spec: Spec) -> list[str]:
        return [
            f"Install: xl create -c {_config(spec)}",
            f"When the installer has halted: xentui start {spec.name}",
        ]


def _config(spec: Spec) -> str:
    return f"{FOLDER}/{spec.name}.install.cfg"
