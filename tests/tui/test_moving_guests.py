"""Guests moved between the two demo dom0s, from the table."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from driving import Desk

from xentui.demo.host import DemoHost
from xentui.domains.xl import Xl
from xentui.guests.migration import move
from xentui.host import Host
from xentui.screens.app import XentuiApp


@asynccontextmanager
async def at_the_guest(host: DemoHost, **more: object) -> AsyncIterator[Desk]:
    """The table, its cursor on server01."""
    app = XentuiApp(host, interval=0, **more)  # type: ignore[arg-type]
    async with app.run_test(size=(80, 24)) as pilot:
        desk = Desk(app, pilot, None)  # type: ignore[arg-type]
        await desk.until(lambda: app.snapshot is not None, "the first snapshot")
        while desk.table.selected is None or desk.table.selected.name != "server01":
            await desk.press("down")
        yield desk


@pytest.fixture
def there(demo_host: DemoHost) -> Iterator[Host]:
    """The other host, which is up for the whole of a test."""
    host = demo_host.other("demo2")
    host.open()
    yield host
    host.close()


def runs(host: Host, name: str) -> bool:
    return any(row.name == name and row.state.up for row in Xl(host).list())


async def test_moved_when_it_is_meant(demo_host: DemoHost, there: Host) -> None:
    async with at_the_guest(demo_host, hosts=("root@xen2",)) as desk:
        await desk.press("M")
        await desk.see("Move server01 to which host?", "root@xen2", "demo2", "another ...")
        await desk.press("down", "enter")
        await desk.see("Move server01 to demo2?", "ok  The CPUs have the same features.")
        await desk.press("enter")  # no is the default
        await desk.see("Nothing was done.")
        assert runs(demo_host, "server01")
        await desk.press("M", "down", "enter")
        await desk.see("Move server01 to demo2?")
        await desk.press("y")
        await desk.see("server01 runs on demo2 now.", "kept as /etc/xen/server01.cfg.moved-to-demo2")
        assert runs(there, "server01") and not runs(demo_host, "server01")


async def test_cancelled_it_says_where_the_guest_is(
    demo_host: DemoHost, there: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(move, "_PAUSE", 0.05)
    async with at_the_guest(demo_host) as desk:
        await desk.press("M", "enter")
        await desk.see("Move server01 to demo2?")
        demo_host.control("speed", "0.1")
        await desk.press("y")
        await desk.until(lambda: "memory" in desk.app.jobs.sentence("x"), "progress")
        await desk.press("ctrl+x")
        await desk.see("Cancelled. server01 still runs on xenlive.")
        demo_host.control("speed", "inf")
        assert runs(demo_host, "server01")


async def test_a_host_that_goes_away_as_it_starts_there(
    demo_host: DemoHost, there: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What to do about it is long, and on the screen to its end."""
    monkeypatch.setattr(move, "_PAUSE", 0.05)
    async with at_the_guest(demo_host) as desk:
        await desk.press("M", "enter")
        await desk.see("Move server01 to demo2?")
        demo_host.control("link", "late")
        await desk.press("y")
        wanted = (
            "Only if it does not, and cannot begin to: xl rename server01--migratedaway server01; xl resume server01"
        )
        await desk.until(lambda: wanted in " ".join(desk.text().replace("│", " ").split()), wanted)
        await desk.press("enter")
        await desk.until(lambda: "Look there first" not in desk.text(), "the end of it")


async def test_of_several_who_stays_is_said_first(demo_host: DemoHost, there: Host) -> None:
    there.run(["xl", "create", "/dev/null", 'name="server01"', "memory=32"], deadline=180)
    async with at_the_guest(demo_host) as desk:
        await desk.press("home", "down", "space", "space", "space", "M", "enter")  # client01, client02, server01
        text = await desk.see("Move 1 of 3 guests to demo2?", "client02 stays:", "BAD demo2 has a domain of that name.")
        assert text.index("server01 stays:") < text.index("All 7 things that were looked at are well.")
        await desk.press("escape")
    there.run(["xl", "destroy", "server01"], deadline=180)


async def test_a_host_that_is_not_there_is_said(demo_host: DemoHost) -> None:
    demo_host.control("link", "down")
    async with at_the_guest(demo_host) as desk:
        await desk.press("M", "enter")
        await desk.see("ssh demo2: no connection: No route to host")


async def test_all_hosts_in_one_table(demo_host: DemoHost, there: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    visits: list[tuple[str, str]] = []
    monkeypatch.setattr("xentui.screens.programs.visit", lambda _app, name, target: visits.append((name, target)))
    async with at_the_guest(demo_host) as desk:
        await desk.press("H")
        await desk.until(lambda: any(line.split()[:2] == ["demo2", "Domain-0"] for line in desk.text().splitlines()))
        rows = [line.lstrip("> ").split()[:2] for line in desk.text().splitlines()]
        assert ["HOST", "NAME"] in rows and ["xenlive", "server02"] in rows
        await desk.press("down", "enter")  # a row of this host leads to its place in the table
        assert desk.app.screen is desk.main
        demo_host.control("link", "down")
        await desk.press("H")
        await desk.see("demo2  no answer: ssh demo2: no connection", "server02")
        await desk.press("end", "enter")
        assert visits == [("demo2", "demo2")]
