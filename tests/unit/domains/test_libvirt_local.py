"""A connection to libvirtd must not make systemd stop the guests."""

from __future__ import annotations

import pytest
from folder_host import FolderHost

from xentui.domains import inventory as inventory_module
from xentui.domains import libvirt_local
from xentui.domains.inventory import Inventory
from xentui.host import LibvirtHost


def dom0(host: FolderHost, *, runs: bool, conflicts: str, active: bool) -> FolderHost:
    host.program("pidof", f"exit {0 if runs else 1}")
    host.program(
        "systemctl",
        f'case "$1" in show) echo "{conflicts}"; echo;; is-active) exit {0 if active else 3};; *) exit 9;; esac',
    )
    host.write(libvirt_local.SOCKETS[0], b"")
    return host


@pytest.mark.parametrize(
    ("runs", "conflicts", "active", "harmful"),
    [
        (False, "xendomains.service shutdown.target", True, True),
        (True, "xendomains.service shutdown.target", True, False),
        (False, "shutdown.target", True, False),
        (False, "xendomains.service", False, False),
    ],
)
def test_harm(host: FolderHost, runs: bool, conflicts: str, active: bool, harmful: bool) -> None:
    dom0(host, runs=runs, conflicts=conflicts, active=active)
    assert libvirt_local.harmful(host) is harmful
    inventory = Inventory(host)
    assert (inventory.libvirt is None) is harmful
    inventory.close()


def test_without_systemd(host: FolderHost) -> None:
    host.program("pidof", "exit 1")
    assert libvirt_local.harmful(host) is False


def test_a_systemd_that_hangs_is_not_trusted(host: FolderHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libvirt_local, "_DEADLINE", 0.2)
    host.program("pidof", "exit 1")
    host.program("systemctl", "exec sleep 30")
    assert libvirt_local.harmful(host) is True


def test_even_where_it_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inventory_module.libvirt_local, "harmful", lambda _host: True)
    inventory = Inventory(LibvirtHost("xen:///system"))
    snapshot = inventory.snapshot()
    inventory.close()
    assert inventory.libvirt is None and "stop xendomains" in snapshot.problems[0]
    assert Inventory(LibvirtHost("xen+ssh://root@other/system")).libvirt is not None


def test_no_socket_no_libvirt(host: FolderHost) -> None:
    assert Inventory(host).libvirt is None


@pytest.mark.parametrize(
    ("uri", "local"),
    [
        ("xen:///system", True),
        ("xen:///", True),
        ("xen+unix:///system", True),
        ("xen+ssh://root@other/", False),
        ("xen://other/system", False),
        ("qemu:///system", False),
    ],
)
def test_whose_xen(uri: str, local: bool) -> None:
    assert libvirt_local.is_local_xen(uri) is local
