"""From the tree of devices to what a plan is made for: which device it is, and what LVM has on it."""

from __future__ import annotations

from xentui.disks.device import Device, Disks, Kind
from xentui.disks.layout import Content, PlannedGroup, PlannedVolume
from xentui.disks.target import Target, TargetError, read_target


def disk_of(disks: Disks, device: Device) -> Device | None:
    """The device whose table a plan for `device` changes: itself if it has one or could, else what it lies on."""
    if device.can_hold_table and (device.table or device.kind is not Kind.LV):
        return device
    return next((above for above in disks.above(device) if above.can_hold_table and above.kind is not Kind.LV), None)


def target_of(disks: Disks, device: Device, *, path: str = "", sector_size: int | None = None) -> Target:
    """Look at `device` anew, for a plan. Raises TargetError.

    `path` is what the user calls it, where that is another name of the same; `sector_size` an image's, in bytes.
    """
    path = path or device.path
    if device.kind is Kind.IMAGE and device.format not in (None, "raw"):
        raise TargetError(f"{path}: a {device.format} image; make it raw first (qemu-img convert -O raw)")
    # One that has shrunk to nothing is not there any more, and reading it says so.
    if device.size and not device.can_hold_table:
        raise TargetError(f"{path}: a {device.kind} holds no partition table; choose the disk it lies on")
    groups = groups_of(disks, device)
    return read_target(path, sector_size=sector_size, serial=device.serial, model=device.model, groups=groups)


def groups_of(disks: Disks, device: Device) -> tuple[PlannedGroup, ...]:
    """The volume groups that lie on partitions of `device`, as they are."""
    numbers: dict[str, list[int]] = {}
    for path in device.children:
        part = disks.find(path)
        if part is None or part.partition is None:
            continue
        for above in part.children:
            group = disks.find(above)
            if group is not None and group.kind is Kind.VG:
                numbers.setdefault(group.path, []).append(part.partition.number)
    return tuple(_group(disks, path, tuple(found)) for path, found in numbers.items())


def _group(disks: Disks, path: str, numbers: tuple[int, ...]) -> PlannedGroup:
    device = disks.find(path)
    assert device is not None and device.group is not None  # noqa: S101
    group = device.group
    volumes = [found for child in device.children if (found := disks.find(child)) is not None]
    return PlannedGroup(
        group.name,
        group.extent,
        group.extents,
        group.free_extents,
        tuple(_volume(volume) for volume in volumes if volume.volume is not None),
        numbers,
        present=True,
    )


def _volume(device: Device) -> PlannedVolume:
    content = Content(device.fstype, device.label, device.uuid) if device.fstype else None
    origin = device.volume.origin if device.volume is not None else None
    return PlannedVolume(device.name, device.size, content, origin, present=True)
