"""The first picture of a dom0 does not wait for its libvirt."""

from __future__ import annotations

from xentui.demo.host import DemoHost
from xentui.domains.domain import State
from xentui.domains.inventory import Inventory
from xentui.domains.libvirt_source import LibvirtState
from xentui.domains.merge import LibvirtRow
from xentui.screens.history import History


class SlowLibvirt:
    """Counts how often it is waited for."""

    def __init__(self) -> None:
        self.asked = 0

    def read(self) -> LibvirtState:
        self.asked += 1
        return LibvirtState((LibvirtRow("defined", "uuid-of-it", None, State.OFF),))


def beside_xl(host: DemoHost) -> tuple[Inventory, SlowLibvirt]:
    inventory, libvirt = Inventory(host), SlowLibvirt()
    inventory._libvirt_source = libvirt  # type: ignore[assignment]
    return inventory, libvirt


def test_who_watches_sees_xl_first_and_libvirt_at_once_after_it(demo_host: DemoHost) -> None:
    inventory, libvirt = beside_xl(demo_host)
    told: list[None] = []
    inventory.watch(lambda: told.append(None))
    first = inventory.snapshot()
    assert first.partial and first.domain("Domain-0") and not libvirt.asked and told == [None]
    second = inventory.snapshot()
    assert not second.partial and second.domain("defined") and libvirt.asked == 1 and told == [None]
    history = History()
    assert not history.update(first) and not history.update(second)
    assert not history.events("defined"), "it was there before, and only not asked for"


def test_who_looks_once_gets_all(demo_host: DemoHost) -> None:
    inventory, libvirt = beside_xl(demo_host)
    assert inventory.snapshot().domain("defined") and libvirt.asked == 1
