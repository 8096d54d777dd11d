"""A running guest is moved between two real Xen machines, and its program counts on: `make test-xen-move`."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pexpect
import pytest
from livemachine import Dom0, live_iso
from two_machines import FoundDom0, TwoMachines

pytestmark = pytest.mark.move

GUEST = "server01"
#: Seconds; emulated, on two cores that both machines share.
BOOTED, MOVED, AT_CONSOLE = 900, 1200, 300


@pytest.fixture(scope="module")
def hosts() -> Iterator[tuple[FoundDom0, FoundDom0]]:
    """Two dom0s that reach each other as root; the first has the guest, the second none."""
    machines = TwoMachines(live_iso())
    try:
        machines.boot()
        here, there = machines.dom0s
        for number, found in enumerate((here, there), 1):
            found.dom0.wait("the guests of the CD", lambda found=found: len(found.dom0.running()) == 3, BOOTED)
            found.dom0.run(["hostname", f"xen{number}"])
        for dom0, name in ((here.dom0, "client01"), (there.dom0, "client01"), (there.dom0, GUEST)):
            dom0.run(["xl", "destroy", name])
        _trust(here, there)
        _trust(there, here)
        yield here, there
    finally:
        machines.end()


def _trust(one: FoundDom0, other: FoundDom0) -> None:
    """Root of `one` gets to `other` without a question."""
    one.dom0.run(["sh", "-c", "mkdir -p -m 700 /root/.ssh; ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519"])
    key = one.dom0.run(["cat", "/root/.ssh/id_ed25519.pub"]).stdout
    other.dom0.run(
        ["sh", "-c", 'mkdir -p -m 700 /root/.ssh; printf "%s" "$1" >> /root/.ssh/authorized_keys', "sh", key]
    )
    one.dom0.run(
        ["ssh", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=accept-new", f"root@{other.address}", "true"]
    )


def _console(dom0: Dom0) -> pexpect.spawn[str]:
    argv = dom0.host.terminal_argv(["xl", "console", GUEST])
    return pexpect.spawn(argv[0], argv[1:], encoding="utf-8", codec_errors="replace", timeout=AT_CONSOLE)


def _start_counting(dom0: Dom0) -> None:
    child = _console(dom0)
    try:
        child.send("\r")
        child.expect("login: ")
        child.send("livexen\r")
        child.expect("Password: ")
        child.send("live\r")
        child.expect(r"\$ ")
        child.send("n=0; while :; do n=$((n+1)); echo count $n; sleep 1; done\r")
        child.expect(r"count 2\r")
    finally:
        child.close(force=True)


def _count(dom0: Dom0) -> int:
    """What its program prints now."""
    child = _console(dom0)
    try:
        child.expect(r"count (\d+)\r")
        assert child.match is not None
        return int(child.match[1])
    finally:
        child.close(force=True)


def _moving(dom0: Dom0, address: str) -> pexpect.spawn[str]:
    """A move that is under way, with some of the memory over."""
    start = 'echo $$ > /run/move.pid; exec xentui migrate "$1" --to "$2" --yes 2>&1'
    argv = dom0.host.argv(["sh", "-c", start, "sh", GUEST, f"root@{address}"])
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
    assert here.dom0.run(["test", "-e", f"/etc/xen/{GUEST}.cfg"], check=False).status == 1
    there.dom0.run(["test", "-e", f"/etc/xen/{GUEST}.cfg"])


def test_the_other_host_goes_away_and_the_guest_stays(hosts: tuple[FoundDom0, FoundDom0]) -> None:
    """The last one: the first host is not seen again."""
    gone, here = hosts
    before = _count(here.dom0)
    child = _moving(here.dom0, gone.address)
    try:
        gone.dom0.run(["sh", "-c", "(sleep 1; ip link set xenbr0 down) > /dev/null 2>&1 &"])
        child.expect(rf"{GUEST} still runs on xen2\. {re.escape(gone.address)} does not answer")
    finally:
        child.close(force=True)
    assert here.dom0.running() == ["Domain-0", GUEST]
    assert _count(here.dom0) > before
