"""What is on the wire all along the walk through xentui: on each terminal, nothing that it does not know; without
UTF-8, nothing but ASCII, a character for a character."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from driver_cells import meant_and_shown
from driver_terms import TERMS, foreign
from driver_walk import Shown, walk
from textual._compositor import CompositorUpdate
from textual.widget import Widget

import xentui.screens
from xentui.console.emulator import Emulator
from xentui.screens.terminal.capabilities import Capabilities
from xentui.screens.terminal.glass import Glass
from xentui.screens.terminal.looks import Looks
from xentui.screens.terminal.sheet import Sheet


class Terminal:
    """One terminal that is sent the walk."""

    def __init__(self, term: str, has: Capabilities) -> None:
        self.term, self.has = term, has
        self.foreign: set[str] = set()
        self.not_ascii: set[str] = set()
        self.different: list[str] = []

    def resized(self, width: int, height: int) -> None:
        self.sheet = Sheet(width, height, Looks(self.has), self.has.glyphs)
        self.glass = Glass(self.has, self.sheet)
        self.glass.pen.repeats = self.has.repeat
        self.shown = Emulator(width, height, scrollback=0)
        self.shown.feed(b"\x1b)0")

    def updated(self, update: CompositorUpdate) -> None:
        self.sheet.paint(update)
        sent = self.glass.frame()
        self.foreign |= set(foreign(self.term, sent))
        self.not_ascii |= {character for character in sent.decode("utf-8") if not character.isascii()}
        self.shown.feed(sent)

    def compare(self) -> None:
        """What it shows is what it was to show; once in a while, for what that costs."""
        expected, got = meant_and_shown(self.sheet, self.has, self.shown)
        if got != expected:
            self.different.append(f"{self.term}:\n" + "\n".join(self.shown.display()))


class Walked:
    """All terminals at once, and one that can show everything."""

    def __init__(self, terminals: list[Terminal], everything: Terminal) -> None:
        self.terminals, self.everything = terminals, everything
        self.moved: list[str] = []
        self.glyphs: dict[str, str] = {}
        self._updates = 0

    def resized(self, width: int, height: int) -> None:
        for terminal in (self.everything, *self.terminals):
            terminal.resized(width, height)

    def updated(self, update: CompositorUpdate) -> None:
        self._updates += 1
        for terminal in (self.everything, *self.terminals):
            terminal.updated(update)
            if self._updates % 10 == 0:
                terminal.compare()
        for terminal in self.terminals:
            if terminal.has.glyphs == "ascii":
                self._one_to_one(terminal)

    def _one_to_one(self, terminal: Terminal) -> None:
        for (meant, _), (shown, _) in zip(self.everything.sheet.rows, terminal.sheet.rows, strict=True):
            for character, instead in zip(meant, shown, strict=True):
                if (
                    len(instead) != 1
                    or not instead.isascii()
                    or (character.isascii() and character not in ("", instead))
                ):
                    self.moved.append(f"{terminal.term}: {instead!r} for {character!r} in {''.join(shown)!r}")
                elif character not in ("", instead):
                    self.glyphs[character] = instead


Terminfo = Callable[..., Capabilities]
_UTF8 = {"utf8": True, "glyphs": "unicode"}


@lru_cache
def walked(terminfo: Terminfo) -> tuple[Walked, Shown]:
    """Once for all tests here."""
    terminals = [Terminal(term, terminfo(term)) for term in TERMS]
    terminals += [Terminal(term, terminfo(term, **_UTF8)) for term in ("xterm", "xterm-256color", "tmux-256color")]
    terminals += [
        Terminal("linux", terminfo("linux", utf8=True, glyphs="console")),
        Terminal("xterm-256color", terminfo("xterm-256color", utf8=True, glyphs="ascii")),  # --glyphs ascii
        Terminal("xterm-256color", terminfo("xterm-256color", colours=0, **_UTF8)),  # NO_COLOR
    ]
    watcher = Walked(terminals, Terminal("xterm", terminfo("xterm", **_UTF8)))
    return watcher, asyncio.run(walk([watcher]))


def test_nothing_that_the_terminal_does_not_know(terminfo: Terminfo) -> None:
    found, _ = walked(terminfo)
    assert {terminal.term for terminal in found.terminals} == set(TERMS)
    assert {f"{terminal.term}: {cut}" for terminal in found.terminals for cut in terminal.foreign} == set()


def test_each_terminal_shows_what_was_meant(terminfo: Terminfo) -> None:
    found, shown = walked(terminfo)
    assert shown.updates > 150
    assert [wrong for terminal in found.terminals for wrong in terminal.different] == []


def test_without_utf8_all_is_ascii(terminfo: Terminfo) -> None:
    found, _ = walked(terminfo)
    assert len(found.everything.not_ascii) > 10  # there was something to replace
    plain = [t for t in found.terminals if not t.has.utf8 or t.has.glyphs == "ascii"]
    assert {(t.term, character) for t in plain for character in t.not_ascii} == set()
    console = next(t for t in found.terminals if t.has.glyphs == "console")
    assert {c for c in console.not_ascii if c not in bytes(range(256)).decode("cp437") + "◆•●○▲►▼◄↑↓→←↔§"} == set()


def test_a_character_for_a_character(terminfo: Terminfo) -> None:
    found, _ = walked(terminfo)
    assert found.moved[:5] == []
    # Of what xentui and Textual draw with, each has a likeness; a question mark is for text in other scripts.
    assert {
        c for c, instead in found.glyphs.items() if instead == "?" and unicodedata.category(c)[0] not in "LM"
    } == set()
    assert {"│", "─", "█", "▲"} <= found.glyphs.keys()


def test_the_walk_comes_past_everything(terminfo: Terminfo) -> None:
    _, shown = walked(terminfo)
    for module in pkgutil.walk_packages(xentui.screens.__path__, "xentui.screens."):
        importlib.import_module(module.name)
    missing = {
        kind.__name__
        for kind in _below(Widget)
        if kind.__module__.startswith("xentui.screens.") and not any(issubclass(seen, kind) for seen in shown.classes)
    }
    assert missing == set(), "add a step to WALK in driver_walk.py that shows them"


def _below(kind: type) -> set[type]:
    return {kind}.union(*(_below(child) for child in kind.__subclasses__()))
