"""The table: what it redraws, what the cursor stays with, sorting, filter, marks."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from driving import Refreshes, opened
from fakes import FakeInventory, domain, guide

from xentui.domains.domain import Domain, State
from xentui.screens.columns import COLUMNS, SORTABLE


async def test_shows_the_dom0_and_its_guests() -> None:
    async with opened() as desk:
        assert desk.line("Domain-0").split()[:5] == ["Domain-0", "0", "running", "pv", "12.5"]
        assert desk.line("server01").split()[:3] == ["server01", "1", "blocked"]
        assert "off" in desk.line("client02")
        assert "Xen 4.20.2" in desk.text() and "1312 of 4096 MiB" in desk.text()


async def test_a_changed_cell_redraws_that_cell_only() -> None:
    async with opened() as desk:
        seen = Refreshes(desk.table)
        desk.inventory.change("server01", cpu_percent=77.7)
        await desk.refresh()
        assert "77.7" in desk.line("server01")
        assert seen.cells == next(c for c in COLUMNS if c.name == "cpu").width


async def test_nothing_is_redrawn_when_nothing_visible_changed() -> None:
    async with opened() as desk:
        seen = Refreshes(desk.table)
        desk.inventory.change("server01", cpu_seconds=99.0, uptime_seconds=3701.0)
        await desk.refresh()
        assert seen.asked == []


async def test_the_cursor_stays_with_its_domain_when_rows_move() -> None:
    async with opened() as desk:
        await desk.press("down", "down", "down")
        assert desk.table.selected is not None and desk.table.selected.name == "server01"
        desk.inventory.domains += [domain("a-new-one", 7), domain("b-new-one", 8)]
        await desk.refresh()
        assert desk.table.selected.name == "server01"
        desk.table.set_sort("cpu", reverse=True)
        assert desk.table.selected.name == "server01"


async def test_the_cursor_stays_with_a_domain_that_has_another_name() -> None:
    async with opened() as desk:
        desk.table.place_cursor([d.name for d in desk.table.rows].index("server01"))
        domains = desk.inventory.domains
        desk.inventory.domains = [replace(d, name="aaa") if d.name == "server01" else d for d in domains]
        await desk.refresh()
        assert desk.table.selected is not None and desk.table.selected.name == "aaa"


@pytest.mark.parametrize(("at", "neighbour"), [("client02", "server01"), ("server02", "server01")])
async def test_a_domain_that_is_gone_leaves_the_cursor_on_its_neighbour(at: str, neighbour: str) -> None:
    async with opened() as desk:
        while desk.table.selected is not None and desk.table.selected.name != at:
            await desk.press("down")
        desk.inventory.domains = [d for d in desk.inventory.domains if d.name != at]
        await desk.refresh()
        assert desk.table.selected is not None and desk.table.selected.name == neighbour
        assert at not in desk.text()


async def test_all_domains_may_go_and_come_back() -> None:
    async with opened() as desk:
        before, desk.inventory.domains = desk.inventory.domains, []
        await desk.refresh()
        assert desk.table.selected is None
        await desk.press("down", "enter", "s", "space", "asterisk", "K")
        assert "There are no domains here" in desk.text()
        desk.inventory.domains = before
        await desk.refresh()
        assert desk.table.selected is not None


@pytest.mark.parametrize("column", [c.name for c in SORTABLE])
async def test_every_column_sorts_with_unknown_last(column: str) -> None:
    value = next(c.value for c in SORTABLE if c.name == column)
    shuffled = [*guide(), domain("z", 9, cpu_percent=99.0, memory_mib=9999, vcpus=8), Domain("(null)", 12)]
    random.Random(7).shuffle(shuffled)
    async with opened(FakeInventory(shuffled)) as desk:
        for reverse in (False, True):
            desk.table.set_sort(column, reverse=reverse)
            values = [value(d) for d in desk.table.rows]
            known = [v for v in values if v is not None]
            assert values == known + [None] * (len(values) - len(known))
            assert known in (sorted(known), sorted(known, reverse=True))
            assert len(set(map(str, known))) < 2 or (known == sorted(known)) != (known == sorted(known, reverse=True))


async def test_sort_keys_and_the_chooser() -> None:
    async with opened() as desk:
        await desk.press("greater_than_sign")
        assert desk.table.sort_column == "id" and "Sorted by domain id" in desk.text()
        await desk.press("less_than_sign")
        assert desk.table.sort_column == "name"
        await desk.press("o", "down", "down", "enter")
        await desk.until(lambda: desk.table.sort_column == "state")
        await desk.press("o", "enter")
        await desk.until(lambda: desk.table.sort_reverse)


async def test_a_long_sentence_does_not_hide_that_a_filter_is_on() -> None:
    async with opened() as desk:
        await desk.press("slash", *"server01", "enter")
        desk.main.say("x" * 200)
        await desk.settle()
        assert f"1 of {desk.table.total}" in desk.text()


async def test_filter_as_you_type_and_escape() -> None:
    async with opened() as desk:
        await desk.press("slash", *"server")
        assert [d.name for d in desk.table.rows] == ["server01", "server02"]
        await desk.press("enter")
        assert "2 of 5" in desk.text() and desk.table.has_focus
        await desk.press("slash", *"x")
        assert "No domain holds 'serverx'" in desk.text()
        await desk.press("escape")
        assert desk.table.count == 5 and desk.table.has_focus


async def test_marks_stay_with_domains_and_go_with_them() -> None:
    async with opened() as desk:
        await desk.press("down", "space", "space")
        assert [d.name for d in desk.table.targets] == ["client01", "client02"]
        assert desk.line("client01").startswith("*") and "2 marked" in desk.text()
        desk.inventory.domains = [d for d in desk.inventory.domains if d.name != "client02"]
        await desk.refresh()
        assert [d.name for d in desk.table.targets] == ["client01"]
        await desk.press("escape")
        assert not desk.table.seen.marked
        await desk.press("asterisk")
        assert len(desk.table.seen.marked) == 4


async def test_a_thousand_domains_cost_only_those_in_view(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [domain(f"guest{n:04}", n, cpu_percent=n / 10) for n in range(1000)]
    async with opened(FakeInventory(many)) as desk:
        await desk.press("end")
        assert desk.table.selected is not None and desk.table.selected.name == "guest0999"
        assert "1000/1000" in desk.text()
        formatted: list[int] = []
        original = desk.table._cells
        monkeypatch.setattr(desk.table, "_cells", lambda index: formatted.append(index) or original(index))
        seen = Refreshes(desk.table)
        desk.inventory.change("guest0995", cpu_percent=55.5)
        desk.inventory.change("guest0001", cpu_percent=55.5)
        await desk.refresh()
        assert seen.cells == 5  # one cell, five wide: the other one is not in view
        # Those in view to compare them, and the one row that is drawn anew.
        assert len(formatted) <= desk.table.visible_rows + 1
        await desk.press("pageup", "home")
        assert desk.table.selected.name == "guest0000"


async def test_a_stale_row_says_how_old_it_is() -> None:
    async with opened() as desk:
        desk.inventory.change("server01", stale_seconds=75.0)
        desk.inventory.problems = ("xl has not answered for 75 s.",)
        await desk.refresh()
        assert "blocked 1m?" in desk.line("server01")
        assert "! xl has not answered for 75 s." in desk.text()


async def test_an_id_of_six_digits_and_a_state_that_needs_attention() -> None:
    async with opened() as desk:
        desk.inventory.change("server01", id=123456, state=State.CRASHED)
        await desk.refresh()
        assert "123456 crashed" in desk.line("server01")
