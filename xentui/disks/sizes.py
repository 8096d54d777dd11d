"""Sizes as a plan writes them: ``512MiB``, ``2GiB``, ``100%``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

_UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
_SIZE = re.compile(r"(\d{1,20}(?:\.\d{1,6})?) ?([KMGT]iB|B|%)", re.ASCII)
#: The most that a disk can have here, in bytes: 16 EiB is where the sectors' numbers end.
_LARGEST = 1 << 63


class SizeError(ValueError):
    """A size that cannot be meant. One sentence."""


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes, or a percentage of the room there is. Exactly one of the two is set."""

    bytes: int | None = None
    percent: Fraction | None = None

    @classmethod
    def parse(cls, text: object) -> Size:
        """Read ``512MiB``, ``2GiB``, ``1.5TiB``, ``1048576B`` or ``100%``. Raises SizeError."""
        match = _SIZE.fullmatch(text.strip()) if isinstance(text, str) else None
        if match is None:
            raise SizeError(f"{text!r} is no size; write 512MiB, 2GiB or 100%")
        number, unit = Fraction(match[1]), match[2]
        if unit == "%":
            if not 0 < number <= 100:
                raise SizeError(f"{text!r} is no part of the room there is; write a percentage from 1% to 100%")
            return cls(percent=number)
        amount = int(number * _UNITS[unit])
        if amount > _LARGEST:
            raise SizeError(f"{text!r} is more than any disk has")
        return cls(bytes=amount)

    def of(self, room: int) -> int:
        """Bytes, where there are `room` bytes to take a percentage of."""
        if self.bytes is not None:
            return self.bytes
        return int(room * (self.percent or 0) / 100)

    def __str__(self) -> str:
        if self.bytes is not None:
            return exact_size(self.bytes)
        percent = self.percent or Fraction(0)
        return f"{int(percent)}%" if percent.denominator == 1 else f"{float(percent):.6f}".rstrip("0") + "%"


def exact_size(amount: int) -> str:
    """`amount` bytes in the largest unit that tells them all: 1048576 is ``1MiB``."""
    for unit, factor in reversed(_UNITS.items()):
        if amount and amount % factor == 0:
            return f"{amount // factor}{unit}"
    return f"{amount}B"


def about(amount: int) -> str:
    """`amount` bytes for the eye: ``465.8 GiB``."""
    for unit, factor in reversed(_UNITS.items()):
        if amount >= factor and unit != "B":
            return f"{amount / factor:.1f} {unit}".replace(".0 ", " ")
    return f"{amount} bytes"
