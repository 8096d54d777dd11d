"""What ``lvm fullreport --reportformat json`` says: lvmreport(7)."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from xentui.disks.device import Group, Volume

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LogicalVolume:
    """A visible LV. `number` is ``MAJOR:MINOR``, None while it is not active; `size` is bytes."""

    volume: Volume
    size: int
    path: str
    dm_path: str
    uuid: str
    number: str | None


@dataclass(frozen=True, slots=True)
class VolumeGroup:
    """A VG with the paths of its PVs and its LVs; `size` and `free` are bytes."""

    group: Group
    uuid: str
    size: int
    free: int
    physical: tuple[str, ...]
    volumes: tuple[LogicalVolume, ...] = field(default=())

    @property
    def active(self) -> int:
        """How many of its LVs the kernel has."""
        return sum(lv.number is not None for lv in self.volumes)


def parse_report(report: Sequence[Json]) -> list[VolumeGroup]:
    """The volume groups of a full report; PVs without a group are in none."""
    groups = []
    for part in report:
        for vg in part.get("vg") or ():
            name = str(vg.get("vg_name") or "")
            if not name:
                continue
            segments = {seg.get("lv_uuid"): seg for seg in reversed(part.get("seg") or ())}  # each LV's first one
            groups.append(
                VolumeGroup(
                    group=Group(
                        name,
                        _number(vg.get("vg_extent_size")),
                        _number(vg.get("vg_extent_count")),
                        _number(vg.get("vg_free_count")),
                        _number(vg.get("vg_missing_pv_count")),
                    ),
                    uuid=str(vg.get("vg_uuid") or ""),
                    size=_number(vg.get("vg_size")),
                    free=_number(vg.get("vg_free")),
                    physical=tuple(str(pv["pv_name"]) for pv in part.get("pv") or () if pv.get("pv_name")),
                    volumes=tuple(
                        _volume(name, lv, segments.get(lv.get("lv_uuid")) or {}) for lv in part.get("lv") or ()
                    ),
                )
            )
    return groups


def _volume(group: str, lv: Json, segment: Json) -> LogicalVolume:
    name = str(lv.get("lv_name") or "").strip("[]")
    major, minor = _number(lv.get("lv_kernel_major"), -1), _number(lv.get("lv_kernel_minor"), -1)
    percent = None
    with contextlib.suppress(TypeError, ValueError):
        percent = float(lv.get("data_percent") or lv.get("snap_percent") or "")
    return LogicalVolume(
        volume=Volume(
            vg=group,
            name=name,
            segment=segment.get("segtype") or lv.get("lv_layout") or None,
            origin=lv.get("origin") or None,
            pool=lv.get("pool_lv") or None,
            active=major >= 0,
            data_percent=percent,
        ),
        size=_number(lv.get("lv_size")),
        path=str(lv.get("lv_path") or f"/dev/{group}/{name}"),
        dm_path=str(lv.get("lv_dm_path") or mapper_path(group, name)),
        uuid=str(lv.get("lv_uuid") or ""),
        number=f"{major}:{minor}" if major >= 0 else None,
    )


def mapper_path(group: str, name: str) -> str:
    """The device-mapper's path of an LV: hyphens doubled, one between the group and the volume."""
    return f"/dev/mapper/{group.replace('-', '--')}-{name.replace('-', '--')}"


def _number(value: object, default: int = 0) -> int:
    try:
        return int(float(str(value)))
    except ValueError:
        return default
