"""A disk as the ``disk`` key of xl.cfg(5) writes it: xl-disk-configuration(5), Xen's libxlu_disk_l.l."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

FORMATS = ("raw", "qcow", "qcow2", "vhd", "qed", "empty")
_ACCESS = {"r": False, "ro": False, "w": True, "rw": True}
#: Prefixes of xm's days: those that name a format, and those that mean nothing any more.
_FORMAT_PREFIX = re.compile(r"(raw|qcow2?|vhd|qed):")
_IDLE_PREFIX = re.compile(r"(tapdisk|tap2?|aio|ioemu|file|phy):")
_SCRIPT_PREFIX = re.compile(r"(iscsi|nbd|enbd|drbd):")
_NAMED = re.compile(r"([a-z][-a-z0-9]*)=(.*)", re.DOTALL)
_FLAGS = ("cdrom", "direct-io-safe", "discard", "no-discard", "trusted", "untrusted", "colo")


class DiskSpecError(ValueError):
    """xl would refuse the disk. One sentence."""


@dataclass(slots=True)
class DiskSpec:
    """A disk specification; None where it says nothing. `options` are the rarer keys, as written."""

    target: str | None = None
    format: str | None = None
    vdev: str | None = None
    writable: bool | None = None
    cdrom: bool = False
    script: str | None = None
    options: dict[str, str] = field(default_factory=dict)
    #: xm's prefixes that were met.
    prefixes: list[str] = field(default_factory=list)

    @property
    def is_writable(self) -> bool:
        """Whether the guest may write: unless said otherwise, to all but CD-ROMs."""
        return not self.cdrom if self.writable is None else self.writable


def parse_disk(text: str) -> DiskSpec:
    """Read a specification. Raises DiskSpecError."""
    spec = DiskSpec()
    rest = text
    while rest:
        rest = _item(spec, rest)
    if spec.vdev is None:
        raise DiskSpecError(f"no vdev (the guest's name for it, such as xvda) in {text!r}")
    if spec.target is None and not spec.cdrom:
        raise DiskSpecError(f"no target in {text!r}")
    return spec


def _item(spec: DiskSpec, rest: str) -> str:
    """Read the next item into `spec`; give what is left."""
    if rest.startswith("target="):  # eats all that follows, commas too
        _set_target(spec, rest.removeprefix("target="))
        return ""
    if spec.target is None and (found := _SCRIPT_PREFIX.match(rest)):
        spec.script = f"block-{found[1]}"
        spec.prefixes.append(found[1])
        return rest[found.end() :]
    if found := _FORMAT_PREFIX.match(rest):
        _set_format(spec, found[1])
        spec.prefixes.append(found[1])
        return rest[found.end() :]
    if found := _IDLE_PREFIX.match(rest):
        spec.prefixes.append(found[1])
        return rest[found.end() :]
    item, _comma, left = rest.partition(",")
    if found := _NAMED.fullmatch(item):
        _named(spec, found[1], found[2])
    elif item in _FLAGS:
        if item == "cdrom":
            spec.cdrom = True
        spec.options[item] = ""
    else:
        _positional(spec, item)
    return left


def _named(spec: DiskSpec, key: str, value: str) -> None:
    if key == "vdev":
        spec.vdev = value
    elif key == "format":
        _set_format(spec, value)
    elif key == "access":
        _set_access(spec, value)
    elif key == "devtype":
        if value not in ("cdrom", "disk"):
            raise DiskSpecError(f"devtype={value} is neither cdrom nor disk")
        spec.cdrom = value == "cdrom"
    elif key == "script":
        spec.script = value
    else:
        spec.options[key] = value


def _positional(spec: DiskSpec, item: str) -> None:
    """target, format, vdev, access, in this order; with xm's prefixes there is no format."""
    if spec.target is None:
        _set_target(spec, item)
    elif spec.format is None and not spec.prefixes:
        _set_format(spec, item or "raw")
    elif spec.vdev is None:
        vdev, colon, devtype = item.partition(":")
        spec.vdev = vdev
        if colon:
            _named(spec, "devtype", devtype)
    elif spec.writable is None:
        _set_access(spec, item)
    else:
        raise DiskSpecError(f"{item!r} is one item too many")


def _set_target(spec: DiskSpec, text: str) -> None:
    spec.target = text


def _set_format(spec: DiskSpec, text: str) -> None:
    if text not in FORMATS:
        raise DiskSpecError(f"{text!r} is no disk format; xl knows {', '.join(FORMATS)}")
    spec.format = text


def _set_access(spec: DiskSpec, text: str) -> None:
    if text not in _ACCESS:
        raise DiskSpecError(f"{text!r} is no access; it is r, ro, w or rw")
    spec.writable = _ACCESS[text]
