"""The emulator shows what pyte shows, where pyte is right. Where it is not, tmux is asked (tests/terminal).

pyte 0.8.2 is not right about margins (it moves up from below them), DL, NEL, DECALN, HPA, DECSTBM without
parameters, and nested DECSC; the made-up streams have none of these.
"""

from __future__ import annotations

from pathlib import Path

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.console.conftest import Show
from xentui.console.emulator import Emulator

STREAMS = {path.stem: path for path in (Path(__file__).parent / "streams").glob("*.bin")}
PYTE_IS_WRONG = {
    "dialog": "it has no alternate screen",
    "dialog-vt220": "it draws no DEC graphics in UTF-8",
    "nano": "it knows no SD",
    "vim": "set_margins() does not take what vim sends",
    "xen-boot": "it prints the p of DECRQM",
}


def compare(emulator: Emulator, screen: pyte.Screen) -> None:
    assert [row.rstrip() for row in emulator.display()] == [row.rstrip() for row in screen.display]
    cursor = emulator.cursor
    assert (cursor.row, cursor.column) == (screen.cursor.y, min(screen.cursor.x, screen.columns - 1))


def test_the_list_of_exceptions_names_recordings() -> None:
    assert set(PYTE_IS_WRONG) < set(STREAMS)


@pytest.mark.parametrize("name", sorted(set(STREAMS) - set(PYTE_IS_WRONG)))
def test_a_recorded_program(name: str) -> None:
    data = STREAMS[name].read_bytes()
    screen = pyte.Screen(80, 24)
    pyte.ByteStream(screen).feed(data)
    emulator = Emulator()
    emulator.feed(data)
    compare(emulator, screen)


count = st.sampled_from(["", "1", "2", "3", "5", "30"])
made_up = st.lists(
    st.one_of(
        st.text(alphabet="abcdefgh xyz", min_size=1, max_size=12),
        st.text(alphabet="éß│─☃", min_size=1, max_size=4),
        st.builds("\x1b[{};{}H".format, st.integers(1, 7), st.integers(1, 21)),
        st.builds("\r\x1b[{}{}".format, count, st.sampled_from("@ABCDEFGPXade")),
        st.builds("\x1b[{}{}".format, st.sampled_from(["", "1", "2"]), st.sampled_from("JK")),
        st.sampled_from(["\r\n", "\r", "\r\t", "\r\x1bM", "\r\x1bD", "\x1b[1;31m", "\r\x1b[4h", "\x1b[4l"]),
    ),
    max_size=25,
).map("".join)


@settings(max_examples=200, deadline=None, report_multiple_bugs=False)
@given(made_up)
def test_a_made_up_stream(stream: str) -> None:
    screen = pyte.Screen(20, 6)
    pyte.Stream(screen).feed(stream)
    emulator = Emulator(20, 6)
    emulator.feed(stream.encode())
    compare(emulator, screen)


@pytest.mark.parametrize("name", sorted(STREAMS))
@pytest.mark.parametrize("step", [1, 100])
def test_a_recording_in_pieces(show: Show, name: str, step: int) -> None:
    data = STREAMS[name].read_bytes()
    whole, split = Emulator(), Emulator()
    whole.feed(data)
    for start in range(0, len(data), step):
        split.feed(data[start : start + step])
    assert [whole.runs(row) for row in range(24)] == [split.runs(row) for row in range(24)]
    assert (whole.cursor, whole.title, whole.modes) == (split.cursor, split.title, split.modes)
    assert whole.scrollback_size == split.scrollback_size
