"""Fixtures of the contract suite; what it is about stands in desk.py."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator

import pytest
from desk import WHERE, Desk

from xentui.demo.host import DemoHost
from xentui.domains.domain import Domain, State
from xentui.domains.inventory import Inventory
from xentui.host import Host, SshHost


@pytest.fixture(scope="session")
def contract_host() -> Iterator[Host]:
    host: Host
    patch = pytest.MonkeyPatch()
    if WHERE == "demo":
        patch.setenv("XENTUI_DEMO_SPEED", "5")
        host = DemoHost()
    elif WHERE == "local":
        host = Host()
    else:
        host = SshHost(WHERE, options=shlex.split(os.environ.get("XENTUI_CONTRACT_SSH_OPTIONS", "")))
    host.open()
    patch.undo()
    yield host
    host.close()


@pytest.fixture(scope="session")
def desk(contract_host: Host, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The desk of the whole session: what a test changes, it puts back."""
    before = os.environ.get("XDG_STATE_HOME")
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))
    inventory = Inventory(contract_host)
    inventory.open()
    desk = Desk(contract_host, inventory)
    yield desk
    inventory.close()
    if before is None:
        del os.environ["XDG_STATE_HOME"]
    else:
        os.environ["XDG_STATE_HOME"] = before


@pytest.fixture(scope="session")
def room(desk: Desk) -> Iterator[None]:
    """There is memory for one more guest. In the end it is off, and who had to go for it is started again."""
    gone = desk.make_room()
    yield
    desk.make_off()
    for name in reversed(gone):
        domain = desk.domain(name)
        if domain.config_file is not None:
            desk.xl.start(domain)


@pytest.fixture
def off(desk: Desk, room: None) -> Domain:
    """The guest, switched off. A test may leave it as it likes: the next one puts it right."""
    desk.make_off()
    return desk.domain()


@pytest.fixture
def guest(desk: Desk, room: None) -> Domain:
    """The guest, running: the one that the test before left, or a new one. A boot costs half a minute where
    Xen is emulated."""
    domain = desk.domain()
    if domain.state is State.PAUSED:
        desk.xl.unpause(domain)
    elif not domain.state.up:
        desk.make_off()
        off = desk.domain()
        desk.inventory.toolstack(off).start(off)
    return desk.until_up()
