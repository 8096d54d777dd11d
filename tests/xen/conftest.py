"""Fixtures of the tests on a real Xen: one machine, booted once for the whole session."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from livemachine import Dom0, LiveMachine, SerialLine, live_iso


@pytest.fixture(scope="session")
def machine() -> Iterator[LiveMachine]:
    """The booted Live CD. Building it and booting it is the first test's set-up time."""
    if shutil.which("qemu-system-x86_64") is None:
        pytest.fail("qemu-system-x86_64 is not installed: run `make test-xen`")
    live = LiveMachine(live_iso())
    live.boot()
    try:
        yield live
    finally:
        live.end()


@pytest.fixture(scope="session")
def serial(machine: LiveMachine) -> SerialLine:
    """The serial line, where dom0 waits for a login."""
    return machine.serial


@pytest.fixture(scope="session")
def dom0(machine: LiveMachine) -> Dom0:
    """The dom0 over ssh, with server01 and client01 started by it at boot."""
    machine.dom0.until_booted()
    return machine.dom0


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "iso: only in `make test-iso`: boots of the whole Live CD, an installation")
    config.addinivalue_line("markers", "extra: only in `make test-xen-all`, for the time it takes")
    config.addinivalue_line("markers", "move: only in `make test-xen-move`: two machines, and nothing else beside them")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Two machines only where they were asked for. The contract last: it takes guests away and brings them back, and
    it takes longest."""
    if config.option.markexpr != "move":
        items[:] = [item for item in items if item.get_closest_marker("move") is None]
    items.sort(key=lambda item: item.path.name == "test_contract.py")
