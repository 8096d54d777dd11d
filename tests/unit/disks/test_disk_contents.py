"""What lies on images, against blkid's own opinion; qcow2 images and those below them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from xentui.disks.device import GuestDisk, Kind
from xentui.disks.direct import read_content, within
from xentui.disks.files import look_up
from xentui.disks.free import gaps
from xentui.disks.images import find_images
from xentui.disks.probe import probe
from xentui.host import Host

MIB = 1 << 20

MAKERS = {
    "ext2": ["mkfs.ext2", "-q", "-F", "-L", "label"],
    "ext3": ["mkfs.ext3", "-q", "-F", "-L", "label"],
    "ext4": ["mkfs.ext4", "-q", "-F", "-L", "label"],
    "vfat": ["mkfs.vfat", "-n", "LABEL"],
    "ntfs": ["mkfs.ntfs", "-F", "-Q", "-q"],
    "swap": ["mkswap", "-L", "label"],
}


class OnlyImages(Host):
    """This machine's files; its block devices are left out of the test."""

    is_demo = True

    def scan(self, folder: str) -> list[object]:  # type: ignore[override]
        return []


class ByCommands(Host):
    """This machine, reached as a remote one is: by programs alone."""

    is_remote = True

    def read(self, path: str, limit: int = 1 << 20, *, tail: bool = False) -> bytes:
        done = self.run(["head", "-c", str(limit), "--", path], deadline=180, record=False)
        return done.stdout.encode("utf-8", "surrogateescape")

    def scan(self, folder: str) -> list[object]:  # type: ignore[override]
        return []


def test_a_remote_hosts_files_are_told_apart_as_here(tmp_path: Path) -> None:
    odd, link = tmp_path / "we ird\n\udcff.img", tmp_path / "link"
    odd.write_bytes(b"x" * 1234)
    link.symlink_to(odd)
    paths = [str(odd), str(link), str(tmp_path), "/dev/null", str(tmp_path / "none")]
    paths += [str(path) for path in Path("/dev").glob("[vs]da")]
    here, there = look_up(Host(), paths), look_up(ByCommands(), paths)
    assert here.keys() == there.keys()
    assert {str(odd), str(link)} <= here.keys()
    for path, place in here.items():
        assert (place.identity, place.is_block, place.size) == (
            there[path].identity,
            there[path].is_block,
            there[path].size,
        )
    assert here[str(odd)].identity == here[str(link)].identity


@pytest.mark.parametrize("fstype", MAKERS)
def test_a_signature_is_what_blkid_says(tmp_path: Path, fstype: str) -> None:
    argv = MAKERS[fstype]
    if shutil.which(argv[0]) is None or shutil.which("blkid") is None:
        pytest.skip(f"{argv[0]} or blkid is not installed")
    image = tmp_path / "image"
    image.touch()
    os.truncate(image, 32 * MIB)
    made = subprocess.run([*argv, str(image)], capture_output=True, text=True, timeout=180, check=False)
    assert made.returncode == 0, made.stderr
    argv = ["blkid", "-p", "-o", "export", str(image)]
    said = subprocess.run(argv, capture_output=True, text=True, timeout=180, check=True)
    words = dict(line.split("=", 1) for line in said.stdout.splitlines() if "=" in line)
    found = read_content(str(image), 32 * MIB).signature
    assert found is not None
    assert (found.fstype, found.label, found.uuid) == (words["TYPE"], words.get("LABEL"), words.get("UUID"))


def test_an_image_shows_its_partitions_and_what_lies_in_them(tmp_path: Path) -> None:
    image = tmp_path / "server.img"
    image.touch()
    os.truncate(image, 64 * MIB)
    table = "label: gpt\nstart=2048, size=20480, name=root\nstart=40960, size=8192, type=swap\n"
    subprocess.run(["sfdisk", "-q", str(image)], input=table, text=True, check=True, timeout=180)
    subprocess.run(["mkfs.ext4", "-q", "-F", "-E", f"offset={MIB}", str(image), "10M"], check=True, timeout=180)
    disks = probe(OnlyImages(), [GuestDisk("server01", "running", str(image), "xvda")])
    parts = [device for device in disks.devices if device.kind is Kind.PART]
    assert [(p.path, p.size, p.fstype) for p in parts] == [
        (f"{image}#1", 10 * MIB, "ext4"),
        (f"{image}#2", 4 * MIB, None),
    ]
    assert parts[0].partition is not None
    assert (parts[0].partition.start, parts[0].partition.name) == (MIB, "root")
    free = disks.devices[0].free
    assert [(area.start, area.size) for area in free] == [(11 * MIB, 9 * MIB), (24 * MIB, 39 * MIB)]
    assert [c.sentence for c in disks.conflicts(parts[1])] == [f"{image} is a disk of server01 (running), as xvda"]


