"""Whatever part of the writes has reached the disk, it holds the old table or the new one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from disk_images import (
    GIB,
    Parts,
    apply,
    changes,
    image,
    one_operation,
    parted,
    parts,
    possible,
    sfdisk,
    sgdisk,
    sparse_copy,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xentui.disks import operations as ops
from xentui.disks.operations import Add, Delete, Flag, Label, Operation, Resize
from xentui.disks.read_table import read_table
from xentui.disks.sizes import Size
from xentui.disks.switching import Write
from xentui.disks.table import Table
from xentui.disks.target import read_target

FUZZ = bool(os.environ.get("XENTUI_FUZZ"))
S = Size.parse
PAGE = 4096


def states(path: Path, writes: list[Write], grain: int) -> Iterator[tuple[int, int]]:
    """Make `path` each state that a stop can leave: every prefix of the writes, the last one torn at each `grain`
    bytes unless it lies in one page. Gives the index of the write and the bytes of it that have arrived."""
    with path.open("r+b", buffering=0) as file:
        yield 0, 0
        for index, write in enumerate(writes):
            step = PAGE if write.offset % PAGE + len(write.data) <= PAGE else grain
            for done in range(0, len(write.data), step):
                piece = write.data[done : done + step]
                assert os.pwrite(file.fileno(), piece, write.offset + done) == len(piece)
                yield index, done + len(piece)


def kernel(path: Path, sector_size: int) -> Parts:
    """What the kernel would see: of a GPT the first copy only, unless told otherwise when it was booted."""
    size = path.stat().st_size
    with path.open("rb") as file:
        table = read_table(lambda at, length: os.pread(file.fileno(), length, at), sector_size, size // sector_size)
    if any(flaw.code in ("gpt-first", "gpt-both", "gpt-none", "gpt-unprotected") for flaw in table.flaws):
        return []
    return sorted(parts(table))


def check_states(
    path: Path, operations: list[Operation], sector_size: int, readers: list[Callable[[Path], Parts | None]],
    grain: int | None = None,
) -> None:  # fmt: skip
    old, new, writes = changes(path, operations, sector_size)
    allowed = (sorted(parts(old)), sorted(parts(new)))
    switched = False
    for index, done in states(path, writes, grain or sector_size):
        seen = [(reader.__name__, reader(path)) for reader in readers]
        seen.append(("kernel", kernel(path, sector_size)))
        for name, found in seen:
            assert found in allowed, (name, index, done, [(w.offset, len(w.data), w.why) for w in writes])
        if seen[-1][1] == allowed[1] != allowed[0]:
            switched = True
        elif switched:
            pytest.fail("the new table was there, and went away again")
    assert kernel(path, sector_size) == allowed[1]


def by_parted(path: Path) -> Parts | None:
    return parted(path)


def by_sgdisk(path: Path) -> Parts:
    return sgdisk(path)[0]


SAME_LABEL: list[tuple[str, list[Operation], list[Operation]]] = [
    ("gpt", [Add(size=S("1GiB"))], [Add(size=S("1GiB"))]),
    ("gpt", [Add(size=S("1GiB")), Add(size=S("1GiB"))], [Delete(1), Resize(2, S("3GiB")), Flag(2, "lvm", True)]),
    ("gpt", [Add(size=S("1GiB"))], [Label("gpt"), Add(size=S("2GiB")), Add(size=S("2GiB"))]),
    ("gpt", [Add(size=S("100%"))], [Delete(1)]),
    ("msdos", [Add(size=S("1GiB"))], [Add(size=S("1GiB")), Flag(1, "boot", True)]),
    ("msdos", [Add(size=S("1GiB"))], [Label("msdos"), Add(size=S("2GiB"), type="extended"), Add(kind="logical")]),
]
LOGICAL: list[Operation] = [
    Add(size=S("1GiB")),
    Add(size=S("7GiB"), type="extended"),
    *[Add(size=S("500MiB"), kind="logical") for _ in range(5)],
]


@pytest.mark.parametrize(("label", "before", "operations"), SAME_LABEL)
def test_every_sector_leaves_the_old_table_or_the_new_for_every_program(
    ram: Path, label: str, before: list[Operation], operations: list[Operation]
) -> None:
    path = image(ram / "disk.img", 10 * GIB)
    apply(path, [Label(label), *before])
    programs: list[Callable[[Path], Parts | None]] = [sfdisk]
    # parted gives the extended one, too, and sgdisk shows an msdos table as it would be as a GPT
    programs += [by_parted, by_sgdisk] if label == "gpt" else []
    check_states(path, operations, 512, programs, grain=PAGE)


@pytest.mark.parametrize(
    "operations",
    [
        [Delete(5)],
        [Delete(7)],
        [Delete(9)],
        [Delete(6), Delete(7), Delete(6)],
        [Delete(7), Delete(5), Add(size=S("1GiB"), kind="logical"), Resize(7, S("100MiB"))],
        [Delete(1), Delete(6)],
        [Delete(1), Delete(6), Delete(8), Add(size=S("10MiB"), kind="logical"), Flag(5, "boot", True)],
        [Delete(5), Delete(5), Delete(5), Delete(5), Delete(5)],
        [*[Delete(5)] * 5, Delete(2), Add(size=S("100%"))],
        [Resize(2, S("8.5GiB")), Add(kind="logical")],
        [Resize(2, S("8.5GiB")), Delete(5), Flag(1, "boot", True)],
    ],
)
@pytest.mark.parametrize("sector_size", [512, 4096])
def test_logical_partitions_switch_at_once(ram: Path, operations: list[Operation], sector_size: int) -> None:
    path = image(ram / "disk.img", 10 * GIB)
    apply(path, [Label("msdos"), *LOGICAL], sector_size)
    check_states(path, operations, sector_size, [sfdisk] if sector_size == 512 else [])


@pytest.mark.parametrize(("old", "new"), [("msdos", "gpt"), ("gpt", "msdos")])
@pytest.mark.parametrize("sector_size", [512, 4096])
def test_from_one_kind_of_table_to_the_other(ram: Path, old: str, new: str, sector_size: int) -> None:
    """The kernel, sfdisk and sgdisk at every sector; parted at every write, where that is a page: a SIGKILL."""
    path = image(ram / "disk.img", 10 * GIB)
    apply(path, [Label(old), *(LOGICAL if old == "msdos" else LOGICAL[:1])], sector_size)
    twin = ram / "twin.img"
    sparse_copy(path, twin)
    operations: list[Operation] = [Label(new), Add(size=S("3GiB")), Add(size=S("4GiB"))]
    check_states(path, operations, sector_size, [sfdisk] if sector_size == 512 else [])
    if sector_size == 512:
        check_by_parted(twin, operations)


def check_by_parted(path: Path, operations: list[Operation]) -> None:
    before = parted(path)
    _, new, writes = changes(path, operations)
    after = sorted(parts(new))
    for state in states(path, writes, 4096):
        assert parted(path) in (before, after), state
    assert parted(path) == after


@pytest.mark.parametrize("label", ["gpt", "msdos"])
@pytest.mark.parametrize("sector_size", [512, 4096])
@settings(
    max_examples=1000 if FUZZ else 15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(first=st.lists(one_operation, max_size=10), second=st.lists(one_operation, min_size=1, max_size=8))
def test_random_plans_at_every_sector(
    ram: Path, label: str, sector_size: int, first: list[Operation], second: list[Operation]
) -> None:
    path = image(ram / "disk.img", 10 * GIB)
    target = read_target(str(path), sector_size=sector_size)
    more: list[Operation] = LOGICAL if label == "msdos" else []
    apply(path, possible(target, [Label(label), *more, *first]).operations, sector_size)
    plan = possible(read_target(str(path), sector_size=sector_size), second)
    check_states(path, list(plan.operations), sector_size, [], grain=sector_size)


def test_nothing_is_written_where_nothing_changes(ram: Path) -> None:
    path = image(ram / "disk.img", 10 * GIB)
    apply(path, [Label("gpt"), Add(size=S("1GiB"))])
    assert changes(path, [])[2] == []
    assert changes(path, [Flag(1, "lvm", False), ops.Name(1, "")])[2] == []


def test_the_gap_is_left_as_it_was(ram: Path) -> None:
    path = image(ram / "disk.img", 10 * GIB)
    apply(path, [Label("gpt"), Add(size=S("1GiB"))])
    with path.open("r+b") as file:
        os.pwrite(file.fileno(), b"\xa5" * (2014 * 512), 34 * 512)
    apply(path, [Add(size=S("1GiB")), Add(size=S("1GiB"))])
    assert path.open("rb").read(1 << 20)[34 * 512 :] == b"\xa5" * (2014 * 512)


def test_without_spare_sectors_it_is_refused(ram: Path) -> None:
    """Partitions right behind the table and up to its end: no place where new entries could wait."""
    path = image(ram / "disk.img", 8 << 20)
    subprocess.run(
        ["sfdisk", "-q", str(path)], input="label: gpt\nfirst-lba: 34\nstart=34, size=16316\n", text=True, check=True
    )
    with pytest.raises(ops.PlanError, match="free sectors"):
        changes(path, [ops.Name(1, "x")])


def test_an_interrupted_change_can_be_gone_on_with(ram: Path) -> None:
    """From every state that a stop leaves, the next plan goes through, and again by safe states."""
    base = image(ram / "base.img", 10 * GIB)
    apply(base, [Label("gpt"), Add(size=S("1GiB"))])
    _, _, writes = changes(base, [Add(size=S("2GiB"))])
    path = ram / "disk.img"
    for stop in range(len(writes) + 1):
        sparse_copy(base, path)
        with path.open("r+b") as file:
            for write in writes[:stop]:
                os.pwrite(file.fileno(), write.data, write.offset)
        target = read_target(str(path))
        mend: list[Operation] = [ops.Repair()] if any(flaw.repairable for flaw in target.table.flaws) else []
        check_states(path, [*mend, Add(size=S("3GiB"))], 512, [sfdisk])
        assert "No problems" in sgdisk(path)[1]


def test_tables_compare(ram: Path) -> None:
    path = image(ram / "disk.img", 10 * GIB)
    table: Table = apply(path, [Label("gpt"), Add(size=S("1GiB"))])
    assert table.same_partitions(read_target(str(path)).table)
    assert not table.same_partitions(apply(path, [Flag(1, "boot", True)]))


@pytest.mark.parametrize("options", ["-S 256", "-S 64", "-j 40", "-n 128:300M:+1M", "-n 5:200M:+50M -A 5:set:2"])
def test_tables_of_other_makes(ram: Path, options: str) -> None:
    """More or fewer entries than usual, elsewhere than usual, with numbers that are far apart."""
    path = image(ram / "disk.img", 1 << 30)
    subprocess.run(["sgdisk", "-n", "1:2048:+100M", *options.split(), path], check=True, capture_output=True)
    check_states(path, [Add(size=S("200MiB")), Flag(1, "lvm", True)], 512, [sfdisk], grain=PAGE)
    assert "No problems" in sgdisk(path)[1]
