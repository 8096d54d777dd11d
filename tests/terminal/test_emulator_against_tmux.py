"""The emulator shows what tmux shows: recorded programs, and made-up streams.

Left out of the made-up streams is where tmux differs from xterm and the VT220, and the emulator follows these:
cursor movements, a line feed and a change of screens while a wrap is pending; IL and DL, which move to the first
column; HPR and VPR,
which tmux does not know; ICH as far as the right edge, which tmux ignores; DECSTBM in origin mode; and
IL and DL outside the margins. The 1049 of xterm saves the character sets, too.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.terminal.tmux_oracle import Cell, Tmux, cells
from xentui.console.emulator import Emulator

STREAMS = sorted((Path(__file__).parents[1] / "unit" / "console" / "streams").glob("*.bin"))
LOOKS = 40
"""How often the screens are compared within one recording."""
TMUX = settings(
    max_examples=3000 if os.environ.get("XENTUI_FUZZ") else 100,
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def tmux() -> Iterator[Tmux]:
    with Tmux() as running:
        yield running


@pytest.fixture(scope="module")
def small_tmux() -> Iterator[Tmux]:
    with Tmux(20, 6) as running:
        yield running


def comparable(row: list[Cell], vttest: bool) -> list[Cell]:
    """A row without its trailing spaces: tmux does not say what colour it erased those with."""
    end = len(row)
    while end and row[end - 1][0] == " ":
        end -= 1
    return [("#" if vttest and character == "£" else character, look) for character, look in row[:end]]


def compare(tmux: Tmux, emulator: Emulator, *, vttest: bool = False) -> None:
    """With `vttest`: tmux knows no British set, which vttest tries."""
    wanted, cursor = tmux.look()
    for number, (want, got) in enumerate(zip(wanted, cells(emulator), strict=True)):
        assert comparable(got, vttest) == comparable(want, vttest), f"row {number}"
    # tmux, as we do inside, has the cursor behind the last column while a wrap is pending.
    assert (emulator.cursor.row, emulator.cursor.column) == (cursor[0], min(cursor[1], emulator.columns - 1))


def segments(data: bytes) -> list[bytes]:
    """The data cut before some of its escape sequences."""
    cuts = [match.start() for match in re.finditer(rb"\x1b\[", data)]
    places = [0, *cuts[:: max(1, len(cuts) // LOOKS)][1:], len(data)]
    return [data[start:end] for start, end in itertools.pairwise(places)]


def test_there_are_recordings() -> None:
    assert len(STREAMS) >= 15


#: tmux goes to the first row where DECSTBM in origin mode means the first of the margins (DEC STD 070, xterm).
TMUX_IS_WRONG = {"vttest-screen"}


@pytest.mark.parametrize("path", [path for path in STREAMS if path.stem not in TMUX_IS_WRONG], ids=lambda p: p.stem)
def test_a_recorded_program(tmux: Tmux, path: Path) -> None:
    tmux.reset()
    emulator = Emulator()
    for segment in segments(path.read_bytes()):
        tmux.feed(segment)
        emulator.feed(segment)
        compare(tmux, emulator, vttest=path.stem.startswith("vttest"))


count = st.sampled_from(["", "1", "2", "3", "5", "30"])
made_up = st.lists(
    st.one_of(
        st.text(alphabet="abcdefgh xyz", min_size=1, max_size=12),
        st.text(alphabet="abéß│─", min_size=1, max_size=4),
        st.builds("\x1b[{};{}H".format, st.integers(1, 7), st.integers(1, 21)),
        st.builds("\x1b[{}{}".format, count, st.sampled_from("PSTX")),
        st.builds("\x1b[{}{}".format, st.sampled_from(["", "1"]), st.sampled_from("JK")),
        st.sampled_from(["\x1b[2K", "\r\n", "\r\n", "\r", "\r\t", "\r\x1bM", "\r\x1bD", "\x1bE", "\x1b7", "\x1b8"]),
        st.builds("\r\x1b[{}{}".format, count, st.sampled_from("ABCDEFGZ`d")),
        st.builds("\x1b[?6l\x1b[r\x1b[{};1H\x1b[{}{}".format, st.integers(1, 6), count, st.sampled_from("LM")),
        st.builds("\r\x1b[{}@".format, st.integers(1, 9)),
        st.builds("\x1b[?6l\x1b[{};{}r".format, st.integers(1, 3), st.integers(4, 6)),
        st.sampled_from(["\x1b[r", "\x1b[?6h", "\x1b[?6l", "\r\x1b[4h", "\x1b[4l", "\x1b(0", "\x1b(B", "\x1b)0"]),
        st.sampled_from(["\x0e", "\x0f", "\x1b#8", "\r\x1b[?47h", "\r\x1b[?47l"]),
        st.builds(
            "\x1b[{}m".format,
            st.sampled_from(
                ["", "1", "0;4", "7", "31", "1;32;44", "38;5;200", "48;2;1;2;3", "38:2::9:8:7", "39;49", "22", "27"]
            ),
        ),
    ),
    max_size=25,
).map("".join)

# tmux leaves halves of wide characters when ICH, DCH or ECH cut them; so these are only written over,
# and not in the second column, where it leaves them, too.
wide = st.lists(
    st.one_of(
        st.text(alphabet="abc中文字\u0301\u0308", min_size=1, max_size=8).filter(lambda text: text[0] > " "),
        st.builds("\x1b[{};{}H".format, st.integers(1, 7), st.integers(3, 21)),
        st.sampled_from(["\r\n", "\r\n", "\x1b[2K", "\x1b[1;31m", "\x1b[m", "\x1b[H\x1b[2J"]),
    ),
    max_size=25,
).map("".join)


@settings(TMUX)
@given(wide)
def test_wide_characters(small_tmux: Tmux, stream: str) -> None:
    small_tmux.reset()
    emulator = Emulator(20, 6)
    small_tmux.feed(stream.encode())
    emulator.feed(stream.encode())
    wanted, cursor = small_tmux.look()
    assert ["".join(cell for cell, _ in row).rstrip() for row in wanted] == [row.rstrip() for row in emulator.display()]
    assert (emulator.cursor.row, emulator.cursor.column) == (cursor[0], min(cursor[1], 19))


@settings(TMUX)
@given(made_up)
def test_a_made_up_stream(small_tmux: Tmux, stream: str) -> None:
    small_tmux.reset()
    emulator = Emulator(20, 6)
    data = stream.encode()
    small_tmux.feed(data)
    emulator.feed(data)
    compare(small_tmux, emulator)