def test_the_root_of_another_linux_is_known_by_where_it_was_mounted(tmp_path: Path) -> None:
    image = tmp_path / "old.img"
    image.touch()
    os.truncate(image, 32 * MIB)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True, timeout=30)
    for place, said in (("/srv", []), ("/", ["the root file system of a Linux, by where it was mounted last"])):
        subprocess.run(["tune2fs", "-M", place, str(image)], check=True, timeout=30, capture_output=True)
        disks = probe(OnlyImages(), images=[str(image)])
        assert disks.devices[0].last_mounted == place
        assert [remark.use.sentence for remark in disks.remarks(disks.devices[0])] == said
        assert disks.conflicts(disks.devices[0]) == ()


def test_the_copy_at_the_end_is_read_where_the_first_is_gone(tmp_path: Path) -> None:
    image = tmp_path / "server.img"
    for size in (64 * MIB, MIB + 512 * 7):  # the second one: its end begins before its beginning ends
        image.touch()
        os.truncate(image, size)
        table = "label: gpt\nfirst-lba: 34\nstart=64, size=1024, name=root\n"
        subprocess.run(["sfdisk", "-q", str(image)], input=table, text=True, check=True, timeout=180)
        with image.open("r+b") as file:
            os.pwrite(file.fileno(), bytes(512), 512)
        found = read_content(str(image), size).table
        assert found is not None
        assert [(slot.start, slot.sectors, slot.name) for slot in found.slots] == [(64, 1024, "root")]
        assert [flaw.code for flaw in found.flaws] == ["gpt-first"]
        image.unlink()


def test_a_guests_image_holds_the_images_below_it(tmp_path: Path) -> None:
    if shutil.which("qemu-img") is None:
        pytest.skip("qemu-img is not installed")
    base, middle, top = tmp_path / "base.img", tmp_path / "middle.qcow2", tmp_path / "top.qcow2"
    base.touch()
    os.truncate(base, 8 * MIB)
    for image, below, form in ((middle, "base.img", "raw"), (top, str(middle), "qcow2")):
        argv = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", form, "-b", below, str(image)]
        subprocess.run(argv, check=True, timeout=180, cwd=tmp_path)
    (tmp_path / "link").symlink_to(top)
    disks = probe(OnlyImages(), [GuestDisk("win", "saved", str(tmp_path / "link"), "hda", "qcow2")])
    for path, detail in ((top, "as hda"), (middle, f"below {tmp_path / 'link'}"), (base, f"below {middle}")):
        device = disks.find(str(path))
        assert device is not None
        assert device.size == 8 * MIB
        assert [(use.holder, use.detail) for use in disks.uses(device)] == [("win (saved)", detail)]


def test_a_raw_images_own_bytes_are_never_taken_for_a_header(tmp_path: Path) -> None:
    secret, image = tmp_path / "secret", tmp_path / "guest.img"
    secret.write_bytes(b"x" * 4096)
    name = str(secret).encode()
    header = b"QFI\xfb" + (2).to_bytes(4, "big") + (512).to_bytes(8, "big") + len(name).to_bytes(4, "big")
    image.write_bytes((header + bytes(4) + (1 << 20).to_bytes(8, "big")).ljust(512, b"\0") + name.ljust(4096, b"\0"))
    found = find_images(OnlyImages(), [(str(image), "raw")])
    assert [(one.format, one.below) for one in found.images.values()] == [("raw", None)]


def test_images_that_lie_on_each_other_in_a_circle_come_to_an_end(tmp_path: Path) -> None:
    for name, below in (("a", b"b"), ("b", b"a")):
        header = b"QFI\xfb" + (2).to_bytes(4, "big") + (512).to_bytes(8, "big") + (1).to_bytes(4, "big")
        (tmp_path / name).write_bytes((header + bytes(4) + (1 << 20).to_bytes(8, "big")).ljust(512, b"\0") + below)
    disks = probe(OnlyImages(), [GuestDisk("x", "off", str(tmp_path / "a"), "xvda", "qcow2")])
    assert {device.name for device in disks.devices} == {"a", "b"}
    assert all(len(disks.uses(device)) == 1 for device in disks.devices)


def test_two_names_of_a_file_are_one_image(tmp_path: Path) -> None:
    image = tmp_path / "a.img"
    image.write_bytes(bytes(4096))
    os.link(image, tmp_path / "b.img")
    guests = [GuestDisk("one", "running", str(image)), GuestDisk("two", "off", str(tmp_path / "b.img"))]
    disks = probe(OnlyImages(), guests)
    assert len(disks.devices) == 1
    assert {use.holder for use in disks.uses(disks.devices[0])} == {"one (running)", "two (off)"}


def test_gaps_are_whole_grains_and_overlaps_do_no_harm() -> None:
    taken = [(3 * MIB + 512, MIB), (2 * MIB, 3 * MIB), (8 * MIB, MIB)]
    assert [(gap.start, gap.size) for gap in gaps(17408, 10 * MIB - 512, taken)] == [
        (MIB, MIB),
        (5 * MIB, 3 * MIB),
    ]
    assert gaps(0, 512, []) == ()


def test_what_does_not_answer_is_left_behind() -> None:
    import threading

    gate = threading.Event()
    with pytest.raises(TimeoutError):
        within(0.05, gate.wait)
    gate.set()
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 // 0)
