"""Random plans on sparse images: what is promised is what other programs then read.

XENTUI_FUZZ=1 tries thousands of plans instead of dozens.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from disk_images import (
    GIB,
    MIB,
    TIB,
    add_if_possible,
    all_parts,
    apply,
    image,
    one_operation,
    parted,
    parts,
    plan_steps,
    possible,
    run,
    sfdisk,
    sgdisk,
)  # fmt: skip
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xentui.disks.operations import Add, Delete, Flag, Label, Move, Operation, Resize, Type
from xentui.disks.plan import Plan, signature
from xentui.disks.read_table import read_table
from xentui.disks.sizes import Size
from xentui.disks.table import Table, overlaps
from xentui.disks.target import read_target

FUZZ = bool(os.environ.get("XENTUI_FUZZ"))
thorough = settings(
    max_examples=2000 if FUZZ else 25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
SIZES = (MIB, 2 * MIB, 3 * MIB + 512 * 7, 40 * MIB, 100 * MIB + 4096, 7 * GIB, 2 * TIB, 3 * TIB, 16 * TIB)
plans = st.lists(one_operation, min_size=1, max_size=14)


def check_promises(table: Table, sector_size: int) -> None:
    grain = MIB // sector_size
    assert not table.flaws
    assert overlaps(table.slots) is None
    for slot in table.slots:
        assert slot.start % grain == 0, slot
        assert (slot.end + 1) % grain == 0, slot


@pytest.mark.parametrize("sector_size", [512, 4096])
@pytest.mark.parametrize("label", ["gpt", "msdos"])
@thorough
@given(size=st.sampled_from(SIZES), first=plans, second=plans)
def test_what_is_promised_is_what_others_read(
    ram: Path, label: str, sector_size: int, size: int, first: list[Operation], second: list[Operation]
) -> None:
    path = image(ram / "disk.img", size)
    for wished in ([Label(label), *first], second):
        target = read_target(str(path), sector_size=sector_size)
        assert not target.table.flaws
        plan = possible(target, wished)
        preview = plan.preview()
        assert preview.problem is None
        planned = apply(path, plan.operations, sector_size)
        assert parts(planned) == parts(preview.layout.table)
        check_promises(planned, sector_size)
        with path.open("rb") as file:

            def read(offset: int, length: int, handle: int = file.fileno()) -> bytes:
                return os.pread(handle, length, offset)

            written = read_table(read, sector_size, size // sector_size)
        assert written.same_partitions(planned)
        check_promises(written, sector_size)
        assert parted(path, sector_size) == all_parts(planned)
        if sector_size == 512:
            assert sfdisk(path) == sorted(parts(planned))
            if label == "gpt":
                read_by_sgdisk, said = sgdisk(path)
                assert read_by_sgdisk == sorted(parts(planned))
                assert "No problems found" in said, said
            verified = run("sfdisk", "--verify", str(path))
            assert "overlap" not in verified.stdout + verified.stderr


@pytest.mark.parametrize("label", ["gpt", "msdos"])
@thorough
@given(wished=plans)
def test_undo_goes_all_the_way_back_and_redo_all_the_way_forth(ram: Path, label: str, wished: list[Operation]) -> None:
    path = image(ram / "disk.img", 10 * GIB)
    apply(path, [Label(label), Add(size=Size.parse("1GiB"))])
    plan = Plan(read_target(str(path)))
    states = [plan.operations]
    for operation in wished:
        add_if_possible(plan, operation)
        if plan.operations != states[-1]:
            states.append(plan.operations)
    for state in reversed(states[:-1]):
        plan.undo()
        assert plan.operations == state
    assert not plan.can_undo
    assert signature(plan.preview().layout) == signature(Plan(plan.target).preview().layout)
    for state in states[1:]:
        plan.redo()
        assert plan.operations == state
    assert not plan.can_redo


@pytest.mark.parametrize("label", ["gpt", "msdos"])
@thorough
@given(wished=plans)
def test_pruning_changes_nothing_but_the_length(ram: Path, label: str, wished: list[Operation]) -> None:
    path = image(ram / "disk.img", 10 * GIB)
    apply(path, [Label(label), Add(size=Size.parse("1GiB")), Add(size=Size.parse("2GiB"), type="swap")])
    target = read_target(str(path))
    plan = Plan(target)
    taken: list[Operation] = []
    for operation in wished:
        if add_if_possible(plan, operation):
            taken.append(operation)
            whole = Plan(target, taken).preview()
            assert whole.problem is None
            assert signature(whole.layout) == signature(plan.preview().layout)


@pytest.mark.parametrize("label", ["gpt", "msdos"])
@settings(parent=thorough, max_examples=300 if FUZZ else 10)
@given(wished=plans)
def test_the_command_by_hand_makes_the_same_table(ram: Path, label: str, wished: list[Operation]) -> None:
    path, twin = image(ram / "disk.img", 10 * GIB), image(ram / "twin.img", 10 * GIB)
    plan = possible(read_target(str(path)), [Label(label), *wished])
    step = next(step for step in plan_steps(plan.target, plan.operations) if step.kind == "table")
    argv = ["sfdisk", "-q", str(twin)]
    subprocess.run(argv, input=step.commands[0].text_in, text=True, check=True, timeout=180, capture_output=True)
    planned, by_hand = apply(path, plan.operations), read_target(str(twin)).table

    def said(table: Table) -> list[tuple[object, ...]]:
        return sorted((s.number, s.start, s.sectors, s.type, s.name, s.attributes, s.kind) for s in table.slots)

    assert said(by_hand) == said(planned)


@pytest.mark.parametrize(("label", "sector_size"), [("gpt", 512), ("gpt", 4096), ("msdos", 512)])
@thorough
@given(wished=plans, size=st.sampled_from(("1MiB", "30MiB", "10%")))
def test_add_then_delete_gives_the_old_table_byte_for_byte(
    ram: Path, label: str, sector_size: int, wished: list[Operation], size: str
) -> None:
    path = image(ram / "disk.img", 10 * GIB)
    first = possible(read_target(str(path), sector_size=sector_size), [Label(label), *wished])
    apply(path, first.operations, sector_size)
    before = table_bytes(path, sector_size)
    plan = Plan(read_target(str(path), sector_size=sector_size))
    if not add_if_possible(plan, Add(size=Size.parse(size))):
        return
    new = next(part for part in plan.preview().layout.partitions if part.origin is None)
    assert table_bytes(path, sector_size) == before, "planning wrote"
    apply(path, plan.operations, sector_size)
    assert table_bytes(path, sector_size) != before
    apply(path, [Delete(new.number)], sector_size)
    assert table_bytes(path, sector_size) == before


INVERSES: list[tuple[Operation, Operation]] = [
    (Resize(1, Size.parse("1500MiB")), Resize(1, Size.parse("1GiB"))),
    (Resize(1, Size.parse("500MiB")), Resize(1, Size.parse("1GiB"))),
    (Move(1, Size.parse("5GiB")), Move(1, Size.parse("1MiB"))),
    (Flag(1, "boot", True), Flag(1, "boot", False)),
    (Type(1, "lvm"), Type(1, "linux")),
]


@pytest.mark.parametrize("label", ["gpt", "msdos"])
@pytest.mark.parametrize(("forth", "back"), INVERSES, ids=lambda each: each.title)
def test_a_change_and_its_inverse(ram: Path, label: str, forth: Operation, back: Operation) -> None:
    path = image(ram / "disk.img", 10 * GIB)
    apply(path, [Label(label), Add(size=Size.parse("1GiB")), Add(start=Size.parse("3GiB"), size=Size.parse("1GiB"))])
    before = table_bytes(path, 512)
    apply(path, [forth])
    assert table_bytes(path, 512) != before
    apply(path, [back])
    assert table_bytes(path, 512) == before


def table_bytes(path: Path, sector_size: int) -> list[bytes]:
    """All sectors that the table occupies, and the gap before the first partition."""
    target = read_target(str(path), sector_size=sector_size)
    with path.open("rb") as file:
        ranges = sorted({(0, MIB), *target.table.areas})
        return [os.pread(file.fileno(), length, offset) for offset, length in ranges]
