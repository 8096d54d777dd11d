"""A plan's file, its operations one by one, LVM in it, its commands, the guide's layouts."""

from __future__ import annotations

import json
import re
from dataclasses import MISSING, fields, replace
from pathlib import Path

import pytest
from disk_images import GIB, MIB, apply, image, one_operation, plan_steps
from hypothesis import given
from hypothesis import strategies as st

from xentui.disks.layout import Content, PlannedGroup, PlannedVolume
from xentui.disks.layouts import LAYOUTS, lvm_host
from xentui.disks.lvm_operations import (
    LvCreate,
    LvFormat,
    LvRemove,
    LvResize,
    LvSnapshot,
    PvCreate,
    PvRemove,
    VgCreate,
    VgExtend,
    VgReduce,
    VgRemove,
)
from xentui.disks.operations import (
    Add,
    Check,
    Delete,
    Flag,
    Format,
    Image,
    Label,
    Mount,
    Move,
    Operation,
    PlanError,
    Resize,
)
from xentui.disks.plan import Plan
from xentui.disks.planfile import OPERATIONS, MadeOn, parse_plan, plan_text, read_plan, write_plan
from xentui.disks.sizes import Size, SizeError, exact_size
from xentui.disks.target import Target, read_target

S = Size.parse


def one(text: str) -> Operation:
    return parse_plan(f'{{"operations": [{text}]}}').operations[0]


# The file.


def test_the_plan_of_the_design() -> None:
    """Every operation of DESIGN.md with its keys."""
    text = """{"operations":[{"op":"label","type":"gpt"},{"op":"add","start":"1MiB","size":"512MiB","type":"efi",
      "name":"esp","format":"vfat","fs_label":"ESP"},{"op":"add","size":"100%","type":"lvm"},{"op":"delete","number":1},
      {"op":"resize","number":2,"size":"2GiB"},{"op":"format","number":2,"format":"ext4","fs_label":"x"},
      {"op":"flag","number":2,"flag":"boot","on":true},{"op":"pvcreate","number":2},
      {"op":"vgcreate","name":"HyperVG01","numbers":[2]},{"op":"lvcreate","vg":"HyperVG01","name":"a","size":"10GiB"},
      {"op":"lvresize","vg":"HyperVG01","name":"a","size":"100%"},{"op":"lvremove","vg":"HyperVG01","name":"a"}]}"""
    plan = parse_plan(text)
    assert [each.json() for each in plan.operations] == json.loads(text)["operations"]


@given(st.lists(one_operation, max_size=6))
def test_a_plan_is_read_as_it_was_written(operations: list[Operation]) -> None:
    made_on = MadeOn("/dev/sdä", 5 * GIB, 512, "serial", "0" * 32)
    again = parse_plan(plan_text(operations, made_on))
    assert list(again.operations) == operations and again.made_on == made_on


def test_a_plan_is_saved_whole(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    write_plan(file, [Delete(1)])
    assert read_plan(file).operations == (Delete(1),)
    assert [each.name for each in tmp_path.iterdir()] == ["plan.json"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"op": "ad"}', ("operation 1", "'ad'", "did you mean 'add'")),
        ('{"op": "add", "siz": "1GiB"}', ("operation 1 (add)", "'siz'", "did you mean 'size'")),
        ('{"op": "delete"}', ("operation 1 (delete)", "'number'", "add it")),
        ('{"op": "delete", "number": "1"}', ("number", "write one from 1")),
        ('{"op": "delete", "number": true}', ("number",)),
        ('{"op": "delete", "number": 0}', ("number",)),
        ('{"op": "add", "size": "2GB"}', ("size", "512MiB")),
        ('{"op": "add", "size": "0%"}', ("size", "1% to 100%")),
        ('{"op": "add", "start": "5%"}', ("start", "no place")),
        ('{"op": "add", "type": "linus"}', ("type", "linux")),
        ('{"op": "add", "fs_label": "x"}', ("fs_label", "needs a format")),
        ('{"op": "add", "format": "vfat", "fs_label": "TWELVE BYTES"}', ("fs_label", "11 bytes")),
        ('{"op": "add", "name": "\\u001b[2J"}', ("name", "no text")),
        ('{"op": "add", "name": "%s"}' % ("x" * 37), ("name", "36")),
        ('{"op": "add", "type": "extended", "format": "ext4"}', ("format", "extended")),
        ('{"op": "flag", "number": 1, "flag": "boot", "on": 1}', ("on", "true nor false")),
        ('{"op": "vgcreate", "name": "-x", "numbers": [1]}', ("name", "LVM")),
        ('{"op": "vgcreate", "name": "x", "numbers": []}', ("numbers",)),
        ('{"op": "vgcreate", "name": "x", "numbers": [1, 1]}', ("numbers", "twice")),
        ('{"op": "lvcreate", "vg": "..", "name": "a", "size": "1GiB"}', ("vg",)),
        ('{"op": "lvcreate", "vg": "v", "name": "snapshot1", "size": "1GiB"}', ("name", "keeps for itself")),
        ('{"op": "mount", "number": 1, "at": "mnt/../x"}', ("at", "full path")),
        ('{"op": "image", "size": "100%"}', ("size",)),
        ("7", ("operation 1",)),
    ],
)
def test_errors_say_which_operation_which_key_and_what_to_do(text: str, words: tuple[str, ...]) -> None:
    with pytest.raises(PlanError) as raised:
        one(text)
    for word in words:
        assert word in str(raised.value)
    assert "\n" not in str(raised.value) and "\x1b" not in str(raised.value)


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    for plan in (text, f'{{"operations": [{text}]}}', f'{{"operations": [{{"op": {json.dumps(text)}}}]}}'):
        try:
            parse_plan(plan)
        except PlanError as error:
            assert str(error)


