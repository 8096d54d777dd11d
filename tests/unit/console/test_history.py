"""Lines keep their numbers; words are found across folds; texts come back unfolded."""

from __future__ import annotations

import pytest

from tests.unit.console.conftest import Show
from xentui.console.history import Found, Timestamps, last_line, pattern_of, search, texts

LOG = "boot ok\r\nERROR: disk full\r\neth0 up\r\nanother error here\r\nlogin: "


def test_search_back_and_forth(show: Show) -> None:
    emulator = show(LOG, 30, 3)
    error = pattern_of("error")
    assert search(emulator, error, last_line(emulator) + 1) == Found(3, 8, 5)
    assert search(emulator, error, 3) == Found(1, 0, 5)
    assert search(emulator, error, 1) is None
    assert search(emulator, error, 1, back=False) == Found(3, 8, 5)
    assert search(emulator, error, 3, back=False) is None


def test_capital_letters_count_if_there_are_some(show: Show) -> None:
    emulator = show(LOG, 30, 3)
    assert search(emulator, pattern_of("ERROR"), last_line(emulator) + 1) == Found(1, 0, 5)


def test_regular_expressions_and_plain_words(show: Show) -> None:
    emulator = show("a.c\r\nabc", 30, 3)
    assert search(emulator, pattern_of("a.c"), 3) == Found(0, 0, 3)
    assert search(emulator, pattern_of("a.c", regular=True), 3) == Found(1, 0, 3)
    assert search(emulator, pattern_of("x*", regular=True), 3) is None, "an empty match is none"
    with pytest.raises(ValueError, match="no regular expression"):
        pattern_of("(", regular=True)


def test_a_word_across_the_fold(show: Show) -> None:
    emulator = show("x" * 17 + "needle" + "y" * 20 + " needle\r\nend", 10, 3)
    assert search(emulator, pattern_of("needle"), 0, back=False) == Found(1, 7, 6)
    assert search(emulator, pattern_of("needle"), last_line(emulator) + 1) == Found(4, 4, 6)
    assert search(emulator, pattern_of("needle"), 4) == Found(1, 7, 6)


def test_cells_of_a_match_behind_wide_characters(show: Show) -> None:
    assert search(show("中文 e\u0301 word", 20, 3), pattern_of("word"), 3) == Found(0, 7, 4)


def test_texts_are_unfolded(show: Show) -> None:
    emulator = show("a" * 25 + "\r\nshort\r\n" + "b " * 8 + "\r\nend", 10, 3)
    assert list(texts(emulator, 0, last_line(emulator))) == ["a" * 25, "short", ("b " * 8).rstrip(), "end"]
    assert list(texts(emulator, 1, 3)) == ["a" * 15, "short"]
    assert list(texts(emulator, 0, 1)) == ["a" * 20]
    assert list(texts(emulator, -5, 99)) == list(texts(emulator, 0, last_line(emulator)))


def test_numbers_stay_when_lines_fall_off(show: Show) -> None:
    emulator = show("\r\n".join(f"line {number}" for number in range(100)), 10, 4, scrollback=10)
    assert search(emulator, pattern_of("line 9"), last_line(emulator) + 1) == Found(99, 0, 6)
    assert search(emulator, pattern_of("line 5"), last_line(emulator) + 1) is None
    assert list(texts(emulator, 0, 87)) == ["line 86", "line 87"]


def test_when_lines_came(show: Show) -> None:
    emulator = show("", 10, 4, scrollback=10)
    stamps = Timestamps()
    for number in range(100):
        emulator.feed(f"line {number}\r\n".encode())
        stamps.note(emulator, float(number))
    assert stamps.of(98) == 98.0
    assert stamps.of(100) is None, "the cursor waits there, nothing came yet"
    emulator.feed(b"login: ")
    stamps.note(emulator, 5000.0)
    emulator.feed(b"root")
    stamps.note(emulator, 6000.0)
    assert stamps.of(100) == 5000.0
    assert len(stamps._lines) < 40
