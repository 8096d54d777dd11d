"""`xentop -b`: the columns of tools/xentop/xentop.c."""

from __future__ import annotations

import asyncio
import getopt
import time
from collections.abc import Awaitable, Callable

from xentui.demo.domain import Domain
from xentui.demo.machine import Machine

_USAGE = """Usage: xentop [OPTION]
Displays ongoing information about xen vm resources 

-h, --help           display this help and exit
-V, --version        output version information and exit
-d, --delay=SECONDS  seconds between updates (default 3)
-b, --batch\t     output in batch mode, no user input accepted
-i, --iterations     number of iterations before exiting
-f, --full-name      output the full domain name (not truncated)
-z, --dom0-first     display dom0 first (ignore sorting)
"""  # noqa: W291
_COLUMNS = (
    ("NAME", 10), ("STATE", 6), ("CPU(sec)", 10), ("CPU(%)", 6), ("MEM(k)", 10), ("MEM(%)", 6), ("MAXMEM(k)", 10),
    ("MAXMEM(%)", 9), ("VCPUS", 5), ("NETS", 4), ("NETTX(k)", 8), ("NETRX(k)", 8), ("VBDS", 4), ("VBD_OO", 8),
    ("VBD_RD", 8), ("VBD_WR", 8), ("VBD_RSECT", 10), ("VBD_WSECT", 10), ("SSID", 4),
)  # fmt: skip


async def run(machine: Machine, words: list[str], out: Callable[[str], Awaitable[None]]) -> int:
    """Run until its iterations are done; without ``-i`` for ever: the caller cancels it."""
    try:
        chosen, _ = getopt.gnu_getopt(
            words,
            "hVnxrvd:bi:fz",
            ["help", "version", "networks", "vbds", "repeat-header", "vcpus", "delay=", "batch", "iterations=",
             "full-name", "dom0-first"],
        )  # fmt: skip
    except getopt.GetoptError:
        await out(_USAGE)
        return 0
    options = {name.lstrip("-")[0] if len(name) == 2 else name.lstrip("-"): value for name, value in chosen}
    if "h" in options or "help" in options:
        await out(_USAGE)
        return 0
    if "b" not in options and "batch" not in options:
        await out("xentop of the demo dom0 has no screen of its own: use `xentop -b`, or xentui.\n")
        return 1
    delay = _number(options.get("d", options.get("delay", "3")))
    iterations = _number(options.get("i", options.get("iterations", "0")))
    full = "f" in options or "full-name" in options
    before: dict[int, float] = {}
    clock = 0.0
    while True:
        domains = machine.all()
        now = time.monotonic()
        await out(_page(machine, domains, before, now - clock if clock else 0.0, full))
        before = {domain.id: domain.cpu_seconds for domain in domains}
        clock = now
        iterations -= 1
        if iterations == 0:
            return 0
        await asyncio.sleep(delay)


def _number(text: str) -> int:
    digits = "".join(c for c in text if c.isdigit())
    return int(digits or 0)


def _page(machine: Machine, domains: list[Domain], before: dict[int, float], passed: float, full: bool) -> str:
    shown = [domain.shown_name for domain in domains]
    width = max([10, *(len(name.encode("utf-8", "surrogateescape")) for name in shown)]) if full else 10
    widths = [width, *(size for _, size in _COLUMNS[1:])]
    lines = [" ".join(f"{title:>{size}}" for (title, _), size in zip(_COLUMNS, widths, strict=True))]
    total = machine.total_mib * 1024
    for domain, name in zip(domains, shown, strict=True):
        percent = 0.0
        if passed and domain.id in before:
            percent = (domain.cpu_seconds - before[domain.id]) / passed * 100
        memory = domain.memory_kb
        limit = domain.max_memory_kb
        traffic = domain.traffic
        disks, nics = len(domain.config.get("disks", [])), len(domain.config.get("nics", []))
        lines.append(
            f"{name if full else name[:10]:>{width}} {_state(domain)} {int(domain.cpu_seconds):10d} {percent:6.1f} "
            f"{memory:10d} {memory / total * 100:6.1f} "
            + (f"{'no limit':>10} {'n/a':>9}" if limit is None else f"{limit:10d} {limit / total * 100:9.1f}")
            + f" {domain.vcpus:5d} {nics:4d} {int(traffic.sent) // 1024:8d} {int(traffic.received) // 1024:8d}"
            f" {disks:4d} {0:8d} {int(traffic.reads):8d} {int(traffic.writes):8d}"
            f" {int(traffic.read_sectors):10d} {int(traffic.written_sectors):10d} {0:4d}"
        )
    return "\n".join(lines) + "\n"


def _state(domain: Domain) -> str:
    now = time.monotonic()
    running = domain.up and (domain.id == 0 or domain.load(now) > 0.5)
    crashed = domain.shutdown is not None and domain.shutdown == 3
    flags = (
        domain.dying,
        domain.shutdown is not None and not crashed,
        domain.up and not running,
        crashed,
        domain.paused and domain.shutdown is None,
        running,
    )
    return "".join(letter if flag else "-" for letter, flag in zip("dsbcpr", flags, strict=True))
