"""The operations on LVM's physical volumes, volume groups and logical volumes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from xentui.disks.operations import Operation, _check_label, _lvm_name
from xentui.disks.sizes import Size

_NAME: Mapping[str, Callable[[object], Any]] = {"name": _lvm_name}


@dataclass(frozen=True, slots=True)
class LvOperation(Operation):
    """One that speaks of no partition."""


@dataclass(frozen=True, slots=True)
class PvCreate(Operation):
    op: ClassVar[str] = "pvcreate"
    number: int

    @property
    def title(self) -> str:
        return f"partition {self.number} becomes a physical volume"


@dataclass(frozen=True, slots=True)
class PvRemove(Operation):
    op: ClassVar[str] = "pvremove"
    number: int

    @property
    def title(self) -> str:
        return f"partition {self.number} is no longer a physical volume"


@dataclass(frozen=True, slots=True)
class VgCreate(Operation):
    op: ClassVar[str] = "vgcreate"
    readers = _NAME
    name: str
    numbers: tuple[int, ...]

    @property
    def title(self) -> str:
        return f"volume group {self.name} on {_partitions(self.numbers)}"


@dataclass(frozen=True, slots=True)
class VgExtend(Operation):
    op: ClassVar[str] = "vgextend"
    readers = _NAME
    name: str
    numbers: tuple[int, ...]

    @property
    def title(self) -> str:
        return f"volume group {self.name} gets {_partitions(self.numbers)}"


@dataclass(frozen=True, slots=True)
class VgReduce(Operation):
    op: ClassVar[str] = "vgreduce"
    readers = _NAME
    name: str
    numbers: tuple[int, ...]

    @property
    def title(self) -> str:
        return f"volume group {self.name} gives up {_partitions(self.numbers)}"


@dataclass(frozen=True, slots=True)
class VgRemove(LvOperation):
    op: ClassVar[str] = "vgremove"
    readers = _NAME
    name: str

    @property
    def title(self) -> str:
        return f"remove the volume group {self.name}"


@dataclass(frozen=True, slots=True)
class LvCreate(LvOperation):
    op: ClassVar[str] = "lvcreate"
    readers = _NAME
    vg: str
    name: str
    size: Size

    @property
    def title(self) -> str:
        return f"logical volume {self.vg}/{self.name} of {self.size}"


@dataclass(frozen=True, slots=True)
class LvSnapshot(LvOperation):
    """A snapshot of `origin`; `size` is the room for what changes on either of the two."""

    op: ClassVar[str] = "lvsnapshot"
    readers = _NAME
    vg: str
    origin: str
    name: str
    size: Size

    @property
    def title(self) -> str:
        return f"snapshot {self.vg}/{self.name} of {self.vg}/{self.origin}, {self.size}"


@dataclass(frozen=True, slots=True)
class LvRemove(LvOperation):
    op: ClassVar[str] = "lvremove"
    readers = _NAME
    vg: str
    name: str

    @property
    def title(self) -> str:
        return f"remove the logical volume {self.vg}/{self.name}"


@dataclass(frozen=True, slots=True)
class LvResize(LvOperation):
    """A logical volume together with the file system on it."""

    op: ClassVar[str] = "lvresize"
    readers = _NAME
    vg: str
    name: str
    size: Size

    @property
    def title(self) -> str:
        return f"resize the logical volume {self.vg}/{self.name} to {self.size}"


@dataclass(frozen=True, slots=True)
class LvFormat(LvOperation):
    op: ClassVar[str] = "lvformat"
    readers = _NAME
    vg: str
    name: str
    format: str
    fs_label: str | None = None

    def check(self) -> None:
        _check_label("lvformat", self.format, self.fs_label)

    @property
    def title(self) -> str:
        label = f" {self.fs_label!r}" if self.fs_label else ""
        return f"format {self.vg}/{self.name} as {self.format}{label}"


#: Those of this module: what LVM has to carry out.
LVM_OPERATIONS = (PvCreate, PvRemove, VgCreate, VgExtend, VgReduce, LvOperation)


def _partitions(numbers: tuple[int, ...]) -> str:
    return ("partition " if len(numbers) == 1 else "partitions ") + ", ".join(map(str, numbers))
