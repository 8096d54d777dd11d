"""Deleting a guest: what was made for it and nothing else; refused while anything depends on it."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest
from guest_site import GuestHost

from xentui.demo import savefile
from xentui.domains.domain import Domain, State
from xentui.domains.savefiles import SavedGuests
from xentui.guests import manifest, resize
from xentui.guests.delete import carry_out, to_delete
from xentui.guests.errors import GuestError
from xentui.guests.manifest import Made, Manifest


def test_all_that_was_made_goes_and_nothing_else(host: GuestHost) -> None:
    host.write("/srv/xen/mine.img", "precious")
    before = host.files()
    host.create("new", source="busybox", disk=["1M", "/srv/xen/mine.img"], autostart=True)
    found = to_delete(host.site, "new")
    assert "  (left alone: /srv/xen/mine.img)" in found.describe()
    assert {thing.path for thing in found.things} == {
        "/srv/xen/new-disk.img", "/etc/xen/new.cfg", "/etc/xen/auto/new.cfg",
    }  # fmt: skip
    carry_out(host.site, found)
    assert host.files() == before


def test_old_memory_of_it_is_named_and_left(host: GuestHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(host.folder / "state"))
    host.create("new", source="busybox")
    path = host.path("/var/lib/xen/save/new")
    path.parent.mkdir(parents=True)
    savefile.write(path, '{"c_info": {"name": "new"}}', {}, 1 << 20)
    known = SavedGuests(host)
    known.ran_since(known.list()[0])
    found = to_delete(host.site, "new")
    assert "  (left alone: /var/lib/xen/save/new, saved memory)" in found.describe()
    carry_out(host.site, found)
    assert path.exists()


def test_what_is_gone_already_is_no_fault(host: GuestHost) -> None:
    before = host.files()
    host.create("new", source="busybox", disk=["1M"])
    host.path("/srv/xen/new-disk.img").unlink()
    carry_out(host.site, to_delete(host.site, "new"))
    assert host.files() == before


def test_what_a_killed_xentui_left_can_be_deleted(host: GuestHost) -> None:
    before = host.files()
    half = Manifest("half", "debian", "/etc/xen/half.cfg", False, [Made("folder", "/srv/xen/.half.build")])
    half.made.append(Made("file", "/srv/xen/half-disk.img"))  # written down, and not made any more
    host.write("/srv/xen/.half.build/root/etc/passwd", "x")
    half.save(host)
    with pytest.raises(GuestError, match="Something is left of a guest half"):
        host.create("half", source="busybox")
    carry_out(host.site, to_delete(host.site, "half"))
    assert host.files() == before
    assert not host.path("/srv/xen/.half.build").exists()


def test_a_running_or_saved_guest_is_not_deleted(host: GuestHost) -> None:
    host.create("new", source="busybox", disk=["1M"])
    host.running = [Domain("new", id=4, state=State.PAUSED, config_file="/etc/xen/new.cfg")]
    found = to_delete(host.site, "new")  # what belongs to it can be told
    assert Made("file", "/srv/xen/new-disk.img") in found.things
    with pytest.raises(GuestError, match="new is paused: shut it down first"):
        carry_out(host.site, found)
    assert host.path("/srv/xen/new-disk.img").exists() and host.path("/etc/xen/new.cfg").exists()
    host.running = [replace(host.running[0], id=None, state=State.SAVED, save_file="/var/lib/xen/save/new")]
    with pytest.raises(GuestError, match="/var/lib/xen/save/new"):
        carry_out(host.site, to_delete(host.site, "new"))


def test_the_machine_itself_is_no_guest_to_shut_down_first(host: GuestHost) -> None:
    host.running = [Domain("Domain-0", id=0, state=State.RUNNING)]
    with pytest.raises(GuestError, match="Domain-0 is this machine itself"):
        to_delete(host.site, "Domain-0")


def test_what_xentui_did_not_make_it_does_not_delete(host: GuestHost) -> None:
    host.write("/etc/xen/old.cfg", 'name = "old"\n')
    with pytest.raises(GuestError, match=r"was not made by xentui create.*/etc/xen/old\.cfg"):
        to_delete(host.site, "old")
    with pytest.raises(GuestError, match="There is no guest nobody"):
        to_delete(host.site, "nobody")


def test_a_disk_that_another_guest_uses_stays(host: GuestHost) -> None:
    host.create("new", source="busybox", disk=["1M"])
    host.write("/etc/xen/other.cfg", 'name = "other"\ndisk = ["/srv/xen/new-disk.img,raw,xvda,r"]\n')
    with pytest.raises(GuestError, match="other has it in its configuration, too"):
        carry_out(host.site, to_delete(host.site, "new"))
    assert host.path("/srv/xen/new-disk.img").exists()


def test_what_lies_below_the_layer_of_another_guest_stays_as_it_is(host: GuestHost) -> None:
    host.create("base", source="busybox", disk=["1M"])
    name = b"base-disk.img"
    host.write(
        "/srv/xen/web.qcow2", struct.pack(">4sIQIIQ", b"QFI\xfb", 2, 72, len(name), 16, 1 << 20).ljust(72) + name
    )
    host.write("/etc/xen/web.cfg", 'name = "web"\nkernel = "/k"\ndisk = ["/srv/xen/web.qcow2,qcow2,xvda,rw"]\n')
    needs = r"/srv/xen/base-disk\.img: web needs it below its /srv/xen/web\.qcow2"
    with pytest.raises(GuestError, match=f"{needs}, too. Delete web first"):
        carry_out(host.site, to_delete(host.site, "base"))
    with pytest.raises(GuestError, match=f"{needs}, and whatever is written to it ruins that"):
        host.create("other", source="busybox", disk=["/srv/xen/base-disk.img"])
    with pytest.raises(GuestError, match=needs):
        resize.plan(host.site, "base", "+1G")
    assert host.path("/srv/xen/base-disk.img").exists()
    host.path("/etc/xen/web.cfg").unlink()
    carry_out(host.site, to_delete(host.site, "base"))


def test_volumes_are_removed_by_their_tag_only(host: GuestHost) -> None:
    host.program("vgs", "echo '  1073741824'")
    host.program("lvcreate", "exit 0")
    host.program("lvs", "echo '  xentui'")
    host.program("lvremove", "exit 0")
    host.create("new", source="busybox", lvm="vg0", disk=["64M"])
    assert host.calls("lvcreate") == [
        "--yes --wipesignatures y --addtag xentui -L 67108864b -n new-disk vg0",
    ]
    host.write("/dev/vg0/new-disk", "x")
    host.program("lvs", "echo '  somebody,else'")
    with pytest.raises(GuestError, match="has not the LVM tag xentui"):
        carry_out(host.site, to_delete(host.site, "new"))
    assert host.calls("lvremove") == []
    kept = manifest.load(host, "new")
    assert kept is not None and Made("volume", "/dev/vg0/new-disk") in kept.made
    host.program("lvs", "echo '  xentui'")
    carry_out(host.site, to_delete(host.site, "new"))
    assert host.calls("lvremove") == ["--yes vg0/new-disk"]


def test_a_volume_that_lvm_refused_is_not_left(host: GuestHost) -> None:
    before = host.files()
    host.program("vgs", "echo '  1073741824'")
    host.program("lvs", "echo '  Failed to find logical volume vg0/new-disk' >&2; exit 5")
    host.program("lvcreate", 'echo "  Volume group \\"vg0\\" has insufficient free space" >&2; exit 5')
    with pytest.raises(GuestError, match="insufficient free space"):
        host.create("new", source="busybox", lvm="vg0", disk=["64M"])
    assert host.files() == before


def test_a_volume_that_is_not_active_is_no_free_name(host: GuestHost) -> None:
    """It has no device, and may be the disk of a guest that has another name by now."""
    host.program("vgs", "echo '  1073741824'")
    host.program("lvs", 'case "$*" in *lv_name*) echo "  new-disk";; *) echo "  xentui";; esac')
    for tool in ("lvcreate", "lvremove"):
        host.program(tool, "exit 0")
    with pytest.raises(GuestError, match="/dev/vg0/new-disk: is there already"):
        host.create("new", source="busybox", lvm="vg0", disk=["64M"])
    assert host.calls("lvcreate") == host.calls("lvremove") == []


def test_a_volume_that_lvm_says_nothing_of_is_not_forgotten(host: GuestHost) -> None:
    host.program("vgs", "echo '  1073741824'")
    host.program("lvcreate", "exit 0")
    host.create("new", source="busybox", lvm="vg0", disk=["64M"])
    host.write("/dev/vg0/new-disk", "x")
    host.program("lvs", "echo '  Can not get lock for vg0.' >&2; exit 5")
    with pytest.raises(GuestError, match="does not say whether it is there: Can not get lock"):
        carry_out(host.site, to_delete(host.site, "new"))
    assert manifest.load(host, "new") is not None


def test_a_manifest_that_is_none(host: GuestHost) -> None:
    host.write("/var/lib/xentui/guests/bad.json", "{")
    with pytest.raises(GuestError, match=r"bad\.json: is no manifest"):
        to_delete(host.site, "bad")
