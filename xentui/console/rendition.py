"""The rendition that characters are drawn with, and the symbols by which rows remember renditions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from xentui.console.attributes import DEFAULT, Attributes
from xentui.console.sgr import select
from xentui.console.symbols import Symbols

ATTRIBUTE_SYMBOLS = 0xD800
"""Different attributes that rows can show at once: the code points below the surrogates."""
REMEMBERED = 4096
"""SGR sequences whose effect is remembered; programs repeat a few."""


class Rendition:
    """`symbol` stands for the attributes of the next character; "\\0" is the default.

    `shown` gives every string of attributes that rows hold.
    """

    def __init__(self, shown: Callable[[], Iterable[str]]) -> None:
        self._shown_by_rows = shown
        self._symbols: Symbols[Attributes] = Symbols(0, ATTRIBUTE_SYMBOLS, self._shown)
        self.value = self._symbols.value
        """The attributes of each symbol."""
        self._selected: dict[tuple[str, str], str] = {}
        self._erasing: dict[str, str] = {}
        self._collections = 0
        self.symbol = "\0"
        self.attributes = DEFAULT

    def _shown(self) -> Iterator[str]:
        yield "\0" + self.symbol
        yield from self._shown_by_rows()

    @property
    def attributes(self) -> Attributes:
        """What the next character looks like."""
        return self.value[self.symbol]

    @attributes.setter
    def attributes(self, attributes: Attributes) -> None:
        self.symbol = self._symbol(attributes)

    def _symbol(self, attributes: Attributes) -> str:
        symbol = self._symbols[attributes]
        if self._symbols.collections != self._collections:
            self._collections = self._symbols.collections
            self._selected.clear()
            self._erasing.clear()
        # When tens of thousands of colours are on the screen and in the scrollback: better plain than unbounded.
        return symbol or "\0"

    def select(self, parameters: str) -> None:
        """SGR."""
        key = (self.symbol, parameters)
        symbol = self._selected.get(key)
        if symbol is not None:
            self.symbol = symbol
            return
        self.attributes = select(self.attributes, parameters)
        if len(self._selected) > REMEMBERED:
            self._selected.clear()
        self._selected[key] = self.symbol

    @property
    def erasing(self) -> str:
        """The symbol of erased cells: the default but for the background (xterm's and Linux' bce)."""
        if self.symbol == "\0":
            return "\0"
        symbol = self._erasing.get(self.symbol)
        if symbol is None:
            symbol = self._symbol(Attributes(background=self.attributes.background))
            self._erasing[self.symbol] = symbol
        return symbol
