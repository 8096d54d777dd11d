"""Widths agree with rich, which measures what the pane draws."""

from __future__ import annotations

import unicodedata

from rich.cells import cell_len

from tests.unit.console.conftest import Show
from xentui.console.charsets import CHARSETS, displayable, is_narrow, width

CHARACTERS = [chr(code) for code in range(0x20, 0x30000) if not 0x7F <= code < 0xA0 and not 0xD800 <= code < 0xE000]


def test_narrow_characters_are_one_cell_wide() -> None:
    assert [character for character in CHARACTERS if is_narrow(character) and cell_len(character) != 1] == []


def test_what_is_shown_is_as_wide_as_rich_says() -> None:
    wrong = [
        character
        for character in CHARACTERS
        if width(character) >= 0 and width(character) != cell_len(displayable(character))
    ]
    assert wrong == []


def test_nothing_shown_is_a_control_or_orders_others() -> None:
    shown = [displayable(character) for character in CHARACTERS if width(character) >= 0]
    assert [c for c in shown if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")] == []
    assert not any(len(f"a{character}b".splitlines()) > 1 for character in shown)


def test_graphics_are_narrow() -> None:
    graphics = CHARSETS["0"]
    assert graphics is not None
    assert "lqqk".translate(graphics) == "┌──┐"
    assert all(is_narrow(chr(code)) for code in graphics.values())


def test_a_row_is_as_wide_as_rich_says(show: Show) -> None:
    emulator = show("a中🚀e\u0301한\u200d글👩\u200d🚀☎\ufe0f", 30)
    assert cell_len("".join(text for text, _ in emulator.runs(0))) == 30
