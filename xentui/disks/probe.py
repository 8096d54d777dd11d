"""Reading what disks a host has, and who uses them."""

from __future__ import annotations

from collections.abc import Iterable

from xentui.disks.device import Disks, GuestDisk
from xentui.host import Host


def probe(host: Host, guest_disks: Iterable[GuestDisk] = (), images: Iterable[str] = ()) -> Disks:
    """All block devices of `host`, the images that guests and loop devices use, and those in `images`.

    Blocks; call it in a worker. Never raises: what cannot be read is a sentence in `problems`.
    """
    raise NotImplementedError
