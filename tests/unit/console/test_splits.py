"""Any split of a stream gives the same terminal, and nothing a guest prints raises.

XENTUI_FUZZ=1 tries 10,000 streams of each kind instead of a few hundred.
"""

from __future__ import annotations

import os
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.console.seen import check_cells, state
from xentui.console.emulator import Emulator

settings.register_profile(
    "console",
    max_examples=10_000 if os.environ.get("XENTUI_FUZZ") else 120,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
CONSOLE = settings.get_profile("console")

number = st.sampled_from(["", "0", "1", "2", "3", "4", "5", "7", "12", "24", "80", "999", "1049", "99999999999"])
parameters = st.lists(number, max_size=6).map(";".join)
sequence = st.one_of(
    st.builds(
        "\x1b[{}{}{}{}".format,
        st.sampled_from(["", "", "", "?", ">", "="]),
        parameters,
        st.sampled_from(["", "", "", "", "!", "$", " "]),
        st.sampled_from("@ABCDEFGHIJKLMPSTXZ`abcdefghlmnpqrstu"),
    ),
    st.builds("\x1b[{}m".format, parameters),
    st.builds("\x1b[{};{}H".format, number, number),
    st.builds("\x1b[{}h".format, st.sampled_from(["4", "20", "?1", "?5", "?6", "?7", "?47", "?1049", "?1047"])),
    st.builds("\x1b[{}l".format, st.sampled_from(["4", "20", "?1", "?5", "?6", "?7", "?47", "?1049", "?1047"])),
    st.builds("\x1b{}".format, st.sampled_from([*"78=>DEHMNOZcno", "(0", "(B", ")0", "*0", "+0", "#8", "%G"])),
    st.builds(
        "\x1b{}{}{}".format, st.sampled_from("]PX^_"), st.text(max_size=20), st.sampled_from(["\a", "\x1b\\", "\x9c"])
    ),
    st.sampled_from(
        ["\x9b1m", "\x9d0;x\x9c", "\x85", "\x84", "\x8d", "\x1b]P1234567", "\x1b]R", "\x1b[3\n1m", "\x1b[\x18"]
    ),
    st.sampled_from(list("\a\b\t\n\v\f\r\x0e\x0f\x18\x1a\x1b\x7f\0") + ["\r\n"] * 8 + ["\r\r\n"] * 2),
)
text = st.one_of(
    st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=30),
    st.text(max_size=10),
    st.text(alphabet="中文かな字e\u0301\u0308éäß─│┌\u200d\ufe0f\u202e🚀", max_size=10),
    st.integers(60, 170).map("x".__mul__),
    st.lists(st.text(alphabet="log line", max_size=30), max_size=30).map("\r\n".join),
    st.lists(st.text(alphabet="log line", max_size=30), max_size=30).map("\r\r\n".join),
)
piece = st.one_of(sequence, sequence, text).map(lambda piece: piece.encode("utf-8", "replace"))
stream = st.lists(st.one_of(piece, piece, piece, st.binary(max_size=6)), max_size=40).map(b"".join)


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    """The data cut at these places."""
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(places)]


@settings(CONSOLE)
@given(
    stream, st.lists(st.integers(0, 10_000), max_size=20), st.sampled_from([(80, 24), (20, 5), (7, 3), (1, 1), (2, 2)])
)
def test_a_split_stream_gives_the_same_terminal(data: bytes, cuts: list[int], size: tuple[int, int]) -> None:
    whole, split = (Emulator(*size, scrollback=50) for _ in range(2))
    whole.feed(data)
    for part in pieces(data, cuts):
        split.feed(part)
    assert state(split) == state(whole)


@settings(CONSOLE)
@given(stream, st.sampled_from([(80, 24), (20, 5), (7, 3), (1, 1)]))
def test_byte_by_byte_gives_the_same_terminal(data: bytes, size: tuple[int, int]) -> None:
    whole, split = (Emulator(*size, scrollback=50) for _ in range(2))
    whole.feed(data)
    for byte in data:
        split.feed(bytes([byte]))
    assert state(split) == state(whole)


@settings(CONSOLE)
@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=8))
def test_noise_gives_the_same_terminal(data: bytes, cuts: list[int]) -> None:
    whole, split = (Emulator(12, 4, scrollback=10) for _ in range(2))
    whole.feed(data)
    for part in pieces(data, cuts):
        split.feed(part)
    assert state(split) == state(whole)


sizes = st.tuples(st.integers(1, 90), st.integers(1, 30))


@settings(CONSOLE)
@given(st.lists(st.tuples(stream, sizes), max_size=5))
def test_every_row_is_as_wide_as_the_screen(steps: list[tuple[bytes, tuple[int, int]]]) -> None:
    emulator = Emulator(20, 6, scrollback=20)
    for data, size in steps:
        emulator.feed(data)
        emulator.resize(*size)
        check_cells(emulator)
    emulator.feed(b"end")
    check_cells(emulator)
