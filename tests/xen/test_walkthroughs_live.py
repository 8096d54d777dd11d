"""`xentui walkthrough test` in a real dom0: checks fail before, hold after, fail when undone, and no trace is left.

One dom0 at a time, with room and two disks to spare. Its processor runs HVM and PVH guests; libvirt refuses such a
one, so its walkthrough has a dom0 on another.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from livemachine import FOLDER, Dom0, LiveMachine, live_iso

from xentui.livecd.qemu import CPU_LIBVIRT, CPU_PVH

pytestmark = pytest.mark.extra

SPARE, OWN, GROUP, PLACE = "/dev/vda", "/dev/vdb", "HyperVG01", "/srv/disks"
#: MiB.
_MEMORY = 4096
#: Seconds for one walkthrough, emulated, at most.
_DEADLINE = 2400.0
#: An emulated machine is so many times slower than the walkthroughs expect.
_PATIENCE = "8"

#: A boot sector: it writes itself to the disk's ninth sector (BIOS, int 13h, AH=03h), then halts.
_WRITER = bytes.fromhex("31c08ed88ec08ed0bc007cbb007cb80103b90900b600cd13f4ebfd").ljust(510, b"\0") + b"\x55\xaa"


@dataclass(frozen=True)
class Walk:
    """A walkthrough and the words that its test needs; `before` and `after` are a shell's, run in the dom0."""

    name: str
    words: tuple[str, ...] = ()
    before: str = ""
    after: str = ""
    cpu: str = CPU_PVH


_ON_SPARE = ("--dangerous", "--set", f"disk={SPARE}")
WALKS = (
    Walk("libvirt", cpu=CPU_LIBVIRT),
    Walk("first-steps"),
    Walk("console"),
    Walk("making-guests"),
    Walk("disk-files"),
    Walk("lvm-disks", _ON_SPARE),
    Walk(
        "lvm-partitions",
        before=f"pvcreate -qy {SPARE} && vgcreate {GROUP} {SPARE}",
        after=f"vgremove -qf {GROUP}; pvremove -qf {SPARE}",
    ),
    Walk("cd-images"),
    Walk("templates-snapshots"),
    Walk("hvm-and-pvh"),
    # Up to the question for the language. The live system itself has no room for the guest's disk.
    Walk(
        "installer",
        ("--set", f"place={PLACE}", "--once"),
        before=f"mkfs.ext4 -q -F {SPARE} && mkdir -p {PLACE} && mount {SPARE} {PLACE}",
        after=f"umount {PLACE}",
    ),
    Walk("my-computer", ("--set", f"disk={OWN}")),
    # The bootstrap takes Debian from a mirror over the network; emulated, a quarter of an hour.
    Walk("install-dom0", (*_ON_SPARE, "--once")),
)


@pytest.fixture(scope="module")
def own_disk() -> Path:
    """The disk of "this computer": a system that writes on its own disk as soon as it is started."""
    file = FOLDER / "own.img"
    FOLDER.mkdir(parents=True, exist_ok=True)
    file.write_bytes(_WRITER + os.urandom((64 << 20) - len(_WRITER)))
    return file


@pytest.fixture(scope="module")
def large(request: pytest.FixtureRequest, own_disk: Path) -> Iterator[Dom0]:
    """The dom0 on a machine with the processor that is asked for; nothing but it runs there."""
    spare = FOLDER / "spare.img"
    spare.unlink(missing_ok=True)
    spare.touch()
    os.truncate(spare, 8 << 30)
    iso = live_iso("xentui-live-walkthroughs", hvm=True, installer=True, packages=("mmdebstrap",), dom0_memory=1024)
    with LiveMachine(iso, request.param, _MEMORY, (spare, own_disk)).booted() as dom0:
        for guest in dom0.running()[1:]:
            dom0.run(["xl", "destroy", guest])
        yield dom0


@pytest.mark.parametrize(
    ("large", "walk"), [pytest.param(walk.cpu, walk, id=walk.name) for walk in WALKS], indirect=["large"]
)
def test_walkthrough(large: Dom0, own_disk: Path, walk: Walk) -> None:
    own = _digest(own_disk)
    shell(large, walk.before)
    try:
        argv = ["xentui", "walkthrough", "test", walk.name, "--patience", _PATIENCE, *walk.words]
        said = large.run(argv, deadline=_DEADLINE, check=False)
        assert said.ok and said.stdout.rstrip().endswith("passed"), said.stdout + said.stderr
    finally:
        shell(large, walk.after)
        large.run(["wipefs", "-qa", SPARE])
    large.run(["sync"])
    assert _digest(own_disk) == own  # not one sector of it was written


def shell(dom0: Dom0, commands: str) -> None:
    if commands:
        dom0.run(["sh", "-c", commands], deadline=300)


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


@pytest.mark.parametrize("large", [CPU_PVH], indirect=True)
def test_what_the_own_system_writes_lies_beside_its_disk(large: Dom0, own_disk: Path) -> None:
    """The guest of `my-computer` in the middle of its life: it does write, and on our disk nothing is written."""
    before, overlay = _digest(own_disk), "/root/overlay.qcow2"
    large.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", OWN, overlay])
    config = (
        "name='mine'\ntype='hvm'\nmemory=256\nvnc=0\nserial='pty'\n"
        f"disk=['format=qcow2, vdev=hda, access=rw, target={overlay}']\n"
    )
    large.host.run(["sh", "-c", "cat >/root/mine.cfg"], deadline=60, text_in=config)
    large.run(["xl", "create", "/root/mine.cfg"], deadline=240)
    try:
        large.wait("the guest has written", lambda: _writes(large, "mine") > 0, deadline=900)
        # Where the sector lies stands in QEMU's memory until its disks rest.
        large.run(["xl", "qemu-monitor-command", "mine", "stop"])
        assert _own_clusters(large, overlay)
    finally:
        large.run(["xl", "destroy", "mine"])
    large.run(["sync"])
    assert _digest(own_disk) == before


def _writes(dom0: Dom0, guest: str) -> int:
    """How often the guest wrote to its first disk, as its QEMU counts."""
    said = dom0.run(["xl", "qemu-monitor-command", guest, "info blockstats"]).stdout
    found = re.search(r"wr_operations=(\d+)", said)
    return int(found[1]) if found else 0


def _own_clusters(dom0: Dom0, overlay: str) -> bool:
    said = dom0.run(["qemu-img", "map", "-U", "--output=json", overlay]).stdout
    return any(part["depth"] == 0 and part["data"] for part in json.loads(said))
