"""A place where the Live CD keeps what changes: live-boot's persistence, on a partition with a label of its own.

persistence.conf(5). The boot menu asks for this label only: a partition that another live system calls
"persistence" may bring files of that system over ours. `FOLDERS` are copied there at the next start, and from then
on they are those of the partition.
"""

from __future__ import annotations

from collections.abc import Callable

from xentui.disks.device import Disks, Kind
from xentui.disks.kernel import partition_path
from xentui.disks.operations import Add, Format, Label, Operation
from xentui.disks.target_of import disk_of
from xentui.guests.errors import GuestError
from xentui.guests.files import write_file
from xentui.host import Host
from xentui.livecd.install import carry, find_disk, plan_target
from xentui.livecd.iso import KEEP_LABEL
from xentui.livecd.running import LiveError, mounts

#: /root has the walkthroughs' progress, settings and recordings: xentui runs as root.
FOLDERS = ("/home", "/root", "/etc/xen")
_CONF = "".join(f"{folder}\n" for folder in FOLDERS)


def keep(host: Host, device: str, confirm: str, read_disks: Callable[[], Disks], say: Callable[[str], None]) -> None:
    """Make a partition, or all of a disk, the place. What it holds is lost. Raises LiveError.

    `confirm` must be the name of the partition or disk.
    """
    disks = read_disks()
    found = find_disk(disks, device)
    name = found.path.rpartition("/")[2]
    if confirm not in (name, found.path):
        raise LiveError(f"To confirm, give the device's name, {name}; {confirm!r} is another. Nothing was written.")
    operations: tuple[Operation, ...]
    if found.kind is Kind.PART and found.partition is not None:
        disk, path = disk_of(disks, found), found.path
        operations = (Format(found.partition.number, "ext4", KEEP_LABEL),)
    elif found.can_hold_table:
        disk, path = found, ""
        operations = (Label("gpt"), Add(name=KEEP_LABEL, format="ext4", fs_label=KEEP_LABEL))
    else:
        disk = None
    if disk is None:
        raise LiveError(f"{found.path}: a {found.kind} cannot be it; give a disk or a partition")
    target = plan_target(disks, disk)
    carry(host, target, operations, target.name, read_disks)
    path = path or partition_path(target.path, 1)
    with mounts(host) as mounted:
        folder = mounted.make("keep")
        mounted.mount(path, folder)
        try:
            write_file(host, str(folder / "persistence.conf"), _CONF)
        except GuestError as error:
            raise LiveError(f"{path} is formatted, and keeps nothing yet: {error}") from error
    say(f"From the next start of the Live CD on, {path} keeps {', '.join(FOLDERS)}.")
