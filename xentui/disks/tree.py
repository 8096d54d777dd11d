"""Making the tree of devices from what lsblk and LVM say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from xentui.disks.device import Device, FreeArea, Kind, Partition
from xentui.disks.free import gaps
from xentui.disks.lvm import LogicalVolume, VolumeGroup, mapper_path
from xentui.disks.partition_types import TYPE_NAMES
from xentui.disks.table import Slot, Table

Json = dict[str, Any]

_KINDS = {
    "disk": Kind.DISK,
    "part": Kind.PART,
    "lvm": Kind.LV,
    "crypt": Kind.CRYPT,
    "mpath": Kind.MPATH,
    "loop": Kind.LOOP,
    "rom": Kind.ROM,
}
_NUMBER_AT_END = re.compile(r"(\d+)$")
_DIGITS = re.compile(r"(\d+)")
#: blkid's words for tables that have another name here, as parted has.
_TABLES = {"dos": "msdos"}
#: The kernel's unit for where a partition starts, whatever the disk's sectors are.
_KERNEL_SECTOR = 512
_EXTENDED = ("0x5", "0xf", "0x85")


class Tree:
    """Devices by path, and which lies on which, while the tree is being made."""

    def __init__(self) -> None:
        self.devices: dict[str, Device] = {}
        self._below: dict[str, dict[str, None]] = {}  # parents: their children, in the order found
        self._by_name: dict[str, str] = {}  # kernel names, numbers, aliases: path
        #: What active volumes lie on that LVM's report does not show.
        self.below_hidden: set[str] = set()

    def add(self, device: Device) -> None:
        """Put it in, or in place of the one with its path."""
        self.devices[device.path] = device
        for name in (device.path, device.number, device.kernel_name, *device.aliases):
            if name:
                self._by_name[name] = device.path

    def link(self, parent: str, child: str) -> None:
        """`child` lies on `parent`."""
        self._below.setdefault(parent, {})[child] = None

    def find(self, name: str) -> Device | None:
        """The device with this path, alias, kernel name or number."""
        path = self._by_name.get(name)
        return self.devices.get(path) if path is not None else None

    def change(self, path: str, **values: Any) -> None:
        """Give a device other values."""
        self.add(replace(self.devices[path], **values))

    def children(self, path: str) -> list[Device]:
        """What lies on it directly."""
        return [self.devices[child] for child in self._below.get(path, ()) if child in self.devices]

    def edges(self) -> Iterator[tuple[Device, Device]]:
        """Each pair of a device and one that lies on it."""
        for path in self._below:
            if path in self.devices:
                for child in self.children(path):
                    yield self.devices[path], child

    def finished(self) -> tuple[Device, ...]:
        """All of them, each under the first of those it lies on, by name and by place on the disk."""
        above: dict[str, list[str]] = {path: [] for path in self.devices}
        below: dict[str, list[str]] = {path: [] for path in self.devices}
        for parent, child in self.edges():
            above[child.path].append(parent.path)
            below[parent.path].append(child.path)
        order: dict[str, Device] = {}

        def put(path: str) -> None:
            if path in order:
                return
            children = sorted(below[path], key=lambda child: _place(self.devices[child]))
            order[path] = replace(self.devices[path], parents=tuple(above[path]), children=tuple(children))
            for child in children:
                put(child)

        roots = [device for path, device in self.devices.items() if not above[path]]
        for root in sorted(roots, key=_place):
            put(root.path)
        return tuple(order.values())


_ORDER = (Kind.DISK, Kind.MPATH, Kind.MD, Kind.VG, Kind.CRYPT, Kind.DM, Kind.LV, Kind.PART, Kind.LOOP, Kind.IMAGE)


def _place(device: Device) -> tuple[object, ...]:
    rank = _ORDER.index(device.kind) if device.kind in _ORDER else len(_ORDER)
    start = device.partition.start if device.partition is not None else 0
    return rank, start, natural(device.name)


def natural(name: str) -> list[tuple[int, str]]:
    """A key that sorts sda2 before sda10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in _DIGITS.split(name) if part]


def add_lsblk(tree: Tree, nodes: Sequence[Json], groups: Sequence[VolumeGroup] | None) -> None:
    """lsblk's nodes. `groups` are LVM's, None where it could not be asked: then its volumes are as lsblk has them."""
    volumes: dict[str, LogicalVolume] = {}
    for group in groups or ():
        for lv in group.volumes:
            volumes[lv.dm_path] = lv
            if lv.number is not None:
                volumes[lv.number] = lv

    def put(node: Json, parent: str | None) -> None:
        kind = _kind(node)
        path = str(node.get("path") or f"/dev/{node['name']}")
        if kind is Kind.LV and groups is not None:
            lv = volumes.get(str(node.get("maj:min"))) or volumes.get(path)
            # Without one it is a part of a volume that LVM keeps to itself: a pool's data, a mirror's leg.
            path = lv.path if lv is not None else ""
            if lv is None and parent is not None:
                tree.below_hidden.add(parent)
            parent = None
            if lv is not None and path not in tree.devices:
                tree.add(_volume(lv, node))
        elif _int(node.get("size")) > 0 or kind is Kind.ROM:
            if path not in tree.devices:
                tree.add(_device(node, kind, path))
        else:
            path = ""
        if path and parent:
            tree.link(parent, path)
        for child in node.get("children") or ():
            put(child, path or None)

    for node in nodes:
        put(node, None)
    for group in groups or ():
        _add_group(tree, group)