@given(st.integers(1, 1 << 60))
def test_sizes_are_exact(amount: int) -> None:
    assert S(exact_size(amount)).bytes == amount
    assert str(Size(bytes=amount)) == exact_size(amount)


@pytest.mark.parametrize("text", ["", "1", "1 MB", "-1MiB", "1e9B", "101%", "９MiB", "9999999TiB0", "MiB", None, 5])
def test_no_sizes(text: object) -> None:
    with pytest.raises(SizeError):
        S(text)


def test_every_operation_has_a_title() -> None:
    assert len(OPERATIONS) == 24
    for kind in OPERATIONS.values():
        assert kind.title is not Operation.title, kind


# LVM in a plan.


@pytest.fixture
def target(ram: Path) -> Target:
    """A disk with a volume group on its first partition and room behind; a block device by its name."""
    path = image(ram / "disk.img", 20 * GIB)
    apply(path, [Label("gpt"), Add(size=S("10GiB"), type="lvm"), Add(size=S("1GiB"))])
    volumes = (
        PlannedVolume("root", 4 * GIB, Content("ext4"), None, True),
        PlannedVolume("data", GIB, None, None, True),
    )
    group = PlannedGroup("vg0", 4 * MIB, 2559, 1279, volumes, (1,), True)
    found = read_target(str(path), groups=(group,))
    return replace(found, path="/dev/sdx", is_file=False, contents={2048: Content("LVM2_member")})


def commands(target: Target, *plan: Operation) -> list[str]:
    return [line for step in plan_steps(target, plan) for line in step.shell]


def test_lvm_commands(target: Target) -> None:
    assert commands(target, LvCreate("vg0", "a", S("10MiB")), LvCreate("vg0", "b", S("50%"))) == [
        "lvcreate --yes --wipesignatures y -L 10485760b -n a vg0",
        "lvcreate --yes --wipesignatures y -l 50%FREE -n b vg0",
    ]
    assert commands(target, LvSnapshot("vg0", "root", "before", S("1GiB"))) == [
        "lvcreate --yes -s -L 1073741824b -n before vg0/root"
    ]
    assert commands(target, LvResize("vg0", "root", S("5GiB")), LvResize("vg0", "data", S("100%"))) == [
        "lvresize --yes --resizefs -L 5368709120b vg0/root",
        "lvresize --yes --force -l +100%FREE vg0/data",
    ]
    assert commands(target, LvFormat("vg0", "data", "ext4", "DATA")) == [
        "wipefs --all --quiet /dev/vg0/data",
        "mkfs.ext4 -q -F -L DATA /dev/vg0/data",
    ]
    assert commands(target, LvRemove("vg0", "data")) == ["lvremove --yes vg0/data"]
    assert commands(target, PvCreate(2), VgExtend("vg0", (2,))) == [
        "wipefs --all --quiet /dev/sdx2",
        "pvcreate --yes /dev/sdx2",
        "vgextend vg0 /dev/sdx2",
    ]


