"""What is refused, what fails, what is broken: clear words, and what the disk holds then."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from disk_doing import do, fingerprint, refused
from disk_images import MIB, apply, image, parts, sgdisk, sparse_copy

from xentui.disks.applying import DONE, FAILED, REFUSED, carry_out
from xentui.disks.device import Device, Disks, Kind, Use, UseKind
from xentui.disks.dry_run import dry_run
from xentui.disks.layouts import lvm_host
from xentui.disks.lvm_operations import LvRemove, PvCreate
from xentui.disks.operations import Add, Delete, Format, Label, Repair, Resize
from xentui.disks.planfile import MadeOn, PlanFile
from xentui.disks.sizes import Size
from xentui.disks.target import read_target
from xentui.host import Host

S = Size.parse


# What is refused: nothing is written.


def test_the_name_must_be_given(disk: Path) -> None:
    refused(disk, do(disk, Delete(1), confirm="sda"), fingerprint(disk), "disk.img", "'sda'")


def test_an_empty_or_impossible_plan(disk: Path) -> None:
    before = fingerprint(disk)
    refused(disk, do(disk), before, "empty")
    refused(disk, do(disk, Delete(7)), before, "operation 1 (delete)", "no partition 7")
    refused(disk, do(disk, Delete(1), Add(size=S("1GiB"))), before, "operation 2 (add)", "does not fit")


def test_lvm_on_an_image(disk: Path) -> None:
    before = fingerprint(disk)
    for plan in (lvm_host((("a", "8MiB"),)), [PvCreate(2)], [Delete(2), LvRemove("vg0", "a")]):
        refused(disk, do(disk, *plan), before, str(disk), "LVM takes only block devices", "losetup")
    said = dry_run(Host(), Disks(), read_target(str(disk)), PlanFile((PvCreate(2),)))
    assert "LVM takes only block devices" in said["problems"][0]


def test_another_device_or_another_table_than_planned_on(disk: Path) -> None:
    before = fingerprint(disk)
    table = read_target(str(disk)).table.hash
    size = disk.stat().st_size
    for made_on, word in (
        (MadeOn("/dev/x", size + 512, 512, None, table), "not the device"),
        (MadeOn("/dev/x", size, 4096, None, table), "not the device"),
        (MadeOn("/dev/x", size, 512, None, "0" * 32), "has changed"),
    ):
        refused(disk, do(disk, Delete(1), made_on=made_on), before, word, "Plan anew")
    assert do(disk, Delete(1), made_on=MadeOn("/dev/x", size, 512, "serial", table)).status == DONE


def test_a_table_that_changed_since_it_was_looked_at(disk: Path) -> None:
    target = read_target(str(disk))
    apply(disk, [Delete(2)])
    before = fingerprint(disk)
    outcome = carry_out(Host(), target, [Delete(1)], confirm="disk.img", read_disks=Disks)
    refused(disk, outcome, before, "has changed")


def test_who_uses_it_is_named(disk: Path) -> None:
    whole = Device(str(disk), Kind.IMAGE, disk.stat().st_size)
    use = Use(UseKind.GUEST_RUNNING, "server01 (running)", "as xvda")
    disks = Disks((whole,), {whole.path: (use,)})
    refused(disk, do(disk, Delete(1), disks=disks), fingerprint(disk), "server01 (running)", "as xvda", str(disk))
    refused(disk, do(disk, Format(1, "ext4"), disks=disks), fingerprint(disk), "server01 (running)")
    # Of several, the one that has most to lose; and what would end it.
    held = Use(UseKind.LVM, "HyperVG01", "with 1 volume")
    for kind, state, words in (
        (UseKind.GUEST_RUNNING, "running", "shut the guest down first"),
        (UseKind.GUEST_SAVED, "saved", "restore the guest and shut it down first"),
    ):
        both = Disks((whole,), {whole.path: (held, Use(kind, f"server01 ({state})"))})
        refused(disk, do(disk, Delete(1), disks=both), fingerprint(disk), f"server01 ({state})", words)
    blind = Disks((whole,), {}, ("lsblk is missing.",), ("lsblk is missing.",))
    refused(disk, do(disk, Delete(1), disks=blind), fingerprint(disk), "lsblk is missing")


def test_another_program_holds_the_lock(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xentui.disks.guard._LOCK_PATIENCE", 0.0)
    with disk.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        refused(disk, do(disk, Delete(1)), fingerprint(disk), "holds the lock")
    assert do(disk, Delete(1)).status == DONE


def test_a_missing_program_is_named_before_anything_is_written(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xentui.disks.guard.find_program", lambda name: None if name == "mkntfs" else name)
    refused(disk, do(disk, Format(1, "ntfs")), fingerprint(disk), "mkntfs", "apt install ntfs-3g")


def test_a_file_system_does_not_shrink_below_what_it_holds(disk: Path) -> None:
    assert do(disk, Format(2, "ext4")).status == DONE
    start = read_target(str(disk)).table.slots[1].start * 512
    with disk.open("r+b") as file:  # say that no block is free
        os.pwrite(file.fileno(), bytes(4), start + 1024 + 12)
    refused(disk, do(disk, Resize(2, S("5MiB"))), fingerprint(disk), "it holds")


def test_a_device_that_goes_away(disk: Path) -> None:
    target = read_target(str(disk))
    disk.unlink()
    outcome = carry_out(Host(), target, [Delete(1)], confirm="disk.img", read_disks=Disks)
    assert (outcome.status, outcome.done) == (REFUSED, ())
    assert "not there any more" in outcome.message
    image(disk, 100 * MIB)
    outcome = carry_out(Host(), target, [Delete(1)], confirm="disk.img", read_disks=Disks)
    assert outcome.status == REFUSED and "not the device" in outcome.message


def test_a_disk_that_cannot_be_read(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target, before = read_target(str(disk)), fingerprint(disk)
    real = os.pread

    def broken(handle: int, length: int, offset: int) -> bytes:
        if offset == 512:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(handle, length, offset)

    monkeypatch.setattr(os, "pread", broken)
    outcome = carry_out(Host(), target, [Delete(1)], confirm="disk.img", read_disks=Disks)
    monkeypatch.undo()
    refused(disk, outcome, before, "Input/output error")


def test_a_disk_that_cannot_be_written(disk: Path, monkeypatch: pytest.MonkeyPatch, ram: Path) -> None:
    """At each of its writes: the message says which table the disk holds, and that is so."""
    old = parts(read_target(str(disk)).table)
    real, kept = os.pwrite, ram / "kept.img"
    sparse_copy(disk, kept)
    for stop in range(100):
        sparse_copy(kept, disk)
        count = 0

        def failing(handle: int, data: bytes, offset: int, stop: int = stop) -> int:
            nonlocal count
            if os.path.samestat(os.fstat(handle), disk.stat()):
                count += 1
                if count == stop + 1:
                    raise OSError(errno.EIO, os.strerror(errno.EIO))
            return real(handle, data, offset)

        with monkeypatch.context() as patched:
            patched.setattr(os, "pwrite", failing)
            outcome = do(disk, Add(size=S("10MiB")))
        if outcome.status == DONE:
            assert stop > 5
            return
        assert outcome.status == FAILED and "Input/output error" in outcome.message
        now = parts(read_target(str(disk)).table)
        says_new = "is the new one" in outcome.message
        assert now == old if not says_new else now != old
        assert outcome.backup is not None and outcome.backup.exists()
        assert (outcome.restore is not None) == says_new
    raise AssertionError("it never got through")


# Broken tables.


def spoil(path: Path, *places: int) -> None:
    with path.open("r+b") as file:
        for place in places:
            os.pwrite(file.fileno(), b"\xff" * 16, place)


FIRST, SECOND = 512 + 40, 200 * MIB - 512 + 40


def protective_only(path: Path) -> None:
    with path.open("r+b") as file:
        os.pwrite(file.fileno(), bytes(34 * 512), 512)
        os.pwrite(file.fileno(), bytes(34 * 512), 200 * MIB - 34 * 512)


def hybrid(path: Path) -> None:
    with path.open("r+b") as file:
        entry = (
            bytes([0x80, 0, 2, 0, 0x83, 255, 255, 255]) + (2048).to_bytes(4, "little") + (40960).to_bytes(4, "little")
        )
        os.pwrite(file.fileno(), entry, 446 + 16)


def stray(path: Path) -> None:
    with path.open("r+b") as file:
        os.pwrite(file.fileno(), b"\x83", 446 + 4)


BROKEN: list[tuple[str, Callable[[Path], object], str, bool]] = [
    ("both", lambda path: spoil(path, FIRST, SECOND), "Both copies", False),
    ("first", lambda path: spoil(path, FIRST), "first copy of the GPT is damaged", True),
    ("second", lambda path: spoil(path, SECOND), "second copy of the GPT", True),
    ("first entries", lambda path: spoil(path, 1024 + 40), "first copy of the GPT is damaged", True),
    ("protective", protective_only, "protective MBR", False),
    ("hybrid", hybrid, "hybrid MBR", False),
    ("stray", stray, "tools do not agree", False),
    ("shrunk", lambda path: os.truncate(path, 150 * MIB), "larger disk", False),
]


@pytest.mark.parametrize(("name", "damage", "words", "can_repair"), BROKEN, ids=[each[0] for each in BROKEN])
def test_a_broken_table_is_said_and_not_written_to(
    disk: Path, name: str, damage: Callable[[Path], object], words: str, can_repair: bool
) -> None:
    whole = parts(read_target(str(disk)).table)
    damage(disk)
    before = fingerprint(disk)
    for operation in (Add(size=S("10MiB")), Delete(1), Resize(1, S("10MiB")), Format(1, "ext4")):
        refused(disk, do(disk, operation), before, words)
    if can_repair:
        assert do(disk, Repair()).status == DONE
        table = read_target(str(disk)).table
        assert (parts(table), table.flaws) == (whole, ())
        assert "No problems found" in sgdisk(disk)[1]
    else:
        refused(disk, do(disk, Repair()), before)
    outcome = do(disk, Label("gpt"), Add(size=S("10MiB")))
    assert outcome.status == DONE, outcome.message
    assert not read_target(str(disk)).table.flaws


def test_overlapping_msdos_entries(ram: Path) -> None:
    path = image(ram / "disk.img", 200 * MIB)
    apply(path, [Label("msdos"), Add(size=S("20MiB")), Add(size=S("20MiB"))])
    with path.open("r+b") as file:
        os.pwrite(file.fileno(), (4096).to_bytes(4, "little"), 446 + 16 + 8)
    refused(path, do(path, Delete(1)), fingerprint(path), "Partitions 1 and 2 overlap")


def test_a_chain_in_a_circle(ram: Path) -> None:
    path = image(ram / "disk.img", 200 * MIB)
    apply(path, [Label("msdos"), Add(size=S("90MiB"), type="extended"), *[Add(size=S("20MiB"), kind="logical")] * 2])
    second = read_target(str(path)).table.slots[2].ebr
    assert second is not None
    with path.open("r+b") as file:  # its link leads to itself
        entry = struct.pack("<4xB3xII", 5, second - 2048, 2048)
        os.pwrite(file.fileno(), entry, second * 512 + 446 + 16)
    refused(path, do(path, Delete(1)), fingerprint(path), "chain of logical partitions")


@pytest.mark.parametrize(
    ("what", "at", "mark"), [("crypto_LUKS", 0, b"LUKS\xba\xbe\x00\x02"), ("btrfs", 65600, b"_BHRfS_M")]
)
def test_a_disk_with_something_else_on_it(ram: Path, what: str, at: int, mark: bytes) -> None:
    path = image(ram / "disk.img", 200 * MIB)
    with path.open("r+b") as file:
        os.pwrite(file.fileno(), mark, at)
    refused(path, do(path, Add(size=S("10MiB"))), fingerprint(path), what, "label")
    apply(path, [])
    inside = image(ram / "inside.img", 200 * MIB)
    apply(inside, [Label("gpt"), Add(size=S("100MiB"))])
    with inside.open("r+b") as file:
        os.pwrite(file.fileno(), mark, MIB + at)
    refused(inside, do(inside, Resize(1, S("50MiB"))), fingerprint(inside), what, "cannot be made smaller")


def test_a_grown_disk_gets_its_second_copy_at_the_end(disk: Path) -> None:
    os.truncate(disk, 300 * MIB)
    assert [flaw.code for flaw in read_target(str(disk)).table.flaws] == ["gpt-grown"]
    assert do(disk, Add(size=S("200MiB"))).status == DONE
    assert "No problems found" in sgdisk(disk)[1]
    assert not read_target(str(disk)).table.flaws
