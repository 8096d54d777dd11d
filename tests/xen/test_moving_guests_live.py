"""A running guest is moved between two real Xen machines, and its program counts on: `make test-xen-move`."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pexpect
import pytest
from livemachine import LIBVIRT, Dom0, live_iso
from two_machines import FoundDom0, TwoMachines

pytestmark = pytest.mark.move

GUEST, CONFIG = "server01", "/etc/xen/server01.cfg"
#: What it says, where no move takes it away.
OWN_CONFIG = "/root/own.cfg"
PV_GUEST = "client01"
#: Seconds; emulated, on two cores that both machines share.
BOOTED, MOVED, AT_CONSOLE = 900, 1200, 300
#: Seconds for which a host has no network: longer than ssh and xentui take to notice.
AWAY = 360


@pytest.fixture(scope="module")
def hosts() -> Iterator[tuple[FoundDom0, FoundDom0]]:
    """Two dom0s that reach each other as root; the first has the guest, the second none."""
    machines = TwoMachines(live_iso())
    try:
        machines.boot()
        here, there = machines.dom0s
        for number, found in enumerate((here, there), 1):
            for name in found.dom0.running()[1:]:
                found.dom0.run(["xl", "destroy", name])
            found.dom0.run(["hostname", f"xen{number}"])
            found.dom0.run(["systemctl", "stop", *LIBVIRT])
            found.dom0.run(["sed", "-i", 's/^type = "pv"$/type = "pvh"/', CONFIG])
            found.dom0.run(["cp", CONFIG, OWN_CONFIG])
        here.dom0.run(["xl", "create", CONFIG], BOOTED)
        _trust(here, there)
        _trust(there, here)
        yield here, there
    finally:
        machines.end()


def _trust(one: FoundDom0, other: FoundDom0) -> None:
    """Root of `one` gets to `other` without a question."""
    make = "mkdir -p -m 700 /root/.ssh; test -e $0 || ssh-keygen -q -t ed25519 -N '' -f $0"
    one.dom0.run(["sh", "-c", make, "/root/.ssh/id_ed25519"])
    key = one.dom0.run(["cat", "/root/.ssh/id_ed25519.pub"]).stdout
    other.dom0.run(
        ["sh", "-c", 'mkdir -p -m 700 /root/.ssh; printf "%s" "$1" >> /root/.ssh/authorized_keys', "sh", key]
    )
    one.dom0.run(
        ["ssh", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=accept-new", f"root@{other.address}", "true"]
    )


def _console(dom0: Dom0, name: str) -> pexpect.spawn[str]:
    argv = dom0.host.terminal_argv(["xl", "console", name])
    return pexpect.spawn(argv[0], argv[1:], encoding="utf-8", codec_errors="replace", timeout=AT_CONSOLE)


def _start_counting(dom0: Dom0, name: str = GUEST) -> None:
    child = _console(dom0, name)
    try:
        child.send("\r")
        child.expect("login: ", timeout=BOOTED)
        child.send("livexen\r")
        child.expect("Password: ")
        child.send("live\r")
        child.expect(r"\$ ")
        child.send("n=0; while :; do n=$((n+1)); echo count $n; sleep 1; done\r")
        child.expect(r"count 2\r")
    finally:
        child.close(force=True)


def _count(dom0: Dom0, name: str = GUEST) -> int:
    """What its program prints now."""
    child = _console(dom0, name)
    try:
        child.expect(r"count (\d+)\r")
        assert child.match is not None
        return int(child.match[1])
    finally:
        child.close(force=True)


def _moving(dom0: Dom0, address: str, name: str = GUEST) -> pexpect.spawn[str]:
    """A move that is under way, with some of the memory over."""
    start = 'echo $$ > /run/move.pid; exec xentui migrate "$1" --to "$2" --yes 2>&1'
    argv = dom0.host.argv(["sh", "-c", start, "sh", name, f"root@{address}"])
    child = pexpect.spawn(argv[0], argv[1:], encoding="utf-8", codec_errors="replace", timeout=MOVED)
    child.expect(r"memory \d+ %")
    return child


def test_cancelled_half_way_it_counts_on_where_it_was(hosts: tuple[FoundDom0, FoundDom0]) -> None:
    here, there = hosts
    _start_counting(here.dom0)
    checked = here.dom0.run(["xentui", "migrate", GUEST, "--to", f"root@{there.address}", "--check"], MOVED)
    assert "Nothing stands against it." in checked.stdout
    before = _count(here.dom0)
    child = _moving(here.dom0, there.address)
    try:
        here.dom0.run(["sh", "-c", "kill -INT $(cat /run/move.pid)"])
        child.expect(rf"Cancelled\. {GUEST} still runs on xen1\.")
    finally:
        child.close(force=True)
    there.dom0.wait("the half copy is gone", lambda: there.dom0.running() == ["Domain-0"], deadline=120)
    assert GUEST in here.dom0.running()
    assert _count(here.dom0) > before


def test_moved_it_counts_on(hosts: tuple[FoundDom0, FoundDom0]) -> None:
    here, there = hosts
    before = _count(here.dom0)
    done = here.dom0.run(["xentui", "migrate", GUEST, "--to", f"root@{there.address}", "--yes"], MOVED)
    assert re.search(rf"^{GUEST} runs on {re.escape(there.address)} now\.$", done.stdout, re.MULTILINE), done.stdout
    here.dom0.wait("it is gone here", lambda: here.dom0.running() == ["Domain-0"], deadline=120)
    assert there.dom0.running() == ["Domain-0", GUEST]
    after = _count(there.dom0)
    assert after > before  # the same program: anew it would begin with 1
    assert _count(there.dom0) > after
    assert here.dom0.run(["test", "-e", CONFIG], check=False).status == 1
    there.dom0.run(["test", "-e", CONFIG])


def test_a_host_is_emptied_and_it_counts_on(hosts: tuple[FoundDom0, FoundDom0]) -> None:
    """Back to where it came from, by moving all that the second host has."""
    there, here = hosts
    before = _count(here.dom0)
    done = here.dom0.run(["xentui", "migrate", "--all", "--to", f"root@{there.address}", "--yes"], MOVED)
    assert f"1 of 1 run on {there.address} now." in done.stdout, done.stdout
    here.dom0.wait("it is gone here", lambda: here.dom0.running() == ["Domain-0"], deadline=120)
    assert there.dom0.running() == ["Domain-0", GUEST]
    assert _count(there.dom0) > before


def test_a_pv_guest_is_saved_and_counts_on_there(hosts: tuple[FoundDom0, FoundDom0]) -> None:
    """Debian's Xen has no shadow paging, without which no PV guest is moved while it runs."""
    here, there = hosts
    here.dom0.run(["xl", "create", f"/etc/xen/{PV_GUEST}.cfg"], BOOTED)
    _start_counting(here.dom0, PV_GUEST)
    argv = ["xentui", "migrate", PV_GUEST, "--to", f"root@{there.address}", "--yes"]
    refused = here.dom0.run(argv, MOVED, check=False)
    assert refused.status == 1 and "has no shadow paging" in refused.stdout
    before = _count(here.dom0, PV_GUEST)
    file = "/root/moved.save"
    here.dom0.run(["xentui", "save", PV_GUEST, file], MOVED)
    here.dom0.run(["scp", "-q", file, f"root@{there.address}:{file}"], MOVED)
    there.dom0.run(["xentui", "restore", file], MOVED)
    assert _count(there.dom0, PV_GUEST) > before
    there.dom0.run(["xl", "destroy", PV_GUEST])


