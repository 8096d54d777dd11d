"""What can be done with a row of a plan's preview, and the question that comes first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xentui.disks import lvm_operations as lvm
from xentui.disks import operations as ops
from xentui.disks.layout import Layout, PlannedPartition
from xentui.disks.operations import Operation
from xentui.disks.table import Flaw
from xentui.screens import plan_forms as forms
from xentui.screens.plan_forms import Question
from xentui.screens.plan_rows import PlanRow

#: A question, operations that need none, or a sentence why it cannot be done.
Asked = Question | tuple[Operation, ...] | str


def doings(row: PlanRow | None, layout: Layout, flaws: Sequence[Flaw]) -> Iterator[tuple[str, str]]:
    """What can be done with the row, each with its title; `flaws` are those of the table as it is."""
    if any(flaw.repairable for flaw in flaws):
        yield "repair", "Repair the table from its whole copy"
    if row is not None and row.part is not None:
        yield from _with_partition(row.part, layout)
    elif row is not None and row.room is not None:
        yield "add", "Add a partition here"
    elif row is not None and row.volume is not None:
        yield "resize", "Resize the volume"
        yield "format", "Format it"
        yield "lvm-snapshot", "Take a snapshot of it"
        yield "delete", "Remove the volume"
    elif row is not None and row.group is not None:
        yield "add", "Add a logical volume"
        yield "delete", "Remove the volume group"
    yield "table", "Make a new, empty partition table"


def _with_partition(part: PlannedPartition, layout: Layout) -> Iterator[tuple[str, str]]:
    yield "delete", "Delete the partition"
    yield "resize", "Resize it with its file system"
    if part.slot.kind == "extended":
        return
    yield "format", "Format it"
    yield "move", "Move it"
    yield "type", "Say what it is for"
    if layout.table.label == "gpt":
        yield "name", "Name it"
    yield "flag", "Turn a flag on or off"
    if part.content is not None:
        yield "check", "Check its file system"
        yield "mount", "Mount it"
    if _group_on(part, layout) is None:
        if part.content is None or part.content.type != "LVM2_member":
            yield "lvm-pv", "LVM: make it a physical volume"
        else:
            yield "lvm-unpv", "LVM: let it be a physical volume no longer"
        yield "lvm-group", "LVM: make a volume group on it"
        if layout.groups:
            yield "lvm-extend", "LVM: give it to a volume group"
    else:
        yield "lvm-volume", "LVM: add a logical volume"
        yield "lvm-reduce", "LVM: take it out of its volume group"


def _group_on(part: PlannedPartition, layout: Layout) -> int | None:
    return next((n for n, group in enumerate(layout.groups) if part.number in group.numbers), None)


def question_for(doing: str, row: PlanRow | None, layout: Layout, sector: int) -> Asked:
    """The question for something to do with the row under the cursor."""
    if doing == "table":
        return forms.table(layout)
    if doing == "repair":
        return (ops.Repair(),)
    if row is not None and row.volume is not None and row.group is not None:
        return _of_volume(doing, row)
    if row is not None and row.group is not None:
        return _of_group(doing, row)
    if doing == "add":
        if layout.table.label is None:
            return "There is no partition table yet: t makes one."
        room = row.room if row is not None else None
        return forms.add(layout, room, sector) if layout.free else "There is no free space."
    part = row.part if row is not None else None
    if part is None:
        return "The cursor is on no partition."
    return _of_partition(doing, part, layout, sector)


def _of_partition(doing: str, part: PlannedPartition, layout: Layout, sector: int) -> Asked:
    on = _group_on(part, layout)
    match doing:
        case "delete":
            return (ops.Delete(part.number),)
        case "check":
            return (ops.Check(part.number),)
        case "resize":
            return forms.resize(part, layout, sector)
        case "move":
            return forms.move(part, layout, sector)
        case "format":
            return forms.format_partition(part)
        case "type":
            return forms.partition_type(part)
        case "name":
            return forms.name(part) if layout.table.label == "gpt" else "Only partitions of a GPT have names."
        case "flag":
            return forms.flag(part)
        case "mount":
            return forms.mount(part)
        case "lvm-pv":
            return (lvm.PvCreate(part.number),)
        case "lvm-unpv":
            return (lvm.PvRemove(part.number),)
        case "lvm-group":
            return forms.group(part)
        case "lvm-extend" if layout.groups:
            return forms.extend(part, layout.groups)
        case "lvm-volume" if on is not None:
            return forms.volume(layout.groups[on])
        case "lvm-reduce" if on is not None:
            return (lvm.VgReduce(layout.groups[on].name, (part.number,)),)
    return "That cannot be done with a partition."


def _of_volume(doing: str, row: PlanRow) -> Asked:
    assert row.group is not None and row.volume is not None  # noqa: S101
    match doing:
        case "add":
            return forms.volume(row.group)
        case "delete":
            return (lvm.LvRemove(row.group.name, row.volume.name),)
        case "resize":
            return forms.resize_volume(row.group, row.volume)
        case "format":
            return forms.format_volume(row.group, row.volume)
        case "lvm-snapshot":
            return forms.snapshot(row.group, row.volume)
    return "That cannot be done with a logical volume."


def _of_group(doing: str, row: PlanRow) -> Asked:
    assert row.group is not None  # noqa: S101
    if doing == "add":
        return forms.volume(row.group)
    if doing == "delete":
        return (lvm.VgRemove(row.group.name),)
    return "That cannot be done with a volume group."
