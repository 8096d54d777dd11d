"""Somebody types in consoles, and does other things between: each key comes once, each echo as it would anyway."""

from __future__ import annotations

import json
import random
import string
import sys
from pathlib import Path

from reflex_guest import ANSWERS, answer

from xentui.console.attributes import Attributes
from xentui.console.emulator import Emulator

sys.path.insert(0, str(Path(__file__).parent / "driver"))

from driver_emulated import Emulated

HERE = Path(__file__).parent
LEADER = b"\x1d"


class Desk:
    """The terminal with both consoles, and what was typed in each."""

    def __init__(self, terminal: Emulated, folder: Path) -> None:
        self.terminal, self.folder = terminal, folder
        self.typed = {"1": b"", "2": b""}
        self.random = random.Random(4)

    def guest(self, number: str) -> list[str]:
        """What the guest's screen is, after what it has read."""
        emulator = Emulator(80, 24)
        emulator.feed(b"ready\r\n")
        for code in self.typed[number]:
            emulator.feed(answer(bytes([code])))
        return emulator.display()

    def read(self, number: str) -> bytes:
        file = self.folder / number
        return file.read_bytes() if file.exists() else b""

    def shows(self, number: str) -> bool:
        return self.read(number) == self.typed[number] and self.terminal.text()[1:] == self.guest(number)

    def types(self, number: str, count: int, others: bytes = b"") -> None:
        """Type so many letters, with one of `others` here and there, each when the one before is seen."""
        for place in range(count):
            other = others and place % 5 == 4
            key = self.random.choice(others if other else string.ascii_letters.encode())
            self.press(bytes([key]), number)
            self.terminal.until(lambda: self.shows(number))

    def press(self, keys: bytes, *numbers: str) -> None:
        self.terminal.type(keys)
        for number in numbers:
            self.typed[number] += keys

    def drawn_anew(self) -> None:
        """What is on the glass is what a terminal shows on which all was drawn at once. To be called behind some
        letters: what came before them was drawn then."""
        before, sent = self.looks(), len(self.terminal.sent)
        self.press(LEADER + b"\x0c")
        self.terminal.until(lambda: b"\x1b[H\x1b[J" in self.terminal.sent[sent:])
        self.terminal.until(lambda: self.looks() == before)

    def looks(self) -> list[list[object]]:
        """Each cell that is seen; of a blank's look, what can be seen of it."""

        def seen(text: str, look: Attributes) -> list[object]:
            blank = look._replace(bold=False, foreground=look.foreground if look.reverse else None)
            return [(character, blank if character == " " else look) for character in text]

        rows = map(self.terminal.emulator.runs, range(25))
        return [[cell for run in row for cell in seen(*run)] for row in rows]


def test_what_is_done_before_it_is_decided_is_what_would_be_decided(tmp_path: Path) -> None:
    client = tmp_path / "client"
    client.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S {HERE / "reflex_guest.py"} {tmp_path} "$@"\n')
    client.chmod(0o755)
    app = [sys.executable, str(HERE / "reflex_app.py"), str(tmp_path)]
    with Emulated(app, term="xterm-256color", size=(80, 25)) as terminal:
        desk = Desk(terminal, tmp_path)
        terminal.until(lambda: any("one" in line and "two" in line for line in terminal.text()))
        terminal.shows("ready")
        desk.press(LEADER + b"f")
        terminal.until(lambda: desk.shows("2"))
        desk.types("2", 60)
        desk.types("2", 60, bytes(key[0] for key in ANSWERS if key not in (LEADER, b"@", b"&")))
        desk.press(b"(%-/_", "2")
        desk.types("2", 30)
        desk.drawn_anew()
        desk.press(LEADER + b"?")  # the help lies over it, and a key takes it away
        terminal.until(lambda: not desk.shows("2"))
        desk.press(b"x")
        desk.types("2", 30)
        desk.press(LEADER + b"g" + b"\x1b[5~")  # the history is looked at
        desk.press(b"q")
        desk.types("2", 20)
        desk.press(LEADER + b"p")
        desk.types("1", 40, b"!%\r")
        desk.press(LEADER + LEADER)  # held back until the next key
        desk.typed["1"] += LEADER
        desk.types("1", 20)
        desk.drawn_anew()
        desk.press(LEADER + b"t" + LEADER + b"b")  # typing to both
        for _ in range(20):
            desk.press(b"b", "1", "2")
            terminal.until(lambda: all(desk.read(number) == desk.typed[number] for number in "12"))
        desk.press(LEADER + b"b" + LEADER + b"t")
        desk.types("1", 30, b"&%")
        desk.types("1", 20)
        desk.drawn_anew()
        desk.press(LEADER + b"n")
        terminal.until(lambda: desk.shows("2"))
        terminal.until(lambda: all(desk.read(number) == desk.typed[number] for number in "12"))
        for keys in (LEADER + b"d", LEADER + b"d", b"q"):
            desk.press(keys)
        assert terminal.end() == 0
    counts = json.loads((tmp_path / "counts").read_text())
    assert counts["surprises"] == 0
    assert counts["foreseen"] > 100
