"""Guests that are moved between the two demo dom0s, by the command line, and what is told when it breaks half-way."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator

import pytest
from demo_verbs import run

from xentui.demo.host import DemoHost
from xentui.domains.inventory import Inventory
from xentui.domains.xl import Xl
from xentui.guests.migration import move as moving
from xentui.guests.migration.cli import _progress
from xentui.guests.migration.move import MoveError, move
from xentui.guests.migration.transfer import Transfer, argv_of, stage
from xentui.guests.migration.whereabouts import Where
from xentui.guests.site import Site
from xentui.host import Host


@pytest.fixture(scope="module")
def two() -> Iterator[tuple[DemoHost, Host]]:
    """Both hosts: each test leaves its guests where it found them."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("XENTUI_DEMO_SPEED", "100")
        here = DemoHost()
        here.open()
        there = here.other("root@demo2")
        there.open()
        yield here, there
        there.close()
        here.close()


@pytest.fixture
def hosts(two: tuple[DemoHost, Host], monkeypatch: pytest.MonkeyPatch) -> tuple[DemoHost, Host]:
    monkeypatch.setattr(moving, "_PAUSE", 0.05)
    monkeypatch.setenv("XENTUI_DEMO_DIR", str(two[0].layout.directory))
    return two


def names(host: Host) -> set[str]:
    return {row.name for row in Xl(host).list() if row.id} - {"(null)"}


def site(host: Host) -> Site:
    return Site(host, Inventory(host).snapshot())


@contextlib.contextmanager
def broken(here: DemoHost, link: str) -> Iterator[None]:
    here.control("link", link)
    try:
        yield
    finally:
        here.control("link", "up")


def test_there_and_back(hosts: tuple[DemoHost, Host], capsys: pytest.CaptureFixture[str]) -> None:
    here, there = hosts
    status, out, err = run(capsys, "migrate", "server01", "--to", "demo2")
    assert (status, names(there)) == (2, set()) and "--yes" in err  # nobody to ask
    status, out, err = run(capsys, "migrate", "server01", "--to", "demo2", "--yes")
    assert status == 0, err
    assert "memory 50 %" in out and "server01 runs on demo2 now." in out
    assert "server01" in names(there) and "server01" not in names(here)
    # Its file has gone along, and nothing here starts a second one.
    assert not here.path("/etc/xen/server01.cfg").exists() and not here.path("/etc/xen/auto/server01.cfg").exists()
    assert here.path("/etc/xen/server01.cfg.moved-to-demo2").exists()
    assert there.path("/etc/xen/auto/server01.cfg").exists()
    moved = move(site(there), "server01", here, lambda _line: None)
    assert moved.sentence == "server01 runs on xenlive now."
    assert "server01" in names(here) and names(there) == set()
    assert here.path("/etc/xen/auto/server01.cfg").exists()


def test_all_of_them_each_with_its_end(hosts: tuple[DemoHost, Host], capsys: pytest.CaptureFixture[str]) -> None:
    here, there = hosts
    there.run(["xl", "create", "/dev/null", 'name="client01"', "memory=32"], deadline=180)
    status, out, err = run(capsys, "migrate", "--all", "--to", "demo2", "--yes")
    assert status == 1
    assert "server01 runs on demo2 now." in out and "1 of 2 run on demo2 now." in out
    assert "client01 cannot be moved to demo2: demo2 has a domain of that name." in err
    assert "client01" in names(here)
    there.run(["xl", "destroy", "client01"], deadline=180)
    move(site(there), "server01", here, lambda _line: None)


@pytest.mark.parametrize(
    ("link", "where", "says", "left_here", "left_there"),
    [
        ("half", Where.HERE, "server01 still runs on xenlive. demo2 does not answer", "server01", set()),
        ("ready", Where.HERE, "xl destroy server01--incoming there", "server01", {"server01--incoming"}),
        ("late", Where.UNKNOWN, "Look there first", "server01--migratedaway", {"server01"}),
    ],
)
def test_the_other_host_goes_away(
    hosts: tuple[DemoHost, Host], link: str, where: Where, says: str, left_here: str, left_there: set[str]
) -> None:
    here, there = hosts
    with broken(here, link), pytest.raises(MoveError) as told:
        move(site(here), "server01", there, lambda _line: None)
    assert (told.value.where, says in told.value.headline) == (where, True), told.value.headline
    assert told.value.headline.startswith("The move failed. ") and "(xl: " in told.value.headline
    assert left_here in names(here) and names(there) == left_there
    for name in left_there:  # what we were told to look at, put right by hand
        there.run(["xl", "destroy", name], deadline=180)
    if link == "late":
        here.run(["xl", "rename", left_here, "server01"], deadline=180)
        here.run(["xl", "resume", "server01"], deadline=180)
        row = next(row for row in Xl(here).list() if row.name == "server01")
        assert row.state.up


