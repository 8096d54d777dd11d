"""Every call of the xl toolstack, on the demo and on a real Xen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from desk import DEADLINE, GUEST, Desk

from xentui.domains import savefiles
from xentui.domains.domain import Domain, State
from xentui.domains.json import KEYS, domain_json
from xentui.domains.toolstack import ToolstackError
from xentui.subprocesses import CommandRecord

SAVE_FILE = f"/var/lib/xen/save/{GUEST}.contract"


def last_command(desk: Desk) -> CommandRecord:
    return list(desk.host.log)[-1]


@pytest.fixture
def save_file(desk: Desk) -> Iterator[str]:
    savefiles.remove(desk.host, SAVE_FILE)
    yield SAVE_FILE
    savefiles.remove(desk.host, SAVE_FILE)


def test_start_and_destroy(desk: Desk, off: Domain) -> None:
    desk.xl.start(off)
    running = desk.until_up()
    assert running.id is not None and running.id > 0
    assert running.config_file == off.config_file
    assert last_command(desk).argv == ("xl", "create", off.config_file)
    assert last_command(desk).ok
    desk.xl.destroy(running)
    gone = desk.until_state(State.OFF)
    assert gone.id is None and gone.stale_seconds is None


def test_start_paused_and_unpause(desk: Desk, off: Domain) -> None:
    desk.xl.start(off, paused=True)
    paused = desk.until_state(State.PAUSED)
    assert paused.cpu_seconds is not None and paused.cpu_seconds < 1
    desk.xl.unpause(paused)
    desk.until_up()


def test_pause_and_unpause(desk: Desk, guest: Domain) -> None:
    desk.xl.pause(guest)
    desk.until_state(State.PAUSED)
    desk.xl.unpause(guest)
    desk.until_up()


def test_what_runs_cannot_be_started_again(desk: Desk, guest: Domain) -> None:
    with pytest.raises(ToolstackError) as refused:
        desk.xl.start(guest)
    assert "\n" not in refused.value.headline
    assert GUEST in refused.value.headline + refused.value.details
    assert desk.domain().id == guest.id


def test_shutdown_and_wait(desk: Desk, guest: Domain) -> None:
    desk.until_it_listens(guest)
    desk.xl.shutdown(guest, wait=True)
    desk.until_state(State.OFF)


def test_reboot_changes_the_id_and_not_the_row(desk: Desk, guest: Domain) -> None:
    desk.until_it_listens(guest)
    desk.xl.reboot(guest)

    def rebooted(snapshot: object) -> bool:
        now = desk.snapshot().domain(guest.key)
        return now is not None and now.state.up and now.id != guest.id

    desk.until("it has a new id", rebooted)
    assert desk.domain().key == guest.key


def test_save_and_restore(desk: Desk, guest: Domain, save_file: str) -> None:
    desk.until_it_listens(guest)
    desk.xl.save(guest, save_file)
    saved = desk.until_state(State.SAVED)
    assert saved.save_file == save_file
    assert saved.id is None
    assert savefiles.read_file(desk.host, save_file).name == GUEST

    desk.xl.restore(save_file)
    restored = desk.until_up()
    assert restored.id != guest.id
    assert restored.uuid == guest.uuid
    # Its memory is in use again: the old file must not be offered once the guest is off.
    desk.xl.destroy(restored)
    assert desk.until_state(State.OFF, State.SAVED).state is State.OFF


def test_a_save_overwrites_no_file(desk: Desk, guest: Domain) -> None:
    assert guest.config_file is not None
    before = desk.host.read(guest.config_file)
    with pytest.raises(ToolstackError, match="exists already"):
        desk.xl.save(guest, guest.config_file)
    assert desk.host.read(guest.config_file) == before
    assert desk.domain().state.up


def test_what_runs_is_not_restored_beside_itself(desk: Desk, guest: Domain, save_file: str) -> None:
    desk.until_it_listens(guest)
    desk.xl.save(guest, save_file)
    saved = desk.until_state(State.SAVED)
    desk.xl.start(replace(saved, state=State.OFF))
    desk.until_up()
    with pytest.raises(ToolstackError, match="is running"):
        desk.xl.restore(save_file)
    desk.until_up()


def test_a_paused_guest_is_not_saved(desk: Desk, guest: Domain, save_file: str) -> None:
    desk.xl.pause(guest)
    with pytest.raises(ToolstackError, match="unpause"):
        desk.xl.save(guest, save_file)
    assert savefiles.stat(desk.host, save_file) is None
    assert desk.domain().state is State.PAUSED


def test_a_failed_save_leaves_the_guest_running_and_no_file(desk: Desk, guest: Domain) -> None:
    nowhere = "/var/lib/xen/save/no/such/folder/guest"
    with pytest.raises(ToolstackError) as failed:
        desk.xl.save(guest, nowhere)
    assert f"{GUEST} still runs" in failed.value.headline
    assert failed.value.details
    desk.until_up()
    assert savefiles.stat(desk.host, nowhere) is None


def test_no_saved_guest_is_not_restored(desk: Desk) -> None:
    with pytest.raises(ToolstackError, match="no saved guest"):
        desk.xl.restore("/etc/hosts" if not desk.is_demo else "/etc/xen/server01.cfg")
    with pytest.raises(ToolstackError, match="No such file"):
        desk.xl.restore("/var/lib/xen/save/there-is-no-such")


def test_rename(desk: Desk, guest: Domain) -> None:
    desk.xl.rename(guest, "contract 1")
    renamed = desk.until("the new name is shown", lambda s: s.domain("contract 1")).domain("contract 1")
    assert renamed is not None and renamed.id == guest.id
    assert last_command(desk).shell == f"xl rename {GUEST} 'contract 1'"
    with pytest.raises(ToolstackError, match="already"):
        desk.xl.rename(renamed, "Domain-0")
    desk.xl.rename(renamed, GUEST)
    desk.until_up()


def test_memory(desk: Desk, guest: Domain) -> None:
    desk.until_it_listens(guest)
    assert guest.memory_mib is not None
    less = guest.memory_mib - 16
    desk.xl.set_memory(guest, less)
    assert last_command(desk).argv == ("xl", "mem-set", GUEST, f"{less}m")
    desk.until("it has less", lambda s: (d := s.domain(GUEST)) and d.memory_mib and d.memory_mib <= less + 1)


def test_vcpus(desk: Desk, guest: Domain) -> None:
    desk.xl.set_vcpus(guest, 1)
    assert desk.domain().vcpus == 1
    with pytest.raises(ToolstackError, match=r"fewer than 64 CPUs, and .*: xl vcpu-set --ignore-host \w+ 64$"):
        desk.xl.set_vcpus(guest, 64)


def test_autostart(desk: Desk, off: Domain) -> None:
    assert off.autostart is False
    desk.xl.set_autostart(off, True)
    assert desk.domain().autostart is True
    assert last_command(desk).shell.startswith("ln -s -- ")
    desk.xl.set_autostart(off, True)  # once is enough
    desk.xl.set_autostart(desk.domain(), False)
    assert desk.domain().autostart is False


def test_dom0_is_left_alone(desk: Desk) -> None:
    dom0 = desk.domain("Domain-0")
    for call in (desk.xl.destroy, desk.xl.shutdown, desk.xl.reboot, desk.xl.pause):
        with pytest.raises(ToolstackError, match="Domain-0"):
            call(dom0)
    with pytest.raises(ToolstackError, match="Domain-0"):
        desk.xl.save(dom0, "/var/lib/xen/save/dom0")


def test_a_domain_that_vanished(desk: Desk, guest: Domain) -> None:
    desk.xl.destroy(guest)
    desk.until_state(State.OFF)
    for call in (desk.xl.pause, desk.xl.destroy, desk.xl.reboot):
        with pytest.raises(ToolstackError, match=f"no domain {GUEST} any more"):
            call(guest)


def test_reading(desk: Desk) -> None:
    info = desk.xl.info()
    assert info["xen_major"] == "4"
    assert int(info["total_memory"]) > int(info["free_memory"]) >= 0
    ids = {row.id for row in desk.xl.list()}
    assert 0 in ids
    assert set(desk.xl.long_list()) <= ids
    assert set(desk.xl.uptime()) <= ids and desk.xl.uptime()[0] >= 0
    # On the live CD Xen logs errors only (loglvl=error): its ring may be empty there.
    assert desk.xl.dmesg() == desk.host.run(["xl", "dmesg"], deadline=DEADLINE).stdout
    assert "Xen" in desk.xl.dmesg() or not desk.is_demo
    shares = {share.id: share for share in desk.xl.sched()}
    # The Live CD gives dom0 four times a guest's share.
    assert shares[0].name == "Domain-0" and shares[0].weight == (256 if desk.is_demo else 1024) and shares[0].cap == 0


def test_json(desk: Desk, guest: Domain) -> None:
    values = json.loads(json.dumps(domain_json(guest)))
    assert tuple(values) == KEYS
    assert (values["name"], values["id"], values["managed_by"]) == (GUEST, guest.id, ["xl", "file"])
    assert values["state"] in ("running", "blocked")
