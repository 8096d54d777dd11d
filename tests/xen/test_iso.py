"""`make test-iso`: the whole Live CD, with its four guests and the Debian Installer, on several machines.

One boot for each group of tests, in this order, and one at a time. Each machine is the guide's, of 960 MB.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pytest
from livemachine import FOLDER, REPOSITORY, Dom0, LiveMachine, live_iso

from xentui.livecd.guests import NAMES
from xentui.subprocesses import CommandRecord

pytestmark = pytest.mark.iso

FIRMWARE = Path("/usr/share/ovmf/OVMF.fd")
#: Seconds, emulated: a guest's start with its disk, its way to the login; an installation.
GUEST_DEADLINE, INSTALL_DEADLINE = 300.0, 2400.0


def dom0_memory() -> int:
    """MiB, as `make plusguests-amd64` asks for it."""
    found = re.search(r"--installer --dom0-memory (\d+)", (REPOSITORY / "Makefile").read_text())
    assert found is not None
    return int(found[1])


def plus_iso() -> Path:
    return live_iso("xentui-plusguests-test", guest_disks=True, installer=True, dom0_memory=dom0_memory())


def empty_disk(name: str, size: int) -> Path:
    """A sparse file of so many bytes."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / name
    path.unlink(missing_ok=True)
    with path.open("wb") as file:
        file.truncate(size)
    return path


@contextmanager
def booted(machine: LiveMachine) -> Iterator[Dom0]:
    with machine.booted() as dom0:
        print(f"\nto the login prompt: {machine.boot_seconds:.0f} s; systemd: {_startup(dom0)}")
        yield dom0


def _startup(dom0: Dom0) -> str:
    return dom0.run(["systemd-analyze"], check=False).stdout.partition("\n")[0]


def free_mib(dom0: Dom0) -> int:
    """What the hypervisor has left."""
    return int(dom0.run(["xl", "info", "free_memory"]).stdout)


def has_login(dom0: Dom0, name: str) -> bool:
    argv = dom0.host.terminal_argv(["xl", "console", name])
    child = pexpect.spawn(argv[0], argv[1:], encoding="utf-8", codec_errors="replace", dimensions=(24, 80))
    try:
        child.send("\r")
        return child.expect([f"{name} login: ", pexpect.EOF, pexpect.TIMEOUT], timeout=GUEST_DEADLINE) == 0
    finally:
        child.close(force=True)


# A BIOS, the menu's entry for 9600 baud, two empty disks.


@pytest.fixture(scope="module")
def disks() -> tuple[Path, Path]:
    """One to keep changes on, one to install to."""
    return empty_disk("keep.img", 256 << 20), empty_disk("installed.img", 16 << 30)


@pytest.fixture(scope="module")
def first(disks: tuple[Path, Path]) -> Iterator[Dom0]:
    with booted(LiveMachine(plus_iso(), disks=disks, entry="9")) as dom0:
        yield dom0


def test_xen_speaks_at_9600_baud(first: Dom0) -> None:
    assert "com1=9600,8n1" in first.run(["xl", "info", "xen_commandline"]).stdout


def test_four_guests_at_their_login_prompts_in_960_mb(first: Dom0) -> None:
    for name in NAMES:
        if name not in first.running():
            first.run(["xl", "create", f"/etc/xen/{name}.cfg"], GUEST_DEADLINE)
    assert sorted(first.running()) == ["Domain-0", *sorted(NAMES)]
    assert [name for name in NAMES if has_login(first, name)] == list(NAMES)
    free, domains = first.run(["free", "-m"]).stdout, first.run(["xl", "list"]).stdout
    print(f"\nfree in the host: {free_mib(first)} MiB\n{free}{domains}")
    # The screen's own memory has to fit beside them.
    assert int(free.splitlines()[1].split()[6]) > 80


def test_the_installers_kernel_is_there(first: Dom0) -> None:
    found = first.run(["sh", "-c", "ls /usr/lib/debian-installer/images/13/amd64/text/debian-installer/amd64/"]).stdout
    assert {"initrd.gz", "linux"} <= set(found.split())


