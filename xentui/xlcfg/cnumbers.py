"""Numbers as C reads them for xl: strtoul(3) and sscanf(3) of glibc 2.41, which Debian 13's xl is built with.

Both take blanks and a sign before the digits, count a negative number from 2**64 down, and make 2**64 - 1 of one that
is too large. With base 0 the prefixes are 0x, 0 and, since C23, 0b.
"""

from __future__ import annotations

import re

#: What strtoul makes of a number that is too large.
ULONG_MAX = 2**64 - 1

_DIGITS = {
    0: r"0[xX](?P<h>[0-9a-fA-F]+)|0[bB](?P<b>[01]+)|(?P<o>0[0-7]*)|(?P<d>[1-9][0-9]*)",
    10: r"(?P<d>[0-9]+)",
    16: r"(?:0[xX])?(?P<h>[0-9a-fA-F]+)",
}
_NUMBER = {base: re.compile(rf"[ \t\n\v\f\r]*(?P<sign>[+-]?)(?:{digits})") for base, digits in _DIGITS.items()}
_BASES = {"h": 16, "b": 2, "o": 8, "d": 10}
_SCANNED = re.compile(r"[ \t\n\v\f\r]*(?P<sign>[+-]?)(?P<h>0[xX][0-9a-fA-F]*|[0-9a-fA-F]+)")


def signed(text: str) -> tuple[int, str] | None:
    """The number with base 0 that `text` begins with, as large as it is written, and what follows; None for none."""
    return _read(text, 0)


def strtoul(text: str, base: int = 10) -> tuple[int, str] | None:
    """The number that `text` begins with, and what follows it; None where it begins with none."""
    found = _read(text, base)
    return None if found is None else (_unsigned(found[0]), found[1])


def parse_ulong(text: str) -> int | None:
    """xl's own parse_ulong: what follows the digits does not count; None where it refuses."""
    found = strtoul(text)
    return None if found is None or found[0] == ULONG_MAX else found[0]


def parse_range(text: str) -> tuple[int, int] | None:
    """xl's own parse_range, ``N`` or ``N-M``; None where it refuses."""
    first = strtoul(text)
    if first is None or first[0] == ULONG_MAX:
        return None
    if not first[1].startswith("-"):
        return None if first[1] else (first[0], first[0])
    last = strtoul(first[1][1:])
    if last is None or last[0] == ULONG_MAX or last[0] < first[0] or last[1]:
        return None
    return first[0], last[0]


def scan_hex(text: str) -> tuple[int, str] | None:
    """The same of sscanf's %x, in 32 bits: to it, a bare ``0x`` is 0."""
    found = _SCANNED.match(text)
    if found is None:
        return None
    value = int(found["h"].lower().removeprefix("0x") or "0", 16)
    return _unsigned(-value if found["sign"] == "-" else value) % 2**32, text[found.end() :]


def _read(text: str, base: int) -> tuple[int, str] | None:
    found = _NUMBER[base].match(text)
    if found is None:
        return None
    kind = next(name for name in _BASES if name in found.groupdict() and found[name])
    value = int(found[kind], _BASES[kind])
    return -value if found["sign"] == "-" else value, text[found.end() :]


def _unsigned(number: int) -> int:
    return ULONG_MAX if abs(number) > ULONG_MAX else number % 2**64
