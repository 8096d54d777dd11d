"""xl when it hangs, fails, is missing or may not; with programs of our own instead of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from folder_host import FolderHost

from xentui.domains import backoff, xl
from xentui.domains.doctor import doctor
from xentui.domains.domain import Domain, State
from xentui.domains.inventory import Inventory
from xentui.domains.toolstack import (
    ToolstackCancelledError,
    ToolstackError,
    ToolstackHungError,
    ToolstackMissingError,
)
from xentui.domains.xl import Xl
from xentui.waiting import wait_until

DEADLINE = 180.0

ANSWERING = r"""
echo "$*" >> "$0.calls"
[ -e "$0.hangs" ] && exec sleep 60
[ -e "$0.fails" ] && { cat "$0.fails" >&2; exit 1; }
case "$*" in
list) printf 'Name                                        ID   Mem VCPUs\tState\tTime(s)\n'
      printf 'Domain-0                                     0   640     2     r-----     100.0\n'
      cat "$0.more" 2>/dev/null; true;;
"list -l") cat "$0.long" 2>/dev/null || echo '[]';;
info) printf 'host : xenlive\nxen_version : 4.20.0\nfree_memory : 100\ntotal_memory : 900\nxen_scheduler : credit2\n';;
uptime) printf 'Name                                ID Uptime\nDomain-0                             0  0:01:00\n';;
*) exit 0;;
esac
"""
SERVER = "server01                                     1   128     1     -b----       2.0\n"


@pytest.fixture
def dom0(host: FolderHost) -> FolderHost:
    host.program("xl", ANSWERING)
    return host


@pytest.fixture
def inventory(dom0: FolderHost) -> Iterator[Inventory]:
    inventory = Inventory(dom0)
    inventory.libvirt = inventory._libvirt_source = None  # this machine's
    yield inventory
    inventory.close()


def calls(host: FolderHost) -> list[str]:
    return (host.bin / "xl.calls").read_text().splitlines()


def forget_calls(host: FolderHost) -> None:
    (host.bin / "xl.calls").unlink(missing_ok=True)


def test_one_xl_a_refresh(dom0: FolderHost, inventory: Inventory) -> None:
    inventory.snapshot()
    assert sorted(calls(dom0)) == ["info", "list", "list -l", "uptime"]
    forget_calls(dom0)
    for _ in range(3):
        inventory.snapshot()
    assert calls(dom0) == ["list"] * 3
    (dom0.bin / "xl.more").write_text(SERVER)
    forget_calls(dom0)
    inventory.snapshot()
    assert calls(dom0) == ["list", "list -l", "uptime", "info"]


def test_a_domain_without_a_configuration_keeps_what_was_known(dom0: FolderHost, inventory: Inventory) -> None:
    uuid = "a7bd3543-6385-4be4-a395-2dbcd74f1197"
    long = f'[{{"domid": 1, "config": {{"c_info": {{"type": "pvh", "uuid": "{uuid}"}}}}}}]'
    (dom0.bin / "xl.more").write_text(SERVER)
    (dom0.bin / "xl.long").write_text(long)
    inventory.snapshot()
    (dom0.bin / "xl.long").write_text("[]")  # xl leaves it out from now on
    (dom0.bin / "xl.more").write_text(
        SERVER + SERVER.replace("server01", "server02").replace("   1   128", "   2   128")
    )
    domains = {domain.name: domain for domain in inventory.snapshot().domains}
    assert (domains["server01"].type, domains["server01"].uuid) == ("pvh", uuid)
    assert domains["server02"].type is None


def test_a_long_list_that_cannot_be_read_is_a_problem_and_no_more(dom0: FolderHost, inventory: Inventory) -> None:
    (dom0.bin / "xl.long").write_text("{")
    snapshot = inventory.snapshot()
    assert "something else than its JSON" in snapshot.problems[0]
    assert [domain.name for domain in snapshot.domains] == ["Domain-0"]
    assert snapshot.host.free_memory_mib == 100


def test_xl_hangs(dom0: FolderHost, inventory: Inventory, monkeypatch: pytest.MonkeyPatch) -> None:
    inventory.snapshot()
    (dom0.bin / "xl.hangs").touch()
    monkeypatch.setattr(xl, "READ_DEADLINE", 0.3)
    stale = inventory.snapshot()
    assert "no answer within 0.3 s" in stale.problems[0] and "xenstored" in stale.problems[0]
    assert [(d.name, d.stale_seconds is not None) for d in stale.domains] == [("Domain-0", True)]
    assert stale.host.xen_version == "4.20.0"
    forget_calls(dom0)
    older = inventory.snapshot()
    assert not (dom0.bin / "xl.calls").exists(), "it is left alone for a while"
    assert older.problems == stale.problems
    assert older.domains[0].stale_seconds is not None and stale.domains[0].stale_seconds is not None
    assert older.domains[0].stale_seconds >= stale.domains[0].stale_seconds
    # It answers again: so do we, as soon as it is asked.
    (dom0.bin / "xl.hangs").unlink()
    monkeypatch.setattr(xl, "READ_DEADLINE", 5.0)
    assert inventory.snapshot().problems == stale.problems
    inventory.retry()
    fresh = inventory.snapshot()
    assert fresh.problems == () and fresh.domains[0].stale_seconds is None


def test_the_pauses_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(backoff.time, "monotonic", lambda: now)
    pauses = backoff.Backoff(first=5.0, longest=60.0)
    seen = []
    for _ in range(6):
        pauses.failed()
        seen.append(pauses.remaining)
        now += pauses.remaining
        assert pauses.remaining == 0
    assert seen == [5.0, 10.0, 20.0, 40.0, 60.0, 60.0]
    pauses.succeeded()
    pauses.failed()
    assert pauses.remaining == 5.0


def test_xl_fails_with_three_lines(dom0: FolderHost) -> None:
    three = (
        "libxl: error: libxl_create.c:1268:initiate_domain_create: Domain 3:no memory for you\n"
        "libxl: error: libxl_domain.c:1182:destroy: Domain 3:Non-existent domain\n"
        "cannot create\n"
    )
    toolstack = Xl(dom0)
    toolstack.probe()
    (dom0.bin / "xl.fails").write_text(three)
    with pytest.raises(ToolstackError) as failed:
        toolstack.start(Domain("x", config_file="/etc/xen/x.cfg"))
    assert failed.value.headline == "xl create: no memory for you"
    assert failed.value.details == three
    record = list(dom0.log)[-1]
    assert (record.shell, record.status, record.stderr) == ("xl create /etc/xen/x.cfg", 1, three)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            "xencall: error: Could not obtain handle on privileged command interface: Permission denied\n"
            "libxl: error: libxl.c:102:libxl_ctx_alloc: cannot open libxc handle: Permission denied\n"
            "cannot init xl context\n",
            "run xentui as root",
        ),
        (
            "xencall: error: Could not obtain handle on privileged command interface: No such file or directory\n"
            "cannot init xl context\n",
            "does not run on Xen",
        ),
        ("ERROR:  Can't find hypervisor information in sysfs!\n", "Can't find hypervisor information"),
    ],
)
def test_no_dom0(dom0: FolderHost, inventory: Inventory, said: str, shown: str) -> None:
    (dom0.bin / "xl.fails").write_text(said)
    snapshot = inventory.snapshot()
    assert shown in snapshot.problems[0]
    assert snapshot.domains == ()
    finding = next(finding for finding in doctor(dom0) if finding.name == "toolstack")
    assert finding.ok is False and shown in finding.says and finding.advice == said.strip()


def test_no_xl_at_all(host: FolderHost) -> None:
    host.write("/etc/xen/a.cfg", 'name = "a"\n')
    inventory = Inventory(host)
    inventory.libvirt = inventory._libvirt_source = None
    snapshot = inventory.snapshot()
    inventory.close()
    assert "cannot be started" in snapshot.problems[0] and "--demo" in snapshot.problems[0]
    assert [(d.name, d.state) for d in snapshot.domains] == [("a", State.OFF)], "the files are there all the same"
    with pytest.raises(ToolstackMissingError):
        Xl(host).start(snapshot.domains[0])


def test_xm_where_that_is_what_answers(host: FolderHost) -> None:
    host.program("xl", "echo 'ERROR:  A different toolstack (xm) have been selected!' >&2; exit 1")
    host.program("xm", ANSWERING)
    inventory = Inventory(host)
    inventory.libvirt = inventory._libvirt_source = None
    snapshot = inventory.snapshot()
    inventory.close()
    assert snapshot.problems == ()
    assert [d.name for d in snapshot.domains] == ["Domain-0"]
    assert inventory.xl is not None and inventory.xl.program == "xm"
    inventory.xl.set_memory(Domain("etch", 3), 96)
    assert [record.shell for record in host.log] == ["xm mem-set etch 96"]


def test_what_takes_long_can_be_cancelled(dom0: FolderHost) -> None:
    toolstack = Xl(dom0)
    toolstack.probe()
    (dom0.bin / "xl.hangs").touch()
    cancel = threading.Event()
    threading.Timer(0.2, cancel.set).start()
    with pytest.raises(ToolstackCancelledError):
        toolstack.start(Domain("x", config_file="/etc/xen/x.cfg"), cancel=cancel)


def test_a_guest_that_does_not_shut_down(dom0: FolderHost, monkeypatch: pytest.MonkeyPatch) -> None:
    toolstack = Xl(dom0)
    toolstack.probe()
    (dom0.bin / "xl.hangs").touch()
    monkeypatch.setattr(xl, "SHUTDOWN_DEADLINE", 0.2)
    with pytest.raises(ToolstackHungError, match="Look at its console; if it does not react at all, destroy it"):
        toolstack.shutdown(Domain("x", 4, state=State.RUNNING), wait=True)
    assert list(dom0.log)[-1].shell == "xl shutdown -F -w x"


def test_what_xl_saved_is_never_deleted(dom0: FolderHost) -> None:
    """xl says that it saved the guest, and the file looks wrong: it may be all that is left of it."""
    (dom0.bin / "xl.more").write_text(SERVER)
    target = dom0.write("/var/lib/xen/save/keep", b"")
    target.unlink()
    dom0.program("xl", ANSWERING.replace("*) exit 0", f"save*) echo odd > {target};;\n*) exit 0"))
    with pytest.raises(ToolstackError, match="does not look right"):
        Xl(dom0).save(Domain("server01", 1, state=State.BLOCKED), "/var/lib/xen/save/keep")
    assert target.read_text() == "odd\n"


def test_a_useless_file_goes_while_the_guest_runs(dom0: FolderHost) -> None:
    (dom0.bin / "xl.more").write_text(SERVER)
    target = dom0.path("/var/lib/xen/save/half")
    target.parent.mkdir(parents=True)
    dom0.program("xl", ANSWERING.replace("*) exit 0", f"save*) echo odd > {target}; echo no >&2; exit 1;;\n*) exit 0"))
    with pytest.raises(ToolstackError, match=r"xl save: no\. server01 still runs"):
        Xl(dom0).save(Domain("server01", 1, state=State.BLOCKED), "/var/lib/xen/save/half")
    assert not target.exists()


@pytest.mark.parametrize("file", ["guest", "", "./guest", "/var/lib/xen/save/"])
def test_a_save_needs_a_whole_path(dom0: FolderHost, file: str) -> None:
    """xl would write a relative one wherever it was started."""
    (dom0.bin / "xl.more").write_text(SERVER)
    with pytest.raises(ToolstackError, match="whole path"):
        Xl(dom0).save(Domain("server01", 1, state=State.BLOCKED), file)
    assert not list(dom0.log)


def test_no_guest_lives_without_memory(dom0: FolderHost) -> None:
    with pytest.raises(ToolstackError, match="at least 4 MiB"):
        Xl(dom0).set_memory(Domain("server01", 1, state=State.BLOCKED), 0)
    assert not list(dom0.log)


def test_xentop_dies_and_is_started_again(dom0: FolderHost, inventory: Inventory) -> None:
    dom0.program(
        "xentop",
        'echo start >> "$0.calls"\n'
        "for cpu in 0.0 7.5; do\n"
        "echo '      NAME  STATE   CPU(sec) CPU(%)     MEM(k) MEM(%)  MAXMEM(k) MAXMEM(%) VCPUS NETS'\n"
        'echo "  Domain-0 -----r 4 $cpu 655360 8.9 no limit n/a 4 0 0 0 0 0 0 0 0 0 2"\n'
        "done",
    )
    inventory.open()
    starts = dom0.bin / "xentop.calls"
    assert wait_until(lambda: starts.exists() and len(starts.read_text().splitlines()) >= 2, DEADLINE)


def test_without_xentop_the_cpu_times_tell(
    dom0: FolderHost, inventory: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xentui.domains import statistics

    now = 1000.0
    monkeypatch.setattr(statistics.time, "monotonic", lambda: now)
    assert inventory.snapshot().domains[0].cpu_percent is None
    dom0.program("xl", ANSWERING.replace("100.0", "103.0"))
    now += 2.0
    assert inventory.snapshot().domains[0].cpu_percent == 150.0


def test_the_doctor_when_xenstored_is_dead(dom0: FolderHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xl, "READ_DEADLINE", 0.3)
    (dom0.bin / "xl.hangs").touch()
    findings = {finding.name: finding for finding in doctor(dom0)}
    assert findings["xenstored"].ok is False and "systemctl" in findings["xenstored"].advice
    assert findings["terminal"].says
