"""Plans carried out on loop devices: real block devices, with a kernel that knows their partitions."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from disk_doing import blkid
from disk_images import MIB, image, parts, run

from xentui.cli import main
from xentui.disks import kernel
from xentui.disks.applying import DONE, REFUSED, STALE, Outcome, carry_out
from xentui.disks.device import Disks, GuestDisk
from xentui.disks.guard import RefusedError
from xentui.disks.lvm_operations import PvCreate, PvRemove, VgCreate, VgExtend, VgReduce, VgRemove
from xentui.disks.mapping import map_partitions
from xentui.disks.operations import Add, Delete, Format, Label, Mount, Move, Operation, Resize
from xentui.disks.plan import Plan
from xentui.disks.planfile import write_plan
from xentui.disks.probe import probe
from xentui.disks.restoring import restore
from xentui.disks.sizes import Size
from xentui.disks.target import Target, read_target
from xentui.disks.target_of import target_of
from xentui.host import Host
from xentui.waiting import wait_until

S = Size.parse


@pytest.fixture
def loop(ram: Path) -> Iterator[str]:
    """A loop device of 200 MiB, without partitions of the kernel's own making."""
    yield from _loop(ram, "512")


@pytest.fixture
def loop4096(ram: Path) -> Iterator[str]:
    yield from _loop(ram, "4096")


def _loop(ram: Path, sector_size: str) -> Iterator[str]:
    if os.geteuid() != 0:
        pytest.skip("loop devices are root's")
    file = image(ram / f"{sector_size}.img", 200 * MIB)
    made = run("losetup", "--find", "--show", "--sector-size", sector_size, str(file))
    if made.returncode != 0:
        pytest.skip(f"no loop device: {made.stderr.strip()}")
    device = made.stdout.strip()
    yield device
    for number in kernel.partitions(device):
        run("umount", "-l", kernel.partition_path(device, number))
    run("partx", "--delete", device)
    run("losetup", "--detach", device)


def look(device: str) -> Target:
    disks = probe(Host())
    found = disks.find(device)
    assert found is not None
    return target_of(disks, found)


def do(device: str, *plan: Operation) -> Outcome:
    target = look(device)
    return carry_out(Host(), target, plan, confirm=target.name, read_disks=lambda: probe(Host()))


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    points: list[Path] = []

    def mount(device: str) -> Path:
        point = tmp_path / f"mnt{len(points)}"
        point.mkdir()
        subprocess.run(["mount", device, point], check=True)
        points.append(point)
        return point

    yield mount
    for point in points:
        run("umount", str(point))


