"""What lies within devices and images that neither the kernel nor udev has looked into.

The kernel scans no volume for partitions, and nothing scans a file; where udev does not run, in a rescue
shell say, lsblk knows no contents at all.
"""

from __future__ import annotations

import contextlib

from xentui.disks.device import Kind
from xentui.disks.direct import Content, read_content, within
from xentui.disks.tree import Tree, add_table, partition_of

#: Seconds for all of them.
DEADLINE = 10.0


def look_inside(tree: Tree) -> None:
    """Read what is not known of this machine's devices. Raises TimeoutError when one of them does not answer."""
    nothing_known = not any(device.fstype or device.table for device in tree.devices.values())
    wanted = [
        device
        for device in tree.devices.values()
        if device.number and device.kind not in (Kind.VG, Kind.ROM)
        if nothing_known or (device.table and not _has_partitions(tree, device.path))
    ]

    def look() -> dict[str, Content]:
        contents = {}
        for device in wanted:
            with contextlib.suppress(OSError):
                contents[device.path] = read_content(device.path, device.size, device.logical_sector, inside=True)
        return contents

    for path, content in within(DEADLINE, look).items():
        add_content(tree, path, content)


def add_content(tree: Tree, path: str, content: Content) -> None:
    """Note what was found in a device or an image."""
    table, signature = content.table, content.signature
    if signature is not None:
        tree.change(path, fstype=signature.fstype, label=signature.label, uuid=signature.uuid)
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
            tree.change(f"{path}#{number}", fstype=inner.fstype, label=inner.label, uuid=inner.uuid)


def _has_partitions(tree: Tree, path: str) -> bool:
    return any(child.kind is Kind.PART for child in tree.children(path))
