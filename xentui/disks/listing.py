"""The tree of devices as rows: for `xentui disks list`, for the screen, and as JSON for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from xentui.disks.device import Conflict, Device, Disks, FreeArea, Kind, Use, UseKind
from xentui.disks.tree import is_extended
from xentui.subprocesses import printable

_HEADINGS = ("NAME", "SIZE", "TYPE", "CONTENT", "LABEL", "USED BY")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the tree: a device, or a free area in it. `lasts` says for each level above it, and its own,
    whether it is the last there. `again` marks one that was shown whole under another parent before."""

    device: Device
    free: FreeArea | None = None
    lasts: tuple[bool, ...] = ()
    again: bool = False

    @property
    def size(self) -> int:
        return self.free.size if self.free is not None else self.device.size

    @property
    def key(self) -> tuple[str, int]:
        """What tells rows apart from one reading to the next."""
        return self.device.path, self.free.start if self.free is not None else -1


def rows(disks: Disks) -> list[Row]:
    """The whole tree, partitions and the space between them in the order of their places."""
    found: list[Row] = []
    shown: set[str] = set()

    def put(device: Device, lasts: tuple[bool, ...]) -> None:
        again = device.path in shown
        found.append(Row(device, lasts=lasts, again=again))
        if again:
            return
        shown.add(device.path)
        below = [child for path in device.children if (child := disks.find(path)) is not None]
        inner: list[Device | FreeArea] = [*below, *device.free]
        if device.kind is not Kind.VG:
            inner.sort(key=_start)
        for index, each in enumerate(inner):
            deeper = (*lasts, index == len(inner) - 1)
            if isinstance(each, FreeArea):
                found.append(Row(device, each, deeper))
            else:
                put(each, deeper)

    for root in disks.roots:
        put(root, ())
    return found


def _start(each: Device | FreeArea) -> int:
    if isinstance(each, FreeArea):
        return each.start
    return each.partition.start if each.partition is not None else 0


def short_size(amount: int) -> str:
    """Bytes in at most six characters, in powers of 1024 as lsblk has them: ``512B``, ``1M``, ``465.8G``."""
    value = float(amount)
    for unit in "BKMGTPE":
        if value < 1023.95 or unit == "E":
            break
        value /= 1024
    text = f"{value:.1f}".removesuffix(".0")
    return f"{text}{unit}"


def type_of(row: Row) -> str:
    """What it is, in a word or two."""
    device, volume = row.device, row.device.volume
    if row.free is not None:
        return "free"
    if volume is not None and volume.origin:
        return "snapshot"
    if volume is not None and volume.segment in ("thin", "thin-pool"):
        return volume.segment
    if device.kind is Kind.IMAGE and device.format not in (None, "raw"):
        return str(device.format)
    if is_extended(device):
        return "extended"
    return str(device.kind)


def content_of(row: Row) -> str:
    """What lies on it: a table, a file system; of a volume group how much is left; of a partition its purpose."""
    device = row.device
    if row.free is not None or row.again:
        return ""
    if device.group is not None:
        missing = f", {device.group.missing} PVs missing" if device.group.missing else ""
        return f"{short_size(device.group.free_extents * device.group.extent)} free{missing}"
    if device.table:
        return device.table
    if device.volume is not None and not device.volume.active and not device.fstype:
        return "not active"
    if device.fstype:
        return device.fstype
    if device.partition is not None and device.partition.type_name:
        return device.partition.type_name
    return ""


def label_of(row: Row) -> str:
    """The file system's label, else the partition's name, else the disk's model."""
    device = row.device
    if row.free is not None or row.again:
        return ""
    name = device.partition.name if device.partition is not None else None
    return device.label or name or device.model or ""


def used_by(row: Row, disks: Disks) -> str:
    """Who uses it, in few words; all of it stands in the details."""
    if row.free is not None:
        return ""
    if row.again:
        return "shown above"
    # That another system is on it is a guess, and no use.
    texts = [_brief(use) for use in disks.uses(row.device) if use.kind is not UseKind.OTHER_OS]
    volume = row.device.volume
    if volume is not None and volume.origin:
        texts.append(f"of {volume.origin}")
    elif volume is not None and volume.pool:
        texts.append(f"in {volume.pool}")
    return ", ".join(dict.fromkeys(texts))


def _brief(use: Use) -> str:
    if use.kind is UseKind.SWAP:
        return "swap"
    if use.kind is UseKind.LIVE_MEDIUM:
        return f"live medium {use.holder}"
    return use.holder


def disk_table(disks: Disks) -> list[str]:
    """The tree for people, indented by two blanks a level."""
    cells = [_HEADINGS]
    for row in rows(disks):
        name = "" if row.free is not None else row.device.name or row.device.path
        cells.append(
            (
                "  " * len(row.lasts) + printable(name or "(free)"),
                short_size(row.size),
                type_of(row),
                printable(content_of(row)),
                printable(label_of(row)),
                printable(used_by(row, disks)),
            )
        )
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEADINGS))]
    return [_line(line, widths) for line in cells]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    fitted = (c.rjust(w) if n == 1 else c.ljust(w) for n, (c, w) in enumerate(zip(cells, widths, strict=True)))
    return "  ".join(fitted).rstrip()


def disks_json(disks: Disks) -> list[dict[str, Any]]:
    """An array of the devices in the order of the tree; sizes and places are bytes, null is unknown."""
    return [_device_json(device, disks) for device in disks.devices]


def _device_json(device: Device, disks: Disks) -> dict[str, Any]:
    said = asdict(device)
    said["type"] = str(said.pop("kind"))
    said["uses"] = [_use_json(use) for use in disks.uses(device)]
    said["conflicts"] = [_conflict_json(conflict) for conflict in disks.conflicts(device)]
    return said


def _use_json(use: Use) -> dict[str, Any]:
    return {"kind": str(use.kind), "holder": use.holder, "detail": use.detail, "blocking": use.blocking}


def _conflict_json(conflict: Conflict) -> dict[str, Any]:
    return {"device": conflict.device.path, **_use_json(conflict.use)}
