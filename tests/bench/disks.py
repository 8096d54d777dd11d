"""Listing 100 devices beside ``lsblk -J -O``, alone and with xentui's process; as root, on loop devices of its own.

The bar: the listing costs at most twice what lsblk does. The two take turns, so that a busy machine is busy for both.
Counted are whole processes of lsblk, and of xentui what it does each time it looks at the disks: every program that it
starts (its own lsblk and losetup among them), its own reading of devices, the tree and all uses. Not counted are the
start of Python, once, and asking the toolstack which guests there are.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from xentui.disks.probe import probe
from xentui.host import Host

DEVICES, TURNS = 100, 15
MIB = 1 << 20


def run(*argv: str, text: str | None = None) -> str:
    return subprocess.run(argv, input=text, capture_output=True, text=True, check=True, timeout=60).stdout


def make(folder: Path) -> list[str]:
    """The loop devices: a third with a GPT, a third with ext4, a third empty."""
    table, system = folder / "table.img", folder / "ext4.img"
    for image in (table, system):
        image.touch()
        os.truncate(image, 64 * MIB)
    run("sfdisk", "-q", str(table), text="label: gpt\n,10MiB\n,\n")
    run("mkfs.ext4", "-q", "-F", str(system))
    made = []
    for number in range(DEVICES):
        image = folder / f"disk{number}.img"
        if number % 3 == 2:
            image.touch()
            os.truncate(image, 64 * MIB)
        else:
            run("cp", "--sparse=always", str((table, system)[number % 3]), str(image))
        made.append(run("losetup", "-f", "--show", str(image)).strip())
    return made


def cpu() -> float:
    """Seconds of CPU that this process and those it waited for have used."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def cost(work: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds by the clock and of CPU."""
    clock, used = time.perf_counter(), cpu()
    work()
    return (time.perf_counter() - clock) * 1000, (cpu() - used) * 1000


def main() -> int:
    if os.geteuid() != 0:
        print("disks: loop devices are root's")
        return 0
    host = Host()
    with tempfile.TemporaryDirectory() as folder:
        made: list[str] = []
        try:
            made = make(Path(folder))
            seen = {device.path for device in probe(host).devices}
            assert seen.issuperset(made), "the listing lacks some of the devices"
            costs: dict[str, list[tuple[float, float]]] = {"lsblk -J -O": [], "xentui": []}
            for _ in range(TURNS):
                costs["lsblk -J -O"].append(cost(lambda: run("lsblk", "-J", "-O")))
                costs["xentui"].append(cost(lambda: probe(host)))
        finally:
            for device in made:
                subprocess.run(["losetup", "-d", device], check=False, timeout=60)
    clocks = {name: statistics.median(clock for clock, _ in turns) for name, turns in costs.items()}
    used = {name: statistics.median(cpu for _, cpu in turns) for name, turns in costs.items()}
    udev = "udev runs" if Path("/run/udev/control").exists() else "no udev: contents are read by xentui"
    print(f"disks: {len(seen)} devices and images of {DEVICES} loop devices, median of {TURNS} turns ({udev})")
    for name in costs:
        print(f"  {name:12} {clocks[name]:7.1f} ms  {used[name]:7.1f} ms CPU")
    ratios = {what: values["xentui"] / values["lsblk -J -O"] for what, values in (("time", clocks), ("CPU", used))}
    print(f"  ratio        {ratios['time']:7.2f}     {ratios['CPU']:7.2f}       (bar: 2)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
