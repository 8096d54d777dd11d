"""The inventory and the statistics, on the demo and on a real Xen."""

from __future__ import annotations

import threading

import pytest
from desk import DEADLINE, GUEST, Desk

from xentui.domains.doctor import doctor
from xentui.domains.domain import Domain, Snapshot, State
from xentui.domains.inventory import Inventory
from xentui.host import Host


def test_the_guides_machine(desk: Desk) -> None:
    snapshot = desk.snapshot()
    assert snapshot.problems == ()
    dom0 = snapshot.domains[0]
    assert (dom0.name, dom0.id, dom0.state, dom0.managed_by) == ("Domain-0", 0, State.RUNNING, ("xl",))
    assert dom0.memory_mib and dom0.vcpus and dom0.autostart is None and dom0.config_file is None
    assert dom0.uptime_seconds is not None and dom0.uptime_seconds >= 0
    for name in ("server01", "client01", GUEST):
        guest = desk.domain(name)
        assert guest.config_file == f"/etc/xen/{name}.cfg"
        assert "file" in guest.managed_by
        assert guest.type in ("pv", "pvh", "hvm") and guest.memory_mib and guest.vcpus
    keys = [domain.key for domain in snapshot.domains]
    assert len(keys) == len(set(keys))


def test_the_host(desk: Desk) -> None:
    host = desk.snapshot().host
    assert host.name and host.xen_version and host.xen_version.startswith("4.")
    assert host.total_memory_mib and host.free_memory_mib is not None
    assert 0 <= host.free_memory_mib < host.total_memory_mib
    assert host.cpus and host.load is not None and host.scheduler
    assert dict(host.values)["xen_version"] == host.xen_version


def test_a_running_guest_has_all_its_facts(desk: Desk, guest: Domain) -> None:
    assert guest.managed_by == ("xl", "file")
    known = desk.until(
        "its uptime and configuration are known", lambda s: (d := s.domain(GUEST)) and d.uptime_seconds and d.uuid
    )
    domain = known.domain(GUEST)
    assert domain is not None and domain.type and domain.max_memory_mib
    assert domain.uuid and len(domain.uuid) == 36
    assert all(disk.vdev and disk.target for disk in domain.disks)
    config = next(config for config in desk.inventory._configs.read()[0] if config.name == GUEST)
    assert [disk.vdev for disk in domain.disks] == [disk.vdev for disk in config.disks]
    assert len(domain.interfaces) == len(config.interfaces)


def test_free_memory_follows_the_guests(desk: Desk, off: Domain) -> None:
    before = desk.snapshot().host.free_memory_mib
    assert before is not None and off.memory_mib is not None
    desk.xl.start(off, paused=True)
    desk.until_state(State.PAUSED)
    desk.until(
        "the guest's memory is gone from the free",
        lambda s: s.host.free_memory_mib is not None and s.host.free_memory_mib <= before - off.memory_mib + 8,  # type: ignore[operator]
    )


def test_live_statistics(desk: Desk, guest: Domain) -> None:
    def rates(domain: Domain | None) -> list[float | None]:
        if domain is None:
            return [None]
        return [domain.cpu_percent, domain.net_receive, domain.net_transmit, domain.disk_read, domain.disk_write]

    def shown(now: Snapshot) -> bool:
        return None not in rates(now.domain(GUEST)) + rates(now.domain("Domain-0"))

    # All in one look: on a loaded machine the rates of the next may be too old to be shown.
    now = desk.until("xentop's rates are shown", shown)
    assert all(rate >= 0 for rate in rates(now.domain(GUEST)) if rate is not None)
    for domain in now.domains:
        if domain.state.up and domain.cpu_percent is not None:
            assert 0 <= domain.cpu_percent <= 100 * (now.host.cpus or 1) + 50


def test_it_says_when_a_domain_comes(desk: Desk, off: Domain) -> None:
    if not desk.host.run(["which", "xenstore-watch"], deadline=180, record=False, check=False).ok:
        pytest.skip("no xenstore-watch here")
    changed = threading.Event()
    inventory = Inventory(desk.host)
    try:
        inventory.watch(changed.set)
        assert changed.wait(DEADLINE), "xenstore-watch tells of the watch itself, first"
        changed.clear()
        desk.xl.start(off, paused=True)
        assert changed.wait(DEADLINE)
    finally:
        inventory.close()


def test_a_second_inventory_sees_the_same(desk: Desk) -> None:
    inventory = Inventory(desk.host)
    try:
        other = inventory.snapshot()
    finally:
        inventory.close()
    assert [(d.key, d.id) for d in other.domains] == [(d.key, d.id) for d in desk.snapshot().domains]


def test_the_doctor(desk: Desk) -> None:
    findings = {finding.name: finding for finding in doctor(desk.host)}
    for name in ("host", "privileges", "toolstack", "xenstored", "xenconsoled", "configuration"):
        assert findings[name].ok is True, findings[name]
    assert all(finding.says for finding in findings.values())
    assert all(finding.advice for finding in findings.values() if finding.ok is False)


def test_a_broken_configuration_is_named_and_stops_nothing(desk: Desk) -> None:
    if desk.host.is_remote:
        pytest.skip("files of a remote host are not written")
    broken = desk.host.path("/etc/xen/contract-broken.cfg")
    broken.write_text('name = "broken"\nmemory = 512M\n')
    try:
        snapshot = desk.snapshot()
        assert [p for p in snapshot.problems if p.startswith("/etc/xen/contract-broken.cfg:2:13: ")]
        found = snapshot.domain("broken")  # there to be mended
        assert snapshot.domain("Domain-0") is not None and found is not None and found.state is State.OFF
    finally:
        broken.unlink()
    assert desk.snapshot().problems == ()


def test_a_host_that_is_no_dom0() -> None:
    """Not the host under test: this machine, with nothing on its PATH."""
    host = Host()
    host.runner.environment["PATH"] = "/nonexistent"
    inventory = Inventory(host)
    inventory.libvirt = inventory._libvirt_source = None
    inventory.open()
    try:
        snapshot = inventory.snapshot()
    finally:
        inventory.close()
    assert any("xl" in problem for problem in snapshot.problems)
    assert not [domain for domain in snapshot.domains if domain.state.alive]
