"""From what a guest prints to the lines of its log."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xentui.console.log_lines import LONGEST, Lines


def lines(*pieces: bytes) -> list[str]:
    made = Lines()
    found = [line.text for number, piece in enumerate(pieces) for line in made.feed(piece, number)]
    return [*found, *(line.text for line in made.end())]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"one\r\ntwo\n\r\nthree", ["one", "two", "", "three"]),
        (b"\x1b[1;31m[  OK  ]\x1b[0m Started \xc3\xa9\r\n", ["[  OK  ] Started é"]),
        (b"10%\r50%\r100%\r\n", ["100%"]),
        (b"progress 1\rdone\x1b[K\r\n", ["done"]),
        (b"ab\b \bc\r\n", ["ac"]),
        (b"a\tb\r\n", ["a       b"]),
        (b"$ lss\b\x1b[K -l\r\n", ["$ ls -l"]),
        (b"echo xy\x1b[2D\x1b[Pz\r\n", ["echo z"]),
        (b"\x1b]0;title\x07text\x1bP1$r\x1b\\more\r\n", ["textmore"]),
        (b"\x1b[2J\x1b[Hfirst\x1b[5;1Hsecond\x1b[?1049hthird\x1b[?1049lend", ["first", "second", "third", "end"]),
        (b"\x1b(0lqk\x1b(B\x1b=\x1b7kept\r\n", ["lqkkept"]),
        (b"bad \xff\xfe bytes\x00\r\n", ["bad \ufffd\ufffd bytes"]),
        (b"\xc2\x9b31mred\xc2\x9d0;t\xc2\x9cx\r\n", ["redx"]),
    ],
)
def test_lines(data: bytes, expected: list[str]) -> None:
    assert lines(data) == expected
    assert lines(*(bytes([byte]) for byte in data)) == expected, "byte by byte"


def test_a_line_has_the_time_at_which_it_began() -> None:
    made = Lines()
    assert list(made.feed(b"login: ", 10)) == []
    assert made.rest() == ("login:", 10)
    assert list(made.feed(b"root\r\nnext", 99)) == [("login: root", 10)]
    assert made.rest() == ("next", 99)


def test_an_endless_line_is_cut_and_none_of_it_lost() -> None:
    data = b"".join(b"%06d" % number for number in range(10_000))
    found = lines(*(data[start : start + 1000] for start in range(0, len(data), 1000)))
    assert "".join(found).encode() == data
    assert max(map(len, found)) <= LONGEST


def test_an_endless_string_or_sequence_keeps_nothing() -> None:
    made = Lines()
    for begun in (b"\x1b]0;", b"\x1b[", b"\x1bP"):
        assert list(made.feed(begun, 0)) == []
        for _ in range(100):
            list(made.feed(b"1;" * 5000, 0))
            assert len(made._kept) < 1000
            assert len(made._text) <= LONGEST
        assert [line.text for line in made.feed(b"\x18\x1b\\\r\nafter\r\n", 0)][-1] == "after"


@given(st.lists(st.binary(max_size=60) | st.sampled_from([b"\x1b[", b"\x1b]", b"\r\n", b"\x1b[3C", b"word"])))
def test_anything_gives_printable_lines_however_it_is_split(pieces: list[bytes]) -> None:
    whole = lines(b"".join(pieces))
    assert all("\x1b" not in line and "\n" not in line and len(line) <= LONGEST for line in whole)
    assert all(not ("\x00" <= c < " " or "\x7f" <= c < "\xa0") for line in whole for c in line)