def test_what_is_in_use_is_not_installed_to(first: Dom0) -> None:
    for disk, reason in (("sr0", "sr0"), ("nosuch", "There is no disk nosuch")):
        done = first.run(["xentui", "livecd", "install", "--disk", disk, "--confirm", disk], check=False)
        assert done.status == 1 and reason in done.stderr, done.stderr
    done = first.run(["xentui", "livecd", "install", "--disk", "vdb", "--confirm", "vda"], check=False)
    assert done.status == 1 and "vdb" in done.stderr, done.stderr


def test_a_place_is_made_that_keeps_changes(first: Dom0) -> None:
    done = first.run(["xentui", "livecd", "keep", "--disk", "vda", "--confirm", "vda"], check=False)
    assert done.status == 0, done.stderr
    assert "vda1 keeps /home, /root, /etc/xen" in done.stdout


def test_it_is_installed_to_a_disk(first: Dom0) -> None:
    done = install(first, "vdb")
    assert done.status == 0, done.stdout + done.stderr


# The same machine once more, without Xen; then with it: what was kept.


def test_without_xen_there_is_the_demo_and_the_kept_place(disks: tuple[Path, Path]) -> None:
    with booted(LiveMachine(plus_iso(), disks=disks[:1], entry="d")) as dom0:
        assert "control_d" not in dom0.run(["sh", "-c", "cat /proc/xen/capabilities 2>/dev/null || :"]).stdout
        assert "the demo dom0" in dom0.run(["xentui", "doctor"], check=False).stderr
        for file in ("/home/livexen/kept", "/etc/xen/kept.cfg", "/root/kept"):
            dom0.run(["sh", "-c", f"echo kept > {file} && sync"])


def test_under_uefi_changes_are_kept(disks: tuple[Path, Path]) -> None:
    with booted(LiveMachine(plus_iso(), disks=disks, uefi=FIRMWARE)) as dom0:
        dom0.run(["test", "-d", "/sys/firmware/efi"])
        assert "control_d" in dom0.run(["cat", "/proc/xen/capabilities"]).stdout
        for file in ("/home/livexen/kept", "/etc/xen/kept.cfg", "/root/kept"):
            assert dom0.run(["cat", file]).stdout == "kept\n"
        assert "server01" in dom0.run(["ls", "/etc/xen/auto"]).stdout
        # What was installed before is not lost by doing it again.
        done = install(dom0, "vdb")
        assert done.status == 1 and "vgremove HyperVG01" in done.stderr, done.stderr


def install(dom0: Dom0, disk: str) -> CommandRecord:
    argv = ["xentui", "livecd", "install", "--disk", disk, "--confirm", disk]
    done = dom0.run(argv, INSTALL_DEADLINE, check=False)
    print(f"\ninstall {disk}: {done.seconds:.0f} s\n{done.stdout}{done.stderr}")
    return done


# The installed system, from its disk alone.


@pytest.mark.parametrize("firmware", [None, FIRMWARE], ids=["BIOS", "UEFI"])
def test_the_installed_system_starts(disks: tuple[Path, Path], firmware: Path | None) -> None:
    with booted(LiveMachine(None, disks=disks[1:], uefi=firmware)) as dom0:
        assert dom0.run(["hostname"]).stdout == "hypervisor01\n"
        assert "control_d" in dom0.run(["cat", "/proc/xen/capabilities"]).stdout
        assert "/dev/mapper/HyperVG01-hypervisor01--root" in dom0.run(["findmnt", "-no", "SOURCE", "/"]).stdout
        dom0.run(["findmnt", "/boot/efi"])
        dom0.wait("the guests", lambda: {"server01", "client01"} <= set(dom0.running()), deadline=GUEST_DEADLINE)
        found = json.loads(dom0.run(["env", "TERM=vt220", "xentui", "doctor", "--json"], check=False).stdout)
        # With two guests in its 960 MB there is little room for more, and it says so.
        assert [each["name"] for each in found if each["ok"] is False and each["name"] != "memory"] == [], found
        assert dom0.run(["systemctl", "--failed", "--plain", "--no-legend"]).stdout == ""


# Without a machine.


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
