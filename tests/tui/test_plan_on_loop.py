"""A plan carried out from the screen on a real block device: a loop device. As root only."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from driving import opened

from xentui.host import Host
from xentui.screens.disks import DisksScreen


def run(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=180).stdout


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[str]:
    """A loop device of 256 MiB."""
    if os.geteuid() != 0 or shutil.which("losetup") is None or shutil.which("mkfs.ext4") is None:
        pytest.skip("loop devices are root's")
    image = tmp_path / "disk.img"
    image.touch()
    os.truncate(image, 256 << 20)
    try:
        device = run("losetup", "-f", "--show", str(image)).strip()
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no loop device is to be had here: {error.stderr.strip()}")
    yield device
    for argv in (["umount", f"{device}p1"], ["partx", "-d", device], ["losetup", "-d", device]):
        subprocess.run(argv, capture_output=True, timeout=180, check=False)


async def test_from_an_empty_disk_to_a_mounted_one_that_is_refused_then(loop: str, tmp_path: Path) -> None:
    name = loop.removeprefix("/dev/")
    async with opened(host=Host()) as desk:  # type: ignore[arg-type]
        await desk.press("D")
        await desk.until(lambda: name in desk.text())
        screen = desk.app.screen
        assert isinstance(screen, DisksScreen)
        screen.disk_tree.select(loop)
        await desk.press("p")
        await desk.see(f"Plan for {name}", "no table", "Not in use.")
        await desk.press("t", "enter")
        await desk.see("OPERATIONS (1)")
        await desk.press("a", *"100MiB", "enter")
        await desk.see("OPERATIONS (2)")
        await desk.press("w")
        await desk.see(f"type the name {name}")
        await desk.press(*name, "enter")
        await desk.until(lambda: getattr(desk.app.screen, "outcome", None) is not None)
        assert desk.app.screen.outcome.status == "done", desk.text()  # type: ignore[attr-defined]
        assert 'TYPE="ext4"' in run("blkid", "-p", f"{loop}p1")
        await desk.press("escape")
        await desk.until(lambda: f"{name}p1" in desk.text())
        (tmp_path / "mnt").mkdir()
        try:
            run("mount", f"{loop}p1", str(tmp_path / "mnt"))
        except subprocess.CalledProcessError as error:
            pytest.skip(f"nothing can be mounted here: {error.stderr.strip()}")
        await desk.press("r")
        await desk.see(f"{name}p1 is mounted on")
        await desk.press("p")
        await desk.see(f"Plan for {name}", "In use:")
        await desk.press("home", "d")
        await desk.see("OPERATIONS (1)")
        await desk.press("w")
        await desk.see("It cannot be written now.")
        assert Path(f"{loop}p1").exists()


async def test_the_partitions_of_an_image_become_devices_and_go_again(tmp_path: Path) -> None:
    if os.geteuid() != 0 or shutil.which("sfdisk") is None:
        pytest.skip("loop devices are root's")
    image = tmp_path / "guest.img"
    image.touch()
    os.truncate(image, 64 << 20)
    subprocess.run(["sfdisk", "-q", str(image)], input="label: gpt\n,\n", text=True, check=True, timeout=180)
    async with opened(host=Host()) as desk:  # type: ignore[arg-type]
        desk.app.disk_images.append(str(image))
        await desk.press("D")
        await desk.until(lambda: "guest.img" in desk.text())
        screen = desk.app.screen
        assert isinstance(screen, DisksScreen)
        screen.disk_tree.select(str(image))
        await desk.press("m")
        await desk.until(lambda: "Mapped" in desk.text() or "not." in desk.text())
        if "Mapped" not in desk.text():
            pytest.skip(desk.text())
        await desk.until(lambda: "loop" in desk.line("guest.img"))
        device = screen.disks.find(str(image))
        assert device is not None
        assert len(device.children) == 1
        await desk.press("M")
        await desk.see("Unmapped.")
        await desk.until(lambda: "loop" not in desk.line("guest.img"))
