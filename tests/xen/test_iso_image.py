"""`make test-iso`, last: the image itself, without a machine."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from iso_machines import plus_iso

pytestmark = pytest.mark.iso


def test_two_builds_of_the_same_are_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from xentui.livecd.build import build
    from xentui.livecd.recipe import Recipe, default_cache

    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795432000")
    made = [build(Recipe(tmp_path / name, default_cache(), installer=True)) for name in ("a.iso", "b.iso")]
    assert subprocess.run(["cmp", *map(str, made)], check=False, timeout=120).returncode == 0


def test_the_image_is_sound_and_has_no_secrets(tmp_path: Path) -> None:
    iso = plus_iso()
    report = subprocess.run(
        ["xorriso", "-indev", str(iso), "-report_el_torito", "plain"], capture_output=True, text=True, check=True,
        timeout=60,
    ).stdout  # fmt: skip
    assert re.search(r"El Torito boot img :\s+1\s+BIOS", report) and re.search(r":\s+2\s+UEFI", report), report
    subprocess.run(
        ["xorriso", "-osirrox", "on", "-indev", str(iso), "-extract", "/live", str(tmp_path / "live"), "-extract",
         "/boot", str(tmp_path / "boot")], capture_output=True, check=True, timeout=120,
    )  # fmt: skip
    subprocess.run(["grub-script-check", str(tmp_path / "boot/grub/grub.cfg")], check=True, timeout=60)
    files = set()
    for layer in ("filesystem", "xentui"):
        argv = ["unsquashfs", "-l", "-d", "", str(tmp_path / f"live/{layer}.squashfs")]
        files |= set(subprocess.run(argv, capture_output=True, text=True, check=True, timeout=120).stdout.split("\n"))
    assert "/etc/machine-id" in files
    assert not [name for name in files if name.startswith("/etc/ssh/ssh_host_")]
    cat = ["unsquashfs", "-cat", str(tmp_path / "live/filesystem.squashfs"), "etc/machine-id"]
    assert subprocess.run(cat, capture_output=True, check=True, timeout=60).stdout == b""
    shutil.rmtree(tmp_path / "live")
