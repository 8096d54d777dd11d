"""The small languages within the strings of a list: NAME=VALUE items with commas between, each with its place."""

from __future__ import annotations

from dataclasses import dataclass

from xentui.xlcfg.findings import Edit, Repair
from xentui.xlcfg.parser import Value
from xentui.xlcfg.sheet import Sheet


@dataclass(frozen=True, slots=True)
class Part:
    """An item of a specification, without the blanks before it; `value` is None where there is no =.

    `at` is its offset in the file, or None where escapes in the string hide it.
    """

    text: str
    key: str
    value: str | None
    at: int | None

    def replaced(self, says: str, length: int, replacement: str, skip: int = 0) -> Repair | None:
        """A repair of `length` characters of the item, from its `skip`th."""
        return None if self.at is None else Repair(says, (Edit(self.at + skip, length, replacement),))


def parts(sheet: Sheet, value: Value) -> list[Part]:
    """The items as xl's strtok sees them: empty ones are skipped, and so are blanks before an item, but not after."""
    text = str(value.content)
    literal = value.quoted and sheet.text[value.start + 1 : value.end - 1] == text
    found: list[Part] = []
    at = 0
    for raw in text.split(","):
        bare = raw.lstrip(" ")
        if raw:
            key, equals, content = bare.partition("=")
            place = value.start + 1 + at + len(raw) - len(bare) if literal else None
            found.append(Part(bare, key, content if equals else None, place))
        at += len(raw) + 1
    return found
