"""`xentui walkthrough test` in a real dom0: checks fail before, hold after, fail when undone, and no trace is left.

One machine has spare disks, a processor that runs HVM and PVH guests, and room for them. libvirt refuses that
processor: its walkthrough runs on the machine of all tests.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from livemachine import FOLDER, Dom0, LiveMachine, live_iso

from xentui.livecd.qemu import CPU_PVH
from xentui.subprocesses import CommandRecord

pytestmark = pytest.mark.extra

SPARE, OWN = "/dev/vda", "/dev/vdb"
GROUP = "HyperVG01"
#: Seconds for one walkthrough, emulated, at most.
DEADLINE = 2400.0

#: A boot sector: it writes itself to the disk's ninth sector (BIOS, int 13h, AH=03h), then halts.
_WRITER = bytes.fromhex("31c08ed88ec08ed0bc007cbb007cb80103b90900b600cd13f4ebfd").ljust(510, b"\0") + b"\x55\xaa"
_SECTOR = 512


@pytest.fixture(scope="module")
def own_disk() -> Path:
    """The disk of "this computer": a system that writes on its own disk as soon as it is started."""
    file = FOLDER / "own.img"
    FOLDER.mkdir(parents=True, exist_ok=True)
    file.write_bytes(_WRITER + os.urandom((64 << 20) - len(_WRITER)))
    return file


@pytest.fixture(scope="module")
def large(own_disk: Path) -> Iterator[Dom0]:
    """The dom0 of the large machine."""
    spare = FOLDER / "spare.img"
    spare.unlink(missing_ok=True)
    spare.touch()
    os.truncate(spare, 8 << 30)
    iso = live_iso("xentui-live-walkthroughs", hvm=True, installer=True, packages=("mmdebstrap",), dom0_memory=1024)
    with LiveMachine(iso, CPU_PVH, 4096, (spare, own_disk)).booted() as dom0:
        yield dom0


def walk(dom0: Dom0, name: str, *words: str) -> CommandRecord:
    """What `xentui walkthrough test` said. An emulated machine is some times slower than the walkthroughs expect."""
    return dom0.run(["xentui", "walkthrough", "test", name, "--patience", "5", *words], deadline=DEADLINE, check=False)


def passes(dom0: Dom0, name: str, *words: str) -> None:
    said = walk(dom0, name, *words)
    assert said.ok and said.stdout.rstrip().endswith("passed"), said.stdout + said.stderr


def test_libvirt(dom0: Dom0) -> None:
    dom0.wait("the two guests", lambda: {"server01", "client01"} <= set(dom0.running()), deadline=300)
    dom0.run(["xl", "destroy", "client01"])  # the machine holds two guests
    try:
        dom0.wait("client01 is gone", lambda: "client01" not in dom0.running(), deadline=60)
        passes(dom0, "libvirt")
    finally:
        dom0.run(["xl", "create", "/etc/xen/client01.cfg"], deadline=240)


@pytest.mark.parametrize("name", ["first-steps", "console", "disk-files", "cd-images", "templates-snapshots"])
def test_what_needs_no_disk(large: Dom0, name: str) -> None:
    passes(large, name)


def test_lvm_disks(large: Dom0) -> None:
    passes(large, "lvm-disks", "--set", f"disk={SPARE}", "--dangerous")
    assert large.run(["blkid", "-p", SPARE], check=False).stdout == ""


def test_lvm_partitions(large: Dom0) -> None:
    large.run(["pvcreate", "-qy", SPARE])
    try:
        large.run(["vgcreate", GROUP, SPARE])
        passes(large, "lvm-partitions")
    finally:
        large.run(["vgremove", "-qf", GROUP], check=False)
        large.run(["pvremove", "-qf", SPARE])


def test_install_dom0(large: Dom0) -> None:
    passes(large, "install-dom0", "--set", f"disk={SPARE}", "--dangerous")


def test_hvm_and_pvh(large: Dom0) -> None:
    passes(large, "hvm-and-pvh")


def test_my_computer(large: Dom0, own_disk: Path) -> None:
    """The guest writes on its disk; on ours, not one sector is written."""
    before = hashlib.sha256(own_disk.read_bytes()).hexdigest()
    passes(large, "my-computer", "--set", f"disk={OWN}")
    assert hashlib.sha256(own_disk.read_bytes()).hexdigest() == before
    # The same, looked at in the middle: what the guest wrote is in its own file.
    overlay = "/root/overlay.qcow2"
    large.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", OWN, overlay])
    config = (
        "name='mine'\ntype='hvm'\nmemory=256\nvnc=0\nserial='pty'\n"
        f"disk=['format=qcow2, vdev=hda, access=rw, target={overlay}']\n"
    )
    large.host.run(["sh", "-c", "cat >/root/mine.cfg"], deadline=60, text_in=config)
    large.run(["xl", "create", "/root/mine.cfg"], deadline=240)
    try:
        large.wait("the guest has written", lambda: _own_clusters(large, overlay), deadline=300)
    finally:
        large.run(["xl", "destroy", "mine"])
    large.run(["sync"])
    assert hashlib.sha256(own_disk.read_bytes()).hexdigest() == before


def _own_clusters(dom0: Dom0, overlay: str) -> bool:
    said = dom0.run(["qemu-img", "map", "-U", "--output=json", overlay]).stdout
    return any(part["depth"] == 0 and part["data"] for part in json.loads(said))


def test_installer(large: Dom0) -> None:
    """Up to the question for the language. The guest's disk lies on the spare one: the live system is too small."""
    large.run(["mkfs.ext4", "-q", "-F", SPARE])
    large.run(["mkdir", "-p", "/srv/disks"])
    large.run(["mount", SPARE, "/srv/disks"])
    try:
        passes(large, "installer", "--set", "place=/srv/disks")
    finally:
        large.run(["umount", "/srv/disks"])
        large.run(["wipefs", "-qa", SPARE])
