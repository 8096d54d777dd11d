"""Several hosts in one table: by which names, in which width, and how old what is shown of a silent one is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from xentui.domains import side_by_side
from xentui.domains.domain import Domain, State
from xentui.domains.listing import hosts_table
from xentui.domains.side_by_side import Asked, HostWatch, Reading
from xentui.guests.migration.hosts import beside
from xentui.host import Host, SshHost

UP = Domain(name="server01", id=1, state=State.BLOCKED, managed_by=("xl",))
OFF = Domain(name="client01", state=State.OFF, managed_by=("file",))


def test_a_host_that_hangs_does_not_look_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(side_by_side.time, "monotonic", lambda: now)
    watch = HostWatch(Asked("xen2", Host), lambda: None, every=5.0)
    watch._tell(Reading("xen2", (UP, OFF)))
    now += 14
    assert watch.shown == watch.reading
    now += 6
    assert watch.shown.domains == (replace(UP, stale_seconds=20.0), OFF)
    watch._tell(Reading("xen2", (replace(UP, stale_seconds=24.0),)))  # given up, and not reached again yet
    now += 1
    assert watch.shown.domains == (replace(UP, stale_seconds=25.0),)


def test_hosts_are_told_apart_and_this_one_is_not_its_own_neighbour() -> None:
    two = ["root@xen1", "ssh://root@lab:2201", "ssh://root@lab:2202", "root@xen1"]
    assert beside(SshHost("xen1"), two) == {entry: entry for entry in two[1:3]}
    assert beside(SshHost("ssh://root@lab:2202"), two) == {"xen1": two[0], "lab": two[1]}


def test_long_names_leave_room_for_what_they_are_about() -> None:
    long = replace(UP, name="a-guest-with-a-name-of-which-nobody-sees-the-end-on-80-columns")
    lines = hosts_table([Reading("hypervisor-17.rack-3.example.org", (UP, long)), Reading("b", problem="gone")], 78)
    assert max(map(len, lines)) <= 78
    assert "~  a-guest-with-" in lines[2] and "~   1  blocked" in lines[2]
    assert "  server01  " in lines[1] and lines[3] == "b  no answer: gone"
