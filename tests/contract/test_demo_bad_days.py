"""What can only be made to happen on the demo: odd names, dead domains, a thousand guests, no xl."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from desk import DEADLINE, WHERE, Desk

from xentui.demo.control import ODD_NAMES
from xentui.demo.host import DemoHost
from xentui.domains import xl
from xentui.domains.domain import Snapshot, State
from xentui.domains.inventory import Inventory
from xentui.domains.toolstack import ToolstackError
from xentui.waiting import wait_until

pytestmark = pytest.mark.skipif(WHERE != "demo", reason="only the demo can be made to have a bad day")


@pytest.fixture
def bad() -> Iterator[Desk]:
    """A demo of its own."""
    host = DemoHost()
    host.open()
    inventory = Inventory(host)
    inventory.open()
    yield Desk(host, inventory)
    inventory.close()
    host.close()


def control(desk: Desk, *words: str) -> None:
    assert isinstance(desk.host, DemoHost)
    desk.host.control(*words)


def test_odd_names(bad: Desk) -> None:
    for name in ODD_NAMES:
        control(bad, "make-named", name)
    snapshot = bad.snapshot()
    assert snapshot.problems == ()
    made = [domain for domain in snapshot.domains if domain.id is not None and domain.name in ODD_NAMES]
    assert sorted(domain.name for domain in made) == sorted(ODD_NAMES)
    assert len({domain.key for domain in snapshot.domains}) == len(snapshot.domains)
    for domain in made:
        bad.xl.pause(domain)
    paused = {d.id: d.state for d in bad.snapshot().domains}
    assert all(paused[domain.id] is State.PAUSED for domain in made)
    for domain in made:
        bad.xl.destroy(domain)
    bad.until("all are gone", lambda s: not [d for d in s.domains if d.id is not None and d.name in ODD_NAMES])
    assert bad.domain("server01").state.up, "and nobody else"


def test_statistics_of_odd_names(bad: Desk) -> None:
    names = [name for name in ODD_NAMES if name != "(null)"]
    for name in names:
        control(bad, "make-named", name)

    def measured(snapshot: object) -> bool:
        domains = {domain.name: domain for domain in bad.snapshot().domains}
        return all(domains[name].net_receive is not None for name in names)

    bad.until("xentop's rates of all of them", measured)


def test_a_thousand_domains(bad: Desk) -> None:
    control(bad, "make", "1000", "many")
    snapshot = bad.snapshot()
    assert snapshot.problems == ()
    many = [domain for domain in snapshot.domains if domain.name.startswith("many")]
    assert len(many) == 1000
    assert all(domain.uuid and domain.type for domain in many)


def test_a_zombie_and_its_successor(bad: Desk) -> None:
    control(bad, "zombie", "server01")
    dead = bad.until("it is dead", lambda s: [d for d in s.domains if d.state is State.DYING])
    zombie = next(domain for domain in dead.domains if domain.state is State.DYING)
    assert zombie.name == "(null)" and zombie.reference == str(zombie.id)
    off = bad.domain("server01")
    assert off.state is State.OFF and off.config_file
    bad.xl.start(off)
    again = bad.until_up("server01")
    assert again.id != zombie.id
    assert zombie.key in {domain.key for domain in bad.snapshot().domains}


def test_a_crash(bad: Desk) -> None:
    before = bad.domain("server01")
    control(bad, "crash", "server01")

    def seen(snapshot: Snapshot) -> bool:
        now = snapshot.domain("server01")
        return now is not None and (now.state in (State.CRASHED, State.OFF) or (now.state.up and now.id != before.id))

    bad.until("it crashed, and maybe was restarted", seen)


def test_a_hidden_configuration(bad: Desk) -> None:
    known = bad.domain("server01")
    control(bad, "hide", "server01")
    control(bad, "make", "1", "new")  # the set of domains changes: all are read again
    bad.until("the new one is there", lambda s: [d for d in s.domains if d.name.startswith("new")])
    assert (bad.domain("server01").uuid, bad.domain("server01").type) == (known.uuid, known.type)


def test_hanging_failing_missing(bad: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert bad.snapshot().problems == ()
    control(bad, "fail", "on")
    with pytest.raises(ToolstackError) as failed:
        bad.xl.pause(bad.domain("server01"))
    assert len(failed.value.details.splitlines()) == 3
    assert failed.value.headline == "xl pause: xenstore read failed: Connection refused"
    control(bad, "fail", "off")
    control(bad, "missing", "on")
    missing = bad.snapshot()
    assert "cannot be started" in missing.problems[0]
    assert missing.domain("server01") is not None and missing.domains[0].stale_seconds is not None
    control(bad, "missing", "off")
    monkeypatch.setattr("xentui.domains.backoff.Backoff.remaining", 0.0)
    assert wait_until(lambda: bad.snapshot().problems == (), DEADLINE)
    monkeypatch.setattr(xl, "READ_DEADLINE", 0.5)
    control(bad, "hang", "on")
    hung = bad.snapshot()
    assert "no answer" in hung.problems[0] and hung.domains[0].stale_seconds is not None
    control(bad, "hang", "off")
    monkeypatch.setattr(xl, "READ_DEADLINE", 5.0)
    assert wait_until(lambda: bad.snapshot().problems == (), DEADLINE)
    assert bad.snapshot().domains[0].stale_seconds is None
