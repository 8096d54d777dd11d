"""The machines of `make test-iso`: what they boot, their disks, and dom0 once it is up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from livemachine import FOLDER, REPOSITORY, Dom0, LiveMachine, live_iso

FIRMWARE = Path("/usr/share/ovmf/OVMF.fd")
#: One to keep changes on, one to install to: `test_iso.py` makes them, `test_iso_boots.py` looks at what is on them.
KEEP, INSTALLED = FOLDER / "keep.img", FOLDER / "installed.img"


def dom0_memory() -> int:
    """MiB, as `make plusguests-amd64` asks for it."""
    found = re.search(r"--installer --dom0-memory (\d+)", (REPOSITORY / "Makefile").read_text())
    assert found is not None
    return int(found[1])


def plus_iso() -> Path:
    return live_iso(
        "xentui-plusguests-test", guest_disks=True, xl_guests=False, installer=True, dom0_memory=dom0_memory()
    )


def make_empty(disk: Path, size: int) -> None:
    """A sparse file of so many bytes."""
    disk.parent.mkdir(parents=True, exist_ok=True)
    disk.unlink(missing_ok=True)
    with disk.open("wb") as file:
        file.truncate(size)


@contextmanager
def booted(machine: LiveMachine) -> Iterator[Dom0]:
    with machine.booted() as dom0:
        print(f"\nto the login prompt: {machine.boot_seconds:.0f} s; systemd: {_startup(dom0)}")
        yield dom0


def _startup(dom0: Dom0) -> str:
    return dom0.run(["systemd-analyze"], check=False).stdout.partition("\n")[0]


def free_mib(dom0: Dom0) -> int:
    """What the hypervisor has left."""
    return int(dom0.run(["xl", "info", "free_memory"]).stdout)
