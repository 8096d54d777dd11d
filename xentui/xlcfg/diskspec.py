"""A disk as the ``disk`` key of xl.cfg(5) writes it: xl-disk-configuration(5).

Source: Xen's tools/libs/util/libxlu_disk_l.l and libxlu_disk.c.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

FORMATS = ("raw", "qcow", "qcow2", "vhd", "qed", "empty")
_ACCESS = {"r": False, "ro": False, "w": True, "rw": True, "": True}
_FLAGS = ("cdrom", "direct-io-safe", "discard", "no-discard", "colo", "no-colo", "trusted", "untrusted")
#: Keys that only a few disks have, kept as written, with the values they may have.
_RARE: dict[str, tuple[str, ...] | None] = {
    "backend": None,
    "backendtype": ("phy", "tap", "qdisk", "standalone"),
    "specification": ("xen", "virtio"),
    "grant_usage": ("0", "1"),
    **dict.fromkeys(("colo-host", "colo-port", "colo-export", "active-disk", "hidden-disk")),
}

_KEYS = ("vdev", "script", "format", "access", "devtype", *_RARE)

_BLANKS = re.compile(r"[ \t\n]+")
#: xm's prefixes: those that name a format or a script, and those that mean nothing any more.
_PREFIX = re.compile(r"(?:(raw|qcow2?|vhd)|(iscsi|e?nbd|drbd)|(tapdisk|tap2?|aio|ioemu|file|phy)):")
_UNKNOWN_PREFIX = re.compile(r"[a-z][a-z0-9]*:(?:$|[^a-z0-9])")


class DiskSpecError(ValueError):
    """xl would refuse the disk. One sentence."""


@dataclass(slots=True)
class DiskSpec:
    """A disk specification, with xl's own defaults. `options` are the rarer keys and the flags, as written."""

    target: str | None = None
    format: str | None = None
    vdev: str | None = None
    writable: bool = True  # a CD-ROM never is
    cdrom: bool = False
    script: str | None = None
    options: dict[str, str] = field(default_factory=dict)
    #: xm's prefixes that were met.
    prefixes: list[str] = field(default_factory=list)
    _access_given: bool = False


def parse_disk(text: str) -> DiskSpec:
    """Read a specification. Raises DiskSpecError."""
    spec = DiskSpec()
    rest = text
    while rest:
        if blanks := _BLANKS.match(rest):
            rest = rest[blanks.end() :]
        else:
            rest = _item(spec, rest)
    if spec.cdrom:
        spec.writable = False
        if not spec.target:
            spec.format = "empty"
    spec.format = spec.format or "raw"
    if spec.vdev is None:
        raise DiskSpecError("no vdev: the guest's name for the disk, such as xvda")
    if spec.target is None and not spec.cdrom:
        raise DiskSpecError("no target: the file or device that holds the disk")
    return spec


def _item(spec: DiskSpec, rest: str) -> str:
    """Read the next item into `spec`; give what is left."""
    if rest.startswith("target="):  # eats all that follows on its line, commas too
        target, newline, left = rest.partition("\n")
        _set(spec, "target", target.removeprefix("target=").removesuffix(","))
        return newline + left
    if found := _PREFIX.match(rest):
        fmt, script, _idle = found.groups()
        if fmt:
            _set_format(spec, fmt)
        if script:
            _set(spec, "script", f"block-{script}")
        spec.prefixes.append(found[0].rstrip(":"))
        return rest[found.end() :]
    if _UNKNOWN_PREFIX.match(rest):
        raise DiskSpecError(f"{rest.partition(':')[0]}: is no prefix that xl knows")
    item, comma, left = rest.partition(",")
    key, equals, value = item.partition("=")
    if equals and (value or comma or key in _KEYS):
        _named(spec, key, value)
    elif key in _FLAGS:  # a = that is the very last character is forgotten
        spec.cdrom = spec.cdrom or key == "cdrom"
        spec.options[key] = ""
    else:
        _positional(spec, key)
    return left


def _named(spec: DiskSpec, key: str, value: str) -> None:
    if key in ("vdev", "script"):
        _set(spec, key, value)
    elif key == "format":
        _set_format(spec, value)
    elif key == "access":
        _set_access(spec, value)
    elif key == "devtype":
        _set_devtype(spec, value)
    elif key in _RARE:
        allowed = _RARE[key]
        if allowed is not None and value not in allowed:
            raise DiskSpecError(f"{key}={value}: it is one of {', '.join(allowed)}")
        if spec.options.get(key) and (allowed is None or spec.options[key] != value):
            raise DiskSpecError(f"the {key} is given twice")
        spec.options[key] = value
    else:
        raise DiskSpecError(f"{key}= is no key of a disk")


def _positional(spec: DiskSpec, item: str) -> None:
    """target, format, vdev, access, in this order; after one of xm's prefixes there is no format."""
    if spec.target is None:
        spec.target = item
    elif spec.format is None and not spec.prefixes:
        if not spec.target and ":" in item:
            _set_vdev(spec, item)
            spec.format = "empty"
        else:
            _set_format(spec, item)
    elif spec.vdev is None:
        _set_vdev(spec, item)
    elif not spec._access_given:
        spec._access_given = True
        _set_access(spec, item)
    else:
        raise DiskSpecError(f"{item!r} is one item too many")


def _set(spec: DiskSpec, what: str, value: str) -> None:
    if getattr(spec, what):
        raise DiskSpecError(f"the {what} is given twice")
    setattr(spec, what, value)


def _set_vdev(spec: DiskSpec, item: str) -> None:
    vdev, colon, devtype = item.rpartition(":")
    _set(spec, "vdev", vdev if colon else item)
    if colon:
        _set_devtype(spec, devtype)


def _set_devtype(spec: DiskSpec, text: str) -> None:
    if text not in ("cdrom", "disk"):
        raise DiskSpecError(f"{text!r} is no device type; it is cdrom or disk")
    spec.cdrom = text == "cdrom"


def _set_format(spec: DiskSpec, text: str) -> None:
    fmt = text or "raw"
    if fmt not in FORMATS:
        raise DiskSpecError(f"{text!r} is no disk format; xl knows {', '.join(FORMATS)}")
    if spec.format not in (None, fmt):
        raise DiskSpecError(f"the format is given twice, as {spec.format} and {fmt}")
    spec.format = fmt


def _set_access(spec: DiskSpec, text: str) -> None:
    if text not in _ACCESS:
        raise DiskSpecError(f"{text!r} is no access; it is r, ro, w or rw")
    spec.writable = _ACCESS[text]
