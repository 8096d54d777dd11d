"""Values standing in a string as one character each, so that a row of cells is an ordinary Python string.

The emulator keeps attributes, and letters with combining marks, this way: editing a row is then slicing two
strings, which CPython does faster than anything else it does. The table is bounded: what no row shows any more
is given up when the table is full, and when all of it is shown, no more values are taken.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

Value = TypeVar("Value", bound=Hashable)


class Symbols(Generic[Value]):
    """A table of values and the characters that stand for them.

    `first` is the code point of the first symbol, `capacity` the number of symbols, and `shown` gives every
    string in which symbols may stand; it is asked only when the table is full.
    """

    def __init__(self, first: int, capacity: int, shown: Callable[[], Iterable[str]]) -> None:
        self.value: dict[str, Value] = {}
        self.symbol: dict[Value, str] = {}
        self._fresh = range(first, first + capacity)
        self._free: list[str] = []
        self._shown = shown
        self._capacity = capacity
        self._refused = 0
        self.collections = 0
        """How often symbols were given up: whoever remembers a symbol elsewhere forgets it when this changes."""

    def __getitem__(self, value: Value) -> str | None:
        """The symbol of a value, or None when the table is full of values that are shown."""
        return self.symbol.get(value) or self._add(value)

    def _add(self, value: Value) -> str | None:
        if self._fresh:
            symbol = chr(self._fresh[0])
            self._fresh = self._fresh[1:]
        elif self._free or self._collect():
            symbol = self._free.pop()
        else:
            return None
        self.value[symbol] = value
        self.symbol[value] = symbol
        return symbol

    def _collect(self) -> bool:
        """Give up what is not shown. After a vain attempt many refusals pass before the next: no slow path."""
        if self._refused:
            self._refused -= 1
            return False
        used: set[str] = set()
        for text in self._shown():
            used.update(text)
        for symbol in self.value.keys() - used:
            del self.symbol[self.value.pop(symbol)]
            self._free.append(symbol)
        self.collections += 1
        if len(self._free) < self._capacity // 8:
            self._refused = self._capacity
        return bool(self._free)
