"""LVM volumes that xentui makes: known by their tag, and removed by it only. lvs(8), lvremove(8)"""

from __future__ import annotations

from pathlib import PurePosixPath

from xentui.guests.errors import GuestError
from xentui.host import Host
from xentui.subprocesses import CommandError, ProgramMissingError

#: What LVM knows our volumes by. A volume without it is never removed.
TAG = "xentui"
#: What LVM says of a volume, or a group, that is not there.
_GONE = ("Failed to find logical volume", "not found")
_DEADLINE = 60.0


def volume_of(host: Host, device: str) -> tuple[str, str]:
    """The volume group and the volume of a device. Raises GuestError for one that LVM does not know."""
    argv = ["lvs", "--noheadings", "-o", "vg_name,lv_name", device]
    try:
        words = host.run(argv, deadline=_DEADLINE, check=False, record=False).stdout.split()
    except CommandError as error:
        raise GuestError(f"{device}: {error.headline}", error.details) from error
    if len(words) != 2:
        raise GuestError(f"{device}: is no LVM volume; only files and volumes can be copied, or snapshots made of.")
    return words[0], words[1]


def told_of(host: Host, vg: str, lv: str, fields: str) -> list[str]:
    """What LVM says of a volume, sizes in bytes: a word for each of the fields that is not empty; none where it says
    nothing."""
    argv = ["lvs", "--noheadings", "--nosuffix", "--units", "b", "-o", fields, f"{vg}/{lv}"]
    said = host.run(argv, deadline=_DEADLINE, check=False, record=False)
    return said.stdout.split() if said.ok else []


def is_there(host: Host, device: str) -> bool:
    """Whether LVM has a volume by ``/dev/GROUP/VOLUME``: one that is not active has no device. Raises GuestError."""
    vg, lv = PurePosixPath(device).parts[-2:]
    try:
        return told_of(host, vg, lv, "lv_name") == [lv]
    except ProgramMissingError:
        return False
    except CommandError as error:
        raise GuestError(f"{device}: {error.headline}", error.details) from error


def remove_volume(host: Host, device: str) -> None:
    """Remove a volume that xentui made, by ``/dev/GROUP/VOLUME``; one that is gone is no fault. Raises GuestError."""
    vg, lv = PurePosixPath(device).parts[-2:]
    try:
        argv = ["lvs", "--noheadings", "-o", "lv_tags", f"{vg}/{lv}"]
        found = host.run(argv, deadline=_DEADLINE, check=False, record=False)
        if not found.ok:
            if any(words in found.stderr for words in _GONE):
                return
            raise GuestError(f"{device}: LVM does not say whether it is there: {found.stderr.strip()}")
        if TAG not in found.stdout.strip().split(","):
            raise GuestError(f"{device}: has not the LVM tag {TAG}, so xentui did not make it; it was left alone.")
        host.run(["lvremove", "--yes", f"{vg}/{lv}"], deadline=_DEADLINE)
    except CommandError as error:
        raise GuestError(f"{device}: {error.headline}", error.details) from error
