"""`xentui replay --play FILE` on a real terminal: paced, paused, left; and nothing of the recording but cells."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest
from programs import DEADLINE, ended, put_an_end_to

from xentui.console.emulator import Emulator

Spawn = Callable[..., Any]


def cast(path: Path, *events: tuple[float, str, str], width: int = 80, height: int = 24) -> Path:
    header = {"version": 2, "width": width, "height": height}
    path.write_text("".join(json.dumps(line) + "\n" for line in (header, *events)))
    return path


class Player:
    """The program, and a terminal that shows what it writes."""

    def __init__(self, *words: str, rows: int = 26, term: str = "xterm-256color") -> None:
        self.child = pexpect.spawn(
            sys.executable, ["-m", "xentui.cli", "replay", "--play", *words], timeout=DEADLINE, dimensions=(rows, 80),
            env={**os.environ, "TERM": term, "LANG": "C.UTF-8"},
        )  # fmt: skip
        self.child.delaybeforesend = None
        self.terminal = Emulator(80, rows)
        self.wire = b""

    def sees(self, words: str) -> bool:
        try:
            data = self.child.read_nonblocking(65536, timeout=0.05)
        except pexpect.TIMEOUT:
            data = b""
        except pexpect.EOF:
            return words in self.text
        self.wire += data
        self.terminal.feed(data)
        return words in self.text

    @property
    def text(self) -> str:
        return "\n".join(self.terminal.display())

    def left(self) -> int | None:
        with contextlib.suppress(pexpect.EOF):
            self.wire += self.child.read(-1)
        return ended(self.child)


@pytest.fixture
def play() -> Iterator[Spawn]:
    started: list[Player] = []

    def start(*words: str, **more: Any) -> Player:
        started.append(Player(*words, **more))
        return started[-1]

    yield start
    for player in started:
        put_an_end_to(player.child)


def test_paused_gone_on_and_left(play: Spawn, tmp_path: Path, until: Callable[..., None]) -> None:
    path = cast(tmp_path / "a.cast", (0.0, "o", "first "), (0.3, "o", "second "), (3600.0, "o", "an hour later"))
    player = play(str(path))
    until(lambda: player.sees("first second"), "the first words")
    assert "an hour later" not in player.text
    player.child.send(" ")
    until(lambda: player.sees("paused at "), "the pause")
    player.child.send(" \r")  # goes on, and passes over the hour
    until(lambda: player.sees("an hour later"), "the last words")
    until(lambda: player.sees("the end, 60:00"), "the end")
    player.child.send("q")
    assert player.left() == 0
    assert player.wire.rstrip(b"\r\n").endswith(b"\x1b[?1049l") or b"\x1b[?1049l" in player.wire[-60:]


def test_speed(play: Spawn, tmp_path: Path, until: Callable[..., None]) -> None:
    path = cast(tmp_path / "a.cast", (0.0, "o", "start "), (400.0, "o", "later"))
    began = time.monotonic()
    player = play(str(path), "--speed", "1000")
    until(lambda: player.sees("start later"), "all of it")
    assert time.monotonic() - began >= 0.4, "not before its time"
    player.child.send("q")
    assert player.left() == 0


def test_nothing_of_a_hostile_recording_reaches_the_terminal(
    play: Spawn, tmp_path: Path, until: Callable[..., None]
) -> None:
    evil = "\x1b]0;owned\x07\x1b]52;c;QUFB\x07\x1b[6n\x1b[c\x1bP+q544e\x1b\\\x1b[?1000h\x1b[20t\u202eab\x9b5n"
    path = cast(tmp_path / "a.cast", (0.0, "o", evil), (0.1, "o", "harmless"))
    player = play(str(path))
    until(lambda: player.sees("harmless"), "the text")
    player.child.send("q")
    assert player.left() == 0
    sequences = (b"\x1b]", b"\x1b[6n", b"\x1b[c", b"\x1bP", b"1000h", b"20t", b"5n", b"\x07")
    for part in (*sequences, b"owned", "\u202e".encode()):
        assert part not in player.wire, part


def test_raw_bytes_come_as_on_a_slow_line(play: Spawn, tmp_path: Path, until: Callable[..., None]) -> None:
    path = tmp_path / "raw"
    path.write_bytes(b"login: " + b"." * 480_000 + b"\r\nthe last line")
    player = play(str(path))
    until(lambda: player.sees("login:"), "the first bytes")
    assert "the last line" not in player.text  # it comes eight minutes later
    player.child.send("\x03")
    assert player.left() == 0
    player = play(str(path), "--speed", "1000")
    until(lambda: player.sees("the last line"), "the last")
    player.child.send("\x03")
    assert player.left() == 0


def test_a_smaller_terminal_that_is_resized(play: Spawn, tmp_path: Path, until: Callable[..., None]) -> None:
    path = cast(tmp_path / "a.cast", (0.0, "o", "\x1b[24;1Hthe last row"), (0.1, "r", "100x30"))
    player = play(str(path), rows=10)
    until(lambda: player.sees("the last row"), "the row with the cursor")
    player.terminal = Emulator(80, 20)
    player.child.setwinsize(20, 80)
    until(lambda: player.sees("the last row"), "the same, drawn anew")
    player.child.send("q")
    assert player.left() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_gives_the_terminal_back(play: Spawn, tmp_path: Path, until: Callable[..., None], number: int) -> None:
    player = play(str(cast(tmp_path / "a.cast", (0.0, "o", "here"), (9.0, "o", "x"))))
    until(lambda: player.sees("here"), "the text")
    os.kill(player.child.pid, number)
    assert player.left() == 128 + number
    assert b"\x1b[?25h\x1b[?1049l" in player.wire


@pytest.mark.parametrize(
    ("words", "says", "status"),
    [
        (("--speed", "0"), "--speed 0: give 0.01 to 1000", 2),
        (("--speed", "nan"), "--speed nan", 2),
        (("--size", "x"), "COLSxROWS", 2),
        ((), "is played on a terminal", 2),
    ],
)
def test_what_cannot_be_played(tmp_path: Path, words: tuple[str, ...], says: str, status: int) -> None:
    path = cast(tmp_path / "a.cast", (0.0, "o", "x"))
    argv = [sys.executable, "-m", "xentui.cli", "replay", str(path), "--play", *words]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=180, check=False)
    assert (done.returncode, says in done.stderr) == (status, True), done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_bad_recording_and_a_dumb_terminal_are_said(play: Spawn, tmp_path: Path) -> None:
    bad = tmp_path / "bad.cast"
    bad.write_text('{"version": 2, "width": 80, "height": 24}\n["soon", "o", "x"]\n')
    player = play(str(bad))
    assert player.left() == 1
    assert b"not an event of the form" in player.wire
    player = play(str(cast(tmp_path / "a.cast", (0.0, "o", "x"))), term="dumb")
    assert player.left() == 2
    assert b"TERM=dumb" in player.wire
