"""The second demo dom0: ``demo2``, in a folder of that name inside the first one's.

It has no guests of its own, shares the first one's /srv/xen as two hosts share an NFS export, and is there when it is
asked for. What is between the two can break (`demo-control link`): see `Link`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xentui.demo.host import DemoHost
from xentui.demo.paths import Layout
from xentui.host import HostError
from xentui.subprocesses import CommandError, CommandRecord, Runner

if TYPE_CHECKING:
    from collections.abc import Sequence


class Link(StrEnum):
    """What befalls the network between the two hosts. All but UP and DOWN wait for a migration to break it."""

    UP = "up"
    DOWN = "down"
    HALF = "half"  # breaks with half of the memory over
    READY = "ready"  # breaks when all of it is, before the other side may start
    LATE = "late"  # breaks when the other side has been told to start


def neighbours(layout: Layout) -> Mapping[str, Layout]:
    """The other demo dom0s that this one can reach, by name."""
    if layout.is_second:
        parent = Layout(layout.directory.parent)
        return {parent.hostname: parent}
    return {Layout.SECOND: layout.second}


def cut_file(layout: Layout) -> Path:
    """It is there while the link between the two is down."""
    return (layout.directory.parent if layout.is_second else layout.directory) / "link-is-down"


def host_name(target: str) -> str:
    """The host in what ssh takes: USER@HOST, or ssh://USER@HOST."""
    return target.removeprefix("ssh://").rpartition("@")[2]


class Neighbour(DemoHost):
    """The other demo dom0, as it is reached over the link."""

    def __init__(self, here: Layout, target: str, runner: Runner | None = None) -> None:
        known = neighbours(here)
        name = host_name(target)
        if name not in known:
            raise HostError(f"{target}: the demo dom0 {here.hostname} knows one other host: {', '.join(known)}")
        super().__init__(str(known[name].directory), runner)
        self.name = name
        self._cut = cut_file(here)

    def open(self) -> None:
        if self._cut.exists():
            raise HostError(f"ssh {self.name}: no connection: No route to host")
        super().open()

    def run(self, argv: Sequence[str], *, check: bool = True, **more: Any) -> CommandRecord:
        if self._cut.exists():
            said = f"ssh: connect to host {self.name} port 22: No route to host\n"
            record = CommandRecord(("ssh", self.name, *argv), time.time(), 0.0, 255, "", said)
            if check:
                raise CommandError(record)
            return record
        return super().run(argv, check=check, **more)
