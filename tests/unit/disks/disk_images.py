"""Sparse disk images, random plans for them, and what sfdisk, sgdisk and parted read there."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from hypothesis import strategies as st

from xentui.disks import operations as ops
from xentui.disks.operations import Operation, PlanError
from xentui.disks.plan import Plan, pruned
from xentui.disks.sizes import Size
from xentui.disks.steps import Step, steps_of
from xentui.disks.switching import Write
from xentui.disks.table import Read, Table
from xentui.disks.table_change import table_change, write_all
from xentui.disks.target import Target, read_target

MIB, GIB, TIB = 1 << 20, 1 << 30, 1 << 40
#: (number, first sector, sectors) of each partition, extended ones left out.
Parts = list[tuple[int, int, int]]


def image(path: Path, size: int) -> Path:
    path.unlink(missing_ok=True)
    path.touch()
    os.truncate(path, size)
    return path


def sparse_copy(source: Path, target: Path) -> None:
    subprocess.run(["cp", "--sparse=always", source, target], check=True)


def apply(path: Path, operations: Iterable[Operation], sector_size: int = 512) -> Table:
    """Write the table that `operations` make; give it as it was planned."""
    target = read_target(str(path), sector_size=sector_size)
    with path.open("r+b") as file:
        change = table_change(target, tuple(operations), _reader(file.fileno()))
        write_all(file.fileno(), change.writes)
    return change.layout.table


def _reader(handle: int) -> Read:
    return lambda offset, length: os.pread(handle, length, offset).ljust(length, b"\0")


def changes(path: Path, operations: Iterable[Operation], sector_size: int = 512) -> tuple[Table, Table, list[Write]]:
    """The table now, the planned one, and the writes between them."""
    target = read_target(str(path), sector_size=sector_size)
    with path.open("rb") as file:
        change = table_change(target, tuple(operations), _reader(file.fileno()))
    return target.table, change.layout.table, list(change.writes)


def plan_steps(target: Target, operations: Iterable[Operation]) -> list[Step]:
    return steps_of(target, table_change(target, pruned(target, tuple(operations))))


def parts(table: Table) -> Parts:
    return [(slot.number, slot.start, slot.sectors) for slot in table.slots if slot.kind != "extended"]


def run(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, capture_output=True, text=True, timeout=180, check=False)


def all_parts(table: Table) -> Parts:
    return sorted((slot.number, slot.start, slot.sectors) for slot in table.slots)


def sfdisk(path: Path) -> Parts:
    """For 512-byte sectors only: sfdisk cannot be told an image's sectors by option in Debian 12."""
    done = run("sfdisk", "--json", str(path))
    if done.returncode:
        return []
    table = json.loads(done.stdout)["partitiontable"]
    found = []
    for part in table.get("partitions", ()):
        number = int(re.search(r"(\d+)$", part["node"])[1])
        if part["type"] not in ("5", "f", "85"):
            found.append((number, part["start"], part["size"]))
    return sorted(found)


def sgdisk(path: Path) -> tuple[Parts, str]:
    """Its partitions, and all that it has to say against the table."""
    done = run("sgdisk", "-v", "-p", str(path))
    rows = re.findall(r"^\s+(\d+)\s+(\d+)\s+(\d+)\s+\S+ \w+\s+\w{4}", done.stdout, re.M)
    return sorted((int(n), int(a), int(b) - int(a) + 1) for n, a, b in rows), done.stdout


def parted(path: Path, sector_size: int = 512) -> Parts | None:
    """With the extended one. None where it does not know what the table is."""
    env = {**os.environ, "PARTED_SECTOR_SIZE": str(sector_size), "LC_ALL": "C"}
    done = subprocess.run(
        ["parted", "-s", "-m", str(path), "unit", "s", "print"],
        capture_output=True, text=True, env=env, timeout=180, check=False,
    )  # fmt: skip
    if done.returncode:
        return None
    rows = re.findall(r"^(\d+):(\d+)s:(\d+)s:(\d+)s:", done.stdout, re.M)
    return sorted((int(n), int(a), int(c)) for n, a, b, c in rows)


SIZES = ("1MiB", "3MiB", "1.5MiB", "10MiB", "1000000B", "100MiB", "1GiB", "3TiB", "10%", "50%", "100%", "33.3%")
STARTS = (None, None, None, "1MiB", "5MiB", "17MiB", "5000000B", "1GiB", "2.5TiB")


def _sizes(sizes: tuple[str | None, ...]) -> st.SearchStrategy[Size | None]:
    return st.sampled_from(sizes).map(lambda text: None if text is None else Size.parse(text))


_numbers = st.integers(1, 8)
#: One operation, which may or may not be possible.
one_operation: st.SearchStrategy[Operation] = st.one_of(
    st.tuples(
        _sizes(STARTS),
        _sizes((None, *SIZES)),
        st.sampled_from(("linux", "linux", "swap", "lvm", "efi", "bios-boot", "extended")),
        st.sampled_from((None, "ext4", "vfat")),
        st.sampled_from((None, None, "größe")),
    ).map(lambda t: ops.Add(t[0], t[1], t[2], t[4], None if t[2] == "extended" else t[3])),
    st.tuples(_numbers, _sizes(SIZES)).map(lambda t: ops.Resize(t[0], t[1] or Size.parse("1MiB"))),
    _numbers.map(ops.Delete),
    st.tuples(_numbers, st.sampled_from(("boot", "lvm", "hidden", "legacy_boot")), st.booleans()).map(
        lambda t: ops.Flag(*t)
    ),
    st.tuples(_numbers, st.sampled_from(("linux", "swap", "lvm", "efi"))).map(lambda t: ops.Type(*t)),
    st.tuples(_numbers, st.sampled_from(("one", "zwölf"))).map(lambda t: ops.Name(*t)),
)


def possible(target: Target, wished: Iterable[Operation]) -> Plan:
    """A plan of those of the wished operations that can be done."""
    plan = Plan(target)
    for operation in wished:
        add_if_possible(plan, operation)
    return plan


def add_if_possible(plan: Plan, operation: Operation) -> bool:
    try:
        plan.add(operation)
    except PlanError:
        return False
    return True
