"""Disks on a real Xen: the plans that need device-mapper, on an extra disk of the booted dom0.

In order: each test goes on with what the one before it made, and the last takes all of it down.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from blank_disks import blank_disk
from livemachine import Dom0, LiveMachine, live_iso

from xentui.disks.layouts import lvm_host
from xentui.disks.lvm_operations import LvCreate, LvFormat, LvRemove, LvResize, LvSnapshot, PvRemove, VgRemove
from xentui.disks.operations import Add, Check, Delete, Label, Operation, Resize
from xentui.disks.planfile import plan_text
from xentui.disks.sizes import Size
from xentui.subprocesses import CommandRecord

pytestmark = pytest.mark.extra
S = Size.parse
GIB = 1 << 30
VOLUME = "/dev/HyperVG01/lenny01-disk1"


@pytest.fixture(scope="module")
def dom0() -> Iterator[Dom0]:
    """A machine of this module's own: it has the disk."""
    with LiveMachine(live_iso(), disks=(blank_disk("disk"),)).booted() as dom0:
        yield dom0


def ask(dom0: Dom0, device: str, *plan: Operation, options: tuple[str, ...] = ()) -> CommandRecord:
    dom0.host.run(["sh", "-c", "cat >/root/plan.json"], deadline=60, text_in=plan_text(plan))
    name = device.rpartition("/")[2]
    argv = ["xentui", "disks", "apply", "/root/plan.json", "--device", device, "--confirm", name, "--json", *options]
    return dom0.run(argv, deadline=600, check=False)


def apply(dom0: Dom0, device: str, *plan: Operation) -> dict[str, Any]:
    """Carry out a plan in the dom0; what became of it."""
    done = ask(dom0, device, *plan)
    assert done.stdout.strip(), done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    assert (said["status"] == "done") == (done.status == 0)
    return said


def done(dom0: Dom0, device: str, *plan: Operation) -> None:
    said = apply(dom0, device, *plan)
    assert said["status"] == "done", said["message"]


def refused(dom0: Dom0, device: str, *plan: Operation) -> str:
    said = apply(dom0, device, *plan)
    assert said["status"] == "refused" and said["done"] == [], said
    return str(said["message"])


def lvs(dom0: Dom0) -> dict[str, int]:
    argv = ["lvs", "--reportformat", "json", "--units", "b", "--nosuffix", "-o", "lv_name,lv_size", "HyperVG01"]
    rows = json.loads(dom0.run(argv).stdout)["report"][0]["lv"]
    return {row["lv_name"]: int(row["lv_size"]) for row in rows}


def blkid(dom0: Dom0, device: str) -> dict[str, str]:
    said = dom0.run(["blkid", "-p", "-o", "export", device]).stdout
    return dict(line.split("=", 1) for line in said.splitlines() if "=" in line)


