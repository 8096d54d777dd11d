"""Disk images of other programs: what is in a file, and copying one into another form by qemu-img(1)."""

from __future__ import annotations

import json
from dataclasses import dataclass

from xentui.guests.errors import GuestError
from xentui.guests.site import Site
from xentui.subprocesses import CommandError

#: qemu-img's names of the formats that are taken.
FORMATS = ("raw", "qcow2", "vmdk", "vhdx", "vpc", "qcow", "qed", "vdi")


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """An image: its format, in qemu-img's words, and how large the disk in it is, in bytes."""

    format: str
    size: int


def image_info(site: Site, path: str) -> ImageInfo:
    """What is in an image. Raises GuestError; also for one that draws on another file, which it could name at will."""
    site.check_file(path, "the image")
    if site.host.is_demo:
        return ImageInfo("raw", site.host.path(path).stat().st_size)
    site.check_tools("qemu-img")
    try:
        argv = ["qemu-img", "info", "--force-share", "--output=json", str(site.host.path(path))]
        values = json.loads(site.host.run(argv, deadline=60, record=False).stdout)
        info = ImageInfo(str(values["format"]), int(values["virtual-size"]))
    except CommandError as error:
        raise GuestError(f"{path}: {error.headline}", error.details) from error
    except (ValueError, KeyError, TypeError) as error:
        raise GuestError(f"{path}: what qemu-img says of it cannot be read: {error}") from error
    extra = (values.get("format-specific") or {}).get("data") or {}
    behind = values.get("backing-filename") or extra.get("data-file")
    if behind:
        raise GuestError(
            f"{path}: is only a part, the rest is in {behind}. If you trust it, make it whole first:"
            f" qemu-img convert -O qcow2 {path} WHOLE.qcow2"
        )
    if info.format not in FORMATS:
        raise GuestError(f"{path}: is of format {info.format}; these are taken: {', '.join(FORMATS)}.")
    return info
