"""Disks that come and go, and layers that the other tests of disks do not have: an array, thin volumes, a USB disk.

On the machine of the session; each takes away what it made.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from livemachine import FOLDER, Dom0, LiveMachine

from xentui.disks.operations import Add, Delete, Label, Move, Operation
from xentui.disks.planfile import plan_text
from xentui.disks.sizes import Size
from xentui.subprocesses import CommandRecord

pytestmark = pytest.mark.extra
S = Size.parse
ANSWERS = 120


@contextlib.contextmanager
def loops(dom0: Dom0, count: int, size: str) -> Iterator[list[str]]:
    """Loop devices over sparse files."""
    made: list[str] = []
    try:
        for number in range(count):
            file = f"/root/layer{number}.img"
            dom0.run(["truncate", "--size", size, file])
            made.append(dom0.run(["losetup", "--find", "--show", file]).stdout.strip())
        yield made
    finally:
        for loop in made:
            dom0.run(["losetup", "--detach", loop], check=False)
        dom0.run(["sh", "-c", "rm -f /root/layer*.img"])


def listed(dom0: Dom0) -> dict[str, dict[str, Any]]:
    found = json.loads(dom0.run(["xentui", "disks", "list", "--json"]).stdout)
    return {each["path"]: each for each in found}


def ask(dom0: Dom0, device: str, *plan: Operation) -> CommandRecord:
    dom0.host.run(["sh", "-c", "cat >/root/layers.json"], deadline=60, text_in=plan_text(plan))
    argv = ["xentui", "disks", "apply", "/root/layers.json", "--device", device]
    return dom0.run([*argv, "--confirm", device.rpartition("/")[2]], deadline=300, check=False)


@contextlib.contextmanager
def array(dom0: Dom0, members: list[str]) -> Iterator[str]:
    """A mirror, put together by the kernel's own files as in its admin-guide/md.rst: the CD has no mdadm."""
    folder = "/sys/block/md127/md"

    def put(name: str, value: str) -> None:
        dom0.run(["sh", "-c", f"echo {value} > {folder}/{name}"])

    dom0.run(["modprobe", "raid1"])
    dom0.run(["sh", "-c", "echo md127 > /sys/module/md_mod/parameters/new_array"])
    try:
        for name, value in (("metadata_version", "none"), ("level", "raid1"), ("raid_disks", str(len(members)))):
            put(name, value)
        for slot, member in enumerate(members):
            name = member.rpartition("/")[2]
            put("new_dev", dom0.run(["cat", f"/sys/block/{name}/dev"]).stdout.strip())
            put(f"dev-{name}/size", "16384")
            put(f"dev-{name}/slot", str(slot))
        put("component_size", "16384")
        put("array_state", "active")
        yield "/dev/md127"
    finally:
        dom0.run(["sh", "-c", f"echo clear > {folder}/array_state"], check=False)


def test_the_members_of_an_array_are_held_and_the_array_is_not(dom0: Dom0) -> None:
    with loops(dom0, 2, "32M") as members, array(dom0, members) as mirror:
        found = listed(dom0)
        assert found[mirror]["type"] == "md" and set(found[mirror]["parents"]) >= set(members)
        said = ask(dom0, members[0], Label("gpt"))
        assert said.status == 1 and f"{members[0]} is a member of {mirror}" in said.stderr, said
        done = ask(dom0, mirror, Label("gpt"), Add())
        assert done.status == 0, done
        assert [path for path in listed(dom0) if path.startswith(f"{mirror}p")] == [f"{mirror}p1"]
        assert ask(dom0, mirror, Delete(1)).status == 0


