"""What guest to make: a `Spec`, whole and checked for itself. What the host has to say is asked later."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from xentui.guests.errors import GuestError
from xentui.guests.files import parse_size, path_complaint, shown_size

if TYPE_CHECKING:
    from xentui.guests.config import Settings
    from xentui.guests.site import Site
    from xentui.guests.work import Step

TYPES = ("pvh", "pv", "hvm")
#: Where new disks go, unless --dir names another folder.
IMAGES = "/srv/xen"
BRIDGE = "xenbr0"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,62}")
_BRIDGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,14}")
_MAC = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}")
_VG = re.compile(r"[A-Za-z0-9+_.][A-Za-z0-9+_.-]{0,126}")
_FORMATS = {"raw": "raw", "qcow2": "qcow2", "vhd": "vhd", "vpc": "vhd"}


@dataclass(frozen=True, slots=True)
class Disk:
    """A disk for the guest: a new file, a new LVM volume (`volume_group`), or what stands at `path` already.

    `size` is in bytes, None for what is there already. `path` "" is filled in: DIR/NAME-disk.img.
    """

    path: str = ""
    size: int | None = None
    format: str = "raw"
    volume_group: str = ""
    writable: bool = True
    cdrom: bool = False
    #: The guest's name for it; "" for the next one free.
    vdev: str = ""
    #: It takes its whole room at once, instead of growing as it is written to.
    full: bool = False
    #: The disk below a qcow2 layer, which is only read.
    backing: str = ""

    @property
    def is_new(self) -> bool:
        return self.size is not None

    def describe(self) -> str:
        """In words, for a list of what is made."""
        if self.size is None:
            how = "CD image" if self.cdrom else "existing disk" + ("" if self.writable else ", read-only")
            return f"{how} {self.path}"
        if self.backing:
            return f"new layer {self.path} for what is written, above {self.backing}"
        return f"new {'volume' if self.volume_group else 'file'} {self.path}, {shown_size(self.size)}, {self.format}"


class Source(Protocol):
    """Where a guest's system comes from. All calls may raise GuestError."""

    @property
    def name(self) -> str:
        """What it is called on the command line."""

    @property
    def types(self) -> tuple[str, ...]:
        """The types of guest that it can make, the one to prefer first."""

    @property
    def memory_mib(self) -> int:
        """What a guest of it gets if nothing is said; MiB."""

    @property
    def least_mib(self) -> int:
        """With less it would not boot; MiB."""

    @property
    def disk_bytes(self) -> int:
        """The size of its first disk if none is named, in bytes; 0 for none."""

    def check(self, site: Site, spec: Spec) -> None:
        """Is everything here that it needs?"""

    def settings(self, site: Site, spec: Spec) -> Settings:
        """The keys of xl.cfg(5) that are its own: what is booted, and how."""

    def disks(self, site: Site, spec: Spec) -> tuple[Disk, ...]:
        """The disks that it brings besides the ones asked for: CDs, swap."""

    def steps(self, site: Site, spec: Spec) -> list[Step]:
        """What is to be done once the disks are there and before the configuration is written."""

    def afterwards(self, spec: Spec) -> list[str]:
        """What the user does next, in sentences."""


@dataclass(frozen=True, slots=True)
class Spec:
    """A guest to make. `bridge` None is a guest without a network."""

    name: str
    source: Source
    type: str
    memory_mib: int
    vcpus: int = 1
    disks: tuple[Disk, ...] = ()
    bridge: str | None = BRIDGE
    mac: str = ""
    autostart: bool = False
    folder: str = IMAGES
    #: Sparse files may be larger together than the room there is.
    overcommit: bool = False
    #: What goes over the source's own settings; and its interfaces, each as what it has besides MAC address and, the
    #: first, bridge. None of them: one interface, where there is a bridge.
    more: Mapping[str, str | int | list[str]] = field(default_factory=dict)
    interfaces: tuple[str, ...] = ()
    #: What it was made of, as it was asked for.
    wish: Mapping[str, str | bool | list[str]] = field(default_factory=dict)

    @property
    def config_path(self) -> str:
        return f"/etc/xen/{self.name}.cfg"


