"""A guest that wants to harm: endless strings, endless sequences, endless marks, queries without end.

Memory is measured, not time: what a guest sends must not stay with us.
"""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterable

import pytest

from xentui.console.charsets import CLUSTERS, MAX_MARKS
from xentui.console.emulator import Emulator
from xentui.console.parser import REPLIES_A_FEED
from xentui.console.rendition import ATTRIBUTE_SYMBOLS

MEBIBYTE = 1 << 20


def grown(emulator: Emulator, pieces: Iterable[bytes]) -> int:
    """Bytes that feeding the pieces left behind."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for piece in pieces:
            emulator.feed(piece)
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("introducer", [b"\x1b]0;", b"\x1b]52;c;", b"\x1bP", b"\x1b_", b"\x1b^", b"\x1bX"])
def test_a_string_of_100_mb(introducer: bytes) -> None:
    emulator = Emulator()
    emulator.feed(introducer)
    filler = b"A" * MEBIBYTE
    assert grown(emulator, (filler for _ in range(100))) < 100_000
    emulator.feed(b"\x1b\\done")
    assert emulator.display()[0].rstrip() == "done"
    assert len(emulator.title) <= 256


@pytest.mark.parametrize("piece", [b"1;", b";", b"9", b"38;2;", b"4:3:", b" ", b"?"])
def test_a_sequence_of_a_million_parameters(piece: bytes) -> None:
    emulator = Emulator()
    emulator.feed(b"\x1b[")
    assert grown(emulator, [piece * 1_000_000]) < 100_000
    emulator.feed(b"mdone")
    assert emulator.runs(0) == [("done".ljust(80), emulator.runs(1)[0][1])], "too long a sequence does nothing"


def test_combining_marks_without_end() -> None:
    emulator = Emulator()
    emulator.feed(b"e")
    assert grown(emulator, ["\u0301".encode() * 200_000]) < 100_000
    assert len(emulator.display()[0].rstrip()) == 1 + MAX_MARKS


def test_a_line_without_end() -> None:
    emulator = Emulator(scrollback=100)
    grown(emulator, [b"x" * 100_000])
    assert grown(emulator, [b"x" * MEBIBYTE] * 5) < 200_000
    assert emulator.scrollback_size == 100


def test_more_colours_than_there_are_symbols() -> None:
    emulator = Emulator(scrollback=1000)
    for red in range(5):
        colours = ((red, green, blue) for green in range(256) for blue in range(0, 256, 4))
        emulator.feed(b"".join(b"\x1b[38;2;%d;%d;%dmx" % colour for colour in colours))
    symbols = emulator._terminal.rendition
    assert len(symbols.value) <= ATTRIBUTE_SYMBOLS
    emulator.feed(b"\x1b[0;31mred")
    assert emulator.runs(emulator.cursor.row)[-2:][0][1].foreground in (1, None)
    for row in range(24):
        assert emulator.runs(row)


def test_more_clusters_than_there_are_symbols() -> None:
    emulator = Emulator(scrollback=1000)
    marks = [chr(code) for code in range(0x300, 0x340)]
    text = "".join(chr(0x4E00 + base) + mark for base in range(1500) for mark in marks)
    emulator.feed(text.encode())
    assert len(emulator._terminal.clusters.value) <= CLUSTERS
    assert emulator.display()[0].strip()
    emulator.feed(b"\x1b[2J\x1b[H" + "e\u0301".encode())
    assert emulator.display()[0][0] == "e"


def test_answers_are_few_and_short() -> None:
    said: list[bytes] = []
    emulator = Emulator(reply=said.append)
    emulator.feed(b"\x1b[c\x1b[>c\x1b[5n\x1b[6n\x1b[?99999999999$p" * 100_000)
    assert len(said) == REPLIES_A_FEED
    assert max(map(len, said)) <= 32


def test_millions_of_bytes_of_noise() -> None:
    """Noise made of pieces that mean something, and of plain random bytes; the grid must stay a grid."""
    chance = random.Random(4)
    controls = [*b"[]P\\;1?hlmHJKrLM@b\n\a\x0e\x0f\x1b\x1b\x1b"]
    words = ["99999", "\r\n", "\x9b", "中", "\u0301", "\x1b(0", "\x1b[?1049h", "\x1b[?6h", "\x1bc", "text "]
    pieces = [bytes([byte]) for byte in controls] + [word.encode() for word in words] + [b"\xff", b"\x9b", b"\xe4\xb8"]
    emulator = Emulator(40, 10, scrollback=200)
    for _ in range(100):
        emulator.feed(b"".join(chance.choices(pieces, k=5000)))
        emulator.feed(chance.randbytes(5000))
        emulator.feed(b"\x18")
        assert [sum(len(text) for text, _ in emulator.runs(row)) > 0 for row in range(10)] == [True] * 10
        for screen in emulator._terminal.screens:
            assert {len(line.text) for line in screen.lines} == {len(line.attributes) for line in screen.lines} == {40}
            assert len(screen.lines) == 10
    assert emulator.scrollback_size <= 200


def test_what_is_shown_is_never_a_control() -> None:
    chance = random.Random(5)
    emulator = Emulator(40, 10, scrollback=50)
    for _ in range(50):
        emulator.feed(
            bytes(chance.randbytes(2000)) + chr(chance.randrange(0xA0, 0xD800)).encode() * 3 + b"\x18\x1b[?1047l"
        )
        shown = "".join(emulator.display()) + "".join(
            emulator.scrollback_text(index) for index in range(emulator.scrollback_size)
        )
        assert all(character >= " " and not "\x7f" <= character <= "\x9f" for character in shown + emulator.title)
