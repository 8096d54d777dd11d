"""What the preview of a plan costs: 50 operations on a GPT, on an msdos table with logical partitions, and with LVM,
in CPU milliseconds. The aim is under 50. Run: python tests/bench/plans.py"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median

from xentui.disks.lvm_operations import LvCreate, PvCreate, VgCreate
from xentui.disks.operations import Add, Flag, Label, Operation
from xentui.disks.plan import Plan
from xentui.disks.sizes import Size
from xentui.disks.target import read_target

ROUNDS = 20
S = Size.parse
FLAGS: list[Operation] = [Flag(number, "lvm", True) for number in range(1, 25)]
PLANS: dict[str, list[Operation]] = {
    "gpt, 49 partitions": [Label("gpt"), *[Add(size=S("100MiB"), format="ext4") for _ in range(49)]],
    "gpt, 25 partitions, 24 flags": [Label("gpt"), *[Add(size=S("100MiB")) for _ in range(25)], *FLAGS],
    "msdos, 47 logical": [Label("msdos"), Add(size=S("1GiB")), Add(type="extended"), *[Add(size=S("50MiB"))] * 47],
    "LVM, 46 volumes": [
        Label("gpt"), Add(type="lvm"), PvCreate(1), VgCreate("HyperVG01", (1,)),
        *[LvCreate("HyperVG01", f"guest{number}", S("100MiB")) for number in range(46)],
    ],
}  # fmt: skip


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "disk.img"
        with path.open("wb") as file:
            file.truncate(20 << 30)
        target = read_target(str(path))
        for name, operations in PLANS.items():
            assert len(operations) == 50
            seconds = []
            for _ in range(ROUNDS):
                plan = Plan(target, operations)
                begun = time.process_time()
                assert plan.preview().problem is None
                seconds.append(time.process_time() - begun)
            print(f"{name:30} {1000 * median(seconds):6.1f} ms   worst {1000 * max(seconds):6.1f} ms")


main()
