"""How a cell looks: colours and attributes, as this terminal can show them, and the shortest SGR between two.

A look is a small integer; 0 is the terminal's own default. Colours come down to what the terminal has by rich's
own downgrade, so that a terminal of 16 or more colours shows exactly what Textual's stock driver would show.
"""

from __future__ import annotations

from typing import NamedTuple

from rich.color import Color, ColorSystem
from rich.style import Style
from rich.terminal_theme import DEFAULT_TERMINAL_THEME

from xentui.screens.terminal.capabilities import TRUE_COLOUR, Capabilities

Look = int

# SGR parameter → the parameter that ends it, for terminals that can end attributes one by one.
_OFF = {"1": "22", "2": "22", "3": "23", "4": "24", "5": "25", "7": "27", "9": "29"}
# The bits of rich.style.Style._attributes.
_BOLD, _DIM, _ITALIC, _UNDERLINE, _BLINK, _BLINK2, _REVERSE = 1, 2, 4, 8, 16, 32, 64
_STRIKE, _UNDERLINE2 = 256, 512
# Monochrome: backgrounds beyond these luminances (0 to 1) stand out from a dark or a light theme: show reverse.
_STANDS_OUT_OF_DARK, _STANDS_OUT_OF_LIGHT = 0.08, 0.35


class Appearance(NamedTuple):
    """SGR parameters: foreground and background ("" is the default colour), and attributes in ascending order."""

    foreground: str = ""
    background: str = ""
    attributes: tuple[str, ...] = ()


class Looks:
    """The looks met so far on one terminal."""

    def __init__(self, capabilities: Capabilities, *, dark: bool = True) -> None:
        self._capabilities = capabilities
        self.dark = dark
        depth = capabilities.colours
        self._system = (
            ColorSystem.TRUECOLOR
            if depth >= TRUE_COLOUR
            else ColorSystem.EIGHT_BIT
            if depth >= 256
            else ColorSystem.STANDARD
        )
        self.appearances: list[Appearance] = []
        self.blank_of: list[Look] = []
        """For each look, the look that a space has in it: the same without what a space does not show."""
        self.erasable: list[bool] = []
        """For each look, whether erasing (EL, ED, ECH) under it leaves spaces of it."""
        self._numbers: dict[Appearance, Look] = {}
        self._of_style: dict[Style | None, Look] = {}
        self._changes: dict[tuple[Look, Look], bytes] = {}
        self._intern(Appearance())

    def of(self, style: Style | None) -> Look:
        """The look of a rich style."""
        look = self._of_style.get(style)
        if look is None:
            if len(self._of_style) > 10_000:
                self._of_style.clear()
            look = self._of_style[style] = 0 if style is None else self._intern(self._appearance(style))
        return look

    def forget_styles(self) -> None:
        """Look at each style anew: `dark` has changed."""
        self._of_style.clear()

    def change(self, before: Look, after: Look) -> bytes:
        """The shortest SGR sequence that turns one look into another; empty if they are the same."""
        key = before, after
        sequence = self._changes.get(key)
        if sequence is None:
            sequence = self._changes[key] = self._shortest_change(self.appearances[before], self.appearances[after])
        return sequence

    def _intern(self, appearance: Appearance) -> Look:
        look = self._numbers.get(appearance)
        if look is not None:
            return look
        look = self._numbers[appearance] = len(self.appearances)
        self.appearances.append(appearance)
        # On a space, colour and weight of the character do not show, unless reversed or with a line through it.
        shows = any(attribute in "4579" for attribute in appearance.attributes)
        self.blank_of.append(look)
        can_erase = not shows and (not appearance.background or self._capabilities.back_colour_erase)
        self.erasable.append(can_erase)
        if not shows:
            self.blank_of[look] = self._intern(Appearance("", appearance.background, ()))
        return look

    def _shortest_change(self, before: Appearance, after: Appearance) -> bytes:
        if before == after:
            return b""
        afresh = [*after.attributes, *filter(None, (after.foreground, after.background))]
        reset = f"\x1b[{';'.join(['', *afresh])}m"  # the empty first parameter is 0
        lost = [a for a in before.attributes if a not in after.attributes]
        if lost and not self._capabilities.single_attribute_off:
            return reset.encode()
        off = {_OFF[a] for a in lost}
        again = [a for a in after.attributes if a not in before.attributes or _OFF[a] in off]
        parameters = [*sorted(off), *again]
        if before.foreground != after.foreground:
            parameters.append(after.foreground or "39")
        if before.background != after.background:
            parameters.append(after.background or "49")
        change = f"\x1b[{';'.join(parameters)}m"
        return (change if len(change) < len(reset) else reset).encode()

    def _appearance(self, style: Style) -> Appearance:
        bits = style._attributes & style._set_attributes
        foreground, background = style._color, style._bgcolor
        if self._capabilities.colours == 0:
            if background is not None and self._stands_out(background):
                bits ^= _REVERSE
            return Appearance("", "", self._attributes(bits))
        fore, back = self._codes(foreground, True), self._codes(background, False)
        if self._capabilities.colours < 16:
            fore, back, bits = _fold_to_eight(fore, back, bits, alike=foreground == background)
        return Appearance(fore, back, self._attributes(bits))

    def _codes(self, colour: Color | None, foreground: bool) -> str:
        if colour is None or colour.is_default:
            return ""
        return ";".join(colour.downgrade(self._system).get_ansi_codes(foreground))

    def _attributes(self, bits: int) -> tuple[str, ...]:
        has = self._capabilities
        wanted = (
            ("1", bits & _BOLD and has.bold),
            ("2", bits & _DIM and has.dim),
            ("3", bits & _ITALIC and has.italic),
            ("4", bits & (_UNDERLINE | _UNDERLINE2) and has.underline),
            ("5", bits & (_BLINK | _BLINK2) and has.blink),
            ("7", bits & _REVERSE and has.reverse),
            ("9", bits & _STRIKE and has.strike),
        )
        return tuple(parameter for parameter, present in wanted if present)

    def _stands_out(self, background: Color) -> bool:
        if background.is_default or background.number == 0:
            return False
        red, green, blue = background.get_truecolor(DEFAULT_TERMINAL_THEME)
        luminance = (0.2126 * (red / 255) ** 2.2) + (0.7152 * (green / 255) ** 2.2) + (0.0722 * (blue / 255) ** 2.2)
        return bool(luminance > _STANDS_OUT_OF_DARK if self.dark else luminance < _STANDS_OUT_OF_LIGHT)


def _fold_to_eight(fore: str, back: str, bits: int, *, alike: bool) -> tuple[str, str, int]:
    """Sixteen colours on eight: a bright foreground is bold, a bright background is not bright."""
    if fore.startswith("9"):
        fore, bits = "3" + fore[1], bits | _BOLD
    if back.startswith("10"):
        back = "4" + back[2]
    if fore and back and fore[1] == back[1] and not bits & _BOLD and not alike:
        fore = "30" if back in ("43", "46", "47") else "37"  # what became unreadable: black or white on it
    return fore, back, bits
