"""Guests that are whole systems, on one large machine whose processor runs PVH and HVM guests: Debian that boots its
own kernel by GRUB for PVH; Debian that the dom0 installs on a volume, and what is done to it while it runs; a CD.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest
from guest_shell import at_guest
from livemachine import FOLDER, LIBVIRT, Dom0, LiveMachine, live_iso
from test_debian_build import FolderDom0

from xentui.domains.domain import HostInfo, Snapshot
from xentui.guests.make import make, plan
from xentui.guests.site import Site
from xentui.guests.sources.boot import PVH_GRUB
from xentui.guests.wishes import spec_of
from xentui.livecd.mirror import own_mirror
from xentui.livecd.qemu import CPU_PVH

pytestmark = [
    pytest.mark.extra,
    pytest.mark.skipif(os.geteuid() != 0, reason="installing Debian needs root"),
    pytest.mark.skipif(shutil.which("mmdebstrap") is None, reason="mmdebstrap is not installed"),
]

#: Seconds, at most: an emulated machine's emulated guest to its login prompt; Debian installed by an emulated machine.
BOOTED, INSTALLED, CHANGED = 2400, 3600, 600
GROUP, ROOM = "guests", "/srv/xen"
CD = f'{ROOM}/it\'s a "cd".iso'
#: It waits at its menu for a key, on the serial line, where the kernel's messages go, too.
CD_MENU = """serial --unit=0 --speed=115200
terminal_input serial
terminal_output serial
set timeout=-1
menuentry "Go on" {
    linux /vmlinuz console=ttyS0 console=hvc0 guest=cd
    initrd /guest.img
}
"""


@pytest.fixture(scope="module")
def debian(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The disk of a guest, and its password: made here, where nothing is emulated."""
    folder = tmp_path_factory.mktemp("debian")
    host = FolderDom0(folder)
    grub = host.path(PVH_GRUB)
    grub.parent.mkdir(parents=True)
    grub.touch()
    site = Site(host, Snapshot(HostInfo("test", virt_caps=("pv", "hvm")), (), 0.0))
    wish: dict[str, str | bool | list[str]] = {"source": "debian", "dir": str(folder), "size": "2G"}
    said = make(site, plan(site, spec_of(site, "deb", wish)))
    return folder / "deb-disk.img", _password(said)


def _password(said: list[str]) -> str:
    found = re.search(r"password of root is (\w+)", "\n".join(said))
    assert found is not None
    return found[1]


@pytest.fixture(scope="module")
def large(debian: tuple[Path, str]) -> Iterator[Dom0]:
    """Its dom0, without the CD's guests. /dev/vda is the Debian disk, /dev/vdb a group, /dev/vdc room for files."""
    iso = live_iso("xentui-live-walkthroughs", hvm=True, installer=True, packages=("mmdebstrap",), dom0_memory=1024)
    disks = [FOLDER / "group.img", FOLDER / "room.img"]
    for disk in disks:
        disk.unlink(missing_ok=True)
        disk.touch()
        os.truncate(disk, 8 << 30)
    with LiveMachine(iso, CPU_PVH, 4096, (debian[0], *disks)).booted() as dom0:
        for name in dom0.running()[1:]:
            dom0.run(["xl", "destroy", name])
        dom0.run(["systemctl", "stop", *LIBVIRT])
        dom0.run(["vgcreate", "--yes", GROUP, "/dev/vdb"])
        dom0.run(["mkfs.ext4", "-q", "/dev/vdc"])
        dom0.run(["mkdir", "-p", ROOM])
        dom0.run(["mount", "/dev/vdc", ROOM])
        yield dom0


@pytest.fixture(scope="module")
def grub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """GRUB for PVH, out of Debian's package."""
    folder = tmp_path_factory.mktemp("grub")
    subprocess.run(["apt-get", "download", "grub-xen-host"], cwd=folder, check=True, timeout=120)
    [package] = folder.glob("*.deb")
    subprocess.run(["dpkg-deb", "-x", package, folder], check=True, timeout=60)
    return folder / PVH_GRUB.lstrip("/")


def test_debian_boots_its_own_kernel_from_its_own_disk(large: Dom0, debian: tuple[Path, str], grub: Path) -> None:
    large.copy(grub, str(Path(PVH_GRUB).parent))
    large.run(["xentui", "create", "deb", "--disk", "/dev/vda", "--memory", "1024", "--start"], CHANGED)
    try:
        assert 'type = "pvh"' in large.run(["cat", "/etc/xen/deb.cfg"]).stdout
        with at_guest(large, "deb", debian[1], BOOTED) as shell:
            assert shell.run("cat /sys/hypervisor/guest_type") == "PVH"
            assert shell.run("findmnt -no SOURCE,FSTYPE /").split() == ["/dev/xvda", "ext4"]
    finally:
        large.run(["xl", "destroy", "deb"], check=False)


