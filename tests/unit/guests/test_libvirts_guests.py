"""Guests that libvirt has: what goes by their disks is done; what would leave its definition behind is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from guest_site import GuestHost

from xentui.actions import ACTIONS, BY_NAME, impossible
from xentui.domains.domain import Disk, Domain, State
from xentui.guests import clone, delete, rename, resize, retype
from xentui.guests.errors import GuestError
from xentui.guests.snapshots import guest as snapshots
from xentui.guests.snapshots.tree import load

IMAGE, CONFIG = "/srv/xen/vm-disk.img", "/etc/xen/vm.cfg"
ITS = ("libvirt", "file")
OFF = Domain("vm", state=State.OFF, managed_by=ITS, config_file=CONFIG, disks=(Disk("xvda", IMAGE, "raw"),))
UNDEFINE = "virsh undefine vm leaves it to xl"


@pytest.fixture(autouse=True)
def _libvirt_has_it(host: GuestHost, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    host.create("vm", source="busybox", disk=["1M"], type="pv")
    host.running = [OFF]


def test_what_is_possible() -> None:
    possible = {each.name for each in ACTIONS if each.changes and each.needs_domain and impossible(each, OFF) is None}
    assert possible == {"start", "start-paused", "autostart", "note", "clone", "make-template", "resize", "update"}
    assert impossible(BY_NAME["snapshots"], OFF) is None
    for name in ("rename", "retype", "delete-guest", "install", "start-order"):
        assert UNDEFINE in (impossible(BY_NAME[name], OFF) or ""), name
    unknown = replace(OFF, config_file=None)  # xl would have nothing to start it from
    assert impossible(BY_NAME["install"], unknown) == "libvirt has vm, and xl knows no configuration file of it."
    for each in ACTIONS:
        assert len(f" vm: {impossible(each, OFF)}") <= 80, each.name


def test_a_sysrq_goes_where_xl_sees_it() -> None:
    runs = replace(OFF, id=5, state=State.BLOCKED, in_xl=True)
    assert impossible(BY_NAME["sysrq"], runs) is None
    assert BY_NAME["sysrq"].by_hand(runs, "s") == ["xl", "sysrq", "vm", "s"]
    assert "xl sysrq" in (impossible(BY_NAME["sysrq"], replace(runs, in_xl=False)) or "")


def test_its_disk_is_taken_and_comes_back(host: GuestHost) -> None:
    host.path(IMAGE).write_bytes(b"then".ljust(1 << 20))
    site, nobody = host.site, SimpleNamespace()
    snapshots.take(site, snapshots.prepare(site, "vm", "one"), nobody)  # type: ignore[arg-type]
    host.path(IMAGE).write_bytes(b"now".ljust(1 << 20))
    snapshots.revert(site, snapshots.prepare_revert(site, "vm", "one"), nobody)  # type: ignore[arg-type]
    assert host.path(IMAGE).read_bytes().startswith(b"then")


@pytest.mark.parametrize(
    ("magic", "owner", "words"),
    [
        (b"libvirt-xml\n \0 \r", ("file",), "saved by libvirt, which does not have vm"),
        (b"Xen saved domain, xl format\n \0 \r", ITS, f"saved by xl. libvirt has it: {UNDEFINE}"),
    ],
)
def test_memory_comes_back_only_by_whom_it_was_saved(
    host: GuestHost, magic: bytes, owner: tuple[str, ...], words: str
) -> None:
    def save(_domain: Domain, file: str, **_options: object) -> None:
        host.write(file, magic.ljust(64))

    stack = SimpleNamespace(save=save, restore=lambda _file: None)
    host.running = [replace(OFF, id=5, state=State.BLOCKED, memory_mib=8)]
    site = host.site
    snapshots.take(site, snapshots.prepare(site, "vm", "one"), stack)  # type: ignore[arg-type]
    assert load(host, "vm").find("one").memory
    host.running = [replace(OFF, managed_by=owner)]
    with pytest.raises(GuestError, match=words):
        snapshots.prepare_revert(host.site, "vm", "one")


def test_what_its_definition_would_not_follow_is_refused(host: GuestHost) -> None:
    site = host.site
    for attempt in (
        lambda: rename.plan(site, "vm", "other"),
        lambda: retype.plan(site, "vm", "pvh"),
        lambda: delete.to_delete(site, "vm").check(),
    ):
        with pytest.raises(GuestError, match=UNDEFINE):
            attempt()


def test_a_clone_is_xls_and_says_so(host: GuestHost) -> None:
    site = host.site
    plan = clone.plan(site, "vm", "other")
    said = clone.clone(site, plan, clone.work_for(site, plan, "vm"))
    assert "libvirt's own definition of vm was not looked at" in said[0]
    assert host.path("/etc/xen/other.cfg").exists()


def test_the_disk_of_what_libvirt_has_saved_by_itself_is_left_alone(host: GuestHost) -> None:
    host.running = [replace(OFF, state=State.SAVED)]  # libvirt tells of no file
    with pytest.raises(GuestError, match="vm is saved"):
        resize.plan(host.site, "vm", "2M")
    with pytest.raises(GuestError, match="vm is saved in libvirt: restore it"):
        snapshots.prepare(host.site, "vm", "one")
