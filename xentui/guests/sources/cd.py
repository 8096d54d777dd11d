"""A CD image as an HVM guest: Windows, with its drivers' CD, or any other system that is installed from a CD."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xentui.guests.config import Settings
from xentui.guests.errors import GuestError
from xentui.guests.files import path_complaint
from xentui.guests.site import Site
from xentui.guests.sources.boot import check_device_model, vnc_words
from xentui.guests.spec import Disk, Spec
from xentui.guests.work import Step


@dataclass(frozen=True, slots=True)
class Cd:
    """`iso` is the CD to boot, `drivers` a second one. Its screen is VNC, on this host's own address only."""

    iso: str
    windows: bool = False
    drivers: str = ""

    name: ClassVar[str] = "cd"
    types: ClassVar[tuple[str, ...]] = ("hvm",)

    @property
    def interface(self) -> str:
        """What its network interface is to be, besides MAC address and bridge: Windows has brought a driver for this
        Intel card since Vista; xl's own choice (rtl8139) is a card of 1998."""
        return "model=e1000" if self.windows else ""

    @property
    def memory_mib(self) -> int:
        return 4096 if self.windows else 1024

    @property
    def least_mib(self) -> int:
        return 1024 if self.windows else 64

    @property
    def disk_bytes(self) -> int:
        return 40 << 30 if self.windows else 10 << 30

    def check(self, site: Site, spec: Spec) -> None:
        for path, what in ((self.iso, "the CD image"), (self.drivers, "the drivers' CD image")):
            if path and (wrong := path_complaint(path)) is not None:
                raise GuestError(wrong)
            if path:
                site.check_file(path, what)
        check_device_model(site)

    def settings(self, site: Site, spec: Spec) -> Settings:
        # The disk first: while nothing is on it, the BIOS goes on to the CD; once installed, it boots by itself.
        settings: Settings = {"boot": "cd", "vga": "stdvga", "videoram": 16}
        settings.update({"vnc": 1, "vnclisten": "127.0.0.1", "usb": 1, "usbdevice": ["tablet"]})
        if self.windows:
            # On IDE: its PV drivers look for that, and QEMU takes an AHCI disk away for them only since 8.2.
            settings.update({"viridian": 1, "localtime": 1})
        else:
            settings["serial"] = "pty"
        return settings

    def disks(self, site: Site, spec: Spec) -> tuple[Disk, ...]:
        isos = [self.iso] + ([self.drivers] if self.drivers else [])
        return tuple(Disk(iso, writable=False, cdrom=True) for iso in isos)

    def steps(self, site: Site, spec: Spec) -> list[Step]:
        return []

    def afterwards(self, spec: Spec) -> list[str]:
        return vnc_words(spec.name)
