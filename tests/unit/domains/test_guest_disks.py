"""Which disks belong to which guests: from xl, xenstore, configurations, libvirt's files and saved guests."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from folder_host import FolderHost

from xentui import guest_disks
from xentui.demo.host import DemoHost
from xentui.disks.device import GuestDisk, UseKind
from xentui.domains.savefiles import MAGIC

LIST = "Name ID Mem VCPUs State Time(s)\nDomain-0 0 640 1 r----- 10.0\n"
XML = """<domain type='xen'><name>{name}</name><devices>
<disk type='block' device='disk'><driver name='qemu' type='raw'/><source dev='{dev}'/><target dev='xvda'/></disk>
</devices></domain>"""


def disk(path: str, **more: object) -> dict[str, object]:
    return {"pdev_path": path, "vdev": "xvda", "format": "raw", "readwrite": 1, **more}


def saved(name: str, *disks: dict[str, object]) -> bytes:
    text = json.dumps({"c_info": {"name": name, "type": "pv"}, "disks": list(disks)}).encode() + b"\0"
    optional = struct.pack("<I", len(text)) + text
    return struct.pack("<32sIIII", MAGIC, 0x01020304, 3, 0, len(optional)) + optional + bytes(1 << 17)


@pytest.fixture
def dom0(host: FolderHost) -> FolderHost:
    """A dom0 where `xl list -l` tells of one running guest."""
    long = [{"domid": 1, "config": {"c_info": {"name": "server01"}, "disks": [disk("/dev/vg0/server01")]}}]
    host.write("/long.json", json.dumps(long))
    host.program("xl", f'''case "$1 $2" in
"list ") cat {host.path("/list")};;
"list -l") cat {host.path("/long.json")};;
info*) echo "host : folder";;
esac''')  # fmt: skip
    host.write("/list", LIST + "server01 1 128 1 -b---- 1.0\n")
    return host


def found(host: FolderHost) -> dict[tuple[str, str], GuestDisk]:
    return {(one.guest, one.target): one for one in guest_disks.guest_disks(host).disks}


def test_a_running_guests_disks_are_those_that_it_runs_with_and_those_in_its_file(dom0: FolderHost) -> None:
    dom0.write("/etc/xen/server01.cfg", "name='server01'\ndisk=['/dev/vg0/other,raw,xvdb,r']\n")
    disks = found(dom0)
    assert disks["server01", "/dev/vg0/server01"].state == "running"
    other = disks["server01", "/dev/vg0/other"]
    assert (other.state, other.vdev, other.writable, other.source) == (
        "running",
        "xvdb",
        False,
        "/etc/xen/server01.cfg",
    )


def test_an_off_guest_and_an_empty_drive(dom0: FolderHost) -> None:
    dom0.write("/etc/xen/off.cfg", "name='off'\ndisk=['sdz1,raw,xvda,w', ',raw,hdc:cdrom,r']\n")
    disks = found(dom0)
    assert disks["off", "sdz1"].state == "off"
    assert len(disks) == 2


def test_a_saved_guest_holds_the_disks_of_its_file_whatever_its_configuration_says_by_now(dom0: FolderHost) -> None:
    dom0.write("/etc/xen/old.cfg", "name='old'\ndisk=['/dev/vg0/new,raw,xvda,w']\n")
    dom0.write("/var/lib/xen/save/old", saved("old", disk("/dev/vg0/old")))
    disks = found(dom0)
    assert disks["old", "/dev/vg0/old"].state == "saved"
    assert disks["old", "/dev/vg0/new"].state == "saved"


def test_libvirts_definitions_and_its_saved_guests(dom0: FolderHost) -> None:
    dom0.write("/etc/libvirt/libxl/win.xml", XML.format(name="win", dev="/dev/vg0/win"))
    xml = XML.format(name="slept", dev="/dev/vg0/slept").encode()
    head = struct.pack("<16sII40x", b"libvirt-xml\n \0 \r", 2, len(xml)) + xml
    dom0.write("/var/lib/libvirt/libxl/save/slept.save", head + bytes(1 << 17))
    disks = found(dom0)
    assert disks["win", "/dev/vg0/win"].state == "off"
    assert disks["slept", "/dev/vg0/slept"].state == "saved"


def test_what_xl_does_not_tell_xenstore_does(dom0: FolderHost) -> None:
    dom0.write("/list", LIST + "(null) 4 0 1 --p--d 1.0\n")
    dom0.write("/long.json", "[]")
    dom0.write(
        "/store",
        '/local/domain/0/backend/vbd/4/51712/params = "/dev/vg0/dying"\n'
        '/local/domain/0/backend/vbd/4/51712/mode = "w"\n'
        '/local/domain/0/backend/vbd/4/51712/dev = "xvda"\n'
        '/local/domain/0/backend/qdisk/4/832/params = "qcow2:/srv/xen/dying.qcow2"\n'
        '/local/domain/0/backend/qdisk/4/832/type = "qdisk"\n'
        '/local/domain/0/backend/qdisk/4/832/mode = "r"\n'
        '/local/domain/0/backend/vbd/5/51712/params = "/dev/vg0/another"\n',
    )
    dom0.program("xenstore-ls", f"cat {dom0.path('/store')}")
    disks = found(dom0)
    assert set(disks) == {("(null)", "/dev/vg0/dying"), ("(null)", "/srv/xen/dying.qcow2")}
    dying = disks["(null)", "/dev/vg0/dying"]
    assert (dying.state, dying.vdev, dying.writable) == ("dying", "xvda", True)
    assert not disks["(null)", "/srv/xen/dying.qcow2"].writable


def test_where_nobody_tells_nothing_may_be_written(dom0: FolderHost) -> None:
    dom0.write("/long.json", "[]")
    assert "xl does not tell which disks server01 uses" in guest_disks.guest_disks(dom0).blind[0]
    dom0.program("xl", "echo 'libxl: error' >&2; exit 1")
    assert "Nobody tells which disks the running guests use" in guest_disks.guest_disks(dom0).blind[0]


def test_without_xen_there_are_no_running_guests_but_with_it_xl_is_missed(host: FolderHost) -> None:
    assert guest_disks.guest_disks(host).blind == []
    host.write("/sys/hypervisor/type", "xen\n")
    assert "Nobody tells" in guest_disks.guest_disks(host).blind[0]


def test_a_configuration_that_cannot_be_read_is_said(dom0: FolderHost) -> None:
    dom0.write("/etc/xen/broken.cfg", "name = 'x\n")
    problems = guest_disks.guest_disks(dom0).problems
    assert "broken.cfg" in problems[0]
    assert problems[0].endswith("Its disks are not known.")


def test_the_demos_images_are_those_of_its_guests_and_two_to_practise_on(demo_host: DemoHost) -> None:
    disks = guest_disks.read_disks(demo_host)
    assert disks.blind == ()
    assert {device.name for device in disks.devices} == {"client.img", "server.img", "practice1.img", "practice2.img"}
    server = disks.find("/srv/xen/server.img")
    assert server is not None
    assert Path(server.path) == demo_host.path("/srv/xen/server.img")
    assert [use.holder for use in disks.uses(server)] == ["server01 (running)", "server02 (off)"]
    demo_host.run(["xl", "save", "server01", "/var/lib/xen/save/server01"], deadline=180)
    uses = guest_disks.read_disks(demo_host).uses(server)
    assert [(use.kind, use.holder) for use in uses] == [
        (UseKind.GUEST_SAVED, "server01 (saved)"),
        (UseKind.GUEST_DEFINED, "server02 (off)"),
    ]
