"""The bar is to scale, in exactly the cells that there are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xentui.screens.glyphs import SETS
from xentui.screens.widgets.disk_bar import BarPart, bar, kind_of, merged, shares

GIB = 1 << 30
sizes = st.lists(st.integers(0, 1 << 44), min_size=1, max_size=30)


@given(sizes, st.integers(0, 150), st.integers(1, 3))
def test_shares_fill_the_width_and_nobody_gets_less_than_the_least(given: list[int], extra: int, least: int) -> None:
    width = least * len(given) + extra
    cells = shares(given, width, least)
    assert sum(cells) == width
    assert min(cells) >= least
    for size, got in zip(given, cells, strict=True):
        for other, other_got in zip(given, cells, strict=True):
            if size >= other:
                assert got >= other_got - 1, "the larger one has not fewer cells, but for rounding"


def test_shares_are_to_scale() -> None:
    assert shares([1, 1, 2], 40) == [10, 10, 20]
    assert shares([1 << 20, 999 << 20], 100) == [2, 98]
    assert shares([0, 0], 10) == [2, 8]


@given(sizes, st.integers(3, 132), st.sampled_from(sorted(SETS)), st.integers(-1, 29))
def test_the_bar_has_exactly_the_width(given: list[int], width: int, glyphs: str, selected: int) -> None:
    parts = [BarPart(f"{n} label", size, "free" if n % 3 else "ext", n == selected) for n, size in enumerate(given)]
    line = bar(parts, width, SETS[glyphs])
    assert sum(len(text) for text, _ in line) == width
    if selected in range(len(given)):
        assert any(role == "cursor" for _, role in line), "what is under the cursor is seen however small it is"


def test_where_there_are_more_parts_than_cells_the_smallest_neighbours_become_one() -> None:
    parts = [BarPart("a", 10 * GIB, "ext"), BarPart("b", 1, "swap"), BarPart("c", 2, "swap"), BarPart("d", 20 * GIB)]
    found = merged(parts, 3)
    assert [part.text for part in found] == ["a", "+", "d"]
    assert found[1] == BarPart("+", 3, "swap")


def test_a_label_stands_where_it_fits() -> None:
    line = bar([BarPart("1 boot", 1, "ext"), BarPart("free", 1, "free")], 23, SETS["ascii"])
    assert "".join(text for text, _ in line) == "|# 1 boot #|.. free ..|"
    assert bar([], 80, SETS["ascii"]) == ()


@pytest.mark.parametrize(
    ("fstype", "kind"),
    [("ext4", "ext"), ("vfat", "fat"), ("ntfs", "ntfs"), ("LVM2_member", "lvm"), ("swap", "swap"), (None, "other")],
)
def test_kinds(fstype: str | None, kind: str) -> None:
    assert kind_of(fstype) == kind
