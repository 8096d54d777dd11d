"""HVM to PVH and PV and back: the configuration changes, and what is on the disk is looked at before."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from guest_site import PVH_GRUB, GuestHost

from xentui.domains.domain import Domain, State
from xentui.guests import retype
from xentui.guests.errors import GuestError
from xentui.guests.look import look
from xentui.xlcfg.check import check
from xentui.xlcfg.findings import Severity
from xentui.xlcfg.parser import parse

HVM = """\
# Ubuntu, installed as HVM.
name = "ubuntu01"
builder = "hvm"
memory = 512
boot = "dc"
vga = "stdvga"
videoram = 16
vnc = 1
serial = "pty"
disk = [ "/srv/xen/u.img,raw,hda,rw", "/srv/xen/u.iso,raw,hdc,cdrom,r" ]
vif = [ "mac=00:16:3e:00:00:09,bridge=xenbr0" ]
"""
GOOD_FSTAB = "# comment\nUUID=1234-5678 / ext4 defaults 0 1\n"


def disk(
    host: GuestHost, fstab: str = GOOD_FSTAB, initramfs: str = "MODULES=most\n", *, partitioned: bool = False
) -> None:
    """A raw disk with a Linux on it, or what of it matters here."""
    tree = host.folder / "tree"
    for name, text in (
        ("etc/fstab", fstab), ("etc/initramfs-tools/initramfs.conf", initramfs), ("boot/grub/grub.cfg", "menu\n"),
    ):  # fmt: skip
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    image = host.write("/srv/xen/u.img", b"")
    offset = 1 << 20 if partitioned else 0
    with image.open("r+b") as file:
        file.truncate((8 << 20) + offset)
    options = ["-E", f"offset={offset}"] if partitioned else []
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-d", tree, *options, image, "8M"], check=True, timeout=180)
    if partitioned:
        script = "label: dos\nstart=2048, type=83\n"
        subprocess.run(["sfdisk", "-q", str(image)], input=script, text=True, check=True, timeout=180)
    shutil.rmtree(tree)


@pytest.fixture(autouse=True)
def _the_guest(host: GuestHost) -> None:
    host.write("/etc/xen/ubuntu01.cfg", HVM)
    host.write("/srv/xen/u.iso", "x")


@pytest.mark.parametrize("partitioned", [False, True])
def test_hvm_becomes_pvh(host: GuestHost, partitioned: bool) -> None:
    disk(host, partitioned=partitioned)
    plan = retype.plan(host.site, "ubuntu01", "pvh")
    assert plan.problems == ()
    assert plan.text.startswith("# Ubuntu, installed as HVM.\n")
    config = parse(plan.text)
    assert (config.string("type"), config.string("kernel")) == ("pvh", PVH_GRUB)
    for gone in ("builder", "boot", "vga", "videoram", "vnc", "serial"):
        assert config.value(gone) is None, gone
    assert [item.split("vdev=")[1].split(",")[0] for item in config.strings("disk")] == ["xvda", "xvdc"]
    assert config.strings("vif") == ["mac=00:16:3e:00:00:09,bridge=xenbr0"]
    assert [found for found in check(plan.text) if found.severity is Severity.ERROR] == []
    retype.retype(host.site, plan)
    assert host.path("/etc/xen/ubuntu01.cfg.before-pvh").read_text() == HVM
    back = retype.plan(host.site, "ubuntu01", "hvm")
    config = parse(back.text)
    assert (config.string("type"), config.value("kernel"), config.string("boot")) == ("hvm", None, "c")
    assert [item.split("vdev=")[1].split(",")[0] for item in config.strings("disk")] == ["hda", "hdc"]


def test_as_pv_it_is_told_its_root(host: GuestHost) -> None:
    disk(host)
    config = parse(retype.plan(host.site, "ubuntu01", "pv").text)
    assert config.string("cmdline") == "root=UUID=1234-5678 ro console=hvc0"
    assert config.string("kernel") == "/boot/vmlinuz"


def test_what_would_not_boot_is_told(host: GuestHost) -> None:
    disk(host, "/dev/sda1 / ext4 defaults 0 1\n/dev/sda2 none swap sw 0 0\n", "MODULES=dep\n")
    problems = retype.plan(host.site, "ubuntu01", "pvh").problems
    assert "fstab mounts / by the name /dev/sda1" in problems[0]
    assert "MODULES=dep" in problems[2]


def test_a_disk_that_cannot_be_looked_at(host: GuestHost) -> None:
    host.write("/srv/xen/u.img", bytes(1 << 20))
    assert look(host.site, "/srv/xen/u.img") is None
    assert "could not be looked at" in retype.plan(host.site, "ubuntu01", "pvh").remarks[0]
    with pytest.raises(GuestError, match="Make it a PVH guest"):
        retype.plan(host.site, "ubuntu01", "pv")


def test_a_guest_on_dom0s_kernel_only_changes_its_type(host: GuestHost) -> None:
    host.create("small", source="busybox", type="pv")
    before = host.config("small")
    plan = retype.plan(host.site, "small", "pvh")
    assert plan.text == before.replace('type = "pv"', 'type = "pvh"')
    host.write("/etc/xen/small.cfg", f"# mine\n{before}")
    with pytest.raises(GuestError, match=r"small\.cfg was changed meanwhile; nothing was written"):
        retype.retype(host.site, plan)
    assert host.config("small").startswith("# mine")


def test_what_is_refused(host: GuestHost, tmp_path: Path) -> None:
    with pytest.raises(GuestError, match="is an HVM guest already"):
        retype.plan(host.site, "ubuntu01", "hvm")
    host.running = [Domain("ubuntu01", id=3, state=State.BLOCKED, config_file="/etc/xen/ubuntu01.cfg")]
    with pytest.raises(GuestError, match="shut it down first"):
        retype.plan(host.site, "ubuntu01", "pvh")


def test_a_saved_guest_is_not_retyped(host: GuestHost) -> None:
    """It would come back from its memory as what it was, beside a configuration that says otherwise."""
    host.running = [Domain("ubuntu01", state=State.SAVED, config_file="/etc/xen/ubuntu01.cfg", save_file="/srv/u.save")]
    with pytest.raises(GuestError, match="ubuntu01 is saved"):
        retype.plan(host.site, "ubuntu01", "pvh")


def test_without_a_disk_there_is_nothing_an_emulated_machine_could_boot(host: GuestHost) -> None:
    host.create("small", source="busybox", type="pv")
    with pytest.raises(GuestError, match="small has no disk"):
        retype.plan(host.site, "small", "hvm")
