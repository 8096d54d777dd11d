"""What a plan is made of: the operations, and how a plan file writes them.

A plan file is ``{"operations": [{"op": "add", "size": "2GiB", ...}, ...]}``. Beside the keys that every
plan has, it may say what it was made on: ``"device": {"path", "size", "sector_size", "serial", "table"}``
(size in bytes, table a hash); then it is carried out on that device only, and only while it is unchanged.

A number is a partition's number at that point of the list. A percentage is one of the room there is:
for `add` of the free space that is used, for `resize` of the partition with the free space behind it,
for logical volumes of what the volume group has free.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from xentui.disks.sizes import Size, SizeError

TABLE_TYPES = ("gpt", "msdos")
PARTITION_TYPES = ("linux", "swap", "efi", "lvm", "bios-boot", "raid", "microsoft", "extended")
FORMATS = ("ext4", "ext3", "ext2", "vfat", "ntfs", "swap", "none")
KINDS = ("primary", "extended", "logical")
IMAGE_FORMATS = ("raw", "qcow2")
#: libparted's own names (libparted/disk.c), those that gpt or msdos know.
FLAGS = (
    "boot", "esp", "bios_grub", "legacy_boot", "hidden", "lvm", "raid", "swap", "msftres", "msftdata", "diag", "prep",
    "irst", "lba", "chromeos_kernel", "bls_boot", "no_automount",
)  # fmt: skip
#: The longest label of each file system, in bytes.
LABEL_BYTES = {"ext4": 16, "ext3": 16, "ext2": 16, "vfat": 11, "ntfs": 32, "swap": 15}
_LVM_NAME = re.compile(r"[A-Za-z0-9+_.][A-Za-z0-9+_.-]*", re.ASCII)
_MOST_PARTITIONS = 1024


class PlanError(ValueError):
    """A plan that cannot be meant or cannot be done. One sentence: which operation, which key, what to do."""


def _lvm_name(value: object) -> str:
    """lvm(8), VALID NAMES."""
    if not isinstance(value, str) or not _LVM_NAME.fullmatch(value) or value in (".", "..") or len(value) > 127:
        raise ValueError(f"{value!r} is no name for LVM; use letters, digits and + _ . -, not first a -")
    if value.startswith(("snapshot", "pvmove")) or re.search(r"_(c|m|t|r)(data|meta|image|log|orig)|_vorigin", value):
        raise ValueError(f"{value!r} is a name that LVM keeps for itself; choose another")
    return value


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MOST_PARTITIONS:
        raise ValueError(f"{value!r} is no partition number; write one from 1")
    return value


def _numbers(value: object) -> tuple[int, ...]:
    if not isinstance(value, list | tuple) or not value:
        raise ValueError(f"{value!r} is no list of partition numbers; write [1] or [1, 2]")
    numbers = tuple(_number(one) for one in value)
    if len(set(numbers)) != len(numbers):
        raise ValueError(f"{list(numbers)} names a partition twice")
    return numbers


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError(f"{value!r} is no text that can be shown")
    return value


def _partition_name(value: object) -> str:
    name = _text(value)
    if len(name.encode("utf-16-le")) > 72:
        raise ValueError(f"{name!r} is longer than the 36 characters that a GPT has for a name")
    return name


def _folder(value: object) -> str:
    path = _text(value)
    if not path.startswith("/") or "/../" in f"{path}/":
        raise ValueError(f"{path!r} is no folder's full path")
    return path


def _one_of(*words: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if value not in words:
            raise ValueError(f"{value!r} is none of {', '.join(words)}")
        return str(value)

    return read


_READERS: dict[str, Callable[[object], Any]] = {
    "number": _number,
    "numbers": _numbers,
    "start": Size.parse,
    "size": Size.parse,
    "vg": _lvm_name,
    "origin": _lvm_name,
    "flag": _one_of(*FLAGS),
    "kind": _one_of(*KINDS),
    "on": _switch,
    "folders": _switch,
    "fs_label": _text,
    "at": _folder,
    "format": _one_of(*FORMATS),
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One change. `op` is its name in a plan file; `title` says it to the user."""

    op: ClassVar[str] = ""
    #: Readers of keys that mean something else here than elsewhere.
    readers: ClassVar[Mapping[str, Callable[[object], Any]]] = {}

    @property
    def title(self) -> str:
        return self.op

    def __post_init__(self) -> None:
        """Check each value, however the operation was made. Raises PlanError."""
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None and field.default is None:
                continue
            try:
                if not isinstance(value, Size):
                    value = type(self).reader(field.name)(value)
            except (SizeError, ValueError) as error:
                raise PlanError(f"{self.op}: {field.name}: {error}") from None
            object.__setattr__(self, field.name, value)
        self.check()

    def check(self) -> None:
        """What a value alone does not tell. Raises PlanError."""

    @classmethod
    def reader(cls, key: str) -> Callable[[object], Any]:
        return cls.readers.get(key) or _READERS[key]

    def json(self) -> dict[str, Any]:
        """The operation as a plan file has it."""
        said: dict[str, Any] = {"op": self.op}
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None or (value == field.default and field.name in ("kind", "folders", "fs_label")):
                continue
            if isinstance(value, tuple):
                value = list(value)
            said[field.name] = str(value) if isinstance(value, Size) else value
        return said


def _check_label(op: str, format_: str | None, label: str | None) -> None:
    if label is None:
        return
    if format_ in (None, "none"):
        raise PlanError(f"{op}: fs_label: a label needs a format; add one or leave fs_label out")
    most = LABEL_BYTES[format_ or ""]
    if len(label.encode()) > most:
        raise PlanError(f"{op}: fs_label: {label!r} is longer than the {most} bytes that {format_} has for it")


