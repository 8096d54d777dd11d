"""A repaint makes another terminal the same: what it shows, and what it makes of all that comes after."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_splits import CONSOLE, stream

from xentui.console.emulator import Emulator

STREAMS = sorted(Path(__file__).parent.joinpath("streams").glob("*.bin"))


def state(emulator: Emulator) -> tuple[object, ...]:
    """All that a repaint has to keep."""
    return (
        [emulator.runs(row) for row in range(emulator.rows)],
        [emulator.wrapped(row) for row in range(emulator.rows - 1)],
        emulator.cursor,
        emulator.title,
        emulator.modes,
        emulator.in_string,
    )


def repainted(emulator: Emulator, scrollback: int = 0) -> Emulator:
    other = Emulator(emulator.columns, emulator.rows)
    other.feed(emulator.repaint(scrollback))
    return other


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.stem)
def test_real_programs_at_many_points(path: Path) -> None:
    data = path.read_bytes()
    step = max(len(data) // 40, 1)
    emulator = Emulator(80, 24)
    for start in range(0, len(data), step):
        emulator.feed(data[start : start + step])
        other = repainted(emulator)
        assert state(other) == state(emulator)
    # The one that came in the middle sees the end as the one that saw it all.
    early = Emulator(80, 24)
    early.feed(data[: len(data) // 2])
    late = repainted(early)
    late.feed(data[len(data) // 2 :])
    assert state(late) == state(emulator)


@settings(CONSOLE)
@given(stream, st.sampled_from([(80, 24), (20, 5), (7, 3)]))
def test_any_stream(data: bytes, size: tuple[int, int]) -> None:
    emulator = Emulator(*size)
    emulator.feed(data)
    if emulator.modes.origin and not emulator._terminal.top <= emulator.cursor.row <= emulator._terminal.bottom:
        return  # what nobody can ask for: only a DECRC from before the margins puts a cursor there
    other = repainted(emulator)
    assert state(other) == state(emulator)
    assert other.repaint() == emulator.repaint()


@settings(CONSOLE)
@given(stream, st.text(alphabet="xyz\r\n\t", max_size=30), st.integers(0, 10_000))
def test_what_is_split_in_two_goes_on(data: bytes, after: str, cut: int) -> None:
    emulator = Emulator(20, 5)
    emulator.feed(data[: cut % (len(data) + 1)])
    if emulator.modes.origin or emulator.wrapped(emulator.rows - 1):
        return
    other = repainted(emulator)
    for each in (emulator, other):
        each.feed(after.encode())
    assert state(other) == state(emulator)


def test_the_scrollback_comes_along_bounded_with_folds_and_colours() -> None:
    emulator = Emulator(20, 4)
    emulator.feed(b"".join(b"\x1b[3%dmline %d\x1b[m\r\n" % (n % 8, n) for n in range(100)))
    emulator.feed(b"x" * 50 + b"\r\n" + b"end\r\n" * 6)
    other = repainted(emulator, 30)
    assert 30 <= other.scrollback_size <= 34
    kept = range(1, 31)
    assert [other.scrollback_runs(other.scrollback_size - n) for n in kept] == [
        emulator.scrollback_runs(emulator.scrollback_size - n) for n in kept
    ]
    assert [other.scrollback_wrapped(other.scrollback_size - n) for n in kept] == [
        emulator.scrollback_wrapped(emulator.scrollback_size - n) for n in kept
    ]
    assert state(other) == state(emulator)


@pytest.mark.parametrize("begun", [b"\x1b", b"\x1b[3", b"\x1b[?10", b"\x1b]2;ti", b"\x1bP+q", b"\x1b]P12", b"\xe4\xb8"])
def test_half_a_sequence(begun: bytes) -> None:
    emulator = Emulator(20, 5)
    emulator.feed(b"before" + begun)
    other = repainted(emulator)
    for each in (emulator, other):
        each.feed(b"1mnext\x07\x1b\\after\xad")
    assert state(other) == state(emulator)
