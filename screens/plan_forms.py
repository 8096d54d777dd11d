"""The questions that make operations of a plan: each asks, and gives the operations that the answers mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xentui.disks import lvm_operations as lvm
from xentui.disks import operations as ops
from xentui.disks.layout import Layout, PlannedGroup, PlannedPartition, PlannedVolume, Room
from xentui.disks.listing import short_size
from xentui.disks.operations import Operation
from xentui.disks.sizes import Size, exact_size
from xentui.screens.dialogs.form import Field, Values

_USUAL_FORMAT = {"linux": "ext4", "swap": "swap", "efi": "vfat", "microsoft": "ntfs"}
_FORMATS = ("ext4", "ext3", "ext2", "vfat", "ntfs", "swap", "none")
_SIZES = "Sizes: 512MiB, 2GiB, 1.5TiB; 50% is half of what there is, 100% all of it."


@dataclass(frozen=True, slots=True)
class Question:
    """A form: `make` gives the operations, or raises PlanError or SizeError with a sentence."""

    title: str
    fields: tuple[Field, ...]
    make: Callable[[Values], tuple[Operation, ...]]
    remark: str = ""
    follow: Callable[[str, Values], Values] | None = None


def _text(values: Values, name: str) -> str | None:
    return values.get(name, "").strip() or None


def add(layout: Layout, room: Room | None, sector: int) -> Question:
    """A partition, in `room` if the cursor is on one, else where it fits."""
    msdos = layout.table.label == "msdos"
    types = tuple(kind for kind in ops.PARTITION_TYPES if msdos or kind != "extended")
    types = tuple(kind for kind in types if not msdos or kind != "bios-boot")
    fields = [
        Field("size", "Size", "100%"),
        Field("type", "For", "linux", types),
        Field("format", "Format", "ext4", _FORMATS),
        Field("label", "Label"),
    ]
    if not msdos:
        fields.append(Field("name", "Name"))
    start = Size(bytes=room.start * sector) if room is not None else None
    where = f" at {short_size(room.start * sector)}" if room is not None else ""
    there = f"{short_size(room.sectors * sector)} are free{where}. " if room is not None else ""

    def make(values: Values) -> tuple[Operation, ...]:
        extended = values["type"] == "extended"
        return (
            ops.Add(
                start=start,
                size=Size.parse(values["size"]),
                type=values["type"],
                name=_text(values, "name"),
                format=None if extended or values["format"] == "none" else values["format"],
                fs_label=None if extended else _text(values, "label"),
            ),
        )

    def follow(changed: str, values: Values) -> Values:
        return {"format": _USUAL_FORMAT.get(values["type"], "none")} if changed == "type" else {}

    return Question(f"A new partition{where}", tuple(fields), make, there + _SIZES, follow)


def resize(part: PlannedPartition, layout: Layout, sector: int) -> Question:
    now = part.slot.sectors * sector
    behind = next((room for room in layout.free if room.start == part.slot.end + 1), None)
    most = now + (behind.sectors * sector if behind is not None else 0)
    remark = f"It has {short_size(now)} now, {short_size(most)} with the free space behind it. {_SIZES}"
    return Question(
        f"Resize partition {part.number}",
        (Field("size", "Size", exact_size(now)),),
        lambda values: (ops.Resize(part.number, Size.parse(values["size"])),),
        remark,
    )


def move(part: PlannedPartition, layout: Layout, sector: int) -> Question:
    fits = [room for room in layout.free if room.sectors >= part.slot.sectors]
    places = ", ".join(exact_size(room.start * sector) for room in fits) or "nowhere"
    return Question(
        f"Move partition {part.number} with its data",
        (Field("start", "Begins at", exact_size(fits[0].start * sector) if fits else ""),),
        lambda values: (ops.Move(part.number, Size.parse(values["start"])),),
        f"It begins at {exact_size(part.slot.start * sector)} now. It fits at: {places}.",
    )


def format_partition(part: PlannedPartition) -> Question:
    lost = f"The {part.content.type} on it is lost." if part.content and not part.content.planned else ""
    fields = (Field("format", "Format", "ext4", _FORMATS), Field("label", "Label"))
    return Question(
        f"Format partition {part.number}",
        fields,
        lambda values: (ops.Format(part.number, values["format"], _text(values, "label")),),
        lost,
    )


def table(layout: Layout) -> Question:
    count = len(layout.partitions)
    lost = f"The {count} partitions are lost, with all that is on them. " if count else ""
    return Question(
        "A new, empty partition table",
        (Field("type", "Table", "gpt", ops.TABLE_TYPES),),
        lambda values: (ops.Label(values["type"]),),
        f"{lost}gpt is today's; msdos is for old systems and disks of up to 2 TiB.",
    )


def partition_type(part: PlannedPartition) -> Question:
    kinds = tuple(kind for kind in ops.PARTITION_TYPES if kind != "extended")
    return Question(
        f"What partition {part.number} is for",
        (Field("type", "For", "linux", kinds),),
        lambda values: (ops.Type(part.number, values["type"]),),
        "Only the table's entry changes, not what lies on the partition.",
    )


def name(part: PlannedPartition) -> Question:
    return Question(
        f"The name of partition {part.number} in the table",
        (Field("name", "Name", part.slot.name),),
        lambda values: (ops.Name(part.number, values["name"]),),
        "It is not the label of its file system.",
    )


def flag(part: PlannedPartition) -> Question:
    return Question(
        f"A flag of partition {part.number}",
        (Field("flag", "Flag", "boot", ops.FLAGS), Field("on", "Set it", "on", ("on", "off"))),
        lambda values: (ops.Flag(part.number, values["flag"], values["on"] == "on"),),
    )


def mount(part: PlannedPartition) -> Question:
    return Question(
        f"Mount partition {part.number}",
        (Field("at", "On the folder", "/mnt"), Field("folders", "Guide's folders", "no", ("no", "yes"))),
        lambda values: (ops.Mount(part.number, values["at"], values["folders"] == "yes"),),
        "The guide (3.1.1) keeps guests as files in xendomains/domains on it.",
    )


def group(part: PlannedPartition) -> Question:
    """A volume group on the partition, which becomes a physical volume first."""
    is_pv = part.content is not None and part.content.type == "LVM2_member"

    def make(values: Values) -> tuple[Operation, ...]:
        created = lvm.VgCreate(values["name"].strip(), (part.number,))
        return (created,) if is_pv else (lvm.PvCreate(part.number), created)

    lost = f" The {part.content.type} on it is lost." if part.content and not is_pv else ""
    return Question(
        f"A volume group on partition {part.number}",
        (Field("name", "Name", "HyperVG01"),),
        make,
        f"The guide calls its group HyperVG01 (3.1.2).{lost}",
    )


def extend(part: PlannedPartition, groups: tuple[PlannedGroup, ...]) -> Question:
    is_pv = part.content is not None and part.content.type == "LVM2_member"
    names = tuple(each.name for each in groups)

    def make(values: Values) -> tuple[Operation, ...]:
        extended = lvm.VgExtend(values["name"], (part.number,))
        return (extended,) if is_pv else (lvm.PvCreate(part.number), extended)

    fields = (Field("name", "Group", names[0], names),)
    return Question(f"Give partition {part.number} to a volume group", fields, make)


def volume(into: PlannedGroup) -> Question:
    room = into.free_extents * into.extent
    free = short_size(room)
    fields = (
        Field("name", "Name"),
        Field("size", "Size", "10GiB" if room > 10 << 30 else "100%"),
        Field("format", "Format", "none", _FORMATS),
        Field("label", "Label"),
    )

    def make(values: Values) -> tuple[Operation, ...]:
        made = lvm.LvCreate(into.name, values["name"].strip(), Size.parse(values["size"]))
        if values["format"] == "none":
            return (made,)
        return (made, lvm.LvFormat(into.name, made.name, values["format"], _text(values, "label")))

    remark = f"{free} are free in it. A whole disk for a guest stays without a format. {_SIZES}"
    return Question(f"A logical volume in {into.name}", fields, make, remark)


def resize_volume(of: PlannedGroup, what: PlannedVolume) -> Question:
    free = short_size(of.free_extents * of.extent)
    return Question(
        f"Resize {of.name}/{what.name}",
        (Field("size", "Size", exact_size(what.size)),),
        lambda values: (lvm.LvResize(of.name, what.name, Size.parse(values["size"])),),
        f"It has {short_size(what.size)} now; {free} are free in {of.name}. {_SIZES}",
    )


def snapshot(of: PlannedGroup, what: PlannedVolume) -> Question:
    return Question(
        f"A snapshot of {of.name}/{what.name}",
        (Field("name", "Name", f"{what.name}-snap"), Field("size", "Room for changes", "1GiB")),
        lambda values: (lvm.LvSnapshot(of.name, what.name, values["name"].strip(), Size.parse(values["size"])),),
        f"When more than its room has changed on either of them, the snapshot is lost. {_SIZES}",
    )


def format_volume(of: PlannedGroup, what: PlannedVolume) -> Question:
    lost = f"The {what.content.type} on it is lost." if what.content and not what.content.planned else ""
    return Question(
        f"Format {of.name}/{what.name}",
        (Field("format", "Format", "ext4", _FORMATS), Field("label", "Label")),
        lambda values: (lvm.LvFormat(of.name, what.name, values["format"], _text(values, "label")),),
        lost,
    )