def test_what_stands_in_the_way_is_found_before_anything_is_begun(
    hosts: tuple[DemoHost, Host], capsys: pytest.CaptureFixture[str]
) -> None:
    here, there = hosts
    there.run(["xl", "create", "/dev/null", 'name="big"', "memory=1300"], deadline=180)
    status, out, err = run(capsys, "migrate", "server01", "--to", "demo2", "--yes")
    there.run(["xl", "destroy", "big"], deadline=180)
    assert status == 1 and "BAD" in out and "are needed" in out and "cannot be moved" in err
    with broken(here, "down"):
        status, _, err = run(capsys, "migrate", "server01", "--to", "demo2", "--yes")
    assert (status, err) == (1, "xentui: ssh demo2: no connection: No route to host\n")


def test_both_hosts_in_one_list(hosts: tuple[DemoHost, Host], capsys: pytest.CaptureFixture[str]) -> None:
    here, _there = hosts
    status, out, _ = run(capsys, "list", "--hosts", "demo2", "--json")
    found = {(row["host"], row["name"]) for row in json.loads(out)}
    assert status == 0
    assert {("xenlive", "server01"), ("xenlive", "Domain-0"), ("demo2", "Domain-0")} <= found
    with broken(here, "down"):
        status, out, _ = run(capsys, "list", "--hosts", "demo2,root@none")
    assert status == 1
    lines = out.splitlines()
    assert lines[0].startswith("HOST ") and any(line.startswith("xenlive  server01 ") for line in lines)
    assert "demo2  no answer: ssh demo2: no connection: No route to host" in lines
    assert lines[-1].startswith("none  no answer: root@none: the demo dom0 xenlive knows one other host")


def test_cancelled_it_goes_on_where_it_was(hosts: tuple[DemoHost, Host]) -> None:
    here, there = hosts
    here.control("speed", "0.2")
    cancel = threading.Event()

    def say(line: str) -> None:
        if line.startswith("memory"):
            cancel.set()

    try:
        with pytest.raises(MoveError, match=r"Cancelled. server01 still runs on xenlive\.$") as told:
            move(site(here), "server01", there, say, cancel)
    finally:
        here.control("speed", "100")
    assert told.value.where is Where.HERE
    assert names(there) == set()
    row = next(row for row in Xl(here).list() if row.name == "server01")
    assert row.state.up


def test_xls_lines_are_understood() -> None:
    assert stage("xc: Frames iteration 0 of 5: 1045504/1045504  100%") == "memory 100 %"
    assert stage("xc: Frames: 512/1024   50%") == "memory 50 %"
    assert stage("xc: Frames iteration 2: 5/10  50%") == "memory once more 50 %"
    assert stage("libxl: debug: whatever") == ""


def test_sshs_own_words_come_before_what_came_of_them() -> None:
    said = "migration target: Ready\nTimeout, server xen2 not responding.\nlibxl: error: libxl_utils.c:507: truncated"
    assert moving._why(Transfer(False, True, False, said)) == " (xl: Timeout, server xen2 not responding.)"


def test_not_every_percent_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    tell = _progress()
    for line in ["checking", *(f"memory {n} %" for n in (3, 8, 13, 19, 24, 95, 100)), "memory once more 7 %", "done"]:
        tell(line)
    wanted = ["checking", "memory 3 %", "memory 13 %", "memory 24 %", "memory 95 %", "memory 100 %"]
    assert [line.strip() for line in capsys.readouterr().out.splitlines()] == [*wanted, "memory once more 7 %", "done"]


def test_nothing_in_a_name_reaches_xls_shell(hosts: tuple[DemoHost, Host]) -> None:
    guest = next(domain for domain in site(hosts[0]).snapshot.domains if domain.name == "server01")
    assert argv_of(guest, "root@$(reboot)")[-1] == "'root@$(reboot)'"
