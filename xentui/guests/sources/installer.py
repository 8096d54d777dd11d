"""The Debian Installer from the package debian-installer-13-netboot-amd64: nothing is downloaded first. In text it
runs in a PVH guest, at its console; graphical in an HVM guest, whose screen is VNC.

Two configurations are made: the guest's own, which boots its disk, and beside its manifest the one that
boots the installer. The installer halts at its end instead of booting into itself again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import ClassVar

from xentui.guests.config import Settings, disk_setting, render
from xentui.guests.errors import GuestError
from xentui.guests.files import write_file
from xentui.guests.manifest import FOLDER
from xentui.guests.site import Site
from xentui.guests.sources.boot import vnc_words
from xentui.guests.sources.image import system_on_disk
from xentui.guests.spec import Disk, Spec
from xentui.guests.work import Step, Work
from xentui.host import Host, HostError
from xentui.subprocesses import CommandError
from xentui.xlcfg.diskspec import DiskSpec, parse_disk
from xentui.xlcfg.parser import ConfigError, parse

RELEASE = "13"
_PACKAGE = f"debian-installer-{RELEASE}-netboot-amd64"
_IMAGES = f"/usr/lib/debian-installer/images/{RELEASE}/amd64/{{}}/debian-installer/amd64"
#: Bytes at a disk's beginning that are not all zeros once there is anything on it: a partition table, a file system,
#: a volume of LVM. Of a new volume lvcreate(8) zeroes as many.
_BEGINNING = 4096


@dataclass(frozen=True, slots=True)
class Installer:
    """`preseed` is the address of a file that answers its questions, "" to answer them yourself."""

    preseed: str = ""
    graphical: bool = False

    name: ClassVar[str] = "installer"
    memory_mib: ClassVar[int] = 1024
    least_mib: ClassVar[int] = 512
    disk_bytes: ClassVar[int] = 8 << 30

    @property
    def types(self) -> tuple[str, ...]:
        """A graphical one needs a graphics card, be it an emulated one."""
        return ("hvm",) if self.graphical else ("pvh",)

    @property
    def _images(self) -> str:
        return _IMAGES.format("gtk" if self.graphical else "text")

    def check(self, site: Site, spec: Spec) -> None:
        if self.preseed and (self.preseed.split() != [self.preseed] or "://" not in self.preseed):
            raise GuestError(f"{self.preseed!r} is no address of a preseed file: http://HOST/preseed.cfg")
        if spec.bridge is None:
            raise GuestError("The installer takes Debian from the network: the guest needs a bridge.")
        for name in ("linux", "initrd.gz"):
            site.check_file(f"{self._images}/{name}", "the installer", _PACKAGE)
        system_on_disk(site, spec)

    def settings(self, site: Site, spec: Spec) -> Settings:
        return system_on_disk(site, spec)

    def disks(self, site: Site, spec: Spec) -> tuple[Disk, ...]:
        return ()

    def steps(self, site: Site, spec: Spec) -> list[Step]:
        answers = f"auto=true priority=critical preseed/url={self.preseed} " if self.preseed else ""
        # What stands after --- is the installed system's, too. 788 is VESA's 800x600, as on Debian's own CDs.
        screen = "vga=788 --- quiet" if self.graphical else "--- console=hvc0"
        # A PVH guest that halts has ended; an HVM guest has to switch its power off.
        end = "poweroff" if self.graphical else "always_halt"
        emulated: Settings = {"vnc": 1, "vnclisten": "127.0.0.1", "usb": 1, "usbdevice": ["tablet"], "serial": "pty"}
        text = render(
            {
                "name": spec.name,
                "type": spec.type,
                "kernel": f"{self._images}/linux",
                "ramdisk": f"{self._images}/initrd.gz",
                "cmdline": f"{answers}debian-installer/exit/{end}=true {screen}",
                **(emulated if self.graphical else {}),
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
            work.makes("file", config_path(spec.name))
            write_file(work.host, config_path(spec.name), text)

        return [Step(f"Write the installer's configuration {config_path(spec.name)}", do)]

    def afterwards(self, spec: Spec) -> list[str]:
        see = vnc_words(spec.name) if self.graphical else [f"Its questions are asked at: xentui console {spec.name}"]
        return [*see, f"When the installer has halted: xentui start {spec.name}"]

    def by_hand(self, spec: Spec) -> str:
        """How the installer is started where it was not started at once."""
        return f"The installer is started by: xentui install {spec.name} (b in the table)"


def installer_of(site: Site, name: str) -> str:
    """The same of a guest that was made. Raises GuestError if it was not made for the installer."""
    path = config_path(name)
    if not site.exists(path):
        raise GuestError(f"{name} was not made for the Debian Installer (--source installer): there is none to boot.")
    return path


def awaits_installer(host: Host, name: str) -> bool:
    """Whether a guest was made for the installer and nothing is on its disk yet. Not where that cannot be told."""
    if host.is_remote or "/" in name:
        return False
    try:
        config = parse(host.read(config_path(name)).decode("utf-8", "replace"))
        disks = [disk for text in config.strings("disk") if (disk := parse_disk(text)).writable and disk.target]
        return bool(disks) and _is_empty(host, disks[0])
    except (HostError, ConfigError, CommandError, OSError, ValueError):
        return False


def _is_empty(host: Host, disk: DiskSpec) -> bool:
    path = host.path(disk.target or "")
    if disk.format == "raw" or host.is_demo:
        with path.open("rb") as file:
            return not any(file.read(_BEGINNING))
    argv = ["qemu-img", "map", "--force-share", "--output=json", f"--max-length={_BEGINNING}", str(path)]
    extents = json.loads(host.run(argv, deadline=60, record=False).stdout)
    return all(extent["zero"] for extent in extents)


def config_path(name: str) -> str:
    """Where the configuration that boots the installer stands."""
    return f"{FOLDER}/{name}.install.cfg"
