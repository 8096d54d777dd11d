"""An emulator's cells on a terminal: what is written makes that terminal show the same, and does nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from test_splits import CONSOLE, stream

from xentui.console.attributes import Attributes
from xentui.console.emulator import Emulator
from xentui.console.painter import Painter, fitted

STREAMS = sorted(Path(__file__).parent.joinpath("streams").glob("*.bin"))
#: All that may be written besides text.
ALLOWED = re.compile(r"\x1b\[(?:[0-9;]*[HmJK]|\?25[hl])")


class Utf8:
    encoding = "utf-8"


class Ascii:
    encoding = "ANSI_X3.4-1968"


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setattr("xentui.console.painter.sys.stdout", Utf8)


def shown(painter: Painter, terminal: Emulator) -> Emulator:
    wire = painter.frame()
    text = ALLOWED.sub("", wire.decode())
    assert all(c.isprintable() for c in text), repr(text)
    terminal.feed(wire)
    return terminal


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.stem)
def test_real_programs(path: Path) -> None:
    data = path.read_bytes()
    guest, terminal = Emulator(80, 24), Emulator(80, 24)
    painter = Painter(guest, 80, 24)
    step = max(len(data) // 30, 1)
    for start in range(0, len(data), step):
        guest.feed(data[start : start + step])
        shown(painter, terminal)
        assert terminal.display() == guest.display()
        assert terminal.cursor == guest.cursor
        if not guest.modes.reverse_screen:
            assert [terminal.runs(row) for row in range(24)] == [guest.runs(row) for row in range(24)]
    assert painter.frame() == b"", "nothing has changed"


def visible(guest: Emulator, row: int) -> str:
    """What is drawn of a row: blanks for what is concealed, and for what this Python does not know as printable."""
    text = "".join(" " * cell_len(text) if look.conceal else text for text, look in guest.runs(row))
    return "".join(c if c.isprintable() else " " if c == "\xa0" else "\ufffd" * cell_len(c) for c in text).rstrip()


@settings(CONSOLE)
@given(st.lists(stream, max_size=4), st.sampled_from([(80, 24), (30, 8), (7, 3), (1, 1)]))
def test_any_stream_on_a_terminal_of_any_size(pieces: list[bytes], size: tuple[int, int]) -> None:
    guest, terminal = Emulator(20, 6), Emulator(*size)
    sys.stdout, before = Utf8, sys.stdout  # type: ignore[assignment]
    try:
        painter = Painter(guest, *size)
    finally:
        sys.stdout = before
    for piece in pieces:
        guest.feed(piece)
        shown(painter, terminal)
    if size == (80, 24):
        drawn = ["".join(text for text, _ in terminal.runs(row)).rstrip() for row in range(6)]
        assert drawn == [visible(guest, row) for row in range(6)]
    assert terminal.cursor.visible == guest.cursor.visible


def test_a_small_terminal_is_panned_to_the_cursor_and_a_message_never_hides_it() -> None:
    guest, terminal = Emulator(80, 24), Emulator(20, 5)
    painter = Painter(guest, 20, 5)
    guest.feed(b"\x1b[24;70Hthe end")
    assert "the end" in "".join(shown(painter, terminal).display())
    painter.message = "you watch\x1b[2J"
    seen = shown(painter, terminal).display()
    assert "the end" in "".join(seen[:4])
    assert seen[4].startswith(" you watch\\x1b[2J")
    painter.message = ""
    assert "you watch" not in "".join(shown(painter, terminal).display())


def test_a_terminal_that_was_resized_is_drawn_anew() -> None:
    guest, terminal = Emulator(80, 24), Emulator(100, 30)
    guest.feed(b"text")
    painter = Painter(guest, 80, 24)
    painter.frame()
    terminal.feed(b"rubbish" * 500)
    painter.resize(100, 30)
    assert [row.rstrip() for row in shown(painter, terminal).display()] == ["text", *[""] * 29]


def test_colours_as_the_terminal_has_them() -> None:
    red, pale, orange = Attributes(foreground=1), Attributes(foreground=9), Attributes(foreground=(255, 135, 0))
    assert fitted(orange, 1 << 24) == orange
    assert fitted(orange, 256).foreground == 208
    assert fitted(orange, 16).foreground in range(16)
    assert fitted(pale, 8) == Attributes(foreground=1, bold=True)
    assert fitted(red, 8) == red
    assert fitted(pale._replace(underline=True), 0) == Attributes(underline=True)


def test_a_terminal_without_utf8_gets_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xentui.console.painter.sys.stdout", Ascii)
    guest = Emulator(30, 3)
    guest.feed("┌──┐ é 中文 ok".encode())
    wire = Painter(guest, 30, 3).frame()
    assert b"+--+ ? ???? ok" in wire
    assert wire.isascii()


@pytest.mark.parametrize("name", ["dumb", "no-such-terminal", "", "vt52", "vt100", "linux", "xterm-256color"])
def test_only_a_terminal_that_can_be_drawn_on(name: str) -> None:
    """In a process of its own: curses knows one terminal in each."""
    program = "import xentui.console.painter as p, xentui.console.emulator as e; p.Painter(e.Emulator(), 80, 24)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "TERM": name},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert ("PainterError: TERM=" in done.stderr) == (name in ("dumb", "no-such-terminal", "", "vt52")), done.stderr
