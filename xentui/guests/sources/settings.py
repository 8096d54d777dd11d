"""The settings of another configuration: all that it says, but what is the new guest's own, or one guest's only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xentui.guests.config import Settings
from xentui.guests.errors import GuestError
from xentui.guests.site import Site
from xentui.guests.sources.busybox import renamed
from xentui.guests.spec import TYPES, Disk, Spec
from xentui.guests.work import Step
from xentui.xlcfg.diskspec import DiskSpec, DiskSpecError, parse_disk
from xentui.xlcfg.parser import Config, ConfigError, parse

#: What is the new guest's own, whatever the other one says.
OWN_KEYS = ("name", "uuid", "type", "builder", "memory", "vcpus", "disk", "vif")
#: What two guests cannot have at once: devices of the host, ports on it.
ONE_GUESTS = ("pci", "usbdev", "dtdev", "vncdisplay", "spiceport", "spicetls_port")
#: The same of an interface.
ONE_VIFS = ("mac", "ip", "vifname")
#: Stands for a guest's name in the settings of a template that has none.
NAME = "NAME"


@dataclass(frozen=True, slots=True)
class OtherSettings:
    """`text` is a configuration; `where` it stands is said when it is wrong."""

    text: str
    where: str

    name: ClassVar[str] = "settings"
    disk_bytes: ClassVar[int] = 0
    least_mib: ClassVar[int] = 32

    @property
    def _config(self) -> Config:
        try:
            return parse(self.text, self.where)
        except ConfigError as error:
            raise GuestError(str(error)) from error

    @property
    def types(self) -> tuple[str, ...]:
        config = self._config
        kind = config.string("type") or ("hvm" if config.string("builder") == "hvm" else "pv")
        return (kind,) if kind in TYPES else TYPES

    @property
    def memory_mib(self) -> int:
        return self._config.number("memory") or 128

    def check(self, site: Site, spec: Spec) -> None:
        for key in ("kernel", "ramdisk"):
            path = self._config.string(key)
            if path and path.startswith("/"):
                site.check_file(path, f"the {key} of {self.where}")

    def settings(self, site: Site, spec: Spec) -> Settings:
        return self.all_of(spec.name)

    def all_of(self, name: str) -> Settings:
        """What it says, for a guest of that name."""
        config, settings = self._config, Settings()
        for key in tuple(config.keys()):
            value = config.get(key)
            if key in (*OWN_KEYS, *ONE_GUESTS) or value is None:
                continue
            if isinstance(value, list):
                if not all(isinstance(item, str) for item in value):
                    raise GuestError(f"{self.where}: {key} holds lists in a list; a template cannot have that.")
                settings[key] = [str(item) for item in value]
            elif key == "cmdline" and isinstance(value, str):
                settings[key] = renamed(value, config.string("name") or NAME, name)
            else:
                settings[key] = value
        return settings

    @property
    def had_disks(self) -> bool:
        """Whether the other guest writes to disks, which are each guest's own."""
        return any(disk.writable for disk in self._disks() if disk.target)

    def disks(self, site: Site, spec: Spec) -> tuple[Disk, ...]:
        """CDs and what is only read: that can be shared. A disk that is written to is each guest's own."""
        return tuple(
            Disk(disk.target, None, disk.format or "raw", writable=False, cdrom=disk.cdrom, vdev=disk.vdev or "")
            for disk in self._disks()
            if disk.target and not disk.writable
        )

    def _disks(self) -> list[DiskSpec]:
        try:
            return [parse_disk(text) for text in self._config.strings("disk")]
        except DiskSpecError as error:
            raise GuestError(f"{self.where}: a disk: {error}") from error

    def steps(self, site: Site, spec: Spec) -> list[Step]:
        return []

    def afterwards(self, spec: Spec) -> list[str]:
        return []
