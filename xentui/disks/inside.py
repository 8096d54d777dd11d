"""What lies within devices and images that neither the kernel nor udev has looked into.

The kernel scans no volume for partitions, and nothing scans a file; where udev does not run, in a rescue
shell say, lsblk knows no contents at all.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

from xentui.disks.device import Device, Kind
from xentui.disks.direct import Content, read_content, read_idle_file_system, within
from xentui.disks.signatures import Signature
from xentui.disks.tree import Tree, add_table, is_extended, partition_of, set_free
from xentui.host import Host, HostError
from xentui.subprocesses import CommandError

#: Seconds for all of them.
DEADLINE = 10.0
#: They remember where they were mounted, which no tool that lists disks tells.
_EXT = ("ext4", "ext3", "ext2")


def look_inside(tree: Tree) -> dict[str, Content]:
    """Read what is not known of this machine's devices. Raises TimeoutError when one of them does not answer."""
    nothing_known = not any(device.fstype or device.table for device in tree.devices.values())
    wanted = [
        device
        for device in tree.devices.values()
        if device.number and device.kind not in (Kind.VG, Kind.ROM) and not _is_floppy(device)
        if nothing_known or (device.table and not _has_partitions(tree, device.path)) or device.fstype in _EXT
    ]

    def look(devices: list[Device]) -> list[tuple[str, Content]]:
        found = []
        for device in devices:
            with contextlib.suppress(OSError):
                if device.fstype in _EXT:
                    signature = read_idle_file_system(device.path)
                    if signature is None or signature.fstype != device.fstype:
                        continue  # libblkid knows better
                    content = Content(signature=signature)
                else:
                    content = read_content(device.path, device.size, device.logical_sector, inside=True)
                found.append((device.path, content))
        return found

    def look_at_all() -> list[tuple[str, Content]]:
        # Each mostly waits for its disk: threads for more than those would only wait for one another.
        with ThreadPoolExecutor(max_workers=4, thread_name_prefix="disks-inside") as pool:
            return list(chain.from_iterable(pool.map(look, _by_disk(tree, wanted))))

    return dict(within(DEADLINE, look_at_all)) if wanted else {}


def _by_disk(tree: Tree, devices: list[Device]) -> list[list[Device]]:
    """Those that lie on one disk together; where the files behind loop devices lie is not known yet."""
    above = {child.path: parent.path for parent, child in tree.edges()}
    found: dict[str, list[Device]] = {}
    for device in devices:
        lowest, seen = device.path, set[str]()
        while lowest in above and lowest not in seen:
            seen.add(lowest)
            lowest = above[lowest]
        found.setdefault("" if tree.devices[lowest].kind is Kind.LOOP else lowest, []).append(device)
    return list(found.values())


def add_content(tree: Tree, path: str, content: Content) -> None:
    """Note what was found in a device or an image."""
    table, signature = content.table, content.signature
    if signature is not None:
        tree.change(path, **_of(signature))
    elif table is not None and tree.devices[path].kind is Kind.PART:
        return  # an extended partition begins like a table
    elif table is not None and _has_partitions(tree, path):
        tree.change(path, table=table.label, uuid=table.disk_id or None)
        for child in tree.children(path):
            slot = table.slot(child.partition.number) if child.partition is not None else None
            if slot is not None:
                tree.change(child.path, partition=partition_of(slot, table))
    elif table is not None:
        add_table(tree, path, table)
        for number, inner in content.inside:
            tree.change(f"{path}#{number}", **_of(inner))


def _of(found: Signature) -> dict[str, str | None]:
    return {"fstype": found.fstype, "label": found.label, "uuid": found.uuid, "last_mounted": found.mounted}


def add_free(tree: Tree, host: Host, read: Collection[str]) -> None:
    """Note the free areas of all whose partitions are known: the kernel's own, or those in `read`."""
    for path, device in list(tree.devices.items()):
        if device.table not in ("gpt", "msdos"):
            continue
        # The kernel looks for partitions on disks; of others it knows them only when it was told.
        if device.kind is not Kind.DISK and path not in read and not _has_partitions(tree, path):
            continue
        frames = [child for child in tree.children(path) if is_extended(child) and child.number is not None]
        extended = _extended(device, host) if frames else {}
        if len(extended) >= len(frames):
            set_free(tree, path, extended)


def _extended(device: Device, host: Host) -> dict[int, int]:
    """The sizes of extended partitions as their table has them, in bytes."""
    try:
        argv = ["sfdisk", "-J", device.path]
        table = json.loads(host.run(argv, deadline=DEADLINE, record=False).stdout)["partitiontable"]
        sector = int(table.get("sectorsize") or device.logical_sector)
        return {
            int(re.sub(r"^.*\D", "", part["node"])): part["size"] * sector
            for part in table["partitions"]
            if part["type"].lower() in ("5", "f", "85")
        }
    except (CommandError, HostError, ValueError, KeyError, TypeError):
        return {}


def _is_floppy(device: Device) -> bool:
    """One without a disk in it takes its time to say so."""
    return re.fullmatch(r"fd\d+", device.kernel_name or "") is not None


def _has_partitions(tree: Tree, path: str) -> bool:
    return any(child.kind is Kind.PART for child in tree.children(path))
