"""The real thing on loop devices: mounted, swapped on, in a volume group, in use in part. As root only."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from xentui.disks.device import Device, Disks, GuestDisk, Kind, UseKind
from xentui.disks.inside import look_inside
from xentui.disks.probe import locate, probe
from xentui.disks.tree import Tree
from xentui.host import Host

MIB = 1 << 20


def run(*argv: str, text: str | None = None) -> str:
    return subprocess.run(argv, input=text, capture_output=True, text=True, check=True, timeout=180).stdout


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Makes loop devices over files of 64 MiB, and takes them away again."""
    if os.geteuid() != 0 or shutil.which("losetup") is None:
        pytest.skip("loop devices are root's")
    made: list[str] = []

    def make(table: str = "") -> str:
        image = tmp_path / f"disk{len(made)}.img"
        image.touch()
        os.truncate(image, 64 * MIB)
        if table:
            run("sfdisk", "-q", str(image), text=table)
        try:
            device = run("losetup", "-f", "--show", str(image)).strip()
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no loop device is to be had here: {error.stderr.strip()}")
        made.append(device)
        if table:
            try:
                run("partx", "-a", device)
            except subprocess.CalledProcessError as error:
                pytest.skip(f"no partitions of a loop device are to be had here: {error.stderr.strip()}")
        return device

    yield make
    for device in made:
        subprocess.run(["partx", "-d", device], capture_output=True, timeout=180, check=False)
        subprocess.run(["losetup", "-d", device], capture_output=True, timeout=180, check=False)


@contextlib.contextmanager
def mounted(device: str, where: Path) -> Iterator[None]:
    where.mkdir()
    try:
        run("mount", device, str(where))
    except subprocess.CalledProcessError as error:
        pytest.skip(f"nothing can be mounted here: {error.stderr.strip()}")
    try:
        yield
    finally:
        run("umount", str(where))


def found(disks: Disks, path: str) -> Device:
    device = disks.find(path)
    assert device is not None, path
    return device


def kinds(disks: Disks, path: str) -> set[UseKind]:
    return {conflict.use.kind for conflict in disks.conflicts(found(disks, path))}


def test_an_idle_loop_device_is_free_and_its_file_is_not(loop: Callable[[], str], tmp_path: Path) -> None:
    device = loop()
    run("mkfs.ext4", "-q", "-L", "idle", device)
    disks = probe(Host())
    assert disks.blind == ()
    assert kinds(disks, device) == set()
    seen = found(disks, device)
    assert (seen.size, seen.fstype, seen.label) == (64 * MIB, "ext4", "idle")
    assert seen.backing_file == str(tmp_path / "disk0.img")
    assert kinds(disks, str(tmp_path / "disk0.img")) == {UseKind.LOOP}


def test_a_mounted_one_is_in_use_and_says_where(loop: Callable[[], str], tmp_path: Path) -> None:
    device = loop()
    run("mkfs.ext4", "-q", device)
    with mounted(device, tmp_path / "mount point"):
        disks = probe(Host())
        said = [conflict.sentence for conflict in disks.conflicts(found(disks, device))]
        assert said == [f"{device} is mounted on {tmp_path}/mount point"]
    assert kinds(probe(Host()), device) == set()


def test_a_file_system_that_udev_knows_tells_where_it_was_mounted_unless_it_is(
    loop: Callable[[], str], tmp_path: Path
) -> None:
    device = loop()
    run("mkfs.ext4", "-q", device)
    run("tune2fs", "-M", "/", device)
    tree = Tree()
    tree.add(Device(device, Kind.LOOP, 64 * MIB, number="7:0", fstype="ext4"))
    signature = look_inside(tree)[device].signature
    assert signature is not None and signature.mounted == "/"
    with mounted(device, tmp_path / "mnt"):
        assert look_inside(tree) == {}


def test_swap_space(loop: Callable[[], str]) -> None:
    device = loop()
    run("mkswap", device)
    try:
        run("swapon", device)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no swap space is to be had here: {error.stderr.strip()}")
    try:
        assert kinds(probe(Host()), device) == {UseKind.SWAP}
    finally:
        run("swapoff", device)


