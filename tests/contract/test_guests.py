"""A guest is made, boots, and is deleted again, by the command line in the dom0 itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from desk import DEADLINE, Desk

from xentui.demo.host import DemoHost
from xentui.domains.domain import State
from xentui.subprocesses import CommandRecord

NAME = "contract-guest"


def xentui(desk: Desk, *words: str) -> CommandRecord:
    """Run xentui in the dom0."""
    if not desk.is_demo:
        return desk.host.run(["xentui", *words], deadline=2 * DEADLINE, check=False)
    assert isinstance(desk.host, DemoHost)
    environment = {**os.environ, "XENTUI_DEMO_DIR": str(desk.host.layout.directory)}
    argv = [sys.executable, "-m", "xentui.cli", "--demo", *words]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=DEADLINE, check=False)
    return CommandRecord(tuple(argv), 0.0, 0.0, done.returncode, done.stdout, done.stderr)


@pytest.fixture
def name(desk: Desk, room: None) -> Iterator[str]:
    desk.make_off()
    yield NAME
    desk.host.run(["xl", "destroy", NAME], deadline=DEADLINE, check=False, record=False)
    desk.until("it is gone", lambda s: (d := s.domain(NAME)) is None or not d.state.alive)
    xentui(desk, "delete", NAME, "--confirm", NAME)


def test_a_snapshot_of_a_running_guest_and_back(desk: Desk, name: str) -> None:
    made = xentui(desk, "create", name, "--source", "busybox", "--type", "pv", "--disk", "8M", "--start")
    assert made.status == 0, made.stderr
    before = desk.until_up(name)
    desk.until_it_listens(before)
    taken = xentui(desk, "snapshot", "take", name, "one")
    assert taken.status == 0, taken.stderr
    after = desk.until_up(name)
    assert after.id != before.id and after.uuid == before.uuid
    refused = xentui(desk, "snapshot", "revert", name, "one", "--confirm", name)
    assert refused.status == 1 and "shut it down or destroy it" in refused.stderr
    desk.xl.destroy(after)
    desk.until_state(State.OFF, name=name)
    reverted = xentui(desk, "snapshot", "revert", name, "one", "--confirm", name)
    assert reverted.status == 0, reverted.stderr
    assert desk.until_up(name).uuid == before.uuid
    listed = json.loads(xentui(desk, "snapshot", "list", name, "--json").stdout)
    assert [(one["id"], one["memory"], one["current"]) for one in listed] == [("one", True, True)]
    gone = xentui(desk, "snapshot", "delete", name, "one", "--confirm", name)
    assert gone.status == 0, gone.stderr
    desk.until_up(name)


def test_a_guest_is_made_boots_and_is_deleted(desk: Desk, name: str) -> None:
    made = xentui(desk, "create", name, "--source", "busybox", "--type", "pv", "--disk", "8M", "--start")
    assert made.status == 0, made.stderr
    running = desk.until_up(name)
    assert (running.type, running.memory_mib, running.managed_by) == ("pv", 128, ("xl", "file"))
    assert running.config_file == f"/etc/xen/{name}.cfg"
    assert [disk.target for disk in running.disks] == [f"/srv/xen/{name}-disk.img"]

    again = xentui(desk, "create", name, "--source", "busybox")
    assert again.status == 1 and f"There is a guest {name} already" in again.stderr
    refused = xentui(desk, "delete", name, "--confirm", name)
    assert refused.status == 1 and "shut it down first" in refused.stderr

    desk.xl.destroy(running)
    desk.until_state(State.OFF, name=name)
    wrong = xentui(desk, "delete", name, "--confirm", "other")
    assert wrong.status == 1 and "nothing was done" in wrong.stderr
    gone = xentui(desk, "delete", name, "--confirm", name)
    assert gone.status == 0, gone.stderr
    assert f"file /srv/xen/{name}-disk.img" in gone.stdout
    desk.until("nothing is known of it", lambda s: s.domain(name) is None)
    assert [info.path for info in desk.host.scan("/srv/xen") if name in info.path] == []
