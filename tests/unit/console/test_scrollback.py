"""What goes above the screen, how much of it, and what a new size does with it."""

from __future__ import annotations

import pytest

from tests.unit.console.conftest import Show
from xentui.console.attributes import Attributes
from xentui.console.emulator import Emulator


def scrollback(emulator: Emulator) -> list[str]:
    return [emulator.scrollback_text(index) for index in range(emulator.scrollback_size)]


def rows(emulator: Emulator) -> list[str]:
    return [row.rstrip() for row in emulator.display()]


def numbered(count: int) -> str:
    return "\r\n".join(f"line {number}" for number in range(count))


@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_lines_are_kept_in_order_and_numbered_for_good(step: int) -> None:
    emulator = Emulator(10, 4, scrollback=20)
    data = numbered(100).encode()
    for start in range(0, len(data), step):
        emulator.feed(data[start : start + step])
    assert scrollback(emulator) == [f"line {number}" for number in range(76, 96)]
    assert rows(emulator) == [f"line {number}" for number in range(96, 100)]
    assert emulator.scrollback_dropped == 76


def test_no_scrollback(show: Show) -> None:
    emulator = show(numbered(50), scrollback=0)
    assert emulator.scrollback_size == 0
    assert emulator.scrollback_dropped == 46


def test_attributes_are_kept(show: Show) -> None:
    emulator = show("\x1b[31mred\x1b[m plain\r\n\x1b[44mblue\x1b[K\x1b[m\r\n\x1b[1m e\u0301中\x1b[m" + "\r\n" * 4)
    assert emulator.scrollback_runs(0) == [("red", Attributes(1)), (" plain", Attributes())]
    assert emulator.scrollback_runs(1) == [("blue      ", Attributes(background=4))]
    assert emulator.scrollback_runs(2) == [(" e\u0301中", Attributes(bold=True))]
    assert emulator.scrollback_text(1) == "blue"


def test_an_empty_line_and_one_out_of_range(show: Show) -> None:
    emulator = show("\r\n" * 4)
    assert emulator.scrollback_runs(0) == []
    assert emulator.scrollback_text(0) == ""
    with pytest.raises(IndexError):
        emulator.scrollback_text(1)


@pytest.mark.parametrize("step", [1, 1000])
def test_long_lines_are_marked_as_wrapped(step: int) -> None:
    emulator = Emulator(10, 2)
    data = b"a" * 25 + b"\r\n" + b"b" * 10 + b"\r\n\r\n\r\n\r\n"
    for start in range(0, len(data), step):
        emulator.feed(data[start : start + step])
    assert scrollback(emulator) == ["a" * 10, "a" * 10, "a" * 5, "b" * 10, "", ""]
    assert [emulator.scrollback_wrapped(index) for index in range(6)] == [True, True] + [False] * 4


def test_only_what_leaves_the_top_row_is_kept(show: Show) -> None:
    assert scrollback(show("a\r\nb\r\nc\r\nd\x1b[2;4r\x1b[4;1H\n\n")) == []
    assert scrollback(show("a\r\nb\r\nc\r\nd\x1b[1;3r\x1b[3;1H\n\n")) == ["a", "b"], "as apt scrolls above its progress"
    assert scrollback(show("a\r\nb\r\nc\r\nd\x1b[H\x1b[2M")) == [], "DL deletes"
    assert scrollback(show("a\r\nb\r\nc\r\nd\x1b[2S")) == ["a", "b"]


def test_clearing_the_screen_keeps_its_text(show: Show) -> None:
    for clear in ("\x1b[2J", "\x1b[H\x1b[J", "\x1bc"):
        emulator = show("panic\r\nat 3 a.m." + clear)
        assert rows(emulator) == [""] * 4
        assert scrollback(emulator) == ["panic", "at 3 a.m."]


def test_a_guest_cannot_erase_the_scrollback(show: Show) -> None:
    emulator = show(numbered(10) + "\x1b[3J")
    assert len(scrollback(emulator)) == 6
    emulator.clear_scrollback()
    assert emulator.scrollback_size == 0
    assert emulator.scrollback_dropped == 6


def test_fewer_rows_push_out_and_give_back(show: Show) -> None:
    emulator = show("a\r\nb\r\nc\r\nd")
    emulator.resize(10, 2)
    assert (scrollback(emulator), rows(emulator)) == (["a", "b"], ["c", "d"])
    assert emulator.cursor[:2] == (1, 1)
    emulator.resize(10, 5)
    assert (scrollback(emulator), rows(emulator)) == ([], ["a", "b", "c", "d", ""])
    assert emulator.cursor[:2] == (3, 1)


def test_empty_rows_below_the_cursor_go_first(show: Show) -> None:
    emulator = show("a\r\nb")
    emulator.resize(10, 2)
    assert (scrollback(emulator), rows(emulator)) == ([], ["a", "b"])


def test_a_cleared_screen_does_not_come_back(show: Show) -> None:
    emulator = show("a\r\nb\r\nc\r\nd")
    emulator.resize(10, 2)
    emulator.feed(b"\x1b[2J")
    emulator.resize(10, 4)
    assert rows(emulator) == [""] * 4


def test_text_is_folded_and_unfolded(show: Show) -> None:
    emulator = show("abcdefghijklmno\r\n\x1b[31mxyz")
    emulator.resize(4, 6)
    assert rows(emulator) == ["abcd", "efgh", "ijkl", "mno", "xyz", ""]
    assert emulator.cursor[:2] == (4, 3)
    assert [emulator.wrapped(row) for row in range(6)] == [True, True, True, False, False, False]
    emulator.resize(20, 6)
    assert rows(emulator) == ["abcdefghijklmno", "xyz", "", "", "", ""]
    assert emulator.cursor[:2] == (1, 3)
    assert emulator.runs(1)[0] == ("xyz", Attributes(1))


def test_wide_characters_are_not_cut(show: Show) -> None:
    emulator = show("中文字")
    emulator.resize(3, 4)
    assert rows(emulator) == ["中", "文", "字", ""]


def test_the_alternate_screen_is_cut_and_the_primary_kept(show: Show) -> None:
    emulator = show("main\x1b[?1049h\x1b[Halternate")
    emulator.resize(4, 2)
    assert rows(emulator)[0] == "alte"
    emulator.resize(10, 4)
    assert rows(emulator)[0] == "alte"
    emulator.feed(b"\x1b[?1049l!")
    assert rows(emulator)[0] == "main!"


def test_margins_and_tabs_of_a_new_size(show: Show) -> None:
    emulator = show("\x1b[2;3r")
    emulator.resize(20, 4)
    emulator.feed(b"\x1b[4;1H\n\t\tx")
    assert emulator.cursor[:2] == (3, 17)
