"""The configurations that `xentui create` writes, of every source, as the real xl reads them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from livemachine import Dom0

from xentui.domains.domain import HostInfo, Snapshot
from xentui.guests.make import plan
from xentui.guests.site import Site
from xentui.guests.sources.boot import PVH_GRUB
from xentui.guests.wishes import spec_of
from xentui.host import Host

_DI = "/usr/lib/debian-installer/images/13/amd64/text/debian-installer/amd64"
_FILES = (
    "/boot/vmlinuz", "/boot/initrd.img", "/usr/lib/xentui/guest.img", PVH_GRUB, f"{_DI}/linux", f"{_DI}/initrd.gz",
    "/srv/xen/it's a \"cd\".iso", "/srv/xen/d.iso", "/srv/xen/a, b.img",
)  # fmt: skip
Wish = dict[str, str | bool | list[str]]
WISHES: dict[str, Wish] = {
    "busybox": {"source": "busybox", "type": "pv", "disk": ["8M"]},
    "busybox-pvh": {"source": "busybox", "vcpus": "2", "no-network": True},
    "debian": {"source": "debian", "size": "1G", "swap": "64M", "mirror": "http://mirror.test/debian"},
    "debian-dom0": {"source": "debian", "type": "pv", "size": "1G", "mirror": "http://mirror.test/debian"},
    "installer": {"source": "installer", "size": "1M", "preseed": "http://192.0.2.1/p.cfg"},
    "windows": {"cd": '/srv/xen/it\'s a "cd".iso', "windows": True, "drivers": "/srv/xen/d.iso", "size": "1M"},
    "cd": {"cd": "/srv/xen/d.iso", "size": "1M"},
    "disk-hvm": {"disk": ["/srv/xen/a, b.img"], "type": "hvm"},
    "disk-pvh": {"disk": ["/srv/xen/a, b.img,ro"]},
    "computer": {"computer": "/srv/xen/a, b.img"},
    "kernel-hvm": {"kernel": "/boot/vmlinuz", "initrd": "/boot/initrd.img", "type": "hvm", "append": 'a="b" c'},
}


class Paper(Host):
    """A host that is only planned for: its files are there, and nothing is run."""

    is_demo = True

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        for path in _FILES:
            self.path(path).parent.mkdir(parents=True, exist_ok=True)
            self.path(path).write_text("x")

    def path(self, path: str) -> Path:
        return self.folder / path.lstrip("/")


@pytest.mark.parametrize("source", WISHES)
def test_xl_reads_it_as_it_is_meant(dom0: Dom0, tmp_path: Path, source: str) -> None:
    site = Site(Paper(tmp_path), Snapshot(HostInfo("paper", virt_caps=("pv", "hvm")), (), 0.0))
    made = plan(site, spec_of(site, "paper", WISHES[source]))
    dom0.host.run(["sh", "-c", "cat > /root/made.cfg"], deadline=60, text_in=made.config)
    read = dom0.run(["xl", "-N", "create", "/root/made.cfg"])
    assert "warning" not in read.stderr.lower(), read.stderr
    config = json.loads(read.stdout)
    assert (config["c_info"]["name"], config["c_info"]["type"]) == ("paper", made.spec.type)
    assert config["b_info"]["target_memkb"] >= made.spec.memory_mib << 10
    assert config["b_info"]["max_vcpus"] == made.spec.vcpus
    disks = [(disk.get("pdev_path"), disk["vdev"]) for disk in config.get("disks", [])]
    assert disks == [(disk.path, disk.vdev) for disk in made.spec.disks]
    assert [nic["mac"] for nic in config.get("nics", [])] == ([made.spec.mac] if made.spec.bridge else [])
