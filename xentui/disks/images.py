"""Disk images: files that hold a disk, and the files below them. qcow2: QEMU's docs/interop/qcow2.txt"""

from __future__ import annotations

import contextlib
import os
import posixpath
import struct
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from xentui.disks.device import Device, Kind
from xentui.disks.direct import Content, read_content
from xentui.disks.files import Place, look_up
from xentui.disks.tree import Tree
from xentui.host import Host, HostError

_QCOW = struct.Struct(">4sIQIIQ")  # magic, version, offset and length of the backing file's name, cluster bits, size
_MAGIC = b"QFI\xfb"
_HEADER = 64 << 10
_LONGEST_NAME = 1023
#: Images below images that are followed.
_DEPTH = 16


@dataclass(frozen=True, slots=True)
class Image:
    """A file that holds a disk. `size` is the disk's in bytes, `below` the path of its backing file."""

    place: Place
    format: str
    size: int
    below: str | None = None
    content: Content = field(default_factory=Content)


@dataclass(slots=True)
class Found:
    """What stands behind each path that was asked for, and the images among them by identity."""

    places: dict[str, Place] = field(default_factory=dict)
    images: dict[tuple[str, int], Image] = field(default_factory=dict)


def find_images(host: Host, wanted: Iterable[tuple[str, str | None]], behind_loops: Collection[str] = ()) -> Found:
    """Look up pairs of a path and its format, None where that is to be seen from the file. Blocks.

    What lies in those `behind_loops` is seen through the loop device.
    """
    found = Found()
    looped = look_up(host, behind_loops)
    skip = {place.identity for place in looped.values()}
    queue = {**dict.fromkeys(behind_loops, "raw"), **dict(wanted)}
    for _ in range(_DEPTH):
        places = look_up(host, queue)
        found.places.update(places)
        further: dict[str, str | None] = {}
        for path, place in places.items():
            if place.is_block or place.identity in found.images:
                continue
            form = queue[path]
            # On a remote host each look would be a call.
            seen_through = form == "raw" and (host.is_remote or place.identity in skip)
            image = Image(place, "raw", place.size) if seen_through else _read(host, path, place, form)
            found.images[place.identity] = image
            if image.below is not None and image.below not in found.places:
                further[image.below] = None
        if not further:
            break
        queue = further
    return found


def _read(host: Host, path: str, place: Place, form: str | None) -> Image:
    if form != "raw":  # a raw image's own bytes are the guest's: they must not be taken for a header
        with contextlib.suppress(HostError, OSError):
            start = host.read(path, _HEADER)
            if start.startswith(_MAGIC) and len(start) >= _QCOW.size:
                return _read_qcow2(place, start)
    content = Content()
    if not host.is_remote and form in ("raw", None):
        with contextlib.suppress(OSError):
            content = read_content(place.path, place.size, inside=True)
    return Image(place, form or "raw", place.size, content=content)


def _read_qcow2(place: Place, start: bytes) -> Image:
    _magic, _version, offset, length, _bits, size = _QCOW.unpack_from(start)
    below = None
    if offset and 0 < length <= _LONGEST_NAME and offset + length <= len(start):
        name = os.fsdecode(start[offset : offset + length]).removeprefix("file:")
        # A name with a protocol (nbd://..., json:...) is no file of this host.
        if ":" not in name.partition("/")[0]:
            below = posixpath.join(posixpath.dirname(place.path), name)
    return Image(place, "qcow2", size, below)


def add_images(tree: Tree, found: Found) -> None:
    """Put the images into the tree."""
    asked: dict[tuple[str, int], list[str]] = {}
    for path, place in found.places.items():
        asked.setdefault(place.identity, []).append(path)
    for identity, image in found.images.items():
        path = image.place.path
        aliases = tuple(alias for alias in asked.get(identity, ()) if alias != path)
        name = posixpath.basename(path)
        tree.add(Device(path, Kind.IMAGE, image.size, name, format=image.format, aliases=aliases))
