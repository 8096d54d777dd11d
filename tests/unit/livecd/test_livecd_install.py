"""Installing the Live CD, and keeping what changes: what needs no Live CD to be tried."""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path

import pytest

from xentui.disks.device import Device, Disks, Kind
from xentui.livecd import cli, install, installed, iso, keep
from xentui.livecd.running import LiveError, LiveSystem

SHADOW = "root:*:20000:0:99999:7:::\nlivexen:{}:20000:0:99999:7:::\n"


def tree(tmp_path: Path) -> Path:
    """The parts of a copied Live CD that are changed."""
    for name, text in (
        ("etc/hosts", "127.0.0.1\tlocalhost\n127.0.1.1\txenlive\n"),
        ("etc/shadow", SHADOW.format("$6$xentui$known")),
        *((name, "") for name in installed.LIVE_ONLY),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    units = tmp_path / "etc/systemd/system"
    for unit in (*installed.MASKED, "systemd-networkd-wait-online.service"):
        (units / unit).symlink_to("/dev/null")
    return tmp_path


def test_an_installed_system_asks_for_the_password_that_was_set(tmp_path: Path) -> None:
    root = tree(tmp_path)
    installed.settle(root, "the fstab\n", SHADOW.format("$y$own"))
    assert (root / "etc/shadow").read_text() == SHADOW.format("$y$own")
    assert not (root / "etc/sudoers.d/livexen").exists()
    assert not (root / "etc/systemd/system/getty@tty1.service.d/autologin.conf").exists()
    assert (root / "etc/hosts").read_text() == "127.0.0.1\tlocalhost\n127.0.1.1\thypervisor01\n"
    assert (root / "etc/fstab").read_text() == "the fstab\n"
    left = [path.name for path in (root / "etc/systemd/system").iterdir() if path.is_symlink()]
    assert left == ["systemd-networkd-wait-online.service"]


def test_what_is_live_only_is_in_the_live_cd() -> None:
    """A file that is renamed there would be left behind here."""
    rootfs = Path(iso.__file__).with_name("rootfs")
    assert [name for name in installed.LIVE_ONLY if not (rootfs / name).is_file()] == []
    masked = Path(iso.__file__).with_name("base-hook.sh").read_text()
    assert [unit for unit in installed.MASKED if unit not in masked] == []


def test_grubs_settings_are_shell_and_start_xen(tmp_path: Path) -> None:
    root = tree(tmp_path)
    installed.settle(root, "", "")
    script = '. "$1"; echo "$GRUB_CMDLINE_XEN_DEFAULT|$XEN_OVERRIDE_GRUB_DEFAULT"'
    argv = ["sh", "-euc", script, "sh", str(root / "etc/default/grub.d/00-xentui.cfg")]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=10)
    assert done.stdout.startswith("dom0_mem=640M,max:640M ") and done.stdout.endswith("|1\n")


def test_fstab_names_the_volumes_and_partitions() -> None:
    lines = [line.split() for line in installed.fstab("vg", "sys", "B-1", "E-2").splitlines()[1:]]
    assert [line[:3] for line in lines] == [
        ["/dev/vg/sys-root", "/", "ext4"],
        ["UUID=B-1", "/boot", "ext4"],
        ["UUID=E-2", "/boot/efi", "vfat"],
        ["/dev/vg/sys-swap", "none", "swap"],
    ]


def test_a_disk_is_found_by_its_name_or_path() -> None:
    disks = Disks((Device(path="/dev/sdb", kind=Kind.DISK, size=1 << 34, name="sdb"),))
    assert install.find_disk(disks, "sdb") is install.find_disk(disks, "/dev/sdb")
    with pytest.raises(LiveError, match=r"no disk sdc; there are /dev/sdb"):
        install.find_disk(disks, "sdc")


def test_only_the_running_live_cd_is_installed(tmp_path: Path) -> None:
    with pytest.raises(LiveError, match="only works on the running Live CD"):
        LiveSystem(tmp_path).check()


def test_the_verbs_refuse_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    cli.add_parser(parser.add_subparsers())
    for verb in ("install", "keep"):
        assert cli.run(parser.parse_args(["livecd", verb, "--disk", "sdz", "--confirm", "sdz"])) == 1
        assert "only works on the running Live CD" in capsys.readouterr().err


def test_the_menu_looks_for_the_kept_place_and_safe_does_not() -> None:
    lines = [line for line in iso.menu().splitlines() if "/live/vmlinuz" in line]
    assert all(f"persistence-label={iso.KEEP_LABEL} persistence-storage=filesystem" in line for line in lines)
    assert [" nopersistence " in line for line in lines].count(True) == 1
    assert len(iso.KEEP_LABEL.encode()) <= 16
    assert "/etc/xen" in keep.FOLDERS
