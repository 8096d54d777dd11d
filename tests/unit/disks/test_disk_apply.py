"""Carrying out a plan on images, and going back."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from disk_doing import blkid, do, fingerprint, refused
from disk_images import MIB, apply, image, parts, run, sgdisk

from xentui.cli import main
from xentui.disks import backup, operations
from xentui.disks.applying import DONE, REFUSED, Progress, carry_out
from xentui.disks.device import Disks
from xentui.disks.operations import Add, Check, Delete, Image, Label, Move, Operation, Resize
from xentui.disks.planfile import MadeOn, plan_text
from xentui.disks.restoring import restore
from xentui.disks.sizes import Size
from xentui.disks.target import new_image, read_target
from xentui.host import Host

S = Size.parse


def test_a_plan_is_carried_out_and_taken_back(disk: Path) -> None:
    before, told = disk.read_bytes(), list[Progress]()
    outcome = do(
        disk,
        Add(size=S("40MiB"), format="ext4", fs_label="ROOT"),
        Add(format="vfat", fs_label="DATA"),
        told=told.append,
    )
    assert (outcome.status, outcome.not_done) == (DONE, ())
    assert [each.title for each in told] == list(outcome.done)
    third, fourth = read_target(str(disk)).table.slots[2:]
    assert blkid(disk, third.start * 512)["TYPE"] == "ext4"
    assert blkid(disk, third.start * 512)["LABEL"] == "ROOT"
    assert blkid(disk, fourth.start * 512)["LABEL"] == "DATA"
    assert disk.stat().st_size == 200 * MIB
    assert (
        subprocess.run(
            ["e2fsck", "-fn", f"{disk}?offset={third.start * 512}"], check=False, capture_output=True
        ).returncode
        == 0
    )
    assert "No problems found" in sgdisk(disk)[1]
    kept = outcome.backup
    assert kept is not None and kept.stat().st_mode & 0o777 == 0o600
    assert kept.parent == backup.folder() and kept.with_suffix(".sfdisk").stat().st_mode & 0o777 == 0o600
    back = restore(Host(), kept, read_target(str(disk)), confirm="disk.img", read_disks=Disks)
    assert back.status == DONE, back.message
    after = disk.read_bytes()
    assert after[:MIB] == before[:MIB] and after[-MIB:] == before[-MIB:]


def test_the_backup_for_sfdisk_makes_the_same_table(disk: Path, ram: Path) -> None:
    apply(disk, [operations.Name(1, 'a "b" ü'), operations.Flag(2, "legacy_boot", True)])
    outcome = do(disk, Delete(1))
    assert outcome.backup is not None
    fresh = image(ram / "fresh.img", 200 * MIB)
    with outcome.backup.with_suffix(".sfdisk").open() as script:
        subprocess.run(["sfdisk", "-q", fresh], stdin=script, check=True)
    restored = restore(Host(), outcome.backup, read_target(str(disk)), confirm="disk.img", read_disks=Disks)
    assert restored.status == DONE
    old, new = read_target(str(disk)).table, read_target(str(fresh)).table
    assert [(s.number, s.start, s.sectors, s.type, s.uuid, s.name, s.attributes) for s in old.slots] == [
        (s.number, s.start, s.sectors, s.type, s.uuid, s.name, s.attributes) for s in new.slots
    ]


@pytest.mark.parametrize(("old", "new"), [("gpt", "msdos"), ("msdos", "gpt"), ("msdos", "msdos"), ("gpt", "gpt")])
def test_another_kind_of_table_is_taken_back_byte_for_byte(ram: Path, old: str, new: str) -> None:
    path = image(ram / "disk.img", 300 * MIB)
    with path.open("r+b") as file:  # a boot loader in the gap, data at the very end
        os.pwrite(file.fileno(), b"\x90" * 440, 0)
        os.pwrite(file.fileno(), b"G" * (MIB - 512), 512)
        os.pwrite(file.fileno(), b"E" * MIB, 299 * MIB)
    more = [Add(size=S("100MiB"), type="extended"), *[Add(size=S("20MiB"), kind="logical") for _ in range(3)]]
    apply(path, [Label(old), Add(size=S("50MiB")), *(more if old == "msdos" else [Add()])])
    before = path.read_bytes()
    outcome = do(path, Label(new), *more) if new == "msdos" else do(path, Label(new), Add(size=S("10MiB")))
    assert outcome.status == DONE and outcome.backup is not None
    assert path.read_bytes() != before
    back = restore(Host(), outcome.backup, read_target(str(path)), confirm="disk.img", read_disks=Disks)
    assert back.status == DONE, back.message
    after = path.read_bytes()
    changed = [at for at in range(0, len(before), 512) if before[at : at + 512] != after[at : at + 512]]
    wiped = [p.start for p in read_target(str(path)).table.slots]
    assert not changed or min(changed) >= MIB, (changed[:5], wiped)  # what was wiped for new partitions stays wiped


# Data moves and file systems are resized.


def fill(path: Path, start: int, size: int) -> bytes:
    data = os.urandom(size)
    with path.open("r+b") as file:
        os.pwrite(file.fileno(), data, start)
    return data


def test_a_partition_moves_with_its_data(disk: Path) -> None:
    data = fill(disk, MIB, 20 * MIB)
    assert do(disk, Move(1, S("60MiB"))).status == DONE
    assert parts(read_target(str(disk)).table)[0][1:] == (60 * 2048, 20 * 2048)
    assert disk.read_bytes()[60 * MIB : 80 * MIB] == data


def test_a_move_onto_something_is_refused(disk: Path) -> None:
    before = fingerprint(disk)
    refused(disk, do(disk, Move(1, S("30MiB"))), before, "something lies there")
    refused(disk, do(disk, Move(1, S("5MiB"))), before, "something lies there")
    refused(disk, do(disk, Delete(2), Move(1, S("21MiB"))), before, "something lies there")
    refused(disk, do(disk, Move(1, S("190MiB"))), before, "no free room")


@pytest.mark.parametrize("label", ["gpt", "msdos"])
@pytest.mark.parametrize("made", ["mkfs.ext4 -q -F", "mkfs.vfat -I", "mkswap", "mkntfs -F -Q -q", "LUKS", "LVM"])
def test_nothing_of_what_was_on_the_whole_disk_is_found_again(ram: Path, made: str, label: str) -> None:
    path = image(ram / "disk.img", 100 * MIB)
    marks = {"LUKS": (0, b"LUKS\xba\xbe\0\2"), "LVM": (512, b"LABELONE" + bytes(16) + b"LVM2 001" + b"x" * 32)}
    if made in marks:
        with path.open("r+b") as file:
            os.pwrite(file.fileno(), marks[made][1], marks[made][0])
    else:
        subprocess.run([*made.split(), path], check=True, capture_output=True)
    before = path.read_bytes()
    assert read_target(str(path)).whole is not None
    outcome = do(path, Label(label))
    assert outcome.status == DONE and outcome.backup is not None
    found = {line.split()[1] for line in run("wipefs", "--output", "OFFSET,TYPE", str(path)).stdout.splitlines()[1:]}
    assert found <= ({"gpt", "PMBR"} if label == "gpt" else {"dos"})
    back = restore(Host(), outcome.backup, read_target(str(path)), confirm="disk.img", read_disks=Disks)
    assert back.status == DONE, back.message
    assert path.read_bytes() == before


def needs_loops() -> None:
    if os.geteuid() != 0 or subprocess.run(["losetup", "-f"], check=False, capture_output=True).returncode != 0:
        pytest.skip("loop devices are root's")


@pytest.mark.parametrize("kind", ["ext4", "ext3", "ext2", "ntfs"])
def test_file_systems_shrink_and_grow_with_their_partition(ram: Path, kind: str) -> None:
    needs_loops()
    path = image(ram / "disk.img", 200 * MIB)
    assert do(path, Label("gpt"), Add(size=S("100MiB"), format=kind, fs_label="DATA")).status == DONE
    for size in ("60MiB", "150MiB"):
        outcome = do(path, Resize(1, S(size)), Check(1))
        assert outcome.status == DONE, outcome.message
        slot = read_target(str(path)).table.slots[0]
        assert slot.sectors * 512 == S(size).bytes
        found = blkid(path, MIB)
        assert (found["TYPE"], found["LABEL"]) == (kind, "DATA")
        if kind != "ntfs":
            said = subprocess.run(
                ["dumpe2fs", "-h", f"{path}?offset={MIB}"], check=False, capture_output=True, text=True
            ).stdout
            blocks = int(said.split("Block count:")[1].split()[0]) * int(said.split("Block size:")[1].split()[0])
            assert blocks == S(size).bytes
    assert path.stat().st_size == 200 * MIB, "a tool cut the image off"


def test_swap_keeps_its_identity(ram: Path) -> None:
    path = image(ram / "disk.img", 200 * MIB)
    assert do(path, Label("msdos"), Add(size=S("50MiB"), type="swap", format="swap", fs_label="SWAP")).status == DONE
    before = blkid(path, MIB)
    assert do(path, Resize(1, S("100MiB"))).status == DONE
    after = blkid(path, MIB)
    assert {**after, "FSSIZE": ""} == {**before, "FSSIZE": ""} and after["LABEL"] == "SWAP"
    assert [each.name for each in ram.iterdir()] == ["disk.img"]
    twin = image(ram / "twin", 100 * MIB)
    subprocess.run(["mkswap", "-q", "-L", "SWAP", "-U", after["UUID"], twin], check=True, capture_output=True)
    assert path.read_bytes()[MIB : MIB + 4096] == twin.read_bytes()[:4096]


# Images.


@pytest.mark.parametrize("form", ["raw", "qcow2"])
def test_an_image_is_made(ram: Path, form: str) -> None:
    path = ram / f"guest.{form}"
    plan = [Image(S("100MiB"), form), Label("msdos"), Add(format="ext4", fs_label="ROOT")]
    outcome = carry_out(Host(), new_image(str(path), 100 * MIB), plan, confirm=path.name, read_disks=Disks)
    assert outcome.status == DONE, outcome.message
    assert [each.name for each in ram.iterdir()] == [path.name]
    said = json.loads(
        subprocess.run(["qemu-img", "info", "--output=json", path], check=False, capture_output=True, text=True).stdout
    )
    assert (said["format"], said["virtual-size"]) == (form, 100 * MIB)
    raw = ram / "raw.img"
    subprocess.run(["qemu-img", "convert", "-O", "raw", path, raw], check=True)
    assert blkid(raw, MIB)["LABEL"] == "ROOT"
    again = carry_out(Host(), new_image(str(path), 100 * MIB), plan, confirm=path.name, read_disks=Disks)
    assert again.status == REFUSED and "is there already" in again.message


# The command line.


def cli(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    status = main(["disks", *argv])
    said = capsys.readouterr()
    return status, said.out, said.err


def plan_file(ram: Path, plan: Sequence[Operation], made_on: MadeOn | None = None) -> str:
    file = ram / "plan.json"
    file.write_text(plan_text(plan, made_on))
    return str(file)


def test_apply_and_restore_by_hand(disk: Path, ram: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = fingerprint(disk)
    plan = plan_file(ram, [Add(size=S("40MiB"), format="ext4")], read_target(str(disk)).made_on)
    status, out, _ = cli(capsys, "apply", plan, "--device", str(disk), "--dry-run", "--json")
    said = json.loads(out)
    assert (status, said["problems"], said["confirm"]) == (0, [], "disk.img")
    assert [part["size"] for part in said["result"]["partitions"]] == [20 * MIB, 30 * MIB, 40 * MIB]
    assert any("mkfs.ext4" in line for step in said["steps"] for line in step["commands"])
    assert fingerprint(disk) == before
    status, _, err = cli(capsys, "apply", plan, "--device", str(disk))
    assert status == 1 and "--confirm disk.img" in err and fingerprint(disk) == before
    status, _, err = cli(capsys, "apply", plan, "--device", str(disk), "--confirm", "disk")
    assert status == 1 and "Nothing was written" in err and fingerprint(disk) == before
    status, out, _ = cli(capsys, "apply", plan, "--device", str(disk), "--confirm", "disk.img", "--json")
    done = json.loads(out)
    assert (status, done["status"]) == (0, "done")
    status, _, err = cli(capsys, "apply", plan, "--device", str(disk), "--confirm", "disk.img")
    assert status == 1 and "has changed" in err
    status, out, _ = cli(capsys, "restore", done["backup"], "--device", str(disk), "--confirm", "disk.img")
    assert status == 0 and "again" in out
    assert parts(read_target(str(disk)).table) == [(1, 2048, 40960), (2, 43008, 61440)]


def test_dry_run_says_why_it_would_be_refused(disk: Path, ram: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = cli(capsys, "apply", plan_file(ram, [Delete(9)]), "--device", str(disk), "--dry-run")
    assert status == 1 and "operation 1 (delete): there is no partition 9" in out


def test_bad_plans_and_backups_are_one_sentence(disk: Path, ram: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = ram / "bad.json"
    for text in ("", "[]", '{"operations": [{"op": "ad"}]}', "{" * 100_000, "\0", '{"operations": [], "x": 1}'):
        bad.write_text(text)
        for argv in (["apply", str(bad)], ["restore", str(bad)]):
            status, _, err = cli(capsys, *argv, "--device", str(disk), "--confirm", "disk.img")
            assert status == 1 and err.count("\n") == 1, (text[:20], err)


def test_what_is_lost_is_named(ram: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = image(ram / "disk.img", 200 * MIB)
    assert (
        do(path, Label("gpt"), Add(size=S("20MiB"), format="ext4"), Add(size=S("20MiB"), format="vfat")).status == DONE
    )
    plan = plan_file(ram, [Delete(1), Add(size=S("5000000B"))])
    status, _, err = cli(capsys, "apply", plan, "--device", str(path), "--confirm", "disk.img")
    assert status == 0 and "ext4 on it is lost" in err and "it gets 5MiB" in err
    label = plan_file(ram, [Label("gpt")])
    status, out, _ = cli(capsys, "apply", label, "--device", str(path), "--confirm", "disk.img", "--json")
    assert status == 0 and any("partition 2 with vfat is lost" in note for note in json.loads(out)["notes"])


def test_no_read_only_writes(disk: Path, ram: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = fingerprint(disk)
    plan = plan_file(ram, [Delete(1)])
    assert main(["--read-only", "disks", "apply", plan, "--device", str(disk), "--confirm", "disk.img"]) == 1
    assert fingerprint(disk) == before
