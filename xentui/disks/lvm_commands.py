"""LVM's commands for the operations of a plan: lvm(8) and the pages of each."""

from __future__ import annotations

from collections.abc import Sequence

from xentui.disks import lvm_operations as lvm
from xentui.disks.commands import Command, Place, command, make
from xentui.disks.layout import Content
from xentui.disks.operations import Operation
from xentui.disks.sizes import Size

#: File systems that lvresize --resizefs can take along (fsadm(8)).
_RESIZABLE = ("ext4", "ext3", "ext2", "xfs")


def lvm_command(operation: Operation, devices: Sequence[str], content: Content | None = None) -> list[Command]:
    """The commands of `operation`. `devices` are those of the partitions that it names; `content` is what lies on
    the volume that it changes. LVM asks about signatures it finds: --yes, for the plan has named them."""
    match operation:
        case lvm.PvCreate():
            return [command("pvcreate", "--yes", *devices)]
        case lvm.PvRemove():
            return [command("pvremove", "--yes", *devices)]
        case lvm.VgCreate():
            return [command("vgcreate", operation.name, *devices)]
        case lvm.VgExtend():
            return [command("vgextend", operation.name, *devices)]
        case lvm.VgReduce():
            return [command("vgreduce", operation.name, *devices)]
        case lvm.VgRemove():
            return [command("vgremove", operation.name)]
        case lvm.LvCreate():
            size = _size(operation.size, "FREE")
            return [command("lvcreate", "--yes", "--wipesignatures", "y", *size, "-n", operation.name, operation.vg)]
        case lvm.LvSnapshot():
            origin = f"{operation.vg}/{operation.origin}"
            return [command("lvcreate", "--yes", "-s", *_size(operation.size, "FREE"), "-n", operation.name, origin)]
        case lvm.LvRemove():
            return [command("lvremove", "--yes", f"{operation.vg}/{operation.name}")]
        case lvm.LvResize():
            size = ("-l", "+100%FREE") if operation.size.percent == 100 else _size(operation.size, "VG")
            along = ("--resizefs",) if content is not None and content.type in _RESIZABLE else ("--force",)
            return [command("lvresize", "--yes", *along, *size, f"{operation.vg}/{operation.name}", deadline=6 * 3600)]
        case lvm.LvFormat():
            path = f"/dev/{operation.vg}/{operation.name}"
            wiped = [command("wipefs", "--all", "--quiet", path)]
            if operation.format == "none":
                return wiped
            return wiped + make(Place(path, 0), Content(operation.format, operation.fs_label))
    raise AssertionError(operation)


def _size(size: Size, of: str) -> tuple[str, str]:
    if size.bytes is not None:
        return ("-L", f"{size.bytes}b")
    return ("-l", f"{size}{of}")
