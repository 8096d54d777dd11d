"""Characters for terminals that cannot show them: one to one in width, so that no column moves.

Four sets: `unicode` shows what it is given; `console` knows what the fonts of the Linux text console have
(code page 437); `dec` is ASCII and DEC Special Graphics (VT100 User Guide, table 3-9); `ascii` is ASCII.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from xentui.screens.terminal.capabilities import Glyphs

DEC_GRAPHICS = dict(zip("◆▒°±┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·", "`afgjklmnopqrstuvwxyz{|}~", strict=True))
"""The characters of DEC Special Graphics and the bytes that stand for them."""


def _each(groups: dict[str, str]) -> dict[str, str]:
    """From {substitute: characters}, {character: substitute}."""
    return {character: substitute for substitute, characters in groups.items() for character in characters}


ASCII = _each(
    {
        "-": "─━╌╍┄┅┈┉╴╶╸╺═╼╾⎺⎻⎼⎽‐‑‒–—―−↔⇔",
        "|": "│┃╎╏┆┇┊┋╵╷╹╻║╽╿▏▎▍▕▊▉🮇🮈",
        "+": "┌┍┎┏┐┑┒┓└┕┖┗┘┙┚┛├┝┞┟┠┡┢┣┤┥┦┧┨┩┪┫┬┭┮┯┰┱┲┳┴┵┶┷┸┹┺┻┼┽┾┿╀╁╂╃╄╅╆╇╈╉╊╋╒╓╔╕╖╗╘╙╚╛╜╝╞╟╠╡╢╣╤╥╦╧╨╩╪╫╬╭╮╯╰±",
        "#": "▃▅▆▇█▌▐▋▓■◼▪▮▙▛▜▟",
        ":": "▒░□◻▫▯⋮⁝",
        "_": "▁▂▄",
        '"': "▔▀🮂🮃“”„",
        "'": "▘▝‘’‚′",
        ".": "▖▗…⋯",
        "/": "▞╱⁄",
        "\\": "▚╲",
        "x": "╳×✕✖✗✘☓",
        "*": "●◉⬤•∙·⋅◦⏺◆◇♦◈★☆✱✶",
        "o": "○◌⭘◯°",
        "^": "▲△▴↑⇑⬆↥⌃⌥⇧",
        "v": "▼▽▾↓⇓⬇↧⏷✓✔☑",
        ">": "▶▷▸►→⇒›»⟩❯⮞⏵≥",
        "<": "◀◁◂◄←⇐‹«⟨❮⮜⏴↵⏎↲⮐≤",
        " ": "\u00a0\u2002\u2003\u2007\u2009\u202f⠀",
        "u": "µμ",
        "~": "≈",
        "!": "⚠",
    }
)
"""A character outside ASCII and what takes its place."""

_DEC = _each(
    {"─": "━═╸╺╴╶╌╍┄┅┈┉", "│": "┃║╹╻╵╷", "┌": "┏╔╭", "┐": "┓╗╮", "└": "┗╚╰", "┘": "┛╝╯"}
    | {"├": "┣╠", "┤": "┫╣", "┬": "┳╦", "┴": "┻╩", "┼": "╋╬", "⎺": "▔", "⎽": "▁", "·": "•∙⋅"}
)
_CONSOLE = _each(
    {"─": "━╸╺╴╶╌╍┄┅┈┉", "│": "┃╹╻╵╷▏▎▍▕", "┌": "┏╭", "┐": "┓╮", "└": "┗╰", "┘": "┛╯", "├": "┣", "┤": "┫"}
    | {"┬": "┳", "┴": "┻", "┼": "╋", "►": "▶▷▸", "◄": "◀◁◂", "▲": "△▴", "▼": "▽▾", "●": "⏺⬤◉", "○": "⭘◯"}
    | {"▄": "▁▂▃", "▀": "▔", "█": "▅▆▇▊▉▋", "■": "▪◼"}
)
_CODE_PAGE_437 = frozenset(bytes(range(0x80, 0x100)).decode("cp437") + "◆•●○▲►▼◄↑↓→←↔§") - {"\u00a0"}


@lru_cache(maxsize=4096)
def shown(character: str, glyphs: Glyphs, width: int = 1) -> str:
    """What to put into `width` cells in place of `character`, which may be a whole grapheme.

    The result has exactly `width` columns and holds no control characters.
    """
    if not character.isprintable() and character not in ASCII:
        return (" " if character.isspace() else "?") * width
    if character.isascii() or glyphs == "unicode":
        return character
    if glyphs == "console":
        if character in _CODE_PAGE_437:
            return character
        if like := _CONSOLE.get(character):
            return like
    if glyphs == "dec":
        if character in DEC_GRAPHICS:
            return character
        if like := _DEC.get(character):
            return like
    if plain := ASCII.get(character):
        return plain
    folded = unicodedata.normalize("NFKD", character)[0]
    return (folded if folded.isascii() and folded.isprintable() else "?").ljust(width, "?")