@pytest.fixture(scope="module")
def on_volume(large: Dom0) -> Iterator[str]:
    """A running PV guest that the dom0 has installed on a volume, on dom0's kernel; its password."""
    argv = ["xentui", "create", "web", "--source", "debian", "--type", "pv", "--lvm", GROUP, "--disk", "2G", "--memory",
            "384", "--vcpus", "2", "--mirror", own_mirror().archive, "--start"]  # fmt: skip
    made = large.run(argv, INSTALLED)
    yield _password(made.stdout.splitlines())
    large.run(["xl", "destroy", "web"], check=False)


def test_debian_is_installed_on_a_volume_and_boots(large: Dom0, on_volume: str) -> None:
    assert large.run(["lvs", "--noheadings", "-o", "lv_name", GROUP]).stdout.split() == ["web-disk"]
    with at_guest(large, "web", on_volume, BOOTED) as shell:
        assert shell.run("cat /sys/hypervisor/guest_type") == "PV"
        assert shell.run("findmnt -no SOURCE,FSTYPE /").split() == ["/dev/xvda", "ext4"]


def test_memory_and_cpus_change_while_it_runs(large: Dom0, on_volume: str) -> None:
    large.run(["xentui", "memory", "web", "320"])
    large.run(["xentui", "vcpus", "web", "1"])
    with at_guest(large, "web", on_volume, CHANGED) as shell:
        shell.run("until [ $(nproc) = 1 ]; do sleep 1; done")
    assert large.run(["xl", "list", "web"]).stdout.splitlines()[1].split()[2:4] == ["320", "1"]
    large.run(["xentui", "memory", "web", "384"])
    # The machine has one CPU: of more, xl has a guest made, but it gives it no more by itself.
    refused = large.run(["xentui", "vcpus", "web", "2"], check=False)
    assert refused.status == 1 and "xl vcpu-set --ignore-host web 2" in refused.stderr
    large.run(["xl", "vcpu-set", "--ignore-host", "web", "2"])
    with at_guest(large, "web", on_volume, CHANGED) as shell:
        shell.run("until [ $(nproc) = 2 ]; do sleep 1; done")


def test_a_disk_comes_and_goes_while_it_runs(large: Dom0, on_volume: str) -> None:
    config = "/etc/xen/web.cfg"
    before = large.host.read(config).decode()
    large.run(["truncate", "-s", "8M", f"{ROOM}/more.img"])
    more = before.replace("disk = [", f'disk = [ "format=raw, vdev=xvdb, access=rw, target={ROOM}/more.img",', 1)
    large.host.run(["sh", "-c", f"cat > {config}"], deadline=60, text_in=more)
    large.run(["xentui", "config", "apply", "web", "--yes"], CHANGED)
    with at_guest(large, "web", on_volume, CHANGED) as shell:
        shell.run("until [ -b /dev/xvdb ]; do sleep 1; done")
        assert shell.run("cat /sys/block/xvdb/size") == "16384"
        shell.run("echo brought | dd of=/dev/xvdb conv=sync,fsync status=none")
    assert large.run(["head", "-c", "7", f"{ROOM}/more.img"]).stdout == "brought"
    large.host.run(["sh", "-c", f"cat > {config}"], deadline=60, text_in=before)
    large.run(["xentui", "config", "apply", "web", "--yes"], CHANGED)
    with at_guest(large, "web", on_volume, CHANGED) as shell:
        shell.run("until [ ! -b /dev/xvdb ]; do sleep 1; done")


def test_it_is_saved_and_goes_on(large: Dom0, on_volume: str) -> None:
    with at_guest(large, "web", on_volume, CHANGED) as shell:
        shell.run("echo kept > /run/kept")
    large.run(["xentui", "save", "web", f"{ROOM}/web.save"], CHANGED)
    assert "web" not in large.running()
    large.run(["xentui", "restore", f"{ROOM}/web.save"], CHANGED)
    with at_guest(large, "web", on_volume, CHANGED) as shell:
        assert shell.run("cat /run/kept") == "kept"


def test_renamed_while_it_is_saved_it_comes_back_by_that_name(large: Dom0, on_volume: str) -> None:
    large.run(["xentui", "save", "web", f"{ROOM}/web.save"], CHANGED)
    large.run(["xentui", "rename", "web", "www-server"])
    large.run(["xentui", "restore", f"{ROOM}/web.save"], CHANGED)
    assert large.running() == ["Domain-0", "www-server"]
    with at_guest(large, "web", on_volume, CHANGED, domain="www-server") as shell:
        shell.run("true")
    large.run(["xentui", "rename", "www-server", "web"])
    assert large.running() == ["Domain-0", "web"]


