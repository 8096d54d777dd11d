"""Snapshots: what was on the disks and in memory comes back, nothing half is left, and a guest that ran, runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest
from guest_site import GuestHost

from xentui.domains.domain import Disk, Domain, State
from xentui.domains.toolstack import ToolstackError
from xentui.guests.delete import carry_out, to_delete
from xentui.guests.errors import GuestError
from xentui.guests.snapshots import guest as snapshots
from xentui.guests.snapshots.tree import GuestSnapshot, Tree, load

IMAGE = "/srv/xen/vm-disk.img"
qemu_img = pytest.mark.skipif(shutil.which("qemu-img") is None, reason="qemu-img is not installed (qemu-utils)")


class FakeStack:
    """A toolstack that saves and restores, and writes down what the disk held meanwhile."""

    def __init__(self, host: GuestHost) -> None:
        self.host, self.did = host, list[str]()
        self.fails = ""

    def save(self, domain: Domain, file: str, *, cancel: threading.Event | None = None) -> None:
        self.did.append(f"save {domain.name}")
        if self.fails == "save":
            raise ToolstackError("It would not.")
        self.host.write(file, "memory")

    def restore(self, file: str, *, cancel: threading.Event | None = None) -> None:
        assert self.host.path(file).exists()
        self.did.append("restore")
        if self.fails == "restore":
            raise ToolstackError("No memory left.")


@pytest.fixture
def stack(host: GuestHost) -> FakeStack:
    host.create("vm", source="busybox", disk=["1M"])
    return FakeStack(host)


@pytest.fixture(autouse=True)
def _own_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def run_it(host: GuestHost) -> None:
    disk = Disk("xvda", IMAGE, "raw")
    host.running = [Domain("vm", id=5, state=State.BLOCKED, memory_mib=8, disks=(disk,), config_file="/etc/xen/vm.cfg")]


def take(host: GuestHost, stack: FakeStack, name: str, description: str = "") -> None:
    site = host.site
    snapshots.take(site, snapshots.prepare(site, "vm", name, description), stack)  # type: ignore[arg-type]


def revert(host: GuestHost, stack: FakeStack, name: str) -> None:
    site = host.site
    snapshots.revert(site, snapshots.prepare_revert(site, "vm", name), stack)  # type: ignore[arg-type]


def test_what_was_on_the_disk_comes_back(host: GuestHost, stack: FakeStack) -> None:
    disk = host.path(IMAGE)
    first, second = os.urandom(1 << 20), os.urandom(1 << 20)
    disk.write_bytes(first)
    take(host, stack, "first", "as it was made")
    disk.write_bytes(second)
    take(host, stack, "second")
    revert(host, stack, "first")
    assert disk.read_bytes() == first
    disk.write_bytes(b"third".ljust(1 << 20))
    take(host, stack, "third")
    tree = load(host, "vm")
    assert [(depth, one.id) for depth, one in tree.rows()] == [(0, "first"), (1, "second"), (1, "third")]
    assert tree.current == "third"
    lines = snapshots.listing(host.site, tree)
    assert lines[0].startswith("  first ") and lines[0].endswith("1 MiB  as it was made")
    assert lines[2].startswith("*   third ")
    snapshots.delete(host.site, "vm", "first")
    revert(host, stack, "second")
    assert disk.read_bytes() == second
    assert [(depth, one.id) for depth, one in load(host, "vm").rows()] == [(0, "second"), (0, "third")]
    assert not host.path(f"{IMAGE}.first").exists()
    assert stack.did == []  # it was off all the time


def test_a_running_guest_is_taken_with_its_memory(host: GuestHost, stack: FakeStack) -> None:
    run_it(host)
    take(host, stack, "warm")
    assert stack.did == ["save vm", "restore"]
    [snapshot] = load(host, "vm").snapshots
    assert snapshot.memory == "/var/lib/xentui/snapshots/vm/warm.memory" and snapshot.complete
    with pytest.raises(GuestError, match="shut it down or destroy it first"):
        revert(host, stack, "warm")
    host.running = []
    host.path(IMAGE).write_bytes(b"spoilt")
    revert(host, stack, "warm")
    assert stack.did[-1] == "restore" and host.path(IMAGE).stat().st_size == 1 << 20


@pytest.mark.parametrize("fails", ["save", "copy"])
def test_a_failed_snapshot_leaves_nothing_and_the_guest_runs(host: GuestHost, stack: FakeStack, fails: str) -> None:
    run_it(host)
    before = host.files()
    stack.fails = fails
    if fails == "copy":
        host.program("cp", "echo 'cp: error writing: No space left on device' >&2; exit 1")
    with pytest.raises(GuestError, match="No space left" if fails == "copy" else "It would not"):
        take(host, stack, "warm")
    assert stack.did == (["save vm", "restore"] if fails == "copy" else ["save vm"])
    assert host.files() - before == {"var/lib/xentui/snapshots/vm/tree.json"}
    assert load(host, "vm").snapshots == []


def test_a_guest_that_cannot_be_restored_keeps_its_memory(
    host: GuestHost, stack: FakeStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_it(host)
    stack.fails = "restore"
    monkeypatch.setattr(snapshots, "_is_needed", lambda _site, memory: host.path(memory).exists())
    with pytest.raises(GuestError, match=r"could not be restored: No memory left\..*xentui restore /var"):
        take(host, stack, "warm")
    assert host.path("/var/lib/xentui/snapshots/vm/warm.memory").exists()
    with pytest.raises(GuestError, match="all that is left"):
        snapshots.delete(host.site, "vm", "warm")


def test_cancelled_while_copying(host: GuestHost, stack: FakeStack) -> None:
    cancel = threading.Event()
    cancel.set()
    host.program("cp", "exec sleep 600")
    site = host.site
    with pytest.raises(GuestError, match="Cancelled"):
        snapshots.take(site, snapshots.prepare(site, "vm", "one"), stack, cancel=cancel)  # type: ignore[arg-type]
    assert load(host, "vm").snapshots == []


def output(*argv: str) -> str:
    return subprocess.run(argv, check=True, capture_output=True, timeout=180, text=True).stdout


#: What lvs says of the volume vg0/a-b and its snapshot.
LVS = """case "$*" in
*tags*) echo " xentui";;
*data_percent*) echo " 2097152 12.50 $POOL";;
*pool_lv*) echo " 1048576 $POOL";;
*attr*) echo " swi-a-s---";;
*) echo " vg0 a-b";;
esac"""


@qemu_img
def test_within_a_qcow2_image(host: GuestHost, stack: FakeStack) -> None:
    host.create("cow", source="busybox", disk=["size=4M,format=qcow2"])
    image = host.path("/srv/xen/cow-disk.qcow2")
    site = host.site
    snapshots.take(site, snapshots.prepare(site, "cow", "empty"), stack)  # type: ignore[arg-type]
    output("qemu-io", "-c", "write -P 7 0 64k", str(image))
    snapshots.revert(site, snapshots.prepare_revert(site, "cow", "empty"), stack)  # type: ignore[arg-type]
    read = subprocess.run(
        ["qemu-io", "-c", "read -P 0 0 64k", image], check=True, capture_output=True, timeout=180, text=True
    )
    assert "Pattern verification failed" not in read.stdout
    assert "within the image" in snapshots.listing(site, load(host, "cow"))[0]
    snapshots.delete(site, "cow", "empty")
    listed = subprocess.run(
        ["qemu-img", "snapshot", "-l", image], check=True, capture_output=True, timeout=180, text=True
    )
    assert "empty" not in listed.stdout


def test_a_disk_that_has_another_name_by_now_goes_back_all_the_same(host: GuestHost, stack: FakeStack) -> None:
    """As after another type of guest was tried."""
    disk = host.path(IMAGE)
    disk.write_bytes(b"before")
    take(host, stack, "one")
    disk.write_bytes(b"after")
    host.write("/etc/xen/vm.cfg", host.config("vm").replace("vdev=xvda", "vdev=hda"))
    revert(host, stack, "one")
    assert disk.read_bytes() == b"before"
    host.write("/etc/xen/vm.cfg", host.config("vm").replace("vm-disk.img", "other.img"))
    with pytest.raises(GuestError, match=r"has no disk xvda at /srv/xen/vm-disk\.img any more"):
        revert(host, stack, "one")


def test_of_a_volume(host: GuestHost, stack: FakeStack) -> None:
    host.write("/etc/xen/lv.cfg", 'name = "lv"\nkernel = "/k"\ndisk = ["/dev/vg0/a-b,raw,xvda,rw"]\n')
    host.program("lvs", LVS)
    host.program("vgs", "echo 1048575")
    host.program("lvcreate", "exit 0")
    host.program("lvconvert", "exit 0")
    host.program("lvremove", "exit 0")
    site = host.site
    with pytest.raises(GuestError, match="vg0 has 1024 KiB left; 1 MiB are needed"):
        snapshots.prepare(site, "lv", "one")
    host.program("vgs", "echo 1048576")
    snapshots.take(site, snapshots.prepare(site, "lv", "one"), stack)  # type: ignore[arg-type]
    [taken] = load(host, "lv").snapshots
    assert snapshots.costs(site, taken) == 2 << 20  # what is set aside for it, not what is written of it
    host.program("lvs", LVS.replace("$POOL", "pool"))
    assert snapshots.costs(site, taken) == 256 << 10
    host.program("lvs", LVS)
    made = "--yes --addtag xentui --snapshot --extents 100%ORIGIN -n a-b-one vg0/a-b"
    assert host.calls("lvcreate") == [made]
    snapshots.revert(site, snapshots.prepare_revert(site, "lv", "one"), stack)  # type: ignore[arg-type]
    assert host.calls("lvconvert") == ["--yes --interval 1 --merge vg0/a-b-one"]
    assert host.calls("lvcreate") == [made, made]  # merging used it up
    snapshots.delete(site, "lv", "one")
    assert host.calls("lvremove") == ["--yes vg0/a-b-one"]


#: LVM's snapshot of vg0/a would be called as another guest's volume, which xentui made, too.
NAMED = """case "$*" in
*lv_name*" vg0/a-disk") echo " a-disk";;
*tags*) echo " xentui";;
*lv_size*) echo " 1048576";;
*) echo " vg0 a";;
esac"""


def test_a_volume_that_is_called_so_already_is_somebody_elses(host: GuestHost, stack: FakeStack) -> None:
    host.write("/etc/xen/a.cfg", 'name = "a"\nkernel = "/k"\ndisk = ["/dev/vg0/a,raw,xvda,rw"]\n')
    for tool in ("lvcreate", "lvremove"):
        host.program(tool, "exit 0")
    host.program("lvs", NAMED.replace("a-disk", "none"))
    host.program("vgs", "echo 9999999")
    site = host.site
    taking = snapshots.prepare(site, "a", "disk")
    host.program("lvs", NAMED)
    with pytest.raises(GuestError, match="/dev/vg0/a-disk: is there already"):
        snapshots.prepare(site, "a", "disk")
    with pytest.raises(GuestError, match="/dev/vg0/a-disk: is there already"):  # it came meanwhile
        snapshots.take(site, taking, stack)  # type: ignore[arg-type]
    assert host.calls("lvcreate") == host.calls("lvremove") == []
    assert load(host, "a").snapshots == []


def test_only_what_was_taken_is_removed_when_another_disk_fails(host: GuestHost, stack: FakeStack) -> None:
    more = host.config("vm").replace("disk = [", 'disk = [ "/srv/xen/more.img,raw,xvdz,rw",', 1)
    host.write("/etc/xen/vm.cfg", more)
    host.write("/srv/xen/more.img", "x")
    site = host.site
    taking = snapshots.prepare(site, "vm", "one")
    theirs = host.write(f"{IMAGE}.one", "somebody's")
    with pytest.raises(GuestError, match="is there already"):
        snapshots.take(site, taking, stack)  # type: ignore[arg-type]
    assert theirs.read_text() == "somebody's" and not host.path("/srv/xen/more.img.one").exists()


@qemu_img
def test_a_snapshot_within_the_image_that_was_there_stays(host: GuestHost, stack: FakeStack) -> None:
    host.create("cow", source="busybox", disk=["size=4M,format=qcow2"])
    image = str(host.path("/srv/xen/cow-disk.qcow2"))
    output("qemu-img", "snapshot", "-c", "mine", image)
    with pytest.raises(GuestError, match="has a snapshot mine within it already"):
        snapshots.prepare(host.site, "cow", "mine")
    assert "mine" in output("qemu-img", "snapshot", "-l", image)


def test_what_is_refused(host: GuestHost, stack: FakeStack) -> None:
    site = host.site
    for name, wanted, words in (
        ("nobody", "a", "There is no guest"),
        ("vm", "../a", "is no name for a snapshot"),
        ("vm", "a b", "is no name for a snapshot"),
    ):
        with pytest.raises(GuestError, match=words):
            snapshots.prepare(site, name, wanted)
    take(host, stack, "one")
    with pytest.raises(GuestError, match="has a snapshot one already"):
        take(host, stack, "one")
    with pytest.raises(GuestError, match="there are: one"):
        revert(host, stack, "two")
    host.path(f"{IMAGE}.one").unlink()
    with pytest.raises(GuestError, match="is gone"):
        revert(host, stack, "one")


@pytest.mark.parametrize("name", ["a/b", ".."])
def test_of_a_guest_by_whose_name_none_would_be_found(host: GuestHost, stack: FakeStack, name: str) -> None:
    host.write("/etc/xen/odd.cfg", f'name = "{name}"\nkernel = "/k"\ndisk = ["{IMAGE},raw,xvda,rw"]\n')
    with pytest.raises(GuestError, match="is no name of a folder: rename it"):
        snapshots.prepare(host.site, name, "one")


def test_nothing_is_left_where_all_were_deleted_before(host: GuestHost, stack: FakeStack) -> None:
    take(host, stack, "one")
    snapshots.delete(host.site, "vm", "one")
    carry_out(host.site, to_delete(host.site, "vm"))
    assert host.files() == set() and not host.path("/var/lib/xentui/snapshots/vm").exists()


def test_a_guest_is_deleted_with_its_snapshots(host: GuestHost, stack: FakeStack) -> None:
    take(host, stack, "one")
    found = to_delete(host.site, "vm")
    assert "  snapshot one" in found.describe()
    carry_out(host.site, found)
    assert host.files() == set()


def test_a_new_guest_does_not_inherit_snapshots(host: GuestHost) -> None:
    """Those of one that moved away, or whose file was removed by hand, stay."""
    Tree("web", "one", [GuestSnapshot("one", complete=True)]).save(host)
    with pytest.raises(GuestError, match="Snapshots of another web are kept here: xentui snapshot list web"):
        host.create("web", source="busybox")
    assert not host.path("/etc/xen/web.cfg").exists()
