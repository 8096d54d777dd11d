"""Disks and interfaces in xl.cfg. Every expectation was compared with libxlutil 4.17's xlu_disk_parse."""

import pytest

from xentui.xlcfg.diskspec import DiskSpecError, parse_disk
from xentui.xlcfg.vifspec import parse_vif


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # target, format, vdev, writable, cdrom
        ("/dev/vg0/guest,raw,xvda,rw", ("/dev/vg0/guest", "raw", "xvda", True, False)),
        ("/img/a.qcow2,qcow2,hda,r", ("/img/a.qcow2", "qcow2", "hda", False, False)),
        ("/dev/vg0/guest,,xvda", ("/dev/vg0/guest", "raw", "xvda", True, False)),
        ("phy:/dev/vg0/guest,xvda,w", ("/dev/vg0/guest", "raw", "xvda", True, False)),
        ("file:/cd.iso,hdc:cdrom,r", ("/cd.iso", "raw", "hdc", False, True)),
        ("tap:aio:/srv/disk.img,xvda1,w", ("/srv/disk.img", "raw", "xvda1", True, False)),
        ("qcow2:/img/a,xvda,w", ("/img/a", "qcow2", "xvda", True, False)),
        ("vdev=xvda, format=vhd, access=ro, target=/a,b c", ("/a,b c", "vhd", "xvda", False, False)),
        (",hdc:cdrom", ("", "empty", "hdc", False, True)),
        ("vdev=hdc,devtype=cdrom", (None, "empty", "hdc", False, True)),
        ("cdrom,/cd.iso,raw,hdc,rw", ("/cd.iso", "raw", "hdc", False, True)),  # never writable
        ("/dev/x,raw,xvda ,w", ("/dev/x", "raw", "xvda ", True, False)),  # the blank belongs to the name
    ],
)
def test_disks(text: str, expected: tuple[object, ...]) -> None:
    spec = parse_disk(text)
    assert (spec.target, spec.format, spec.vdev, spec.writable, spec.cdrom) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no vdev"),
        ("/dev/x", "no vdev"),
        ("vdev=xvda", "no target"),
        ("/dev/x,raw,xvda,rx", "no access"),
        ("/dev/x,qcow3,xvda", "no disk format"),
        ("/dev/x,raw,xvda,w,more", "one item too many"),
        ("/dev/x,raw,xvda,vdev=xvdb", "vdev is given twice"),
        ("qcow2:/dev/x,xvda,w,format=raw", "format is given twice"),
        ("foo:/dev/x,xvda,w", "no prefix"),
        ("/dev/x,raw,xvda,colour=red", "colour="),
        ("/dev/x,raw,xvda,backendtype=blktap", "backendtype"),
        ("/dev/x,raw,xvda,devtype=tape", "no device type"),
        ("phy:/dev/x,hda:floppy,w", "no device type"),
    ],
)
def test_refused_disks(text: str, says: str) -> None:
    with pytest.raises(DiskSpecError, match=says):
        parse_disk(text)


def test_script_prefixes_and_rare_keys() -> None:
    spec = parse_disk("iscsi:iqn.2001-05,xvda,w,backend=storage,discard")
    assert (spec.script, spec.prefixes) == ("block-iscsi", ["iscsi"])
    assert spec.options == {"backend": "storage", "discard": ""}


def test_interfaces() -> None:
    assert parse_vif("") == {}
    assert parse_vif("mac=00:16:3e:00:00:01, bridge=xenbr0,,trusted") == {
        "mac": "00:16:3e:00:00:01",
        "bridge": "xenbr0",
        "trusted": "",
    }
