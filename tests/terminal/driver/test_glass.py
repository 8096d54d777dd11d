"""The glass shows the sheet, whatever was on it before, on every terminal, in whatever pieces it is written."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from driver_cells import meant_and_shown
from driver_terms import TERMS, foreign
from rich.style import Style
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.strip import Segment, Strip

from xentui.console.emulator import Emulator
from xentui.screens.terminal.capabilities import Capabilities
from xentui.screens.terminal.glass import Glass
from xentui.screens.terminal.looks import Looks
from xentui.screens.terminal.sheet import Sheet

STYLES = [
    None,
    Style.parse("bold"),
    Style.parse("reverse"),
    Style.parse("bold red on blue"),
    Style.parse("#ffa62b on #121212"),
    Style.parse("on #24292f"),
    Style.parse("underline green"),
    Style.parse("dim italic white on #0178d4"),
]
TEXTS = [
    "running",
    " ",
    "          ",
    "─────────────────────",
    "仮想03",
    "é",
    "aaaaaaaaaaaa",
    "│",
    "▔▔▔▔",
    "x",
    "e\u0301",
]


def line(random_: random.Random, width: int) -> Strip:
    segments, x = [], 0
    while x < width:
        segment = Segment(random_.choice(TEXTS), random_.choice(STYLES))
        segments.append(segment)
        x += segment.cell_length
    return Strip(segments).crop(0, width)


def edited(random_: random.Random, lines: list[Strip], width: int) -> list[Strip]:
    """As screens change: a few cells, a block that moves, an emptied end, something put in or taken out, or all."""
    lines = list(lines)
    kind = random_.randrange(7)
    top, bottom = sorted(random_.sample(range(len(lines)), 2))
    if kind == 0:
        for y in random_.sample(range(len(lines)), 3):
            x = random_.randrange(width - 8)
            lines[y] = Strip.join([lines[y].crop(0, x), line(random_, 4), lines[y].crop(x + 4, width)])
    elif kind == 1:
        lines[top : bottom + 1] = [*lines[top + 1 : bottom + 1], line(random_, width)]
    elif kind == 2:
        lines[top : bottom + 1] = [line(random_, width), *lines[top:bottom]]
    elif kind == 3:
        style = random_.choice(STYLES)
        lines[top:] = [Strip([Segment(" " * width, style)])] * (len(lines) - top)
    elif kind == 4:
        x, far = random_.randrange(width - 8), random_.randrange(1, 6)
        lines[top] = Strip.join([lines[top].crop(0, x), line(random_, far), lines[top].crop(x, width - far)])
    elif kind == 5:
        x, far = random_.randrange(width - 8), random_.randrange(1, 6)
        lines[top] = Strip.join([lines[top].crop(0, x), lines[top].crop(x + far, width), line(random_, far)])
    else:
        lines = [line(random_, width) for _ in lines]
    return lines


@pytest.mark.parametrize("room", [None, 40])
@pytest.mark.parametrize("term", TERMS)
def test_the_glass_shows_the_sheet(term: str, room: int | None, terminfo: Callable[..., Capabilities]) -> None:
    has = terminfo(term)
    if has.glyphs == "ascii" and term != "ansi":
        has = terminfo(term, utf8=True, glyphs="unicode")
    if term.startswith(("xterm", "tmux")):
        has = terminfo(term, utf8=True, glyphs="unicode", colours=256 if "256" in term else has.colours)
    random_ = random.Random(f"{term} {room}")
    width, height = 60, 9
    for round_ in range(2):
        sheet = Sheet(width, height, Looks(has), has.glyphs)
        glass = Glass(has, sheet)
        glass.pen.repeats = has.repeat and round_ % 2 == 1
        shown = Emulator(width, height, scrollback=0)
        shown.feed("litter \x1b[31;44m of another program ┼".encode() * 40 + b"\x1b)0")
        lines = [line(random_, width) for _ in range(height)]
        for step in range(20):
            if step:
                lines = edited(random_, lines, width)
            sheet.paint(LayoutUpdate([[strip] for strip in lines], Region(0, 0, width, height)))
            if step == 13:
                shown.feed(b"noise on the line \x1b[1m" + b"~" * 50 + b"\x1b[5;9r" * has.scroll_region)
                glass.forget()
            first = True
            while glass.behind:
                frame = glass.frame(room)
                assert frame or not glass.behind
                shown.feed(frame)
                first = False
            assert not first
            expected, got = meant_and_shown(sheet, has, shown)
            assert got == expected, f"round {round_} step {step}"


@pytest.mark.parametrize("term", ["vt220", "linux", "xterm"])
def test_what_is_typed_into_a_line_moves_its_end(term: str, terminfo: Callable[..., Capabilities]) -> None:
    has = terminfo(term)
    sheet = Sheet(80, 24, Looks(has), has.glyphs)
    glass = Glass(has, sheet)
    shown = Emulator(80, 24, scrollback=0)

    def show(text: str) -> int:
        sheet.paint(LayoutUpdate([[Strip([Segment(text.ljust(80))])]], Region(0, 5, 80, 1)))
        frame = glass.frame()
        shown.feed(frame)
        assert shown.display()[5].rstrip() == text
        return len(frame)

    show("livexen@server01:~$ tar -C /srv/xen --exclude=swap -czf /tmp/xen.tar.gz .")
    assert show("livexen@server01:~$ tar -C /srv/xen/ --exclude=swap -czf /tmp/xen.tar.gz .") <= 12
    assert show("livexen@server01:~$ tar -C /srv/xen --exclude=swap -czf /tmp/xen.tar.gz .") <= 12


@pytest.mark.parametrize("term", TERMS)
def test_a_few_cells_are_shown_without_a_frame(term: str, terminfo: Callable[..., Capabilities]) -> None:
    has = terminfo(term)
    random_ = random.Random(term)
    sheet = Sheet(60, 9, Looks(has), has.glyphs)
    glass = Glass(has, sheet)
    shown = Emulator(60, 9, scrollback=0)
    shown.feed(b"\x1b)0")
    sheet.paint(
        LayoutUpdate([[Strip([Segment("ready ".ljust(60), STYLES[4])])] for _ in range(9)], Region(0, 0, 60, 9))
    )
    shown.feed(glass.frame())
    for step in range(60):
        y, x = random_.randrange(9), random_.randrange(56)
        texts = [(random_.choice(["a", "ls", " ", "é"]), random_.choice(STYLES)), (" ", random_.choice(STYLES))]
        frame = glass.cells(y, x, sheet.paint_texts(y, x, texts))
        if frame is None:  # with letters that this terminal may not have
            assert "é" in texts[0]
            frame = glass.frame()
        elif step % 7 == 0:
            assert len(frame) < 80
        assert not glass.behind
        shown.feed(frame)
        expected, got = meant_and_shown(sheet, has, shown)
        assert got == expected, step
    sheet.touched.update(range(9))
    assert glass.frame() == b"", "it is known what is shown"


def test_nothing_changed_writes_nothing(terminfo: Callable[..., Capabilities]) -> None:
    has = terminfo("vt220")
    sheet = Sheet(80, 24, Looks(has), has.glyphs)
    glass = Glass(has, sheet)
    lines = [[line(random.Random(1), 80)] for _ in range(24)]
    sheet.paint(LayoutUpdate(lines, Region(0, 0, 80, 24)))
    assert glass.frame()
    sheet.paint(LayoutUpdate(lines, Region(0, 0, 80, 24)))
    assert glass.frame() == b""
    assert not glass.behind


@pytest.mark.parametrize("term", TERMS)
def test_no_sequence_that_the_terminal_does_not_know(term: str, terminfo: Callable[..., Capabilities]) -> None:
    has = terminfo(term)
    random_ = random.Random(term)
    sheet = Sheet(80, 24, Looks(has), has.glyphs)
    glass = Glass(has, sheet)
    lines = [line(random_, 80) for _ in range(24)]
    for _ in range(60):
        sheet.paint(LayoutUpdate([[strip] for strip in lines], Region(0, 0, 80, 24)))
        assert foreign(term, glass.frame()) == []
        lines = edited(random_, lines, 80)