def _kind(node: Json) -> Kind:
    kind = str(node.get("type") or "disk")
    if kind in _KINDS:
        return _KINDS[kind]
    if kind.startswith(("raid", "md", "linear")) or str(node.get("kname", "")).startswith("md"):
        return Kind.MD
    return Kind.DM if str(node.get("kname", "")).startswith("dm-") else Kind.DISK


def _device(node: Json, kind: Kind, path: str) -> Device:
    name = str(node.get("name") or "")
    kernel = str(node.get("kname") or name)
    return Device(
        path=path,
        kind=kind,
        size=_int(node.get("size")),
        name=name,
        kernel_name=kernel,
        number=_text(node, "maj:min"),
        logical_sector=_int(node.get("log-sec")) or 512,
        physical_sector=_int(node.get("phy-sec")) or 512,
        model=_text(node, "model"),
        serial=_text(node, "serial"),
        transport=_text(node, "tran"),
        table=_TABLES.get(str(node.get("pttype")), _text(node, "pttype")) if kind is not Kind.PART else None,
        fstype=_text(node, "fstype"),
        label=_text(node, "label"),
        uuid=_text(node, "uuid"),
        read_only=_true(node.get("ro")),
        removable=_true(node.get("rm")),
        partition=_partition(node) if kind is Kind.PART else None,
        aliases=tuple(alias for alias in (f"/dev/{kernel}",) if alias != path),
    )


def _partition(node: Json) -> Partition:
    found = _NUMBER_AT_END.search(str(node.get("name") or node.get("kname") or ""))
    return Partition(
        number=_int(node.get("partn")) or (int(found[1]) if found else 0),
        start=_int(node.get("start")) * _KERNEL_SECTOR,
        type=(_text(node, "parttype") or "").lower() or None,
        type_name=_text(node, "parttypename"),
        name=_text(node, "partlabel"),
        uuid=_text(node, "partuuid"),
        flags=_text(node, "partflags"),
    )


def _volume(lv: LogicalVolume, node: Json | None = None) -> Device:
    base = _device(node, Kind.LV, lv.path) if node is not None else Device(lv.path, Kind.LV, lv.size)
    aliases = dict.fromkeys((lv.dm_path, mapper_path(lv.volume.vg, lv.volume.name), *base.aliases))
    return replace(base, name=lv.volume.name, size=lv.size or base.size, volume=lv.volume, aliases=tuple(aliases))


def _add_group(tree: Tree, found: VolumeGroup) -> None:
    path = f"/dev/{found.group.name}"
    free = (FreeArea(0, found.free),) if found.free else ()
    tree.add(Device(path, Kind.VG, found.size, found.group.name, uuid=found.uuid, group=found.group, free=free))
    for name in found.physical:
        physical = tree.find(name)
        if physical is not None:
            tree.link(physical.path, path)
    for lv in found.volumes:
        if lv.path not in tree.devices:  # not active
            tree.add(_volume(lv))
        tree.link(path, lv.path)


def add_table(tree: Tree, path: str, table: Table) -> None:
    """The partitions of a table that the kernel does not know; they have no device node of their own."""
    tree.change(path, table=table.label, uuid=tree.devices[path].uuid or table.disk_id or None)
    for slot in table.slots:
        child = f"{path}#{slot.number}"
        size = slot.sectors * table.sector_size
        tree.add(Device(child, Kind.PART, size, f"#{slot.number}", partition=partition_of(slot, table)))
        tree.link(path, child)


def partition_of(slot: Slot, table: Table) -> Partition:
    """A table's entry in lsblk's words."""
    kind = f"{int(slot.type, 16):#x}" if slot.type.startswith("0x") else slot.type
    flags = f"{slot.attributes:#x}" if slot.attributes else None
    start = slot.start * table.sector_size
    return Partition(slot.number, start, kind, TYPE_NAMES.get(kind), slot.name or None, slot.uuid or None, flags)


def set_free(tree: Tree, path: str, extended: Mapping[int, int]) -> None:
    """Work out the free areas of a device whose partitions are all known. `extended` are the true sizes of
    extended partitions in bytes, by number: the kernel says that they have 1 KiB."""
    for child in tree.children(path):
        if child.partition is not None and child.partition.number in extended:
            tree.change(child.path, size=extended[child.partition.number])
    device = tree.devices[path]
    sector = device.logical_sector
    parts = [child for child in tree.children(path) if child.partition is not None]
    first, end = sector, device.size
    if device.table == "gpt":  # the headers, and the 16 KiB of entries each of them has at least
        entries = -(-(16 << 10) // sector)
        first, end = (2 + entries) * sector, device.size - (1 + entries) * sector
    logical = [part for part in parts if device.table == "msdos" and _number(part) > 4]
    free = list(gaps(first, end, _places(part for part in parts if part not in logical)))
    for frame in parts:
        if is_extended(frame) and frame.partition is not None:
            start = frame.partition.start
            free += gaps(start, start + frame.size, _places(logical), lead=sector)
    tree.change(path, free=tuple(sorted(free, key=lambda area: area.start)))


def is_extended(device: Device) -> bool:
    """Whether it is the frame around msdos' logical partitions."""
    return device.partition is not None and device.partition.type in _EXTENDED


def _places(parts: Iterable[Device]) -> list[tuple[int, int]]:
    return [(part.partition.start, part.size) for part in parts if part.partition is not None]


def _number(part: Device) -> int:
    return part.partition.number if part.partition is not None else 0


def _text(node: Json, key: str) -> str | None:
    value = node.get(key)
    return str(value).strip() or None if value is not None else None


def _int(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        return 0


def _true(value: object) -> bool:
    return value in (True, 1, "1")
