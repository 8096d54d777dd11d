"""A disk grows, and the file system that fills it; nothing on it is lost."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace

import pytest
from guest_site import GuestHost

from xentui.domains.domain import Domain, State
from xentui.guests import resize
from xentui.guests.errors import GuestError

IMAGE = "/srv/xen/vm-disk.img"


@pytest.fixture(autouse=True)
def _a_guest(host: GuestHost) -> None:
    host.create("vm", source="busybox", disk=["8M"])


def grow(host: GuestHost, size: str, vdev: str = "") -> list[str]:
    site = host.site
    return resize.resize(site, resize.plan(site, "vm", size, vdev))


def test_a_file_system_that_fills_the_disk_grows_with_it(host: GuestHost) -> None:
    image, tree = host.path(IMAGE), host.folder / "tree"
    tree.mkdir()
    (tree / "kept").write_text("precious")
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-d", tree, image], check=True, timeout=180)
    assert grow(host, "+8M") == []
    assert image.stat().st_size == 16 << 20
    said = subprocess.run(["dumpe2fs", "-h", image], capture_output=True, text=True, check=True, timeout=180).stdout
    blocks, size = (int(said.split(f"{word}:")[1].split()[0]) for word in ("Block count", "Block size"))
    assert blocks * size == 16 << 20
    argv = ["debugfs", "-R", "cat /kept", image]
    kept = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=180).stdout
    assert kept == "precious"


def test_another_disk_grows_alone_and_that_is_said(host: GuestHost) -> None:
    assert "growpart" in grow(host, "12M")[0]
    assert host.path(IMAGE).stat().st_size == 12 << 20


@pytest.mark.skipif(shutil.which("qemu-img") is None, reason="qemu-img is not installed (qemu-utils)")
def test_a_qcow2_image(host: GuestHost) -> None:
    host.create("cow", source="busybox", disk=["size=4M,format=qcow2"])
    site = host.site
    resize.resize(site, resize.plan(site, "cow", "8M"))
    assert resize.plan(site, "cow", "9M").before == 8 << 20


@pytest.mark.parametrize(
    ("size", "vdev", "words"),
    [
        ("4M", "", "can only be made larger"),
        ("8M", "", "has 8 MiB already"),
        ("9M", "xvdz", "has no disk xvdz; there are: xvda"),
        ("9000T", "", "are needed there"),
        ("9", "", "is no size"),
    ],
)
def test_what_is_refused(host: GuestHost, size: str, vdev: str, words: str) -> None:
    with pytest.raises(GuestError, match=words):
        grow(host, size, vdev)
    assert host.path(IMAGE).stat().st_size == 8 << 20


def test_a_running_guests_disk_is_left_alone(host: GuestHost) -> None:
    [off] = host.site.snapshot.domains
    host.running = [replace(off, id=4, state=State.BLOCKED)]
    with pytest.raises(GuestError, match="vm is running: shut it down first"):
        grow(host, "9M")
    assert isinstance(host.running[0], Domain)
