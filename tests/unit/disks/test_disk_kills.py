"""Killed at any point, the disk holds the old table or the new one, and the backup brings the old one back.

XENTUI_FUZZ=1 kills thousands of times instead of some hundred.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from disk_doing import fingerprint
from disk_images import GIB, MIB, Parts, apply, image, parts, sfdisk, sparse_copy

from xentui.disks import backup
from xentui.disks.applying import DONE
from xentui.disks.device import Disks
from xentui.disks.operations import Add, Delete, Flag, Label, Operation, Resize
from xentui.disks.planfile import write_plan
from xentui.disks.restoring import restore
from xentui.disks.sizes import Size
from xentui.disks.target import read_target
from xentui.host import Host

FUZZ = bool(os.environ.get("XENTUI_FUZZ"))
S = Size.parse
LOGICAL: list[Operation] = [
    Add(size=S("100MiB")),
    Add(size=S("700MiB"), type="extended"),
    *[Add(size=S("50MiB"), kind="logical") for _ in range(4)],
]
CASES: dict[str, tuple[list[Operation], list[Operation]]] = {
    "gpt": (
        [Label("gpt"), Add(size=S("100MiB"))],
        [Add(size=S("200MiB")), Resize(1, S("50MiB")), Flag(1, "lvm", True)],
    ),
    "msdos": ([Label("msdos"), *LOGICAL], [Delete(6), Delete(1), Add(size=S("60MiB"), kind="logical")]),
    "msdos to gpt": ([Label("msdos"), *LOGICAL], [Label("gpt"), Add(size=S("300MiB"))]),
    "gpt to msdos": ([Label("gpt"), Add(size=S("100MiB"))], [Label("msdos"), Add(size=S("300MiB"))]),
    "with file systems": (
        [Label("gpt"), Add(size=S("100MiB"))],
        [Add(size=S("200MiB"), format="ext4"), Add(size=S("100MiB"), format="vfat")],
    ),
}


class Killer:
    """Plans carried out by a process that is killed."""

    def __init__(self, state: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("kill_driver.py")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "XDG_STATE_HOME": str(state)},
        )  # fmt: skip

    def run(self, path: Path, plan: Path, **job: float) -> tuple[int, int]:
        """How it ended, and the events it had come to."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps({"image": str(path), "plan": str(plan), **job}) + "\n")
        self.process.stdin.flush()
        said = json.loads(self.process.stdout.readline())
        return said["status"], said["events"]

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(20)


@pytest.fixture
def killer(ram: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Killer]:
    monkeypatch.setenv("XDG_STATE_HOME", str(ram / "state"))
    made = Killer(ram / "state")
    yield made
    made.close()


def check_left(path: Path, old: Parts, new: Parts, untouched: str, head: bytes) -> bool:
    """Whether the new table is there; fails if it is neither, or cannot be taken back."""
    found = sorted(parts(read_target(str(path)).table))
    assert found in (old, new)
    assert sfdisk(path) == found
    if fingerprint(path) == untouched:
        return False
    kept = sorted(backup.folder().glob("*.json"))
    assert len(kept) == 1, "it wrote before the backup was there"
    outcome = restore(Host(), kept[0], read_target(str(path)), confirm=path.name, read_disks=Disks)
    assert outcome.status == DONE, outcome.message
    assert sorted(parts(read_target(str(path)).table)) == old
    assert path.open("rb").read(MIB) == head
    return found == new != old


@pytest.mark.parametrize("case", CASES)
def test_killed_at_any_point(ram: Path, killer: Killer, case: str) -> None:
    before, operations = CASES[case]
    base, path, plan = image(ram / "base.img", GIB), ram / "disk.img", ram / "plan.json"
    apply(base, before)
    write_plan(plan, operations)
    head, untouched, chance = base.open("rb").read(MIB), fingerprint(base), random.Random(case)

    def prepare() -> None:
        sparse_copy(base, path)
        for left in backup.folder().glob("*"):
            left.unlink()

    prepare()
    begun = time.monotonic()
    status, events = killer.run(path, plan)
    seconds = time.monotonic() - begun
    assert status == 0
    old, new = (sorted(parts(read_target(str(each)).table)) for each in (base, path))
    assert old != new
    seen = set()
    points = [(event, cut) for event in range(1, events + 1) for cut in (0, 4096, 12288, 1 << 30)]
    chance.shuffle(points)
    for event, cut in points[: 5000 if FUZZ else 28]:
        prepare()
        status, _ = killer.run(path, plan, event=event, cut=cut)
        assert status == -signal.SIGKILL
        seen.add(check_left(path, old, new, untouched, head))
    for _ in range(1000 if FUZZ else 14):
        prepare()
        status, _ = killer.run(path, plan, after=chance.uniform(0, seconds))
        assert status in (-signal.SIGKILL, 0)
        seen.add(check_left(path, old, new, untouched, head))
    assert seen == {False, True}, "all were killed on one side of the switch"