def new_mac() -> str:
    """An address out of Xen's own range, 00:16:3e."""
    tail = secrets.randbits(24)
    return "00:16:3e:" + ":".join(f"{tail >> shift & 0xFF:02x}" for shift in (16, 8, 0))


def name_complaint(name: str) -> str | None:
    """Why no guest can be made by this name; None if one can. It becomes part of files' names."""
    if name.isdigit():
        return f"{name}: a name of digits only would be taken for a domain id."
    if _NAME.fullmatch(name) is None:
        return f"{name!r} is no name for a guest: letters, digits and . _ + - are, at most 63 of them."
    return None if name != "Domain-0" else "Domain-0 is this machine itself."


def parse_disk_wish(text: str) -> Disk:
    """A ``--disk``: ``8G`` (a new file), ``size=8G[,path=FILE|,vg=GROUP][,format=qcow2][,full]``, or the path of
    what is there, ``/dev/vg/volume[,ro]``. Raises GuestError."""
    if text.startswith("/"):
        path = text.removesuffix(",ro")
        _check_path(path)
        return Disk(path, writable=path == text)
    if "=" not in text:
        return Disk(size=parse_size(text))
    values: dict[str, str] = {}
    for item in text.split(","):
        key, _, value = item.partition("=")
        if key not in ("size", "path", "vg", "format", "full", "ro", "vdev"):
            raise GuestError(f"--disk {text}: {key!r} is none of size, path, vg, format, vdev, full, ro.")
        values[key] = value
    if "path" in values:
        _check_path(values["path"])
    form = _FORMATS.get(values.get("format", "raw"))
    if form is None:
        raise GuestError(f"--disk {text}: the format is one of raw, qcow2, vhd.")
    if "size" not in values:
        if "path" not in values or "vg" in values:
            raise GuestError(f"--disk {text}: a new disk needs its size=, what is there already its path=.")
        return Disk(values["path"], None, form, writable="ro" not in values, vdev=values.get("vdev", ""))
    group = values.get("vg", "")
    if group and (_VG.fullmatch(group) is None or "path" in values or form != "raw"):
        raise GuestError(f"--disk {text}: a volume is size=SIZE,vg=GROUP and raw, its name comes from the guest's.")
    return Disk(values.get("path", ""), parse_size(values["size"]), form, group, vdev=values.get("vdev", ""),
                full="full" in values)  # fmt: skip


def without_place(wish: str) -> str:
    """A new disk's ``--disk`` without the file that it is to stand in: another guest needs its own."""
    return ",".join(item for item in wish.split(",") if "size=" not in wish or not item.startswith("path="))


def _check_path(path: str) -> None:
    if (wrong := path_complaint(path)) is not None:
        raise GuestError(wrong)


def check_spec(spec: Spec) -> None:
    """Raises GuestError for what cannot be meant, wherever it is made."""
    most = 512 if spec.type == "pv" else 128  # Xen's HVM_MAX_VCPUS
    for wrong in (
        name_complaint(spec.name),
        None if spec.type in TYPES else f"{spec.type!r} is no type of guest; there are {', '.join(TYPES)}.",
        None if 1 <= spec.vcpus <= most else f"{spec.vcpus} vCPUs: give a number from 1 to {most}.",
        None if spec.bridge is None or _BRIDGE.fullmatch(spec.bridge) else f"{spec.bridge!r} is no name of a bridge.",
        None if not spec.mac or _MAC.fullmatch(spec.mac) else f"{spec.mac!r} is no MAC address, as 00:16:3e:01:02:03.",
        path_complaint(spec.folder),
    ):
        if wrong is not None:
            raise GuestError(wrong)
    if spec.mac and int(spec.mac[:2], 16) & 1:
        raise GuestError(f"{spec.mac} is an address for many (its first byte is odd); a guest's begins 00:16:3e.")
    if spec.type not in spec.source.types:
        raise GuestError(
            f"The source {spec.source.name} makes no {spec.type} guest: choose --type {' or '.join(spec.source.types)}."
        )
    if spec.memory_mib < spec.source.least_mib:
        raise GuestError(
            f"{spec.memory_mib} MiB are too little: what {spec.source.name} makes needs {spec.source.least_mib} MiB."
        )
