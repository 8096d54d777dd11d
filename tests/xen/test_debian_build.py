"""A Debian guest, really installed by mmdebstrap from this machine's own mirror, into an image that would boot."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from xentui.domains.domain import HostInfo, Snapshot
from xentui.guests.make import make, plan
from xentui.guests.site import Site
from xentui.guests.wishes import spec_of
from xentui.host import Host

pytestmark = [
    pytest.mark.extra,
    pytest.mark.skipif(os.geteuid() != 0, reason="installing Debian needs root"),
    pytest.mark.skipif(shutil.which("mmdebstrap") is None, reason="mmdebstrap is not installed"),
]


class FolderDom0(Host):
    """This machine, as if it were a dom0 whose own files stand in a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def path(self, path: str) -> Path:
        own = path.startswith(("/etc/xen", "/var/lib/xentui", "/usr/lib/grub-xen"))
        return self.folder / path.lstrip("/") if own else Path(path)


def inside(image: Path, command: str) -> str:
    """What debugfs(8) says of the ext4 image."""
    argv = ["debugfs", "-R", command, str(image)]
    return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60).stdout


def test_debian_is_installed_whole(tmp_path: Path) -> None:
    host = FolderDom0(tmp_path)
    grub = host.path("/usr/lib/grub-xen/grub-i386-xen_pvh.bin")
    grub.parent.mkdir(parents=True)
    grub.touch()
    key = tmp_path / "id.pub"
    key.write_text("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDbL9q9+Yg4 tests\n")
    site = Site(host, Snapshot(HostInfo("test", virt_caps=("pv", "hvm")), (), 0.0))
    wish: dict[str, str | bool | list[str]] = {
        "source": "debian", "dir": str(tmp_path / "guests"), "size": "3G", "swap": "64M", "user": ["ann"],
        "ssh-key": [str(key)], "locale": "de_DE.UTF-8", "package": ["tree"],
    }  # fmt: skip
    lines: list[str] = []
    said = make(site, plan(site, spec_of(site, "deb", wish)), lines.append)
    print("\n".join([*lines, *said]))

    folder = tmp_path / "guests"
    assert sorted(path.name for path in folder.iterdir()) == ["deb-disk.img", "deb-swap.img"]
    image = folder / "deb-disk.img"
    subprocess.run(["e2fsck", "-f", "-n", image], check=True, timeout=300, capture_output=True)
    assert inside(image, "cat /etc/hostname") == "deb\n"
    assert "root=LABEL=root" in inside(image, "cat /boot/grub/grub.cfg")
    passwd = inside(image, "cat /etc/passwd")
    assert "\nann:x:1000:1000:" in passwd
    assert "User:     0" in inside(image, "stat /etc/shadow") and "Mode:  0640" in inside(image, "stat /etc/shadow")
    assert "User:  1000" in inside(image, "stat /home/ann/.ssh/authorized_keys")
    shadow = {line.split(":")[0]: line.split(":")[1] for line in inside(image, "cat /etc/shadow").splitlines()}
    assert shadow["root"].startswith("$y$") and shadow["ann"].startswith("$y$")
    for link in ("vmlinuz", "initrd.img"):
        target = inside(image, f"stat /{link}").partition('Fast link dest: "')[2].partition('"')[0]
        assert "Type: regular" in inside(image, f"stat /{target}")
    services = inside(image, "ls -l /etc/systemd/system/multi-user.target.wants")
    assert "systemd-networkd.service" in services and "ssh.service" in services
    assert "Type: regular" in inside(image, "stat /usr/bin/tree")
    initrd = tmp_path / "initrd"
    name = inside(image, "stat /initrd.img").partition('Fast link dest: "')[2].partition('"')[0]
    inside(image, f"dump /{name} {initrd}")
    if shutil.which("lsinitramfs"):
        listed = subprocess.run(["lsinitramfs", initrd], capture_output=True, text=True, check=True, timeout=120).stdout
        assert "xen-blkfront" in listed
