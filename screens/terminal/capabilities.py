"""What the terminal at hand can do, read from terminfo (terminfo(5)) and never guessed from its name.

xentui writes the sequences of ECMA-48 and the DEC VT family literally; terminfo only says which of them a
terminal has. A terminal whose cursor addressing is not `CSI row ; column H` is refused with one sentence.
"""

from __future__ import annotations

import codecs
import curses
import dataclasses
import os
import re
from collections.abc import Mapping
from typing import Literal

Glyphs = Literal["unicode", "console", "dec", "ascii"]
"""unicode: any character; console: the characters that a PC console font has (TERM=linux);
dec: ASCII and DEC Special Graphics (`ESC ( 0`); ascii: nothing else."""

TRUE_COLOUR = 1 << 24

_PADDING = re.compile(rb"\$<[^>]*>")
_ADDRESS = b"\x1b[%i%p1%d;%p2%dH"
# These speak eight-bit character sets, whatever the locale says: UTF-8 would be litter on their screens.
_NOT_UTF8 = re.compile(r"(vt[1-5]\d\d|ansi|pcansi|cons25|unknown)\b")
# Terminals that take xterm's private modes say so by these capabilities; older databases do not have them.
_XTERM_LIKE = re.compile(r"(xterm|screen|tmux|rxvt|alacritty|kitty|foot|wezterm|konsole|gnome|vte|st)\b")


class UnusableTerminalError(Exception):
    """Standard output is no terminal, or one that cannot carry a full screen. str() is one sentence."""


@dataclasses.dataclass(frozen=True, slots=True)
class Capabilities:
    """The sequences a terminal understands, one flag each. The terminfo name stands in the comment."""

    term: str = "unknown"
    colours: int = 0  # 0, 8, 16, 256 or TRUE_COLOUR
    glyphs: Glyphs = "ascii"
    utf8: bool = False

    erase_line: bool = True  # el
    erase_display: bool = True  # ed
    erase_characters: bool = False  # ech
    repeat: bool = False  # rep
    insert_characters: bool = False  # ich
    delete_characters: bool = False  # dch
    insert_lines: bool = False  # il1, or il
    delete_lines: bool = False  # dl1, or dl
    scroll_region: bool = False  # csr
    reverse_index: bool = False  # ri
    column_address: bool = False  # hpa
    row_address: bool = False  # vpa
    back_colour_erase: bool = False  # bce
    eat_newline: bool = False  # xenl: the cursor stays in the last column until the next character

    bold: bool = False
    dim: bool = False
    italic: bool = False  # sitm
    underline: bool = False  # smul
    blink: bool = False
    reverse: bool = False  # rev
    strike: bool = False  # smxx
    single_attribute_off: bool = False  # rmul is CSI 24 m: each attribute can be ended alone

    shift_out: bool = False  # smacs is ^N: DEC graphics in G1; else ESC ( 0
    hide_cursor: bool = False  # civis
    save_cursor: bool = False  # sc, rc
    alternate_screen: bool = False  # smcup
    bracketed_paste: bool = False  # BE
    mouse: bool = False  # kmous, XM
    answers: bool = False  # u7: cursor position report, and so device status report
    columns: int = 80  # cols, or 80
    lines: int = 24  # lines, or 24


UNKNOWN = Capabilities(bold=True, underline=True, reverse=True)
"""What is left when TERM is unset or its entry is missing: addressing, erasing, and what the first of the family
(VT100) had to show which row is chosen; nothing else."""


