"""Ten thousand made-up streams, split at random places, and millions of bytes of a hostile guest. In seconds.

The same ones each time; XENTUI_FUZZ_SEED=NUMBER tries others. test_splits.py finds small examples; this is for the
mass.
"""

from __future__ import annotations

import os
import random
import tracemalloc
from pathlib import Path

import pytest

from tests.unit.console.seen import check_cells, state
from xentui.console.emulator import Emulator

SEED = int(os.environ.get("XENTUI_FUZZ_SEED", "4"))
STREAMS = 10_000
RECORDED = [path.read_bytes() for path in sorted((Path(__file__).parent / "streams").glob("*.bin"))]
NUMBERS = ["", "", "0", "1", "2", "3", "4", "5", "7", "12", "24", "80", "999", "1049", "99999999999"]
MODES = ["4", "20", *(f"?{mode}" for mode in (1, 3, 5, 6, 7, 25, 45, 47, 1000, 1047, 1048, 1049, 2004))]
ESCAPES = [*"78=>DEHMNOZcno", "(0", "(B", ")0", "*0", "+0", "#8", "%G", "]0;t\a", "P1$r\x1b\\", "_"]
FLOODS = [b"\x1b[c", b"\x1b[6n", b";", b"\x1b]0;", b"\x1b[38;2;1;2;", b"e\xcc\x81", b"\x1b[?1049h", b"\x1bM"]
TEXTS = ["login: ", "中文かな", "e\u0301o\u0308", "│─┌┐█", "\u200d\ufe0f🚀", "x" * 90, "a\tb", "\u202e\u2028"]
CONTROLS = "\a\b\t\n\v\f\r\x0e\x0f\x18\x1a\x1b\x7f\0\x84\x85\x8d\x8e\x8f\x90\x98\x9b\x9c\x9d"


def piece(chance: random.Random) -> bytes:
    """Something a guest might print, or would not."""
    kind = chance.random()
    if kind < 0.35:
        numbers = ";".join(chance.choices(NUMBERS, k=chance.randrange(4)))
        prefix, between = chance.choice(["", "", "", "?", ">", "="]), chance.choice(["", "", "", "!", "$", " "])
        final = chance.choice("@ABCDEFGHIJKLMPSTXZ`abcdefghlmnpqrstu")
        return f"\x1b[{prefix}{numbers}{between}{final}".encode()
    if kind < 0.45:
        return f"\x1b[{chance.choice(MODES)}{chance.choice('hl')}".encode()
    if kind < 0.55:
        return f"\x1b{chance.choice(ESCAPES)}".encode()
    if kind < 0.65:
        return chance.choice(CONTROLS).encode()
    if kind < 0.72:
        return b"\r\n" * chance.randrange(1, 8)
    if kind < 0.78:
        return chance.randbytes(chance.randrange(1, 8))
    if kind < 0.88:
        return chance.choice(TEXTS).encode()
    return bytes(chance.choices(b"abcdefgh ijk#", k=chance.randrange(1, 40)))


def parts(data: bytes, chance: random.Random) -> list[bytes]:
    """The data cut at random places."""
    cuts = sorted(chance.randrange(len(data) + 1) for _ in range(chance.randrange(1, 12)))
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


@pytest.mark.parametrize("tenth", range(10))
def test_ten_thousand_streams_are_the_same_however_they_are_split(tenth: int) -> None:
    chance = random.Random(SEED * 1000 + tenth)
    for number in range(STREAMS // 10):
        size = chance.choice([(20, 5), (20, 5), (9, 3), (2, 2), (1, 1)])
        data = b"".join(piece(chance) for _ in range(chance.randrange(1, 25)))
        whole, split = Emulator(*size, scrollback=20), Emulator(*size, scrollback=20)
        whole.feed(data)
        for part in parts(data, chance):
            split.feed(part)
        assert state(split) == state(whole), f"stream {number} of {tenth}, {size}: {data!r}"
        check_cells(whole)


def mutated(chance: random.Random) -> bytes:
    """A part of a recording in which some bytes are others."""
    data = bytearray(chance.choice(RECORDED))
    start = chance.randrange(max(1, len(data) - 6000))
    data = data[start : start + 6000]
    for _ in range(chance.randrange(60)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


def hostile(chance: random.Random) -> bytes:
    """A few thousand bytes."""
    kind = chance.randrange(4)
    if kind == 0:
        return mutated(chance)
    if kind == 1:
        return b"".join(piece(chance) for _ in range(400))
    if kind == 2:
        return chance.randbytes(1000)
    unit = chance.choice(FLOODS)
    return unit * (3000 // len(unit))


def test_millions_of_bytes_leave_nothing_but_cells_and_bounded_memory() -> None:
    chance = random.Random(SEED)
    replies: list[int] = []
    emulator = Emulator(80, 24, scrollback=200, reply=lambda data: replies.append(len(data)))

    def feed(count: int) -> int:
        """Feed so many bytes; the most replies to one piece."""
        most = fed = 0
        while fed < count:
            data = hostile(chance)
            for part in parts(data, chance):
                before = len(replies)
                emulator.feed(part)
                most = max(most, len(replies) - before)
            fed += len(data)
            if chance.random() < 0.05:
                emulator.resize(chance.randrange(1, 120), chance.randrange(1, 50))
                check_cells(emulator)
        return most

    assert feed(2_700_000) <= 64
    tracemalloc.start()  # it takes its time: what was there before is not counted, and what comes may not add up
    try:
        assert feed(300_000) <= 64
        assert tracemalloc.get_traced_memory()[1] < 8 * (1 << 20), "no guest may fill the memory"
    finally:
        tracemalloc.stop()
    assert max(replies) <= 32
    assert len(emulator.title) <= 256
    shown = [*emulator.display(), *(emulator.scrollback_text(n) for n in range(emulator.scrollback_size))]
    assert all(c >= " " and not "\x7f" <= c <= "\x9f" for line in [*shown, emulator.title] for c in line)
    emulator.resize(80, 24)
    emulator.feed(b"\x18\x1b\\\x1bc" + b"sane again")
    assert emulator.display()[0].rstrip() == "sane again"
