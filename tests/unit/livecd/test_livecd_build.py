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
from xentui.livecd import choices, cli, iso, layer
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
        builder(tmp_path).run([sys.executable, "-c", code], deadline=180)
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
    assert menu.count("multiboot2 /boot/xen.gz dom0_mem=640M,max:640M") == 5
    assert "dom0_mem=416M,max:416M" in iso.menu(416) and "416 MB" in iso.menu(416)
    if shutil.which("grub-script-check"):
        path = tmp_path / "grub.cfg"
        path.write_text(menu)
        subprocess.run(["grub-script-check", str(path)], check=True, timeout=180)


def test_shell_files_are_ones_that_sh_understands() -> None:
    folder = Path(cli.__file__).parent
    scripts = [folder / "base-hook.sh", folder / "rootfs/etc/profile.d/xentui.sh"]
    scripts += [folder / "guest" / name for name in ("init", "network", "udhcpc", "watch-memory", "look")]
    ours = ("first-screen", "guest-network", "open-sshd", "start-domUs")
    scripts += [folder / "rootfs/usr/lib/xentui" / name for name in ours]
    for script in scripts:
        subprocess.run(["sh", "-n", str(script)], check=True, timeout=180)


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


def test_a_profile_says_what_a_workshop_wants_and_options_win(tmp_path: Path) -> None:
    (tmp_path / "teacher.pub").write_text("# mine\nssh-ed25519 AAAAC3Nz teacher@school\n")
    (tmp_path / "own.md").write_text("# a walkthrough\n")
    profile = tmp_path / "workshop.toml"
    profile.write_text(
        'keyboard = "de"\ntimezone = "Europe/Berlin"\npackages = ["htop"]\ndom0_memory = 512\n'
        'ssh_keys = ["teacher.pub"]\nwalkthroughs = ["own.md"]\n'
    )
    recipe = cli._recipe(parse("build", "--profile", str(profile), "--keyboard", "fr", "--package", "mc"))
    assert recipe.keyboard == "fr" and recipe.timezone == "Europe/Berlin" and recipe.dom0_memory == 512
    assert recipe.packages == ("htop", "mc") and recipe.ssh_keys == ("ssh-ed25519 AAAAC3Nz teacher@school",)
    root = tmp_path / "root"
    choices.add_choices(root, recipe)
    assert 'XKBLAYOUT="fr"' in (root / "etc/default/keyboard").read_text()
    assert (root / "etc/localtime").readlink() == Path("/usr/share/zoneinfo/Europe/Berlin")
    assert (root / "etc/xentui/walkthroughs/own.md").exists()
    for user in ("root", "livexen"):
        assert (root / f"etc/ssh/authorized_keys.d/{user}").read_text().startswith("ssh-ed25519 AAAA")
    assert (root / "etc/systemd/system/multi-user.target.wants/ssh.service").is_symlink()
    assert {"htop", "mc", "console-setup", "tzdata"} <= set(choices.packages(recipe))


def test_without_choices_there_is_nothing_of_them(tmp_path: Path) -> None:
    recipe = cli._recipe(parse("build"))
    choices.add_choices(tmp_path, recipe)
    assert list(tmp_path.iterdir()) == [] and choices.packages(recipe) == ()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("keybord = 'de'", "unknown key 'keybord'"),
        ("keyboard = 7", "keyboard must be a text in quotes"),
        ("packages = [1]", "packages must be a list of texts"),
        ("keyboard = 'de\nlocale = 'x", "line 1"),
        ("keyboard = 'de; reboot'", "not one that Debian knows"),
        ("timezone = '../../etc/shadow'", "not one that Debian knows"),
        ("packages = ['--option']", "no name of a Debian package"),
        ("dom0_memory = 64", "it needs 384 at least"),
        ("ssh_keys = ['none.pub']", "none.pub"),
        ("ssh_keys = ['command=\"rm\" x']", "no line of a public key file"),
        ("walkthroughs = ['none.md']", "none.md"),
    ],
)
def test_a_bad_profile_is_told_in_one_line(
    tmp_path: Path, text: str, complaint: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = tmp_path / "workshop.toml"
    profile.write_text(text + "\n")
    monkeypatch.setattr("xentui.livecd.build.build", lambda recipe, say: choices.add_choices(tmp_path / "root", recipe))
    assert cli.run(parse("build", "--profile", str(profile))) == 1
    error = capsys.readouterr().err
    assert complaint in error and error.count("\n") == 1
