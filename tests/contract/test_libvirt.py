"""A guest's whole life through libvirt, on a real Xen.

The URI stands in XENTUI_CONTRACT_LIBVIRT (from outside: ``xen+ssh://root@HOST:PORT/system?keyfile=...``);
without it, the dom0's own libvirt is used where there is one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from desk import GUEST, WHERE, Desk

from xentui.domains.domain import Domain, State
from xentui.domains.inventory import Inventory
from xentui.domains.libvirt import Libvirt
from xentui.host import LibvirtHost

URI = os.environ.get("XENTUI_CONTRACT_LIBVIRT")


@pytest.fixture
def virt(desk: Desk) -> Iterator[Desk]:
    """The same Xen, seen through libvirt alone."""
    own = desk.inventory.libvirt
    if URI is None and own is None:
        pytest.skip("the demo has no libvirt" if WHERE == "demo" else "XENTUI_CONTRACT_LIBVIRT names no URI")
    host = LibvirtHost(URI or (own.uri if own is not None else ""))
    inventory = Inventory(host)
    inventory.open()
    yield Desk(host, inventory)
    inventory.close()


@pytest.fixture
def defined(desk: Desk, virt: Desk, off: Domain) -> Iterator[Domain]:
    """The guest of the configuration file, defined in libvirt as ``virsh domxml-from-native`` converts it."""
    libvirt = libvirt_of(virt)
    assert off.config_file is not None
    name = libvirt.define(libvirt.native_to_xml(desk.host.read(off.config_file).decode()))
    assert name == GUEST
    yield virt.domain()
    now = virt.domain()
    if now.state.alive:
        libvirt.destroy(now)
        now = virt.until_state(State.OFF)
    libvirt.undefine(now)
    assert virt.snapshot().domain(GUEST) is None
    desk.until_state(State.OFF)


def libvirt_of(virt: Desk) -> Libvirt:
    assert virt.inventory.libvirt is not None
    return virt.inventory.libvirt


def test_from_definition_to_end(desk: Desk, virt: Desk, defined: Domain) -> None:
    libvirt = libvirt_of(virt)
    assert (defined.state, defined.managed_by, defined.id) == (State.OFF, ("libvirt",), None)
    assert GUEST in libvirt.list()
    assert "server01" not in libvirt.list(), "libvirt does not see what xl started"

    libvirt.start(defined)
    running = virt.until_up()
    assert running.type == desk.domain().type and running.memory_mib
    assert f"<name>{GUEST}</name>" in libvirt.dumpxml(running)
    row = next(row for row in desk.xl.list() if row.name == GUEST)
    assert row.id == running.id, "xl sees what libvirt started"

    libvirt.pause(running)
    virt.until_state(State.PAUSED)
    libvirt.unpause(running)
    virt.until_up()

    if not desk.host.is_remote:  # both in one inventory: libvirt's calls are the ones to make
        merged = desk.until("it is libvirt's", lambda s: (d := s.domain(GUEST)) and d.libvirt_owns).domain(GUEST)
        assert merged is not None and desk.inventory.toolstack(merged) is desk.inventory.libvirt

    desk.until_it_listens(running)
    libvirt.shutdown(running, wait=True)
    virt.until_state(State.OFF)


def test_autostart(virt: Desk, defined: Domain) -> None:
    libvirt = libvirt_of(virt)
    assert defined.autostart is False
    libvirt.set_autostart(defined, True)
    assert virt.domain().autostart is True
    libvirt.set_autostart(defined, False)
    assert virt.domain().autostart is False


def test_the_host(virt: Desk) -> None:
    host = virt.snapshot().host
    assert host.xen_version is not None and host.xen_version.startswith("4.")
    assert host.total_memory_mib and host.cpus