def test_what_a_partition_gives_up_goes_before_what_it_gets(target: Target) -> None:
    group = replace(target.groups[0], numbers=(1, 2), volumes=())
    contents = {slot.start: Content("LVM2_member") for slot in target.table.slots}
    both = replace(target, groups=(group,), contents=contents)
    lines = commands(both, VgReduce("vg0", (2,)), PvRemove(2), Format(2, "ext4"))
    assert lines == [
        "vgreduce vg0 /dev/sdx2",
        "pvremove --yes /dev/sdx2",
        "wipefs --all --quiet /dev/sdx2",
        "mkfs.ext4 -q -F /dev/sdx2",
    ]


def test_partitions_of_a_volume_are_devices_only_meanwhile(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("kernel", "steps"):
        monkeypatch.setattr(f"xentui.disks.{module}.dm_name", lambda path: "vg0-guest--disk1")
    volume = replace(target, path="/dev/vg0/guest-disk1", groups=())
    lines = commands(volume, Label("msdos"), Add(size=S("1GiB"), format="ext4"))
    device = "/dev/mapper/vg0-guest--disk1p1"
    assert [line.split()[0] for line in lines] == ["sfdisk", "kpartx", "wipefs", "mkfs.ext4", "kpartx"]
    assert lines[1:] == [
        "kpartx -a -s -p p /dev/vg0/guest-disk1",
        f"wipefs --all --quiet {device}",
        f"mkfs.ext4 -q -F {device}",
        "kpartx -d -s -p p /dev/vg0/guest-disk1",
    ]
    mounted = commands(volume, Format(2, "ext4"), Mount(2, "/mnt", folders=True))
    assert mounted[-3:] == [
        "mkdir -p /mnt",
        "mount /dev/mapper/vg0-guest--disk1p2 /mnt",
        "mkdir -p /mnt/xendomains/domains",
    ]
    assert [line.split()[0] for line in commands(volume, Flag(1, "boot", True))] == ["sfdisk"]
    # What is only looked at needs its device as well, and what shrinks needs it before the table is written.
    shrunk = replace(volume, contents={slot.start: Content("ext4") for slot in volume.table.slots})
    assert [line.split()[0] for line in commands(shrunk, Mount(2, "/mnt"))] == ["kpartx", "mkdir", "mount"]
    assert [line.split()[:2] for line in commands(shrunk, Check(1))] == [
        ["kpartx", "-a"],
        ["e2fsck", "-f"],
        ["kpartx", "-d"],
    ]
    words = [" ".join(line.split()[:2]) for line in commands(shrunk, Resize(1, S("8MiB")))]
    assert words[:4] == ["kpartx -a", "e2fsck -f", "resize2fs /dev/mapper/vg0-guest--disk1p1", "kpartx -d"]
    assert words[4].startswith("sfdisk")


def test_a_volume_group_is_taken_down_before_its_partition(target: Target) -> None:
    lines = commands(
        target,
        LvRemove("vg0", "root"),
        LvRemove("vg0", "data"),
        VgRemove("vg0"),
        PvRemove(1),
        Delete(1),
        Add(format="ext4"),
    )
    table = next(index for index, line in enumerate(lines) if line.startswith("sfdisk"))
    assert lines[:table] == [
        "lvremove --yes vg0/root",
        "lvremove --yes vg0/data",
        "vgremove vg0",
    ]
    assert lines[-1].startswith("mkfs.ext4")


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ([Delete(1)], "vg0"),
        ([Format(1, "ext4")], "vg0"),
        ([Label("gpt")], "vg0"),
        ([VgRemove("vg0")], "root"),
        ([LvCreate("vg0", "root", S("1GiB"))], "already"),
        ([LvCreate("vg1", "x", S("1GiB"))], "no volume group vg1"),
        ([LvCreate("vg0", "x", S("6GiB"))], "more than vg0 has free"),
        ([LvResize("vg0", "nothere", S("6GiB"))], "there is root, data"),
        ([VgCreate("vg0", (2,))], "no physical volume"),
        ([PvCreate(2), VgCreate("vg0", (2,))], "vg0 already"),
        ([LvSnapshot("vg0", "root", "s", S("1GiB")), LvRemove("vg0", "root")], "snapshot of it"),
        ([LvSnapshot("vg0", "root", "s", S("1GiB")), LvSnapshot("vg0", "s", "t", S("1GiB"))], "snapshot itself"),
        ([VgReduce("vg0", (2,))], "no physical volume"),
        ([Add(size=S("1MiB")), PvCreate(3), VgExtend("vg0", (3,))], "too small"),
        ([Mount(1, "/mnt")], "cannot be mounted"),
        ([Check(2)], "cannot be checked"),
        ([Move(1, S("12GiB"))], "vg0"),
        ([Image(S("1GiB"))], "there already"),
        ([Flag(1, "lba", True)], "no flag"),
    ],
)
def test_what_lvm_does_not_allow_is_said_while_planning(target: Target, plan: list[Operation], words: str) -> None:
    problem = Plan(target, plan).preview().problem
    assert problem is not None and words in problem