def test_a_snapshot_of_the_running_system_and_back(large: Dom0, on_volume: str) -> None:
    def keep(word: str) -> None:
        with at_guest(large, "web", on_volume, CHANGED) as shell:
            shell.run(f"echo {word} | tee /run/word > /root/word; sync")

    keep("then")
    large.run(["xentui", "snapshot", "take", "web", "one"], CHANGED)
    keep("now")
    large.run(["xl", "destroy", "web"])
    large.run(["xentui", "snapshot", "revert", "web", "one", "--confirm", "web"], CHANGED)
    with at_guest(large, "web", on_volume, CHANGED) as shell:
        assert shell.run("cat /run/word") == "then"
        shell.run("echo 3 > /proc/sys/vm/drop_caches")
        assert shell.run("cat /root/word") == "then"


def test_a_clone_of_the_snapshot_boots_beside_it(large: Dom0, on_volume: str) -> None:
    large.run(["xentui", "clone", "web", "two", "--snapshot", "one"], CHANGED)
    large.run(["xentui", "start", "two"], CHANGED)
    try:
        # Whatever its name is inside: the copy is its original's.
        argv = large.host.terminal_argv(["xl", "console", "two"])
        child = pexpect.spawn(argv[0], argv[1:], encoding="utf-8", codec_errors="replace", timeout=BOOTED)
        try:
            child.expect("login: ")
        finally:
            child.close(force=True)
        assert {"web", "two"} <= set(large.running())
    finally:
        large.run(["xl", "destroy", "two"], check=False)


@pytest.fixture(scope="module")
def cd(large: Dom0, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A CD that starts dom0's kernel with the small guests' files."""
    folder = tmp_path_factory.mktemp("cd")
    tree = folder / "tree"
    (tree / "boot/grub").mkdir(parents=True)
    (tree / "boot/grub/grub.cfg").write_text(CD_MENU)
    for name, path in (("vmlinuz", "/boot/vmlinuz"), ("guest.img", "/usr/lib/xentui/guest.img")):
        with (tree / name).open("wb") as file:
            subprocess.run(large.host.argv(["cat", path]), stdout=file, check=True, timeout=300)
    iso = folder / Path(CD).name
    subprocess.run(["grub-mkrescue", "-d", "/usr/lib/grub/i386-pc", "-o", iso, tree], check=True, timeout=120)
    large.copy(iso, ROOM)
    return CD


def test_a_cd_boots_an_hvm_guest_with_serial_console_and_screen(large: Dom0, cd: str) -> None:
    made = large.run(["xentui", "create", "cd", "--cd", cd, "--memory", "384", "--size", "64M", "--start"], CHANGED)
    assert "Its screen is VNC" in made.stdout
    argv = large.host.terminal_argv(["xl", "console", "-t", "serial", "cd"])
    child = pexpect.spawn(argv[0], argv[1:], encoding="utf-8", codec_errors="replace", timeout=BOOTED)
    try:
        child.expect("Go on")
        child.send("\r")
        child.expect("Linux version")
        child.expect("DMI: Xen HVM domU")
    finally:
        child.close(force=True)
    port = re.search(r"VNC on its host, port (\d+)$", large.run(["xentui", "info", "cd"]).stdout, re.MULTILINE)
    assert port is not None
    greeting = large.run(["bash", "-c", f"head -c 12 < /dev/tcp/127.0.0.1/{port[1]}"])
    assert re.fullmatch(r"RFB \d{3}\.\d{3}\n", greeting.stdout)
    with at_guest(large, "cd", "live", BOOTED, options=("-t", "pv")) as shell:
        assert shell.run("cat /sys/hypervisor/guest_type") == "HVM"


def test_its_cd_is_changed_while_it_runs(large: Dom0, cd: str) -> None:
    def holds() -> tuple[bool, str]:
        """Whether the emulated drive has something in it (an open file, for QEMU), and what, as xl knows it."""
        lines = large.run(["xl", "qemu-monitor-command", "cd", "info block"]).stdout.splitlines()
        drive = next(line for line in lines if line.startswith("ide"))
        [disk] = [
            disk for domain in json.loads(large.run(["xl", "list", "-l", "cd"]).stdout)
            for disk in domain["config"]["disks"] if disk.get("is_cdrom") or disk.get("removable")
        ]  # fmt: skip
        return "[not inserted]" not in drive, disk["pdev_path"]

    assert holds() == (True, cd)
    large.run(["xentui", "cd-eject", "cd"])
    assert holds() == (False, "")
    large.run(["xentui", "cd-insert", "cd", cd])
    assert holds() == (True, cd)
    large.run(["xl", "destroy", "cd"])
