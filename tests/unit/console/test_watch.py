"""The watch: what it finds, across which borders, how often it says so, and what it refuses to be held up by."""

from __future__ import annotations

import random

import pytest

from xentui.console.watch import LINE, MOST, QUIET, Notice, PatternError, Watch, pattern_of


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def watched(*patterns: str) -> tuple[Watch, list[Notice], Clock]:
    found: list[Notice] = []
    clock = Clock()
    return Watch(patterns, found.append, clock=clock), found, clock


PANIC = b"[ 12.3] Kernel panic - not syncing: VFS\r\nmore\r\n"


def test_words_are_found_with_their_line() -> None:
    watch, found, _ = watched("Kernel panic")
    watch.feed(b"before\r\n" + PANIC)
    assert found == [Notice("Kernel panic", "[ 12.3] Kernel panic - not syncing: VFS", 1)]


@pytest.mark.parametrize("cut", range(1, len(PANIC)))
def test_words_and_expressions_are_found_once_whatever_the_borders(cut: int) -> None:
    watch, found, clock = watched("Kernel panic", "/panic - [a-z ]+: VFS/")
    watch.feed(PANIC[:cut])
    clock.now += 2 * QUIET
    watch.feed(PANIC[cut:])
    assert sorted(notice.words for notice in found) == ["/panic - [a-z ]+: VFS/", "Kernel panic"]


def test_bytes_one_by_one_and_colours_between() -> None:
    watch, found, _ = watched("Kernel panic", "größer")
    for byte in "\x1b[1;31mKernel \x1b[0mpa\x1b(Bnic größer\r\n".encode():
        watch.feed(bytes([byte]))
    assert [notice.words for notice in found] == ["Kernel panic", "größer"]


def test_a_prompt_is_found_before_its_line_ends() -> None:
    watch, found, _ = watched("login:", "/^[a-z0-9]+ login:/")
    watch.feed(b"\x1b]0;x\x07\r\nserver01 login: ")
    assert [notice.line for notice in found] == ["server01 login:", "server01 login: "]


def test_what_comes_again_soon_is_counted_and_said_later() -> None:
    watch, found, clock = watched("again")
    for _ in range(5):
        watch.feed(b"again and again\n")
    assert found == [Notice("again", "again and again", 2)]
    clock.now = QUIET
    watch.feed(b"again\n")
    assert found[1] == Notice("again", "again", 9)


def test_what_the_user_looked_at_hides_nothing_that_comes_soon_after() -> None:
    watch, found, _ = watched("login:")
    watch.feed(b"server01 login:\r\nserver01 login:\r\n")
    watch.seen()
    watch.feed(b"server01 login:")
    assert [notice.times for notice in found] == [2, 1]


def test_all_random_splits_find_the_same() -> None:
    chance = random.Random(3)
    text = b"".join(chance.choice([b"x" * 50, b"Oops: ", b"\x1b[31m", b"\r\n", "é".encode()]) for _ in range(500))
    expected = text.replace(b"\x1b[31m", b"").count(b"Oops: ")
    for _ in range(50):
        watch, found, clock = watched("Oops: ")
        at = 0
        while at < len(text):
            size = chance.randint(1, 40)
            watch.feed(text[at : at + size])
            at += size
            clock.now += 0.001
        clock.now = QUIET * 2
        watch.feed(b"\nOops: ")
        assert sum(notice.times for notice in found) == expected + 1


@pytest.mark.parametrize(
    "words",
    ["", "  ", "x" * 200, "/(/", "/a*/", "/(a+)+b/", "/(a|a)*b/", "/(a*)*/", r"/(a)\1/", "/.*a.*b.*c/", "/(.*,){30}x/",
     "/(a+){2}b/", "/x(?=.*a.*b)y.*/"],
)  # fmt: skip
def test_patterns_that_mean_nothing_or_may_take_for_ever_are_refused(words: str) -> None:
    with pytest.raises(PatternError):
        pattern_of(words)


@pytest.mark.parametrize("words", ["login:", "/", "//", "/usr", "/err(or)?s: [0-9]+/", "/(ab){3,}c/", "/panic|Oops/"])
def test_patterns_that_are_taken(words: str) -> None:
    assert pattern_of(words).words == words


def test_too_many_patterns_are_refused_and_the_old_ones_stay() -> None:
    watch, found, _ = watched("old")
    with pytest.raises(PatternError):
        watch.set(f"p{number}" for number in range(MOST + 1))
    watch.feed(b"old p1\n")
    assert [notice.words for notice in found] == ["old"]


def test_a_guest_cannot_hold_it_up() -> None:
    """The clock runs in steps: a bounded number of lines is tried, of bounded length, and the rest is counted."""
    steps = 0

    def clock() -> float:
        nonlocal steps
        steps += 1
        return steps * 0.001

    found: list[Notice] = []
    watch = Watch(["/a.*b.*c/"], found.append, clock=clock)
    watch.feed(b"a" * 100_000 + (b"\n" + b"ab" * 1000) * 1000)
    assert watch.skipped > 900
    assert len(watch._line) <= LINE
    assert len(watch._tail) <= 100
