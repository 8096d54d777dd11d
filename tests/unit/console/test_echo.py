"""What is taken as a mere echo is what feeding it would have done, and is said beforehand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.console.seen import state
from tests.unit.console.test_splits import CONSOLE, stream
from xentui.console.emulator import Emulator

typed = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=8).map(str.encode)


@given(stream, st.lists(st.one_of(typed, typed, st.binary(max_size=4)), max_size=6), stream)
@CONSOLE
def test_an_echo_is_what_feeding_it_would_be(before: bytes, pieces: list[bytes], after: bytes) -> None:
    ours, fed = Emulator(20, 6, scrollback=30), Emulator(20, 6, scrollback=30)
    ours.feed(before)
    fed.feed(before)
    for piece in pieces:
        ours.take_damage()
        fed.take_damage()
        rows = [ours.runs(row) for row in range(6)]
        echo = ours.echo_of(piece)
        assert [ours.runs(row) for row in range(6)] == rows, "asking changes nothing"
        fed.feed(piece)
        if echo is None:
            ours.feed(piece)
        else:
            ours.take_echo(echo)
            row, column, text, look, under, under_look = echo
            behind = column + len(text)
            assert (fed.cursor.row, fed.cursor.column) == (row, behind)
            cells = [(cell, its) for part, its in fed.runs(row) for cell in part]
            assert cells[column : behind + 1] == [*((cell, look) for cell in text), (under, under_look)]
            assert fed.take_damage().rows == {row}
            assert ours.take_damage() == (frozenset(), False, 0)
        assert state(ours) == state(fed)
    ours.feed(after)
    fed.feed(after)
    assert state(ours) == state(fed)


@pytest.mark.parametrize(
    "before",
    [
        b"\x1b[4h",  # insert mode
        b"\x1b(0",  # line drawing
        b"\x1b[3",  # a sequence has begun
        b"\x1b]0;a title",
        b"\xe4\xbb",  # a character has begun
        b"\x1b[1;19H",  # no cell is left for the cursor
        "\x1b[1;9H世\x1b[H".encode(),  # a wide character in the row
    ],
)
def test_what_is_more_than_an_echo_is_none(before: bytes) -> None:
    emulator = Emulator(20, 6)
    emulator.feed(before)
    emulator.take_damage()
    assert emulator.echo_of(b"ab") is None


@pytest.mark.parametrize("data", [b"a\r", b"\x1b", b"\xc3\xa4", b"\x7f", b"a\x08", b"x" * 20])
def test_what_is_not_plain_is_no_echo(data: bytes) -> None:
    emulator = Emulator(20, 6)
    emulator.take_damage()
    assert emulator.echo_of(b"a") is not None
    assert emulator.echo_of(data) is None


def test_nothing_is_an_echo_while_something_else_waits_to_be_drawn() -> None:
    emulator = Emulator(20, 6)
    emulator.take_damage()
    emulator.feed(b"$ ")
    assert emulator.echo_of(b"a") is None
    emulator.take_damage()
    assert emulator.echo_of(b"a") is not None