def test_the_other_host_goes_away_and_the_guest_stays(hosts: tuple[FoundDom0, FoundDom0]) -> None:
    """With a guest of its own, which no other test has moved: so it can be run alone, too."""
    here, there = hosts
    name, config = "stays", "/etc/xen/stays.cfg"
    for found in hosts:
        found.dom0.run(["xl", "destroy", GUEST], check=False)
    here.dom0.run(["sh", "-c", f"sed 's/^name = .*/name = \"{name}\"/' {OWN_CONFIG} > {config}"])
    here.dom0.run(["xl", "create", config], BOOTED)
    _start_counting(here.dom0, name)
    before = _count(here.dom0, name)
    child = _moving(here.dom0, there.address, name)
    try:
        # Its card's cable, as it were: what answers the DHCP server has its address still when it is back.
        there.dom0.run(["sh", "-c", f"(ip link set eth0 down; sleep {AWAY}; ip link set eth0 up) > /dev/null 2>&1 &"])
        child.expect(rf"{name} still runs on xen1\. {re.escape(there.address)} does not answer")
    finally:
        child.close(force=True)
    assert here.dom0.running() == ["Domain-0", name]
    assert _count(here.dom0, name) > before
    there.dom0.wait("the other host is back", there.dom0.running, deadline=AWAY + MOVED)
    assert name not in there.dom0.running()