@dataclass(frozen=True, slots=True)
class Label(Operation):
    """A new, empty partition table: all partitions of the old one are gone."""

    op: ClassVar[str] = "label"
    readers: ClassVar[Mapping[str, Callable[[object], Any]]] = {"type": _one_of(*TABLE_TYPES)}
    type: str

    @property
    def title(self) -> str:
        return f"new {self.type} partition table"


@dataclass(frozen=True, slots=True)
class Add(Operation):
    """A new partition. Without `start`, in the first free space that is large enough (the largest, if `size` is a
    percentage); without `size`, all of it. `kind` is for msdos only, and worked out if it is left out."""

    op: ClassVar[str] = "add"
    readers: ClassVar[Mapping[str, Callable[[object], Any]]] = {
        "type": _one_of(*PARTITION_TYPES),
        "name": _partition_name,
    }
    start: Size | None = None
    size: Size | None = None
    type: str = "linux"
    name: str | None = None
    format: str | None = None
    fs_label: str | None = None
    kind: str | None = None

    def check(self) -> None:
        if self.start is not None and self.start.bytes is None:
            raise PlanError(f"add: start: {self.start} is no place on the disk; write 1MiB or the like")
        if (self.type == "extended") != (self.kind == "extended"):
            object.__setattr__(self, "type", "extended")
            object.__setattr__(self, "kind", "extended")
        if self.type == "extended" and self.format not in (None, "none"):
            raise PlanError("add: format: an extended partition holds partitions, no file system")
        _check_label("add", self.format, self.fs_label)

    @property
    def title(self) -> str:
        what = f"{self.type} partition" + (f" {self.name!r}" if self.name else "")
        made = f", format {self.format}" if self.format not in (None, "none") else ""
        at = f" at {self.start}" if self.start is not None else ""
        return f"add {what} of {self.size or '100%'}{at}{made}"


@dataclass(frozen=True, slots=True)
class Delete(Operation):
    op: ClassVar[str] = "delete"
    number: int

    @property
    def title(self) -> str:
        return f"delete partition {self.number}"


@dataclass(frozen=True, slots=True)
class Resize(Operation):
    """A partition together with the file system on it; its start stays."""

    op: ClassVar[str] = "resize"
    number: int
    size: Size

    @property
    def title(self) -> str:
        return f"resize partition {self.number} to {self.size}"


@dataclass(frozen=True, slots=True)
class Move(Operation):
    """A partition with its data to a place that is free now and does not overlap the old one."""

    op: ClassVar[str] = "move"
    number: int
    start: Size

    def check(self) -> None:
        if self.start.bytes is None:
            raise PlanError(f"move: start: {self.start} is no place on the disk; write 1GiB or the like")

    @property
    def title(self) -> str:
        return f"move partition {self.number} to {self.start}"


@dataclass(frozen=True, slots=True)
class Format(Operation):
    op: ClassVar[str] = "format"
    number: int
    format: str
    fs_label: str | None = None

    def check(self) -> None:
        _check_label("format", self.format, self.fs_label)

    @property
    def title(self) -> str:
        if self.format == "none":
            return f"wipe what partition {self.number} holds"
        return f"format partition {self.number} as {self.format}" + (f" {self.fs_label!r}" if self.fs_label else "")


@dataclass(frozen=True, slots=True)
class Check(Operation):
    """The file system on a partition is checked, and mended where that is safe."""

    op: ClassVar[str] = "check"
    number: int

    @property
    def title(self) -> str:
        return f"check the file system on partition {self.number}"


@dataclass(frozen=True, slots=True)
class Flag(Operation):
    op: ClassVar[str] = "flag"
    number: int
    flag: str
    on: bool

    @property
    def title(self) -> str:
        return f"flag {self.flag} of partition {self.number} {'on' if self.on else 'off'}"


@dataclass(frozen=True, slots=True)
class Name(Operation):
    """A partition's name in the GPT, which is not the label of its file system."""

    op: ClassVar[str] = "name"
    readers: ClassVar[Mapping[str, Callable[[object], Any]]] = {"name": _partition_name}
    number: int
    name: str

    @property
    def title(self) -> str:
        return f"name partition {self.number} {self.name!r}"


@dataclass(frozen=True, slots=True)
class Type(Operation):
    op: ClassVar[str] = "type"
    readers: ClassVar[Mapping[str, Callable[[object], Any]]] = {"type": _one_of(*PARTITION_TYPES[:-1])}
    number: int
    type: str

    @property
    def title(self) -> str:
        return f"type of partition {self.number}: {self.type}"


@dataclass(frozen=True, slots=True)
class Repair(Operation):
    """The damaged or older copy of a GPT is written anew from the one that counts."""

    op: ClassVar[str] = "repair"

    @property
    def title(self) -> str:
        return "repair the partition table from its whole copy"


@dataclass(frozen=True, slots=True)
class Mount(Operation):
    """A partition on a folder; with `folders` also the guide's ``xendomains/domains`` in it (3.1.1)."""

    op: ClassVar[str] = "mount"
    number: int
    at: str
    folders: bool = False

    @property
    def title(self) -> str:
        return f"mount partition {self.number} on {self.at}" + (" with the guide's folders" if self.folders else "")


@dataclass(frozen=True, slots=True)
class Image(Operation):
    """The device itself: a sparse file that is made. Only as the first operation."""

    op: ClassVar[str] = "image"
    readers: ClassVar[Mapping[str, Callable[[object], Any]]] = {"format": _one_of(*IMAGE_FORMATS)}
    size: Size
    format: str = "raw"

    def check(self) -> None:
        if not self.size.bytes:
            raise PlanError(f"image: size: {self.size} is no size for a new file; write 10GiB or the like")

    @property
    def title(self) -> str:
        return f"make a {self.format} image of {self.size}"