def test_the_kernel_gets_the_new_partitions(loop: str) -> None:
    outcome = do(loop, Label("gpt"), Add(size=S("50MiB"), format="ext4", fs_label="ROOT"), Add(format="vfat"))
    assert outcome.status == DONE, outcome.message
    table = read_target(loop).table
    assert {n: (a // 512, b // 512) for n, (a, b) in kernel.partitions(loop).items()} == {
        number: (start, sectors) for number, start, sectors in parts(table)
    }
    assert blkid(Path(f"{loop}p1"), 0)["LABEL"] == "ROOT"
    assert blkid(Path(f"{loop}p2"), 0)["TYPE"] == "vfat"
    outcome = do(loop, Resize(1, S("30MiB")), Delete(2), Add(size=S("20MiB"), format="ext2"))
    assert outcome.status == DONE, outcome.message
    assert kernel.sees(loop, read_target(loop).table)
    assert "Block count:              30720" in run("dumpe2fs", "-h", f"{loop}p1").stdout


def test_what_was_written_to_a_partition_moves_along(loop: str) -> None:
    """The kernel keeps what it read of the disk apart from what it keeps of its partitions."""
    assert do(loop, Label("gpt"), Add(size=S("40MiB"), format="ext4", fs_label="ONE")).status == DONE
    holds = os.open(loop, os.O_RDONLY)  # while anybody has the disk open, that is kept
    try:
        assert read_target(loop).contents[2048].label == "ONE"
        run("e2label", f"{loop}p1", "TWO")
        assert read_target(loop).contents[2048].label == "TWO"
        assert do(loop, Resize(1, S("20MiB")), Move(1, S("100MiB"))).status == DONE
    finally:
        os.close(holds)
    checked = run("e2fsck", "-fn", f"{loop}p1")
    assert checked.returncode == 0, checked.stdout
    assert blkid(Path(f"{loop}p1"), 0)["LABEL"] == "TWO"


def test_a_partition_is_no_disk(loop: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert do(loop, Label("gpt"), Add(size=S("50MiB"))).status == DONE
    plan = tmp_path / "plan.json"
    write_plan(plan, [Label("gpt")])
    assert main(["disks", "apply", str(plan), "--device", f"{loop}p1", "--confirm", f"{loop[5:]}p1"]) == 1
    assert "choose the disk it lies on" in capsys.readouterr().err


def test_with_large_sectors(loop4096: str) -> None:
    outcome = do(loop4096, Label("gpt"), Add(size=S("50MiB"), format="ext4"), Add(size=S("40MiB"), format="vfat"))
    assert outcome.status == DONE, outcome.message
    assert kernel.partitions(loop4096) == {1: (MIB, 50 * MIB), 2: (51 * MIB, 40 * MIB)}
    assert run("fsck.vfat", "-n", f"{loop4096}p2").returncode == 0


def test_logical_partitions(loop: str) -> None:
    logical = [Add(size=S("20MiB"), kind="logical")] * 3
    outcome = do(loop, Label("msdos"), Add(size=S("20MiB")), Add(size=S("150MiB"), type="extended"), *logical)
    assert outcome.status == DONE, outcome.message
    assert set(kernel.partitions(loop)) == {1, 2, 5, 6, 7}
    assert do(loop, Delete(6), Delete(1)).status == DONE
    assert set(kernel.partitions(loop)) == {2, 5, 6}


def test_what_is_mounted_is_refused_whole_and_part(loop: str, mounted: Callable[[str], Path]) -> None:
    made = [Add(size=S("50MiB"), format="ext4"), Add(size=S("50MiB"), format="ext4")]
    assert do(loop, Label("gpt"), *made).status == DONE
    point = mounted(f"{loop}p1")
    before = read_target(loop).table
    for plan in ([Delete(2)], [Label("gpt")], [Add(size=S("1MiB"))], [Format(1, "ext4")], [Resize(1, S("40MiB"))]):
        outcome = do(loop, *plan)
        assert outcome.status == REFUSED, plan
        assert f"{loop}p1 is mounted on {point}" in outcome.message
    assert read_target(loop).table.same_partitions(before)
    assert do(loop, Format(2, "ext2")).status == DONE  # that one is free, and the table stays


def test_swap_in_use_is_refused(loop: str) -> None:
    assert do(loop, Label("gpt"), Add(size=S("50MiB"), type="swap", format="swap")).status == DONE
    if run("swapon", f"{loop}p1").returncode != 0:
        pytest.skip("no swap here")
    try:
        outcome = do(loop, Delete(1))
        assert outcome.status == REFUSED and "swap" in outcome.message
    finally:
        run("swapoff", f"{loop}p1")


def test_who_holds_it_without_a_name_is_refused(loop: str, ram: Path) -> None:
    """The kernel's own claim counts, even where the list of uses does not show it."""
    assert do(loop, Label("gpt"), Add(size=S("50MiB"))).status == DONE
    handle = os.open(f"{loop}p1", os.O_RDONLY | os.O_EXCL)
    try:
        outcome = do(loop, Delete(1))
        assert outcome.status == REFUSED, outcome.message
        target = read_target(loop)
        blindly = carry_out(Host(), target, [Delete(1)], confirm=target.name, read_disks=lambda: probe(Host()))
        assert blindly.status == REFUSED
    finally:
        os.close(handle)
    assert do(loop, Delete(1)).status == DONE


def test_the_image_behind_a_loop_device_is_refused(loop: str, ram: Path) -> None:
    file = ram / "512.img"
    target = read_target(str(file))
    outcome = carry_out(
        Host(), target, [Label("gpt")], confirm=target.name, read_disks=lambda: probe(Host(), images=[str(file)])
    )
    assert outcome.status == REFUSED and loop in outcome.message


def test_written_but_the_kernel_sees_the_old_one(loop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert do(loop, Label("gpt"), Add(size=S("50MiB"))).status == DONE
    monkeypatch.setattr("xentui.disks.kernel.tell", lambda path, table: False)
    outcome = do(loop, Add(size=S("20MiB"), format="ext4"))
    assert outcome.status == STALE
    assert "the kernel still sees the old one" in outcome.message and f"partprobe {loop}" in outcome.message
    assert outcome.done == ("write the partition table",)
    assert len(outcome.not_done) == 2 and outcome.restore is not None
    assert len(read_target(loop).table.slots) == 2
    assert set(kernel.partitions(loop)) == {1}
    monkeypatch.undo()
    assert kernel.tell(loop, read_target(loop).table)
    assert set(kernel.partitions(loop)) == {1, 2}


def test_a_held_partition_leaves_the_kernel_stale(loop: str) -> None:
    """Really: somebody opens a partition between our checks and the kernel's; BLKPG cannot delete it then."""
    assert do(loop, Label("gpt"), Add(size=S("50MiB")), Add(size=S("50MiB"))).status == DONE
    table = read_target(loop).table
    smaller = [slot for slot in table.slots if slot.number == 2]
    handle = os.open(f"{loop}p1", os.O_RDONLY | os.O_EXCL)
    try:
        assert not kernel.tell(loop, replace(table, slots=tuple(smaller)))
        assert 1 in kernel.partitions(loop)
    finally:
        os.close(handle)
    assert kernel.tell(loop, replace(table, slots=tuple(smaller)))


def test_a_table_comes_back_on_a_device(loop: str) -> None:
    assert do(loop, Label("gpt"), Add(size=S("50MiB"))).status == DONE
    outcome = do(loop, Label("msdos"), Add(size=S("20MiB")))
    assert outcome.status == DONE and outcome.backup is not None
    target = read_target(loop)
    back = restore(Host(), outcome.backup, target, confirm=target.name, read_disks=lambda: probe(Host()))
    assert back.status == DONE, back.message
    assert kernel.partitions(loop) == {1: (MIB, 50 * MIB)}


def test_mounting_with_the_guides_folders(loop: str, tmp_path: Path) -> None:
    point = tmp_path / "mnt"
    outcome = do(loop, Label("gpt"), Add(format="ext4"), Mount(1, str(point), folders=True))
    try:
        assert outcome.status == DONE, outcome.message
        assert (point / "xendomains" / "domains").is_dir()
        assert os.path.ismount(point)
    finally:
        run("umount", str(point))


def test_an_image_is_mounted_by_its_plan(loop: str, ram: Path, tmp_path: Path) -> None:
    file, point = image(ram / "guest.img", 100 * MIB), tmp_path / "mnt"
    plan = [Label("gpt"), Add(size=S("20MiB")), Add(format="ext4"), Mount(2, str(point), folders=True)]
    outcome = carry_out(Host(), read_target(str(file)), plan, confirm="guest.img", read_disks=Disks)
    try:
        assert outcome.status == DONE, outcome.message
        assert (point / "xendomains" / "domains").is_dir()
        used = carry_out(
            Host(), read_target(str(file)), [Delete(1)], confirm="guest.img",
            read_disks=lambda: probe(Host(), images=[str(file)]),
        )  # fmt: skip
        assert used.status == REFUSED and ("mounted on" in used.message or "/dev/loop" in used.message)
    finally:
        run("umount", str(point))


# Maps of an image's partitions.


def test_an_image_that_another_program_looks_at_stays_mapped(
    loop: str, ram: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = image(ram / "guest.img", 100 * MIB)
    made = [Label("msdos"), Add(format="vfat")]
    assert carry_out(Host(), read_target(str(file)), made, confirm="guest.img", read_disks=Disks).status == DONE
    assert main(["disks", "map", str(file)]) == 0
    whole = capsys.readouterr().out.strip().removesuffix("p1")
    monkeypatch.setattr("xentui.disks.mapping.LET_GO", 0.0)
    with Path(whole).open("rb"):
        assert main(["disks", "unmap", str(file)]) == 1
        assert f"{whole} is open in another program" in capsys.readouterr().err
    assert wait_until(lambda: str(file) not in run("losetup", "-a").stdout, 60)


def test_an_image_is_mapped_and_let_go(
    loop: str, ram: Path, mounted: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    file = image(ram / "guest.img", 100 * MIB)
    target = read_target(str(file))
    made = [Label("msdos"), Add(size=S("40MiB"), format="ext4"), Add(format="vfat")]
    assert carry_out(Host(), target, made, confirm="guest.img", read_disks=Disks).status == DONE
    assert main(["disks", "map", str(file)]) == 0
    first, second = capsys.readouterr().out.split()
    try:
        assert blkid(Path(first), 0)["TYPE"] == "ext4" and blkid(Path(second), 0)["TYPE"] == "vfat"
        point = mounted(first)
        assert main(["disks", "unmap", str(file)]) == 1
        assert f"{first} is mounted on {point}" in capsys.readouterr().err
        assert main(["disks", "map", str(file)]) == 1
        assert "already" in capsys.readouterr().err
        run("umount", str(point))
    finally:
        run("umount", first)
        assert main(["disks", "unmap", str(file)]) == 0
    assert str(file) not in run("losetup", "-a").stdout and not Path(first).exists()
    assert main(["disks", "unmap", str(file)]) == 1


def test_a_guests_disk_is_not_mapped(ram: Path) -> None:
    file = image(ram / "guest.img", 100 * MIB)
    for state, refused in (("running", True), ("saved", True), ("off", False)):
        disks = probe(Host(), [GuestDisk("server01", state, str(file), "xvda")])
        with pytest.raises(RefusedError) as raised:
            map_partitions(Host(), disks, str(file))
        assert ("server01" in str(raised.value)) == refused, state  # of one that is off: it has no partitions


# Volume groups: what LVM can do without device-mapper.


def test_a_volume_group_is_made_extended_and_taken_down(loop: str) -> None:
    if run("pvs").returncode != 0:
        pytest.skip("no LVM here")
    name = f"xentui{os.getpid()}"
    made = [Add(size=S("60MiB"), type="lvm"), Add(size=S("60MiB"), type="lvm")]
    outcome = do(loop, Label("gpt"), *made, PvCreate(1), VgCreate(name, (1,)))
    assert outcome.status == DONE, outcome.message
    try:
        assert look(loop).groups[0].numbers == (1,)
        assert do(loop, PvCreate(2), VgExtend(name, (2,))).status == DONE
        group = look(loop).groups[0]
        assert group.numbers == (1, 2) and group.extents == 28
        preview = Plan(look(loop), [VgReduce(name, (2,)), PvRemove(2)]).preview()
        assert preview.problem is None
        assert preview.layout.groups[0].extents == 14
        assert do(loop, VgReduce(name, (2,)), PvRemove(2)).status == DONE
        assert Plan(look(loop), [Delete(1)]).preview().problem is not None
        again = do(loop, Delete(2), Add(type="lvm"), PvCreate(2), VgCreate(name, (2,)))
        assert again.status == REFUSED and name in again.message
        down = do(loop, VgRemove(name), PvRemove(1), Label("msdos"), Add(format="ext4"))
        assert down.status == DONE, down.message
        assert kernel.partitions(loop) == {1: (MIB, 199 * MIB)}
        assert name not in run("vgs").stdout
    finally:
        run("vgremove", "-ff", "-y", name)
