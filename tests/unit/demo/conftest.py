"""A simulated machine in the test's own process, and a guest of it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from xentui.demo import configuration
from xentui.demo.domain import Domain
from xentui.demo.install import install
from xentui.demo.machine import Machine
from xentui.demo.paths import Layout


class Desk:
    """A guest and somebody who types at its console."""

    def __init__(self, machine: Machine, domain: Domain) -> None:
        self.machine = machine
        self.domain = domain

    @property
    def said(self) -> str:
        assert self.domain.console is not None
        return self.domain.console.buffer.decode("utf-8", "replace")

    def clear(self) -> None:
        assert self.domain.console is not None
        self.domain.console.buffer.clear()

    def type(self, text: str) -> None:
        assert self.domain.guest is not None
        self.domain.guest.receive(text.encode())

    async def expect(self, text: str) -> str:
        """Let the loop turn until `text` was said."""
        async with asyncio.timeout(180):
            while text not in self.said:
                await asyncio.sleep(0)
        return self.said

    async def run(self, command: str) -> str:
        """What a command prints, between its own echo and the next prompt."""
        self.clear()
        self.type(command + "\r")
        said = await self.expect("$ ") if "# " not in self.said else self.said
        return said.partition("\r\n")[2].rpartition("livexen@")[0].replace("\r\n", "\n")

    async def log_in(self) -> None:
        await self.expect("login: ")
        self.type("livexen\rlive\r")
        await self.expect(":~$ ")
        self.clear()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    layout = Layout(tmp_path / "demo")
    layout.directory.mkdir()
    install(layout)
    return Machine(layout, math.inf)


@pytest.fixture
async def desk(machine: Machine) -> AsyncIterator[Desk]:
    text = machine.layout.path("/etc/xen/server01.cfg").read_text(encoding="utf-8")
    domain = machine.create(configuration.read(text, "server01.cfg"))
    desk = Desk(machine, domain)
    await desk.log_in()
    yield desk
