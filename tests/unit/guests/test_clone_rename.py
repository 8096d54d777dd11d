"""Clones and new names: what is the guest's own changes, the rest stays."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from guest_site import GuestHost

from xentui.demo import savefile
from xentui.domains import savefiles
from xentui.domains.domain import Domain, State
from xentui.domains.toolstack import ToolstackError
from xentui.guests import clone as cloning
from xentui.guests import manifest, rename
from xentui.guests.delete import carry_out, to_delete
from xentui.guests.errors import GuestError
from xentui.guests.snapshots import guest as snapshots
from xentui.xlcfg.parser import parse


class Renamer:
    """A toolstack that renames, or will not."""

    def __init__(self, fails: bool = False) -> None:
        self.fails, self.did = fails, list[str]()

    def rename(self, domain: Domain, name: str) -> None:
        if self.fails:
            raise ToolstackError("Xen said no.")
        self.did.append(f"{domain.name} -> {name}")


@pytest.fixture(autouse=True)
def _a_guest(host: GuestHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(host.folder / "state"))
    host.create("web", source="busybox", disk=["1M"], autostart=True)
    host.path("/srv/xen/web-disk.img").write_bytes(os.urandom(1 << 20))


def clone(host: GuestHost, name: str, new: str, **options: str) -> None:
    site = host.site
    plan = cloning.plan(site, name, new, **options)
    cloning.clone(site, plan, cloning.work_for(site, plan, name))


def test_a_clone_is_the_same_and_another(host: GuestHost) -> None:
    config = host.path("/etc/xen/web.cfg")
    config.write_text("# kept\n" + config.read_text() + "vncdisplay = 5\n")
    clone(host, "web", "web2")
    old, new = parse(host.config("web")), parse(host.config("web2"))
    assert host.config("web2").startswith("# kept\n")
    assert new.string("name") == "web2" and new.string("uuid") != old.string("uuid")
    assert new.strings("vif") != old.strings("vif") and new.strings("vif")[0].endswith(",bridge=xenbr0")
    assert new.strings("disk")[0].endswith("target=/srv/xen/web2-disk.img")
    assert new.string("cmdline") == "console=hvc0 quiet guest=web2"
    assert new.value("vncdisplay") is None and old.value("vncdisplay") is not None
    assert host.path("/srv/xen/web2-disk.img").read_bytes() == host.path("/srv/xen/web-disk.img").read_bytes()
    carry_out(host.site, to_delete(host.site, "web2"))
    assert host.path("/srv/xen/web-disk.img").exists() and not host.path("/srv/xen/web2-disk.img").exists()


def test_from_a_snapshot_while_it_runs(host: GuestHost) -> None:
    site = host.site
    then = host.path("/srv/xen/web-disk.img").read_bytes()
    snapshots.take(site, snapshots.prepare(site, "web", "one"), Renamer())  # type: ignore[arg-type]
    host.path("/srv/xen/web-disk.img").write_bytes(os.urandom(1 << 20))
    host.running = [Domain("web", id=3, state=State.BLOCKED, config_file="/etc/xen/web.cfg")]
    with pytest.raises(GuestError, match="would be torn"):
        clone(host, "web", "web2")
    clone(host, "web", "web2", snapshot="one")
    assert host.path("/srv/xen/web2-disk.img").read_bytes() == then


@pytest.mark.skipif(shutil.which("qemu-img") is None, reason="qemu-img is not installed (qemu-utils)")
def test_from_a_snapshot_within_an_image(host: GuestHost) -> None:
    host.create("cow", source="busybox", disk=["size=1M,format=qcow2"])
    site = host.site
    snapshots.take(site, snapshots.prepare(site, "cow", "empty"), Renamer())  # type: ignore[arg-type]
    image = host.path("/srv/xen/cow-disk.qcow2")
    then = image.stat().st_size
    subprocess.run(["qemu-io", "-c", "write -P 7 0 512k", image], check=True, capture_output=True, timeout=60)
    clone(host, "cow", "calf", snapshot="empty")
    assert host.path("/srv/xen/calf-disk.qcow2").stat().st_size <= then < image.stat().st_size
    host.running = [Domain("cow", id=3, state=State.BLOCKED, config_file="/etc/xen/cow.cfg")]
    with pytest.raises(GuestError, match="Shut cow down first"):
        clone(host, "cow", "bull", snapshot="empty")


def test_a_disk_that_came_after_the_snapshot_is_not_torn(host: GuestHost) -> None:
    site = host.site
    snapshots.take(site, snapshots.prepare(site, "web", "one"), Renamer())  # type: ignore[arg-type]
    host.write("/srv/xen/later.img", "x")
    more = host.config("web").replace("disk = [", 'disk = [ "/srv/xen/later.img,raw,xvdz,rw",', 1)
    assert more != host.config("web")
    host.write("/etc/xen/web.cfg", more)
    host.running = [Domain("web", id=3, state=State.BLOCKED, config_file="/etc/xen/web.cfg")]
    with pytest.raises(GuestError, match=r"later\.img: web has had this disk only since one"):
        clone(host, "web", "web2", snapshot="one")
    assert not host.path("/srv/xen/web2-disk.img").exists()


def test_a_clone_that_fails_leaves_nothing(host: GuestHost) -> None:
    before = host.files()
    host.program("cp", "echo 'cp: No space left on device' >&2; exit 1")
    with pytest.raises(GuestError, match=r"No space left on device\. Nothing of it is left"):
        clone(host, "web", "web2")
    assert host.files() == before


def test_of_a_volume(host: GuestHost) -> None:
    host.write("/etc/xen/lv.cfg", 'name = "lv"\nkernel = "/k"\ndisk = ["/dev/vg0/lv-disk,raw,xvda,rw"]\n')
    host.program("lvs", 'case "$*" in *lv_size*) echo " 1048576";; *) echo " vg0 lv-disk";; esac')
    host.program("blockdev", "echo 1048576")
    host.program("lvcreate", "exit 0")
    host.program("dd", "exit 0")
    host.program("vgs", "echo 1000000")
    with pytest.raises(GuestError, match=r"The volume group vg0 has .* left"):
        clone(host, "lv", "lw")
    assert host.calls("lvcreate") == []
    host.program("vgs", "echo 2000000")
    clone(host, "lv", "lw")
    assert host.calls("lvcreate") == ["--yes --wipesignatures y --addtag xentui -L 1048576b -n lw-disk vg0"]
    assert host.calls("dd")[0].startswith("if=/dev/vg0/lv-disk of=/dev/vg0/lw-disk")
    assert "target=/dev/vg0/lw-disk" in host.config("lw")


def test_a_shared_disk_stays_shared(host: GuestHost) -> None:
    host.write("/srv/xen/tools.iso", "x")
    host.create("app", source="busybox", disk=["/srv/xen/tools.iso,ro"])
    clone(host, "app", "app2")
    assert parse(host.config("app2")).strings("disk") == parse(host.config("app")).strings("disk")


@pytest.mark.parametrize(
    ("name", "new", "words"),
    [("nobody", "b", "There is no guest"), ("web", "web", "There is a guest web"), ("web", "a/b", "is no name")],
)
def test_what_no_clone_is_made_of(host: GuestHost, name: str, new: str, words: str) -> None:
    with pytest.raises(GuestError, match=words):
        clone(host, name, new)


def test_a_new_name_goes_everywhere(host: GuestHost) -> None:
    stack, site = Renamer(), host.site
    rename.rename(site, rename.plan(site, "web", "www"), stack)  # type: ignore[arg-type]
    assert stack.did == []  # it was off
    assert parse(host.config("www")).string("name") == "www"
    assert not host.path("/etc/xen/web.cfg").exists()
    assert host.path("/etc/xen/auto/www.cfg").resolve() == host.path("/etc/xen/www.cfg")
    assert not host.path("/etc/xen/auto/web.cfg").is_symlink()
    assert manifest.load(host, "web") is None
    carry_out(host.site, to_delete(host.site, "www"))
    assert host.files() == set()


def test_what_was_kept_beside_goes_along(host: GuestHost) -> None:
    for kept in ("~", ".before-hvm"):
        host.write(f"/etc/xen/web.cfg{kept}", "as it was")
    site = host.site
    rename.rename(site, rename.plan(site, "web", "www"), Renamer())  # type: ignore[arg-type]
    assert parse(host.config("www")).string("cmdline") == "console=hvc0 quiet guest=www"
    assert host.path("/etc/xen/www.cfg~").exists() and host.path("/etc/xen/www.cfg.before-hvm").exists()
    carry_out(host.site, to_delete(host.site, "www"))
    assert host.files() == set()


def test_a_copy_is_named_by_the_whole_word(host: GuestHost) -> None:
    host.write("/etc/xen/a.cfg", 'name = "a"\nkernel = "/k"\ndisk = ["/srv/xen/data.img,raw,xvda,rw"]\n')
    host.write("/srv/xen/data.img", "x")
    clone(host, "a", "b")
    assert host.path("/srv/xen/b-data.img").exists()


def test_a_running_guest_is_renamed_in_xen_first(host: GuestHost) -> None:
    host.running = [Domain("web", id=3, state=State.BLOCKED, config_file="/etc/xen/web.cfg")]
    before = host.files()
    stack, site = Renamer(fails=True), host.site
    with pytest.raises(GuestError, match="Xen said no"):
        rename.rename(site, rename.plan(site, "web", "www"), stack)  # type: ignore[arg-type]
    assert host.files() == before
    stack.fails = False
    rename.rename(site, rename.plan(site, "web", "www"), stack)  # type: ignore[arg-type]
    assert stack.did == ["web -> www"]


def saved_in(host: GuestHost, config: str) -> tuple[Domain, Path]:
    """The guest as `xl save` leaves it: its file as long as a real one, and its memory behind the head."""
    path = host.path("/var/lib/xen/save/web.save")
    path.parent.mkdir(parents=True)
    savefile.write(path, config, {"memory": "of web"}, 1 << 20)
    domain = Domain("web", state=State.SAVED, config_file="/etc/xen/web.cfg", save_file="/var/lib/xen/save/web.save")
    host.running = [domain]
    return domain, path


def test_a_saved_guest_comes_back_by_its_new_name(host: GuestHost) -> None:
    config = {"c_info": {"type": "pv", "name": "web", "uuid": "1"}, "b_info": {"kernel": "/web/\xe4\\"}}
    domain, path = saved_in(host, json.dumps(config, indent=4, ensure_ascii=False))
    before = path.read_bytes()
    site = host.site
    rename.rename(site, rename.plan(site, "web", "a-longer-name"), Renamer())  # type: ignore[arg-type]
    assert domain.save_file is not None
    assert savefiles.read_file(host, domain.save_file).name == "a-longer-name"
    _length, now, memory = savefile.read(path)
    config["c_info"]["name"] = "a-longer-name"
    assert now == config and memory == {"memory": "of web"}
    after = path.read_bytes()
    head = before.index(b"\0", 80) + 1  # what follows the configuration is untouched
    assert len(after) == len(before) and after[head:] == before[head:]
    assert parse(host.config("a-longer-name")).string("name") == "a-longer-name"


def test_a_saved_guest_that_has_no_room_for_it_keeps_its_name(host: GuestHost) -> None:
    _domain, path = saved_in(host, '{"c_info":{"name":"web"}}')
    before, files, site = path.read_bytes(), host.files(), host.site
    with pytest.raises(GuestError, match="no room in it for that name"):
        rename.rename(site, rename.plan(site, "web", "much-longer-than-web"), Renamer())  # type: ignore[arg-type]
    assert path.read_bytes() == before and host.files() == files


def test_a_file_of_another_name_keeps_it(host: GuestHost) -> None:
    host.write("/etc/xen/production.cfg", 'name = "db"\nkernel = "/k"\n')
    site = host.site
    rename.rename(site, rename.plan(site, "db", "db2"), Renamer())  # type: ignore[arg-type]
    assert parse(host.config("production")).string("name") == "db2"
