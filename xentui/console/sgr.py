"""Select Graphic Rendition: ECMA-48 8.3.117, xterm's ctlseqs "CSI Pm m", and ITU T.416 colours with colons."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from xentui.console.attributes import DEFAULT, Attributes, Color

_ON = {
    1: "bold", 2: "dim", 3: "italic", 4: "underline", 5: "blink", 6: "blink",
    7: "reverse", 8: "conceal", 9: "strike", 21: "underline",
}  # fmt: skip
_OFF = {
    22: ("bold", "dim"), 23: ("italic",), 24: ("underline",), 25: ("blink",),
    27: ("reverse",), 28: ("conceal",), 29: ("strike",),
}  # fmt: skip


def select(attributes: Attributes, parameters: str) -> Attributes:
    """The attributes after `CSI parameters m`; what is unknown or malformed changes nothing."""
    changes: dict[str, Any] = {}
    fields = iter(parameters.split(";"))
    for field in fields:
        code = _number(field.partition(":")[0])
        if code == 0:
            attributes, changes = DEFAULT, {}
        elif code == 4 and ":" in field:
            changes["underline"] = field != "4:0"
        elif code in _ON:
            changes[_ON[code]] = True
        elif code in _OFF:
            changes.update(dict.fromkeys(_OFF[code], False))
        elif code in (38, 48, 58):
            # 58 is the colour of the underline, which we do not draw; its numbers must not be taken for codes.
            valid, color = _color_of_field(field) if ":" in field else _color_of_fields(fields)
            if valid and code != 58:
                changes["foreground" if code == 38 else "background"] = color
        elif code == 39 or code == 49:
            changes["foreground" if code == 39 else "background"] = None
        elif 30 <= code <= 37 or 90 <= code <= 97:
            changes["foreground"] = code - 30 if code < 90 else code - 82
        elif 40 <= code <= 47 or 100 <= code <= 107:
            changes["background"] = code - 40 if code < 100 else code - 92
    return attributes._replace(**changes) if changes else attributes


def _number(text: str) -> int:
    """A parameter's value; an absent one is 0, a malformed one is no code at all."""
    if not text:
        return 0
    return int(text) if len(text) <= 5 and text.isdecimal() else -1


def _color_of_fields(fields: Iterator[str]) -> tuple[bool, Color]:
    """38;5;n and 38;2;r;g;b: takes as many fields as the form has."""
    kind = _number(next(fields, ""))
    if kind == 5:
        return _indexed(_number(next(fields, "")))
    if kind == 2:
        return _rgb([_number(next(fields, "")) for _ in range(3)])
    return False, None


def _color_of_field(field: str) -> tuple[bool, Color]:
    """38:5:n, 38:2:r:g:b (as Konsole began) and 38:2:colour-space:r:g:b (as the standard has it)."""
    numbers = [_number(part) for part in field.split(":")[1:]]
    if len(numbers) >= 2 and numbers[0] == 5:
        return _indexed(numbers[1])
    if len(numbers) >= 4 and numbers[0] == 2:
        return _rgb(numbers[2:5] if len(numbers) >= 5 else numbers[1:4])
    return False, None


def _indexed(number: int) -> tuple[bool, Color]:
    return 0 <= number <= 255, number


def _rgb(numbers: list[int]) -> tuple[bool, Color]:
    red, green, blue = numbers
    return all(0 <= number <= 255 for number in numbers), (red, green, blue)