def test_the_whole_is_in_use_when_a_part_is_mounted(loop: Callable[[str], str], tmp_path: Path) -> None:
    device = loop("label: gpt\n,20MiB\n,20MiB\n")
    run("mkfs.ext4", "-q", f"{device}p2")
    with mounted(f"{device}p2", tmp_path / "mnt"):
        disks = probe(Host())
        assert kinds(disks, f"{device}p2") == {UseKind.MOUNTED}
        assert kinds(disks, device) == {UseKind.MOUNTED}
        assert kinds(disks, f"{device}p1") == set()
        part = found(disks, f"{device}p2").partition
        assert part is not None
        assert (part.number, part.start) == (2, 21 * MIB)
        assert [(area.start, area.size) for area in found(disks, device).free] == [(41 * MIB, 22 * MIB)]


def test_the_part_is_in_use_when_the_whole_is_a_guests(loop: Callable[[str], str], tmp_path: Path) -> None:
    device = loop("label: dos\n,20MiB\n,,E\n,10MiB\n")
    link = tmp_path / "by-id"
    link.symlink_to(device)
    disks = probe(Host(), [GuestDisk("server01", "running", str(link), "xvda")])
    for path in (device, f"{device}p1", f"{device}p5"):
        assert kinds(disks, path) == {UseKind.GUEST_RUNNING}
    at = locate(Host(), disks, str(link))
    assert at is not None
    assert at.path == device
    # The kernel says 1 KiB of an extended partition.
    assert found(disks, f"{device}p2").size == 43 * MIB
    assert [(area.start, area.size) for area in found(disks, device).free] == [(33 * MIB, 31 * MIB)]


def test_a_physical_volume_whose_group_is_not_active_is_named(loop: Callable[[], str]) -> None:
    if shutil.which("lvm") is None:
        pytest.skip("lvm2 is not installed")
    device = loop()
    name = f"XentuiTest{os.getpid()}"
    calm = ["--driverloaded", "n", "--config", f'devices{{use_devicesfile=0 filter=["a|^{device}$|","r|.*|"]}}']
    run("lvm", "pvcreate", "-q", *calm, device)
    run("lvm", "vgcreate", "-q", *calm, name, device)
    run("lvm", "lvcreate", "-q", *calm, "-an", "-Zn", "-Wn", "-L", "8M", "-n", "server01-disk1", name)
    disks = probe(Host(), [GuestDisk("server01", "off", f"/dev/{name}/server01-disk1", "xvda")])
    volume = found(disks, f"/dev/mapper/{name}-server01--disk1")
    assert volume.path == f"/dev/{name}/server01-disk1"
    assert volume.size == 8 * MIB
    assert volume.parents == (f"/dev/{name}",)
    assert found(disks, device).children == (f"/dev/{name}",)
    remarks = [remark.sentence for remark in disks.remarks(found(disks, device))]
    assert remarks == [f"{device} is a physical volume of {name}, with 1 volume, none of them active"]
    # What a guest has on it is in use all the same.
    assert kinds(disks, device) == {UseKind.GUEST_DEFINED}


def test_what_somebody_claims_whom_no_tool_names(loop: Callable[[], str]) -> None:
    device = loop()
    handle = os.open(device, os.O_RDWR | os.O_EXCL)
    try:
        assert kinds(probe(Host()), device) == {UseKind.EXCLUSIVE}
    finally:
        os.close(handle)


def test_looking_writes_nothing(loop: Callable[[], str], tmp_path: Path) -> None:
    loop()
    before = (tmp_path / "disk0.img").stat()
    probe(Host(), [GuestDisk("server01", "off", str(tmp_path / "disk0.img"))])
    after = (tmp_path / "disk0.img").stat()
    assert (before.st_mtime_ns, before.st_blocks) == (after.st_mtime_ns, after.st_blocks)