def test_the_guides_lvm_host(dom0: Dom0) -> None:
    plan = lvm_host((("lenny01-disk1", "1GiB"), ("ubuntu01-disk1", "512MiB")))
    dry = ask(dom0, "/dev/vda", *plan, options=("--dry-run",))
    assert dry.status == 0, dry.stdout
    assert dom0.run(["sfdisk", "-d", "/dev/vda"], check=False).status != 0, "a dry run wrote"
    done(dom0, "/dev/vda", *plan)
    assert blkid(dom0, "/dev/vda1")["LABEL"] == "BOOT"
    assert lvs(dom0) == {"lenny01-disk1": GIB, "ubuntu01-disk1": GIB // 2}
    assert "start=        2048" in dom0.run(["sfdisk", "-d", "/dev/vda"]).stdout


def test_what_is_in_use_is_refused_by_name(dom0: Dom0) -> None:
    assert "HyperVG01" in refused(dom0, "/dev/vda", Label("gpt"))
    dom0.run(["mount", "/dev/vda1", "/mnt"])
    try:
        assert "/dev/vda1 is mounted on /mnt" in refused(dom0, "/dev/vda", Delete(1))
    finally:
        dom0.run(["umount", "/mnt"])


def test_volumes_are_made_grown_shrunk_and_snapped(dom0: Dom0) -> None:
    name = ("HyperVG01", "guest01-root")
    done(dom0, "/dev/vda", LvCreate(*name, S("300MiB")), LvFormat(*name, "ext4", "ROOT"))
    path = "/dev/HyperVG01/guest01-root"
    dom0.run(["mount", path, "/mnt"])
    assert "/mnt" in refused(dom0, "/dev/vda", LvRemove("HyperVG01", "guest01-root"))
    dom0.run(["cp", "/etc/services", "/mnt"])
    dom0.run(["umount", "/mnt"])
    for size in ("500MiB", "200MiB"):
        done(dom0, "/dev/vda", LvResize("HyperVG01", "guest01-root", S(size)))
        assert lvs(dom0)["guest01-root"] == S(size).bytes
        dom0.run(["e2fsck", "-fn", path])
    done(dom0, "/dev/vda", LvSnapshot("HyperVG01", "guest01-root", "before", S("100MiB")))
    dom0.run(["mount", "-o", "ro", "/dev/HyperVG01/before", "/mnt"])
    assert dom0.run(["cmp", "/etc/services", "/mnt/services"]).ok
    dom0.run(["umount", "/mnt"])
    done(dom0, "/dev/vda", LvRemove("HyperVG01", "before"))
    assert "before" not in lvs(dom0)


def test_partitions_inside_a_volume(dom0: Dom0) -> None:
    root = Add(size=S("500MiB"), format="ext4", fs_label="LENNY01")
    done(dom0, VOLUME, Label("msdos"), root, Add(type="swap", format="swap"))
    assert "disk1p1" not in dom0.run(["dmsetup", "ls"]).stdout, "a map was left"
    first, second = dom0.run(["xentui", "disks", "map", VOLUME]).stdout.split()
    assert blkid(dom0, first)["LABEL"] == "LENNY01" and blkid(dom0, second)["TYPE"] == "swap"
    assert refused(dom0, VOLUME, Delete(1))
    dom0.run(["xentui", "disks", "unmap", VOLUME])
    done(dom0, VOLUME, Check(1), Resize(1, S("300MiB")))
    assert "disk1p1" not in dom0.run(["dmsetup", "ls"]).stdout


def test_the_disk_of_a_guest_that_is_off(dom0: Dom0) -> None:
    config = f"name='off01'\nmemory=64\nkernel='/x'\ndisk=['phy:{VOLUME},xvda,w']\n"
    dom0.host.run(["sh", "-c", "cat >/etc/xen/off01.cfg"], deadline=60, text_in=config)
    try:
        assert "off01" in refused(dom0, VOLUME, Delete(1))
        assert "off01" in refused(dom0, "/dev/vda", LvRemove("HyperVG01", "lenny01-disk1"))
    finally:
        dom0.run(["rm", "/etc/xen/off01.cfg"])


@pytest.mark.parametrize(
    ("uuid", "kind", "word"), [("CRYPT-PLAIN-upper", "crypt", "encryption"), ("mpath-upper", "mpath", "multipath")]
)
def test_layers_of_the_device_mapper_hold_what_they_lie_on(dom0: Dom0, uuid: str, kind: str, word: str) -> None:
    """What a layer is, lsblk reads from its UUID; these two are linear ones in truth."""
    argv = ["dmsetup", "create", "upper", "--uuid", uuid]
    dom0.host.run(argv, deadline=60, text_in=f"0 204800 linear {VOLUME} 0\n")
    try:
        listed = json.loads(dom0.run(["xentui", "disks", "list", "--json"]).stdout)
        assert {each["path"]: each["type"] for each in listed}["/dev/mapper/upper"] == kind
        said = refused(dom0, VOLUME, Delete(1))
        assert f"{VOLUME} is held by /dev/mapper/upper, {word}" in said
    finally:
        dom0.run(["dmsetup", "remove", "--retry", "upper"])


@contextlib.contextmanager
def loop_on(dom0: Dom0, table: str) -> Iterator[str]:
    """A disk, as far as anybody can see, on a device-mapper target that does what `table` says."""
    dom0.host.run(["dmsetup", "create", "target"], deadline=60, text_in=table)
    try:
        loop = dom0.run(["losetup", "--find", "--show", "/dev/mapper/target"]).stdout.strip()
        try:
            yield loop
        finally:
            dom0.run(["losetup", "--detach", loop])
    finally:
        dom0.run(["dmsetup", "remove", "--retry", "target"])


@pytest.mark.parametrize(("first", "sectors"), [(0, 2048), (2048, 32768)])
def test_a_disk_that_fails(dom0: Dom0, first: int, sectors: int) -> None:
    """Its beginning cannot be read, or something later, where nothing of the table is."""
    table = "".join(
        f"{start} {length} {what}\n"
        for start, length, what in (
            (0, first, f"linear {VOLUME} 0"), (first, sectors, "error"),
            (first + sectors, 204800 - first - sectors, f"linear {VOLUME} {first + sectors}"),
        ) if length
    )  # fmt: skip
    with loop_on(dom0, table) as loop:
        said = ask(dom0, loop, Label("gpt"), Add(size=S("10MiB")))
    if first == 0:
        assert said.status == 1 and "error" in (said.stdout + said.stderr).lower(), said
    else:
        assert json.loads(said.stdout)["status"] == "done", said


def test_a_disk_that_takes_no_writes(dom0: Dom0) -> None:
    before = dom0.run(["sfdisk", "-d", VOLUME]).stdout
    with loop_on(dom0, f"0 204800 flakey {VOLUME} 0 0 3600 1 error_writes\n") as loop:
        said = apply(dom0, loop, Label("gpt"), Add(size=S("10MiB")))
    assert said["status"] == "failed" and said["done"] == [], said
    assert "error" in said["message"].lower() and said["backup"], said
    assert dom0.run(["sfdisk", "-d", VOLUME]).stdout == before


def test_all_of_it_is_taken_down_by_one_plan(dom0: Dom0) -> None:
    volumes = [LvRemove("HyperVG01", name) for name in lvs(dom0)]
    done(dom0, "/dev/vda", *volumes, VgRemove("HyperVG01"), PvRemove(2), Label("msdos"), Add(format="ext4"))
    assert dom0.run(["vgs", "--noheadings"]).stdout.strip() == ""
    assert blkid(dom0, "/dev/vda1")["TYPE"] == "ext4"
    assert dom0.run(["ls", "/dev/vda2"], check=False).status != 0
