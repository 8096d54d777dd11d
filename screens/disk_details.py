"""All that is known of one device: what it is, what lies on it, every use of it, of its parts, of its whole."""

from __future__ import annotations

from collections.abc import Iterator

from xentui.disks.device import Device, Disks
from xentui.disks.listing import Row, short_size, type_of
from xentui.screens.drawing import Line, wrap
from xentui.screens.page import Page
from xentui.screens.widgets.text_view import TextView

_NAMES = 20


class DiskDetailsScreen(Page):
    """What was read of the device; going back reads all anew."""

    def __init__(self, disks: Disks, device: Device) -> None:
        super().__init__()
        self.disks, self.device = disks, device
        self.heading = device.path

    def snapshot_changed(self) -> None:
        view = self.query_one(TextView)
        if view.size.width:
            view.show(list(_lines(self.disks, self.device, view.size.width)))


def _lines(disks: Disks, device: Device, width: int) -> Iterator[Line]:
    for name, value in _facts(device):
        first, *more = wrap(value, max(10, width - _NAMES - 1))
        yield ((f" {name:<{_NAMES}}", "dim"), (first, "text"))
        for line in more:
            yield ((" " * (_NAMES + 1), "dim"), (line, "text"))
    conflicts, remarks = disks.conflicts(device), disks.remarks(device)
    yield ()
    if conflicts:
        yield ((" In use: nothing may be written to it", "strong"),)
    for conflict in conflicts:
        yield from (((f" {line}", "dying"),) for line in wrap(f"- {conflict.sentence}", width - 2))
    if not conflicts:
        yield ((" Not in use", "running"),)
    if remarks:
        yield from ((), ((" Worth to know before it is changed", "strong"),))
    for remark in remarks:
        yield from (((f" {line}", "paused"),) for line in wrap(f"- {remark.sentence}", width - 2))
    others = [use for use in disks.uses(device) if use.sentence not in {c.use.sentence for c in (*conflicts, *remarks)}]
    for use in others:
        yield from (((f" {line}", "dim"),) for line in wrap(f"- {use.sentence}", width - 2))


def _facts(device: Device) -> Iterator[tuple[str, str]]:
    """Names and values, those that are known."""
    for name, value in _all_facts(device):
        if value:
            yield name, value


def _all_facts(device: Device) -> Iterator[tuple[str, str | None]]:
    part, volume, group = device.partition, device.volume, device.group
    yield "path", device.path
    yield "also called", ", ".join(alias for alias in device.aliases if alias != device.path)
    yield "kind", type_of(Row(device))
    yield "size", f"{short_size(device.size)}  ({device.size:,} bytes)"
    yield "sectors", f"{device.logical_sector} bytes, physically {device.physical_sector}" if not group else None
    yield "model", device.model
    yield "serial", device.serial
    yield "transport", device.transport
    yield "kernel's number", device.number
    yield "read-only", "yes" if device.read_only else None
    yield "removable", "yes" if device.removable else None
    yield "partition table", device.table
    yield "file system", device.fstype
    yield "label", device.label
    yield "last mounted on", device.last_mounted
    yield "UUID", device.uuid
    if part is not None:
        yield "partition", f"number {part.number}, begins at {short_size(part.start)} ({part.start:,} bytes)"
        yield "partition type", " ".join(word for word in (part.type_name, part.type) if word)
        yield "partition name", part.name
        yield "partition UUID", part.uuid
        yield "partition flags", part.flags
    if volume is not None:
        yield "volume group", volume.vg
        yield "LVM segments", volume.segment
        yield "snapshot of", volume.origin
        yield "thin pool", volume.pool
        yield "active", "yes" if volume.active else "no"
        yield "filled", f"{volume.data_percent:g} %" if volume.data_percent is not None else None
    if group is not None:
        yield "extents", f"{group.extents} of {short_size(group.extent)}, {group.free_extents} free"
        yield "missing PVs", str(group.missing) if group.missing else None
    yield "image format", device.format
    yield "backing file", device.backing_file
    yield "lies on", ", ".join(device.parents)
    yield "carries", ", ".join(device.children)
    yield "free", ", ".join(f"{short_size(area.size)} at {short_size(area.start)}" for area in device.free)