def test_what_is_made_later_is_moved_before_what_needs_it(target: Target) -> None:
    plan = Plan(target, [PvCreate(2), LvCreate("vg1", "a", S("1GiB")), VgCreate("vg1", (2,))])
    assert plan.preview().problem is not None  # 1 GiB and LVM's own MiB do not fit into 1 GiB
    plan = Plan(
        target, [PvCreate(2), LvFormat("vg1", "a", "ext4"), LvCreate("vg1", "a", S("100%")), VgCreate("vg1", (2,))]
    )
    assert [each.op for each in plan.operations] == ["pvcreate", "vgcreate", "lvcreate", "lvformat"]
    assert plan.preview().problem is None


def test_what_cancels_is_pruned(target: Target) -> None:
    plan = Plan(target)
    plan.add(Add(size=S("1GiB")), Format(3, "ext4"), Flag(3, "lvm", True))
    plan.add(Delete(3))
    assert plan.operations == ()
    plan.undo()
    assert len(plan.operations) == 3
    plan.add(Format(3, "vfat"))
    assert [each.op for each in plan.operations] == ["add", "flag", "format"]
    plan.clear()
    plan.add(LvCreate("vg0", "a", S("1GiB")), LvFormat("vg0", "a", "ext4"), LvRemove("vg0", "a"))
    assert plan.operations == ()
    plan.add(Delete(2))
    plan.add(Add(size=S("1GiB")))
    plan.add(LvRemove("vg0", "root"), LvRemove("vg0", "data"), VgRemove("vg0"))
    plan.add(Label("msdos"))
    assert [each.op for each in plan.operations] == ["lvremove", "lvremove", "vgremove", "label"]


def test_a_group_is_undone_at_once_and_one_alone(target: Target) -> None:
    plan = Plan(target)
    plan.add(Add(size=S("1GiB")))
    plan.add(Add(size=S("2GiB")), Add(size=S("3GiB")))
    plan.remove(1)
    sizes = [part.slot.sectors * 512 // GIB for part in plan.preview().layout.partitions]
    assert sizes == [10, 1, 1, 3]
    plan.undo()
    plan.remove_group(plan.items[2].group)
    assert len(plan.operations) == 1
    plan.undo()
    plan.undo()
    assert len(plan.operations) == 1
    plan.redo()
    assert len(plan.operations) == 3


# The guide's layouts.


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_the_guides_layouts_fit(ram: Path, layout: object) -> None:
    found = next(each for each in LAYOUTS if each is layout)
    blank = read_target(str(image(ram / "disk.img", found.smallest)))
    plan = Plan(blank, found.operations(blank))
    preview = plan.preview()
    assert preview.problem is None
    assert parse_plan(plan_text(plan.operations)).operations == plan.operations
    small = read_target(str(image(ram / "small.img", found.smallest - MIB)))
    with pytest.raises(PlanError, match="needs a disk of"):
        found.operations(small)


def test_the_lvm_host_as_the_guide_has_it(ram: Path) -> None:
    blank = read_target(str(image(ram / "disk.img", 100 * GIB)))
    volumes = (("lenny01-disk1", "10GiB"), ("ubuntu01-disk1", "10GiB"), ("windows01-disk1", "20GiB"))
    layout = Plan(blank, lvm_host(volumes)).preview().layout
    assert [(p.slot.start, p.content.type if p.content else None) for p in layout.partitions] == [
        (2048, "ext4"), (2048 + 2 * 1024 * 1024, "LVM2_member"),
    ]  # fmt: skip
    group = layout.group("HyperVG01")
    assert group is not None and [volume.size // GIB for volume in group.volumes] == [10, 10, 20]


def test_the_document_has_every_operation_and_key() -> None:
    text = (Path(__file__).parents[3] / "docs" / "disk-plans.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    rows = {name: line for line in lines for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert set(rows) == set(OPERATIONS)
    for name, kind in OPERATIONS.items():
        said = {key: bool(may) for key, may in re.findall(r"`(\w+)`(\?)?", rows[name].split("|")[2])}
        assert said == {field.name: field.default is not MISSING for field in fields(kind)}, name
    example = text.split("```json")[1].split("```")[0]
    assert parse_plan(example).operations[-1] == LvCreate("HyperVG01", "lenny01-disk1", S("10GiB"))
