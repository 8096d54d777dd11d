"""`make test-iso`: a Live CD built with QEMU for dom0 (`--hvm`), whose clients have a screen each, seen by VNC."""

from __future__ import annotations

import json

import pytest
from iso_desk import GUEST_DEADLINE
from iso_machines import booted
from livemachine import LiveMachine, live_iso

pytestmark = pytest.mark.iso


def test_the_clients_have_screens_that_only_dom0_reaches() -> None:
    iso = live_iso("xentui-screens-test", guest_disks=True, xl_guests=False, hvm=True)
    with booted(LiveMachine(iso, memory=1536)) as dom0:
        dom0.run(["virsh", "start", "client02"], GUEST_DEADLINE)
        for name in ("client01", "client02"):
            port = json.loads(dom0.run(["xentui", "info", name, "--json"]).stdout)["vnc_port"]
            said = dom0.run(["python3", "-c", _GREETING, str(port)]).stdout
            assert said.startswith("RFB 003."), said
        listening = [
            line.split()[3] for line in dom0.run(["ss", "-Hltn", "sport >= 5900 and sport < 6000"]).stdout.splitlines()
        ]
        assert sorted(listening) == ["127.0.0.1:5900", "127.0.0.1:5901"]


_GREETING = 'import socket, sys; print(socket.create_connection(("127.0.0.1", int(sys.argv[1])), 60).recv(12).decode())'
