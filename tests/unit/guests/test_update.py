"""Updating a guest that is off, really: a small system in an image, whose apt-get is a script. As root only."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest
from guest_site import GuestHost

from xentui.domains.domain import Domain, State
from xentui.guests import update
from xentui.guests.errors import GuestCancelledError, GuestError

_PROGRAMS = ("sh", "cat", "chmod", "grep", "rm")
_LEFT = "#!/bin/sh\n# made by xentui update\nexit 101\n"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A system of a few programs, as this machine has them."""
    tree = tmp_path_factory.mktemp("tree")
    for folder in ("proc", "dev", "run", "tmp", "etc", "usr/bin", "usr/sbin"):
        (tree / folder).mkdir(parents=True)
    for program in _PROGRAMS:
        file = shutil.which(program) or ""
        shutil.copy(file, tree / "usr/bin" / program)
        for line in subprocess.run(["ldd", file], capture_output=True, text=True, check=True).stdout.splitlines():
            for library in [word for word in line.split() if word.startswith("/")]:
                (tree / library.lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(library, tree / library.lstrip("/"))
    (tree / "bin").symlink_to("usr/bin")
    (tree / "usr/bin/dpkg").write_text("#!/bin/sh\n")
    (tree / "etc/debian_version").write_text("13.8\n")
    (tree / "etc/fstab").write_text("LABEL=root / ext4 defaults 0 1\n")
    (tree / "usr/bin/dpkg").chmod(0o755)
    return tree


@pytest.fixture
def guest(host: GuestHost, tree: Path) -> GuestHost:
    """It is off, and its apt-get does what `apt` is told to."""
    if os.geteuid() != 0 or shutil.which("capsh") is None:
        pytest.skip("mounting is root's, and capsh has to be here")
    host.write("/etc/xen/web.cfg", 'name = "web"\nkernel = "/boot/vmlinuz"\ndisk = [ "/srv/xen/web.img,raw,xvda,w" ]\n')
    return host


def image(host: GuestHost, tree: Path, apt: str) -> Path:
    (tree / "usr/bin/apt-get").write_text(f"#!/bin/sh\n{apt}\n")
    (tree / "usr/bin/apt-get").chmod(0o755)
    file = host.path("/srv/xen/web.img")
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", tree, file, "24M"], check=True)
    probe = ["unshare", "--mount", "--propagation", "private", "mount", "-o", "loop", file, "/mnt"]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip("no loop device is to be had here")
    return file


def inside(file: Path, path: str) -> str:
    """The text of a file in the image."""
    said = subprocess.run(["debugfs", "-R", f"cat {path}", file], capture_output=True, text=True, check=True)
    return said.stdout


def run(host: GuestHost, cancel: threading.Event | None = None) -> str:
    site = host.site
    return update.update(site, update.plan(site, "web"), cancel=cancel)


def test_its_own_apt_runs_shut_in_and_leaves_nothing_behind(guest: GuestHost, tree: Path) -> None:
    file = image(guest, tree, (
        'echo "$*" >> /calls; cat /proc/self/status > /status; cat /usr/sbin/policy-rc.d > /policy\n'
        'case "$*" in *upgrade) echo "3 upgraded, 1 newly installed, 0 to remove and 0 not upgraded.";; esac'
    ))  # fmt: skip
    assert run(guest) == "web: 3 upgraded, 1 newly installed, 0 to remove and 0 not upgraded."
    assert [line.split()[-1] for line in inside(file, "/calls").splitlines()] == ["update", "upgrade", "clean"]
    assert inside(file, "/policy") == _LEFT and inside(file, "/usr/sbin/policy-rc.d") == ""
    bounding = int(inside(file, "/status").partition("CapBnd:\t")[2].split()[0], 16)
    assert bounding == sum(1 << number for number in (0, 1, 3, 4, 5, 6, 7, 31))  # linux/capability.h
    assert str(file) not in Path("/proc/mounts").read_text()


def test_a_failure_is_apts_last_line(guest: GuestHost, tree: Path) -> None:
    file = image(guest, tree, 'echo "E: Failed to fetch http://mirror/x  404" >&2; exit 100')
    with pytest.raises(GuestError, match=r"web was not updated: E: Failed to fetch http://mirror/x  404"):
        run(guest)
    assert inside(file, "/usr/sbin/policy-rc.d") == ""


def test_cancelled_it_is_tidied_up(guest: GuestHost, tree: Path) -> None:
    (tree / "usr/sbin/policy-rc.d").write_text(_LEFT)  # as one that was killed leaves it
    try:
        file = image(guest, tree, "while :; do :; done")
    finally:
        (tree / "usr/sbin/policy-rc.d").unlink()
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(GuestCancelledError, match="xentui update web goes on"):
        run(guest, cancel)
    assert inside(file, "/usr/sbin/policy-rc.d") == ""


def test_what_is_refused(guest: GuestHost, tree: Path) -> None:
    file = image(guest, tree, "")
    for path, text, says in (
        ("etc/fstab", "LABEL=root / ext4 d 0 1\nLABEL=var /var ext4 d 0 2\n", "/var on a file system of its own"),
        ("etc/debian_version", "", "no Debian that can be seen"),
    ):
        before = (tree / path).read_text()
        (tree / path).write_text(text)
        try:
            file.unlink()
            image(guest, tree, "")
        finally:
            (tree / path).write_text(before)
        with pytest.raises(GuestError, match=says):
            run(guest)
    guest.running.append(Domain("web", id=3, state=State.BLOCKED, config_file="/etc/xen/web.cfg"))
    with pytest.raises(GuestError, match="web is running: update it from inside"):
        run(guest)