def test_thin_volumes_are_seen_with_their_pool_and_held(dom0: Dom0) -> None:
    with loops(dom0, 1, "256M") as (physical,):
        dom0.run(["modprobe", "dm-thin-pool"])
        dom0.run(["vgcreate", "ThinVG", physical])
        unchecked = ["--yes", "--config", 'global/thin_check_executable=""']  # thin_check is not on the CD
        try:
            dom0.run(["lvcreate", *unchecked, "--type", "thin-pool", "--size", "100M", "--name", "pool", "ThinVG"])
            dom0.run(["lvcreate", *unchecked, "--virtualsize", "1G", "--thinpool", "pool", "--name", "thin", "ThinVG"])
            found = listed(dom0)
            volume = found["/dev/ThinVG/thin"]
            assert (volume["volume"]["segment"], volume["volume"]["pool"], volume["size"]) == ("thin", "pool", 1 << 30)
            assert found["/dev/ThinVG/pool"]["volume"]["segment"] == "thin-pool"
            assert "ThinVG" in ask(dom0, physical, Label("gpt")).stderr
            assert ask(dom0, "/dev/ThinVG/thin", Label("gpt"), Add(size=S("10MiB"))).status == 0
        finally:
            dom0.run(["lvremove", *unchecked, "ThinVG"], check=False)
            dom0.run(["vgremove", "--force", "--yes", "ThinVG"], check=False)


@contextlib.contextmanager
def plugged(machine: LiveMachine, dom0: Dom0) -> Iterator[str]:
    """A USB disk, known by its serial number; gone at the end, if nobody has pulled it."""
    disk = FOLDER / "pulled.img"
    disk.unlink(missing_ok=True)
    disk.touch()
    os.truncate(disk, 1 << 30)
    machine.monitor(f"drive_add 0 if=none,id=pulled,format=raw,file={disk}")
    machine.monitor("device_add usb-storage,id=pulled,drive=pulled,serial=PULLED1")
    by_id = "/dev/disk/by-id/usb-QEMU_QEMU_HARDDISK_PULLED1-0:0"
    try:
        dom0.wait("the USB disk", lambda: dom0.run(["test", "-b", by_id], check=False).ok, deadline=ANSWERS)
        yield dom0.run(["readlink", "-f", by_id]).stdout.strip()
    finally:
        machine.monitor("device_del pulled")


def pull(machine: LiveMachine, dom0: Dom0, path: str) -> None:
    machine.monitor("device_del pulled")
    dom0.wait("it is gone", lambda: not dom0.run(["test", "-b", path], check=False).ok, deadline=ANSWERS)


def test_a_disk_that_is_pulled_while_its_plan_is_carried_out(machine: LiveMachine, dom0: Dom0) -> None:
    with plugged(machine, dom0) as path:
        seen = listed(dom0)[path]
        assert (seen["transport"], seen["serial"]) == ("usb", "PULLED1")
        first = ask(dom0, path, Label("gpt"), Add(size=S("300MiB")))
        assert first.status == 0, first
        dom0.host.run(["sh", "-c", "cat >/root/layers.json"], deadline=60, text_in=plan_text([Move(1, S("600MiB"))]))
        before = _written(dom0, path)
        argv = f"xentui disks apply /root/layers.json --device {path} --confirm {path.rpartition('/')[2]} --json"
        dom0.run(["systemd-run", "--unit=pulled", "sh", "-c", f"{argv} >/root/pulled.out"])
        dom0.wait("the copy", lambda: _written(dom0, path) > before, deadline=ANSWERS)
        pull(machine, dom0, path)
        dom0.wait(
            "its end", lambda: dom0.run(["systemctl", "is-active", "pulled"], check=False).stdout.strip() != "active",
            deadline=300,
        )  # fmt: skip
        outcome = json.loads(dom0.run(["cat", "/root/pulled.out"]).stdout)
        assert outcome["status"] == "failed" and outcome["done"] == [], outcome
        assert path not in listed(dom0)
        said = ask(dom0, path, Label("gpt"))
        assert said.status == 1 and "there is no such device" in said.stderr, said


def _written(dom0: Dom0, path: str) -> int:
    """Sectors written, by the kernel's count: Documentation/block/stat.rst."""
    return int(dom0.run(["cat", f"/sys/class/block/{path.rpartition('/')[2]}/stat"]).stdout.split()[6])
