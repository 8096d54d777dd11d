"""What the bar over the tree shows for the device under the cursor."""

from __future__ import annotations

from xentui.disks.device import Conflict, Device, Disks, Kind
from xentui.disks.listing import Row, short_size
from xentui.disks.tree import is_extended
from xentui.screens.widgets.disk_bar import BarPart, kind_of


def whole_of(disks: Disks, row: Row) -> Device:
    """What is drawn: the disk, image or volume group that the row is or lies in."""
    device = row.device
    while device.kind not in (Kind.DISK, Kind.IMAGE, Kind.VG, Kind.LOOP, Kind.MD, Kind.MPATH, Kind.ROM):
        if device.table or (row.free is not None and row.device is device):
            return device
        above = next((found for path in device.parents if (found := disks.find(path)) is not None), None)
        if above is None:
            return device
        device = above
    # What is inside an image that is set up as a loop device is seen there.
    loops = [found for path in device.children if (found := disks.find(path)) is not None and found.kind is Kind.LOOP]
    return loops[0] if device.kind is Kind.IMAGE and loops else device


def parts_of(disks: Disks, whole: Device, row: Row) -> list[BarPart]:
    """The parts of `whole` in their order; `row` says which of them is under the cursor."""
    inner = [child for path in whole.children if (child := disks.find(path)) is not None]
    if whole.kind is Kind.VG:
        parts = [_part(child, disks, row) for child in inner]
        parts += [BarPart("free", area.size, "free", _is_free(row, whole, area.start)) for area in whole.free]
        return parts
    places = [child for child in inner if child.partition is not None and child.partition.start]
    if not places:
        return [BarPart(_words(whole), whole.size, kind_of(whole.fstype), row.device is whole and row.free is None)]
    placed: list[tuple[int, BarPart]] = []
    for child in places:
        if child.partition is not None and not is_extended(child):
            placed.append((child.partition.start, _part(child, disks, row)))
    for area in whole.free:
        placed.append((area.start, BarPart("free", area.size, "free", _is_free(row, whole, area.start))))
    return [part for _, part in sorted(placed, key=lambda pair: pair[0])]


def caption_of(whole: Device) -> str:
    """What is drawn, in a line: name, size, model and the like."""
    words = [whole.name or whole.path, short_size(whole.size)]
    words += [word for word in (whole.model, whole.serial and f"serial {whole.serial}", whole.transport) if word]
    if whole.table:
        words.append(f"{whole.table} table")
    if whole.group is not None:
        words.append("volume group")
    if whole.read_only:
        words.append("read-only")
    if whole.removable:
        words.append("removable")
    return "  ".join(words)


def _is_free(row: Row, whole: Device, start: int) -> bool:
    return row.free is not None and row.device.path == whole.path and row.free.start == start


def _part(child: Device, disks: Disks, row: Row) -> BarPart:
    under = row.free is None and (row.device.path == child.path or _lies_on(row.device, child, disks))
    number = str(child.partition.number) if child.partition is not None else child.name
    words = " ".join(word for word in (number, child.label or child.fstype or "") if word)
    return BarPart(words, child.size, kind_of(child.fstype), under)


def _lies_on(device: Device, other: Device, disks: Disks) -> bool:
    return any(found.path == device.path for found in disks.below(other))


def _words(whole: Device) -> str:
    return " ".join(word for word in (whole.fstype or "no partition table", whole.label) if word)


def uses_sentence(disks: Disks, row: Row) -> tuple[str, str]:
    """Whether the device under the cursor is in use, and its role in the theme."""
    if row.free is not None:
        return f"{short_size(row.size)} that nothing takes.", "dim"
    conflicts = [about_use(conflict, row.device) for conflict in disks.conflicts(row.device)]
    if conflicts:
        more = f" (and {len(conflicts) - 1} more: Enter)" if len(conflicts) > 1 else ""
        return f"In use: {conflicts[0]}{more}", "dying"
    remarks = [about_use(remark, row.device) for remark in disks.remarks(row.device)]
    if remarks:
        return f"Not in use. But: {remarks[0]}", "paused"
    return "Not in use.", "running"


def about_use(conflict: Conflict, device: Device) -> str:
    """The use, and the name of what is used unless it is the device under the cursor."""
    name = conflict.device.name or conflict.device.path
    return conflict.use.sentence if conflict.device == device else f"{name} is {conflict.use.sentence}"
