"""The parts of the build that need no root and no network, and how its failures are told."""

from __future__ import annotations

import argparse
import io
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from xentui.livecd import base as base_module
from xentui.livecd import cli, iso, layer
from xentui.livecd.base import Base
from xentui.livecd.tools import Builder, BuildError, missing


def parse(*argv: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    cli.add_parser(parser.add_subparsers())
    return parser.parse_args(["livecd", *argv])


def builder(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "build.log", say=lambda _line: None)


def test_a_failing_tool_shows_its_last_lines_only(tmp_path: Path) -> None:
    code = "import sys; [print('line', n) for n in range(100)]; sys.exit(3)"
    with pytest.raises(BuildError) as failed:
        builder(tmp_path).run([sys.executable, "-c", code], deadline=30)
    text = str(failed.value)
    assert "ended with status 3" in text
    assert "line 99" in text
    assert "line 84\n" not in text
    assert "line 0\n" in (tmp_path / "build.log").read_text()


def test_a_tool_that_hangs_is_ended(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"not done within 0\.2 s"):
        builder(tmp_path).run([sys.executable, "-c", "import time; time.sleep(60)"], deadline=0.2)


def test_a_missing_tool_names_its_package(tmp_path: Path) -> None:
    assert missing(["mformat", "mcopy"]).endswith("are not installed. As root: apt-get install mtools")
    with pytest.raises(BuildError, match="no-such-tool is not installed"):
        builder(tmp_path).run(["no-such-tool"], deadline=1)


def test_requirements_leave_debians_packages_out() -> None:
    names = " ".join(layer.requirements(with_tests=False))
    assert "textual==" in names
    assert "libvirt" not in names
    assert "pyparted" not in names
    assert "pytest" not in names
    assert "pytest" in " ".join(layer.requirements(with_tests=True))


def archive(path: Path, names: dict[str, bytes]) -> None:
    with tarfile.open(path, "w") as tar:
        for name, data in names.items():
            member = tarfile.TarInfo("./" + name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


def test_a_diverted_start_stop_daemon_stops_the_build(tmp_path: Path) -> None:
    archive(tmp_path / "root.tar", {"usr/sbin/start-stop-daemon.REAL": b""})
    with pytest.raises(BuildError, match="start-stop-daemon"):
        base_module._take_out(tmp_path / "root.tar", Base(tmp_path / "base"))


def test_a_renamed_package_is_noticed(tmp_path: Path) -> None:
    made = Base(tmp_path / "base")
    made.boot.mkdir(parents=True)
    archive(tmp_path / "root.tar", {"boot/vmlinuz-6.12": b"kernel"})
    with pytest.raises(BuildError, match=r"no file for boot/xen\.gz"):
        base_module._take_out(tmp_path / "root.tar", made)


def test_the_menu_is_one_that_grub_understands(tmp_path: Path) -> None:
    menu = iso.menu()
    assert "@XEN@" not in menu
    assert "@LINUX@" not in menu
    assert menu.count("multiboot2 /boot/xen.gz dom0_mem=640M,max:640M") == 3
    if shutil.which("grub-script-check"):
        path = tmp_path / "grub.cfg"
        path.write_text(menu)
        subprocess.run(["grub-script-check", str(path)], check=True, timeout=10)


def test_shell_files_are_ones_that_sh_understands() -> None:
    folder = Path(cli.__file__).parent
    scripts = [folder / "base-hook.sh", folder / "rootfs/etc/profile.d/xentui.sh"]
    scripts += [folder / "guest" / name for name in ("init", "network", "udhcpc")]
    for script in scripts:
        subprocess.run(["sh", "-n", str(script)], check=True, timeout=10)


def test_the_time_can_be_fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1234567890")
    assert iso.source_date() == 1234567890


def test_boot_without_an_iso_says_how_to_get_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(parse("boot", "--iso", str(tmp_path / "none.iso"))) == 1
    assert "Build it first" in capsys.readouterr().err


def test_build_without_its_key_file_fails_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(parse("build", "--with-test-key", str(tmp_path / "none.pub"))) == 1
    error = capsys.readouterr().err
    assert "none.pub" in error
    assert error.count("\n") == 1


def test_build_without_the_tools_names_all_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert cli.run(parse("build", "--cache", str(tmp_path), "--output", str(tmp_path / "x.iso"))) == 1
    error = capsys.readouterr().err
    assert "mmdebstrap" in error
    assert "apt-get install" in error
    assert not os.path.exists(tmp_path / "x.iso")  # noqa: PTH110
