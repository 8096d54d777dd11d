"""A Debian guest that xentui built boots its own kernel, by GRUB for PVH, from its own disk, on a real Xen."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest
from livemachine import LiveMachine, live_iso
from test_debian_build import FolderDom0

from xentui.domains.domain import HostInfo, Snapshot
from xentui.guests.make import make, plan
from xentui.guests.site import Site
from xentui.guests.wishes import spec_of
from xentui.livecd.qemu import CPU_PVH

pytestmark = [
    pytest.mark.extra,
    pytest.mark.skipif(os.geteuid() != 0, reason="installing Debian needs root"),
    pytest.mark.skipif(shutil.which("mmdebstrap") is None, reason="mmdebstrap is not installed"),
]

#: Seconds that an emulated machine's emulated guest takes to its login prompt, at most.
LOGIN_DEADLINE = 900


@pytest.fixture(scope="module")
def debian(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The disk of a guest, and its password."""
    folder = tmp_path_factory.mktemp("debian")
    host = FolderDom0(folder)
    host.path("/usr/lib/grub-xen").mkdir(parents=True)
    host.path("/usr/lib/grub-xen/grub-i386-xen_pvh.bin").touch()
    site = Site(host, Snapshot(HostInfo("test", virt_caps=("pv", "hvm")), (), 0.0))
    wish: dict[str, str | bool | list[str]] = {"source": "debian", "dir": str(folder), "size": "2G"}
    said = make(site, plan(site, spec_of(site, "deb", wish)))
    found = re.search(r"password of root is (\w+)", "\n".join(said))
    assert found is not None
    return folder / "deb-disk.img", found[1]


@pytest.fixture(scope="module")
def grub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """GRUB for PVH, out of Debian's package."""
    folder = tmp_path_factory.mktemp("grub")
    subprocess.run(["apt-get", "download", "grub-xen-host"], cwd=folder, check=True, timeout=120)
    [package] = folder.glob("*.deb")
    subprocess.run(["dpkg-deb", "-x", package, folder], check=True, timeout=60)
    return folder / "usr/lib/grub-xen/grub-i386-xen_pvh.bin"


@pytest.fixture(scope="module")
def big_machine(debian: tuple[Path, str]) -> Iterator[LiveMachine]:
    """A machine whose processor runs PVH guests, with room for one, and the guest's disk as /dev/vda."""
    live = LiveMachine(live_iso(), CPU_PVH, 1984, (debian[0],))
    live.boot()
    try:
        yield live
    finally:
        live.end()


def test_it_boots_and_knows_what_it_is(big_machine: LiveMachine, debian: tuple[Path, str], grub: Path) -> None:
    dom0 = big_machine.dom0
    dom0.connect()
    dom0.copy(grub, "/usr/lib/grub-xen")
    dom0.wait("the guests of the CD", lambda: len(dom0.running()) == 3, deadline=480)
    for name in ("server01", "client01"):
        dom0.run(["xl", "destroy", name])
    dom0.run(["xentui", "create", "deb", "--disk", "/dev/vda", "--memory", "1024", "--start"], deadline=300)
    assert 'type = "pvh"' in dom0.run(["cat", "/etc/xen/deb.cfg"]).stdout
    argv = dom0.host.terminal_argv(["xl", "console", "deb"])
    child = pexpect.spawn(argv[0], argv[1:], encoding="utf-8", codec_errors="replace", dimensions=(24, 80))
    try:
        child.expect("deb login: ", timeout=LOGIN_DEADLINE)
        child.send("root\r")
        child.expect("Password: ", timeout=120)
        child.send(debian[1] + "\r")
        child.expect("# ", timeout=180)
        child.send("cat /sys/hypervisor/guest_type; findmnt -no SOURCE,FSTYPE /; echo rc=$?\r")
        child.expect("PVH\r\n", timeout=60)
        child.expect(r"/dev/xvda +ext4\r\n", timeout=60)
        child.expect("rc=0", timeout=60)
    finally:
        child.close(force=True)
