"""This computer as a guest: only an idle disk, only read."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace

import pytest
from guest_site import GuestHost

from xentui.disks.device import Device, Disks, Kind, Partition, Use, UseKind
from xentui.guests.errors import GuestError
from xentui.guests.sources import computer
from xentui.xlcfg.parser import parse

ESP = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
PART = Device("/dev/sdz1", Kind.PART, 1 << 20, partition=Partition(1, 1 << 20, ESP), parents=("/dev/sdz",))
DISK = Device("/dev/sdz", Kind.DISK, 4 << 20, children=("/dev/sdz1",))


def test_an_idle_disk_is_taken() -> None:
    disks = Disks((DISK, PART))
    computer.check_idle(disks, DISK)
    assert computer.has_esp(disks, DISK)


@pytest.mark.parametrize(
    ("disks", "device", "words"),
    [
        (Disks((DISK, PART), {"/dev/sdz1": (Use(UseKind.MOUNTED, "/boot"),)}), DISK, "/dev/sdz1 is mounted on /boot"),
        (Disks((DISK, PART), blind=("lsblk did not answer.",)), DISK, "cannot be told. lsblk did not answer"),
        (Disks((DISK, PART)), PART, "is a part; a computer is made of a whole disk"),
        (Disks((DISK, replace(PART, fstype="swsuspend"))), DISK, "a Linux is hibernated there"),
    ],
)
def test_no_other_is(disks: Disks, device: Device, words: str) -> None:
    with pytest.raises(GuestError, match=words):
        computer.check_idle(disks, device)


@pytest.mark.skipif(shutil.which("qemu-img") is None, reason="qemu-img is not installed (qemu-utils)")
def test_what_it_writes_goes_into_a_layer(host: GuestHost, monkeypatch: pytest.MonkeyPatch) -> None:
    real = host.write("/dev/sdz", bytes(4 << 20))
    disk = replace(DISK, path=str(real), children=())
    monkeypatch.setattr(computer, "read_disks", lambda _host, _images: Disks((disk,)))
    host.create("mine", computer=str(real))
    config = parse(host.config("mine"))
    assert config.string("type") == "hvm" and config.string("vnclisten") == "127.0.0.1"
    [setting] = config.strings("disk")
    assert setting == "format=qcow2, vdev=hda, access=rw, target=/srv/xen/mine-changes.qcow2"
    layer = host.path("/srv/xen/mine-changes.qcow2")
    said = subprocess.run(["qemu-img", "info", "--output=json", layer], capture_output=True, check=True, timeout=180)
    info = json.loads(said.stdout)
    assert (info["backing-filename"], info["backing-filename-format"]) == (str(real), "raw")
    subprocess.run(["qemu-io", "-c", "write -P 7 0 64k", layer], check=True, capture_output=True, timeout=180)
    assert real.read_bytes() == bytes(4 << 20)
