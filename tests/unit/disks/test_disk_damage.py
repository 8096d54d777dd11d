"""Tables with any damage: read, judged, planned on, and never a crash or a write that makes it worse."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from disk_doing import do, fingerprint
from disk_images import MIB, apply, image, parts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xentui.disks.applying import DONE, REFUSED
from xentui.disks.operations import Add, Delete, Flag, Label, Operation, PlanError, Repair, Resize
from xentui.disks.plan import Plan
from xentui.disks.sizes import Size
from xentui.disks.target import read_target

FUZZ = bool(os.environ.get("XENTUI_FUZZ"))
S = Size.parse
END = 100 * MIB
LOGICAL: list[Operation] = [Add(size=S("50MiB"), type="extended"), *[Add(size=S("10MiB"), kind="logical")] * 3]
#: Where a table has something to say: both GPT headers and some entries; the msdos entries and EBRs.
PLACES = {
    "gpt": [(0, 1024), (1024, 300), (END - 33 * 512, 300), (END - 512, 100)],
    "msdos": [(440, 72), (31 * MIB + 440, 72), (42 * MIB + 440, 72), (53 * MIB + 440, 72)],
}
OPERATIONS: list[Operation] = [Add(size=S("5MiB")), Delete(1), Resize(1, S("5MiB")), Flag(1, "boot", True)]
damage = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1023), st.integers(0, 255)), min_size=1, max_size=6)


@pytest.mark.parametrize("label", ["gpt", "msdos"])
@settings(
    max_examples=3000 if FUZZ else 25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    damage=damage,
    operation=st.sampled_from([Add(size=S("5MiB")), Delete(1), Resize(1, S("5MiB")), Flag(1, "boot", True)]),
)
def test_any_damage(ram: Path, label: str, damage: list[tuple[int, int, int]], operation: Operation) -> None:
    path = image(ram / "disk.img", END)
    apply(path, [Label(label), Add(size=S("30MiB")), *(LOGICAL if label == "msdos" else [Add(size=S("20MiB"))])])
    with path.open("r+b") as file:
        for place, at, byte in damage:
            offset, length = PLACES[label][place]
            os.pwrite(file.fileno(), bytes([byte]), offset + at % length)
    target, before = read_target(str(path)), fingerprint(path)
    for each in (operation, Repair(), Label("msdos")):
        try:
            Plan(target, [each]).preview()
        except PlanError as error:
            assert str(error)
    assert fingerprint(path) == before
    outcome = do(path, operation)
    if outcome.status == REFUSED:
        assert fingerprint(path) == before and outcome.message
    else:
        assert outcome.status == DONE, outcome.message
        now = read_target(str(path)).table
        assert now.obstacle is None
        untouched = {part for part in parts(target.table) if part[0] != 1}
        assert untouched <= set(parts(now)) or isinstance(operation, Add | Delete)
    outcome = do(path, Label("gpt"), Add(size=S("5MiB")))
    assert outcome.status == DONE, outcome.message
    assert not read_target(str(path)).table.flaws
