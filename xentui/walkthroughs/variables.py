"""The variables of a walkthrough: what may be answered, and how an answer gets into a text.

Every kind of answer is made of characters that mean nothing to a shell, and it is quoted all the same where
it becomes part of a command.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass

#: ``{name}``; not the shell's ``${name}``. Behind a backslash it stands for itself.
_VARIABLE = re.compile(r"(?<![$\w])(\\?)\{([a-z][a-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Kind:
    """`says` ends the sentence "... must be". `sample` is used where the file is looked at without answers."""

    pattern: re.Pattern[str]
    says: str
    sample: str


KINDS: dict[str, Kind] = {
    "name": Kind(re.compile(r"(?![0-9]+$)[A-Za-z0-9_][A-Za-z0-9._+-]{0,79}"),
                 "a name of letters, digits and . _ + -, not of digits only", "x"),
    "path": Kind(re.compile(r"(/(?!\.\.?(?:/|$))[A-Za-z0-9._+@,-]+)+/?"),
                 "a whole path, from /, of letters, digits and . _ + @ , -", "/x"),
    "device": Kind(re.compile(r"/dev(/(?!\.\.?(?:/|$))[A-Za-z0-9._+:-]+)+"), "a device like /dev/sdb", "/dev/x"),
    "size": Kind(re.compile(r"[1-9][0-9]{0,6}(MiB|GiB|TiB)"), "a size like 512MiB or 2GiB", "1GiB"),
    "number": Kind(re.compile(r"0|[1-9][0-9]{0,9}"), "a whole number", "1"),
    "host": Kind(re.compile(r"([A-Za-z0-9_][A-Za-z0-9_.-]{0,63}@)?[A-Za-z0-9][A-Za-z0-9.-]{0,252}"),
                 "the name or address of a machine", "h"),
}  # fmt: skip


def complaint(kind: str, answer: str) -> str | None:
    """What is wrong with an answer, as a sentence; None if nothing is."""
    if not answer:
        return f"An answer is needed: {KINDS[kind].says}."
    if KINDS[kind].pattern.fullmatch(answer):
        return None
    return f"This must be {KINDS[kind].says}."


def used(text: str) -> list[str]:
    """The names of the variables in `text`."""
    return [name for escaped, name in _VARIABLE.findall(text) if not escaped]


def expand(text: str, values: Mapping[str, str], quote: Callable[[str], str] = str) -> str:
    """`text` with the answers in it; a variable without an answer stays as it is."""

    def value(found: re.Match[str]) -> str:
        if found[1]:
            return found[0][1:]
        return quote(values[found[2]]) if found[2] in values else found[0]

    return _VARIABLE.sub(value, text)


def expand_shell(text: str, values: Mapping[str, str]) -> str:
    """The same for a command: each answer is quoted for the shell."""
    return expand(text, values, shlex.quote)


def expand_pattern(text: str, values: Mapping[str, str]) -> str:
    """The same for a pattern of grep -E: an answer means its own characters."""
    return expand(text, values, lambda value: re.sub(r"[.+*?()\[\]{}|^$\\]", r"\\\g<0>", value))
