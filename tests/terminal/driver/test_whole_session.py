"""The program itself on each terminal, from its first byte to its last: nothing that the terminal does not know."""

from __future__ import annotations

import sys
import termios
from pathlib import Path

import pytest
from driver_emulated import Emulated
from driver_terms import TERMS, foreign

ESCAPE, LEADER, REDRAW, DOWN = b"\x1b", b"\x1d", b"\x0c", b"\x1b[B"


@pytest.mark.parametrize(
    ("term", "locale", "words"),
    [(term, "C", ()) for term in TERMS] + [("xterm-256color", "C.UTF-8", ("--glyphs", "ascii"))],
)
def test_a_session(term: str, locale: str, words: tuple[str, ...], tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "xentui.cli", "--demo", *words]
    here = {"LANG": locale, "XENTUI_DEMO_SPEED": "inf", "PYTHONPATH": ":".join(sys.path), "TMPDIR": str(tmp_path)}
    # A serial line's tty knows no size: it is asked for, where the terminal can answer.
    with Emulated(argv, term=term, tty_size=(0, 0), env=here) as terminal:
        terminal.shows("guests up")
        terminal.type(b"?")
        terminal.shows("all keys")
        terminal.type(ESCAPE)
        terminal.shows("guests up")
        terminal.type(DOWN + b"c")
        terminal.shows("client01 login:")
        terminal.type(LEADER + b"d")
        terminal.shows("Enter Details")
        terminal.type(REDRAW + b"K")
        terminal.shows("Destroy client01")
        terminal.type(b"\r")
        terminal.shows("Nothing was done")
        terminal.type(b"q")
        assert terminal.end() == 0
        assert termios.tcgetattr(terminal.slave) == terminal.before
        assert foreign(term, bytes(terminal.sent), whole=True) == []
        assert terminal.sent.isascii()
