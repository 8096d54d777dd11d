"""Installing the Live CD, and keeping what changes: what needs no Live CD to be tried."""

from __future__ import annotations

import argparse
import subprocess
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from live_install import SHADOW, LiveCd, tree

from xentui.demo.host import DemoHost
from xentui.disks.applying import DONE, FAILED, REFUSED, Progress
from xentui.disks.device import Device, Disks, Kind, Use, UseKind
from xentui.disks.layout import PlannedGroup
from xentui.disks.target import Target
from xentui.disks.target_of import target_of
from xentui.host import Host
from xentui.livecd import cli, install, installed, iso, keep
from xentui.livecd.running import LiveError, LiveSystem


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
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=180)
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
        LiveSystem(tmp_path).check(Host())
    with pytest.raises(LiveError, match="The demo runs from no Live CD"):
        LiveSystem(tmp_path).check(DemoHost())


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


# Installing, with a disk that is a file and programs that are only written down.


@pytest.fixture
def cd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LiveCd:
    return LiveCd(tmp_path, monkeypatch)


def test_every_step_is_told_and_the_disk_can_be_pulled_at_the_end(cd: LiveCd) -> None:
    told: list[Progress] = []
    made = install.prepare(cd.host, cd.disks, cd.device, cd.live)
    assert cd.is_untouched
    outcome = made.install("sdb", cd.read_disks, told.append)
    assert outcome.status == DONE, outcome.message
    assert "starts Xen by BIOS and by UEFI" in outcome.message and outcome.not_done == ()
    titles = [step.title for step in made.steps]
    assert list(outcome.done) == titles
    begun = [progress for progress in told if progress.fraction is None]
    assert [(each.step, each.title) for each in begun] == list(enumerate(titles, 1))
    assert {progress.steps for progress in told} == {len(titles)}
    grubs = [line for line in cd.host.ran if "grub-install" in line]
    assert "--target=i386-pc" in grubs[0] and "--target=x86_64-efi" in grubs[1] and "--removable" in grubs[1]
    mounted = [line.split()[-1] for line in cd.host.ran if line.startswith("mount ")]
    unmounted = [line.split()[-1] for line in cd.host.ran if line.startswith("umount ")]
    assert unmounted == mounted[::-1]
    assert cd.host.ran[-1] == "vgchange --activate n HyperVG01"


@pytest.mark.parametrize(
    ("fails", "said", "done", "left"),
    [
        ("cp --archive", "cp: No space left on device", 0, install._COPY),
        ("dpkg --purge", "mkinitramfs: No space left on device", 2, install._INITRAMFS),
        ("grub-install --target=x86_64-efi", "grub-install: error: no EFI", 4, install._UEFI),
        ("lowerdir=", "mount: wrong fs type", 0, install._COPY),
    ],
)
def test_one_that_ends_half_way_says_that_the_disk_is_erased_and_not_finished(
    cd: LiveCd, fails: str, said: str, done: int, left: str
) -> None:
    cd.host.fail[fails] = said
    outcome = install.prepare(cd.host, cd.disks, cd.device, cd.live).install("sdb", cd.read_disks)
    assert outcome.status == FAILED
    assert outcome.message.startswith(f"{cd.disk} is erased, and not finished: ")
    assert said in outcome.message and outcome.message.endswith(". Do it again.")
    assert len(outcome.not_done) == 7 - done and outcome.not_done[0] == left
    assert not list(cd.disk.parent.glob("xentui-*")), "a folder to mount on was left behind"
    # Or the next try would be refused for the sake of what is of no use.
    assert cd.host.ran[-1] == "vgremove --force --yes HyperVG01"


def test_a_system_that_would_keep_the_live_cds_initramfs_is_not_called_done(cd: LiveCd) -> None:
    cd.host.before = lambda line: (
        (cd.disk.parent / "live/medium/live/initrd.img").write_text("an initrd of its own") if "dpkg" in line else None
    )
    outcome = install.prepare(cd.host, cd.disks, cd.device, cd.live).install("sdb", cd.read_disks)
    assert outcome.status == FAILED and "boot/initrd.img-6.12.1-amd64 is still the Live CD's" in outcome.message


def test_one_that_is_cancelled_says_so_and_leaves_nothing_mounted(cd: LiveCd) -> None:
    cancel = threading.Event()
    cd.host.before = lambda line: cancel.set() if line.startswith("cp ") else None
    outcome = install.prepare(cd.host, cd.disks, cd.device, cd.live).install("sdb", cd.read_disks, cancel=cancel)
    assert outcome.status == FAILED and "not finished: it was cancelled." in outcome.message
    assert sum(line.startswith("umount ") for line in cd.host.ran) == 4
    assert not [line for line in cd.host.ran if "grub-install" in line]


def test_one_that_is_interrupted_at_the_command_line_says_so(cd: LiveCd) -> None:
    def interrupt(line: str) -> None:
        if line.startswith("cp "):
            raise KeyboardInterrupt

    cd.host.before = interrupt
    outcome = install.prepare(cd.host, cd.disks, cd.device, cd.live).install("sdb", cd.read_disks)
    assert "is erased, and not finished: it was interrupted. Do it again." in outcome.message
    assert sum(line.startswith("umount ") for line in cd.host.ran) == 4


def test_nothing_is_written_without_the_disks_name(cd: LiveCd) -> None:
    outcome = install.prepare(cd.host, cd.disks, cd.device, cd.live).install("sda", cd.read_disks)
    assert outcome.status == REFUSED and "sdb" in outcome.message and "Nothing was written" in outcome.message
    assert cd.is_untouched and cd.host.ran == []


def test_what_is_in_use_small_or_no_disk_is_refused_by_name(cd: LiveCd, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(cd.disk)
    used = Disks((cd.device,), {path: (Use(UseKind.MOUNTED, "/srv"),)})
    with pytest.raises(LiveError, match=r"sdb is mounted on /srv"):
        install.prepare(cd.host, used, cd.device, cd.live)
    with pytest.raises(LiveError, match="a part is no disk that a machine starts from"):
        install.prepare(cd.host, cd.disks, replace(cd.device, kind=Kind.PART), cd.live)
    with pytest.raises(LiveError, match="a rom is no disk"):
        install.prepare(cd.host, cd.disks, replace(cd.device, kind=Kind.ROM), cd.live)

    def with_group(disks: Disks, device: Device) -> Target:
        return replace(target_of(disks, device), groups=(PlannedGroup("vg0", 4 << 20, 9, 0, (), (1,), True),))

    monkeypatch.setattr(install, "target_of", with_group)
    with pytest.raises(LiveError, match=r"sdb holds vg0, of LVM; nothing was written. .*vgchange -an vg0"):
        install.prepare(cd.host, cd.disks, cd.device, cd.live)
    assert cd.is_untouched
    cd.disk.unlink()
    with pytest.raises(LiveError, match="sdb"):
        install.prepare(cd.host, cd.disks, cd.device, cd.live)


def test_a_place_that_cannot_be_written_to_is_said_in_a_sentence(cd: LiveCd) -> None:
    """The partition is there, and persistence.conf cannot be made on it."""

    def block(line: str) -> None:
        if line.startswith("mount "):
            (Path(line.split()[-1]) / "persistence.conf").mkdir()

    cd.host.before = block
    with pytest.raises(LiveError, match=r"is formatted, and keeps nothing yet: .*persistence.conf: cannot be written"):
        keep.keep(cd.host, str(cd.disk), "sdb", cd.read_disks, print)
