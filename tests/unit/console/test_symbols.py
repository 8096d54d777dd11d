"""The table of symbols is bounded and gives up only what is not shown."""

from __future__ import annotations

from xentui.console.symbols import Symbols


def test_symbols_in_use_are_kept_and_others_reused() -> None:
    shown: list[str] = []
    symbols: Symbols[int] = Symbols(0x100, 8, lambda: shown)
    first = symbols[0]
    assert first is not None
    shown.append(f"text {first}")
    for value in range(1, 100):
        assert symbols[value] is not None
    assert symbols[0] == first
    assert symbols.value[first] == 0
    assert len(symbols.value) <= 8


def test_a_table_full_of_what_is_shown_refuses_and_recovers() -> None:
    shown: list[str] = []
    symbols: Symbols[int] = Symbols(0x100, 8, lambda: shown)
    shown.extend(symbols[value] or "" for value in range(8))
    asked = symbols.collections
    assert [symbols[value] for value in range(100, 105)] == [None] * 5
    assert symbols.collections == asked + 1, "a refusal must not cost a search each time"
    shown.clear()
    for value in range(200, 220):
        if symbols[value] is not None:
            break
    else:
        raise AssertionError("never recovered")