def read_terminfo(term: str, fd: int) -> Capabilities:
    """The capabilities of `term` as its terminfo entry has them, without regard to the locale.

    Curses reads one entry per process: the first call decides, later ones for another TERM must not be made.
    Raises UnusableTerminalError if the terminal has no ANSI cursor addressing.
    """
    if term in ("", "unknown"):
        return UNKNOWN
    try:
        curses.setupterm(term, fd)
    except curses.error:
        return dataclasses.replace(UNKNOWN, term=term)

    def string(name: str) -> bytes:
        return _PADDING.sub(b"", curses.tigetstr(name) or b"")

    if string("cup") != _ADDRESS:
        raise UnusableTerminalError(
            f"TERM={term} cannot address the cursor the ANSI way, which xentui's screen needs; "
            "set TERM to what the terminal is (vt220, linux, xterm), or use the commands, e.g. `xentui list`."
        )
    colours = max(0, curses.tigetnum("colors")) if string("setaf") else 0
    return Capabilities(
        term=term,
        colours=next((depth for depth in (TRUE_COLOUR, 256, 16, 8) if colours >= depth), 0),
        erase_line=string("el") == b"\x1b[K",
        erase_display=string("ed") == b"\x1b[J",
        erase_characters=string("ech") == b"\x1b[%p1%dX",
        repeat=string("rep") == b"%p1%c\x1b[%p2%{1}%-%db",
        insert_characters=string("ich") == b"\x1b[%p1%d@",
        delete_characters=string("dch") == b"\x1b[%p1%dP",
        insert_lines=string("il1") == b"\x1b[L" or string("il") == b"\x1b[%p1%dL",
        delete_lines=string("dl1") == b"\x1b[M" or string("dl") == b"\x1b[%p1%dM",
        scroll_region=string("csr") == b"\x1b[%i%p1%d;%p2%dr",
        reverse_index=string("ri") == b"\x1bM",
        column_address=string("hpa") == b"\x1b[%i%p1%dG",
        row_address=string("vpa") == b"\x1b[%i%p1%dd",
        back_colour_erase=curses.tigetflag("bce") == 1,
        eat_newline=curses.tigetflag("xenl") == 1 or curses.tigetflag("am") != 1,
        bold=string("bold") == b"\x1b[1m",
        dim=string("dim") == b"\x1b[2m",
        italic=string("sitm") == b"\x1b[3m",
        underline=string("smul") == b"\x1b[4m",
        blink=string("blink") == b"\x1b[5m",
        reverse=string("rev") == b"\x1b[7m",
        strike=string("smxx") == b"\x1b[9m",
        single_attribute_off=string("rmul") == b"\x1b[24m",
        shift_out=string("smacs") == b"\x0e",
        save_cursor=string("sc") == b"\x1b7" and string("rc") == b"\x1b8",
        hide_cursor=b"\x1b[?25l" in string("civis"),
        alternate_screen=b"\x1b[?1049h" in string("smcup"),
        bracketed_paste=string("BE") == b"\x1b[?2004h" or bool(_XTERM_LIKE.match(term)),
        mouse=bool(string("XM")) or (bool(string("kmous")) and bool(_XTERM_LIKE.match(term))),
        answers=string("u7") == b"\x1b[6n",
        glyphs="dec" if string("smacs") in (b"\x0e", b"\x1b(0") else "ascii",
        columns=_positive(curses.tigetnum("cols"), 80),
        lines=_positive(curses.tigetnum("lines"), 24),
    )


def detect(
    fd: int, environ: Mapping[str, str] = os.environ, *, glyphs: str | None = None, no_colour: bool = False
) -> Capabilities:
    """The capabilities of the terminal on `fd`, with the locale, COLORTERM, NO_COLOR and --glyphs applied.

    Raises UnusableTerminalError if `fd` is no terminal, or TERM is dumb or not of the ANSI family.
    """
    if not os.isatty(fd):
        raise UnusableTerminalError(
            "xentui's screen needs a terminal, and this is not one; "
            "in scripts and pipes use the commands, e.g. `xentui list --json`."
        )
    found = read_terminfo(environ.get("TERM", ""), fd)
    colours = found.colours
    if no_colour or environ.get("NO_COLOR"):
        colours = 0
    elif colours >= 256 and environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        colours = TRUE_COLOUR
    utf8 = _locale_is_utf8(environ) and not _NOT_UTF8.match(found.term)
    chosen: Glyphs = found.glyphs
    if glyphs == "unicode":
        utf8, chosen = True, "unicode"
    elif glyphs == "ascii":
        chosen = "ascii"
    elif utf8:
        chosen = "console" if found.term.startswith("linux") else "unicode"
    return dataclasses.replace(found, colours=colours, utf8=utf8, glyphs=chosen)


def _locale_is_utf8(environ: Mapping[str, str]) -> bool:
    # Not sys.stdout.encoding: Python turns the C locale into UTF-8 (PEP 538, 540), the terminal does not.
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        if value := environ.get(name):
            if value == "C.UTF-8" and name == "LC_CTYPE" and environ.get("LANG", "C") in ("", "C", "POSIX"):
                continue  # what PEP 538's coercion leaves behind
            charset = value.rpartition(".")[2].partition("@")[0]
            try:
                return codecs.lookup(charset).name == "utf-8"
            except LookupError:
                return False
    return False


def _positive(number: int, otherwise: int) -> int:
    return number if number > 0 else otherwise
