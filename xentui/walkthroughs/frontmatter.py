"""The head of a walkthrough: flat ``key: value`` lines between two lines of ``---``."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field

from xentui.walkthroughs.variables import KINDS, complaint
from xentui.walkthroughs.walkthrough import FORMAT, Ask

KEYS = ("format", "id", "title", "minutes", "section", "needs", "ask")
_REQUIRED = ("format", "id", "title")
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_ASK = re.compile(r'([a-z][a-z0-9_]*)(?:\s+([a-z]+))?\s*=\s*([^\s"]*)\s*"([^"]+)"')
_NEED = re.compile(r"xl|root|real|memory>=[0-9]+|(?:file|program):\S+")


@dataclass
class Head:
    """What it says; `length` is how many lines of the file it takes. `problems` are (line, sentence)."""

    values: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    asks: list[Ask] = field(default_factory=list)
    length: int = 0
    problems: list[tuple[int, str]] = field(default_factory=list)

    @property
    def minutes(self) -> int:
        text = self.values.get("minutes", "0")
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else 0

    @property
    def needs(self) -> tuple[str, ...]:
        return tuple(self.values.get("needs", "").split())


def read_head(lines: list[str]) -> Head:
    """Read the head of a file's lines; what is wrong is in its `problems`."""
    head = Head()
    if not lines or lines[0].rstrip() != "---":
        head.problems.append((1, "the file must begin with a line ---, then format: 1, id: and title:"))
        return head
    for number, line in enumerate(lines[1:], 2):
        if line.rstrip() == "---":
            head.length = number
            break
        if line.strip() and not line.lstrip().startswith("#"):
            _read_line(head, number, line)
    else:
        head.length = len(lines)
        head.problems.append((1, "the head has no end: a line --- is missing after it"))
    _judge(head)
    return head


def _read_line(head: Head, number: int, line: str) -> None:
    key, colon, value = line.partition(":")
    key, value = key.strip(), value.strip()
    if not colon:
        head.problems.append((number, f"{key[:40]!r} is no line of the form key: value"))
    elif key not in KEYS:
        near = difflib.get_close_matches(key, KEYS, 1)
        hint = f"; did you mean {near[0]!r}?" if near else f": there are {', '.join(KEYS)}"
        head.problems.append((number, f"unknown key {key[:40]!r}{hint}"))
    elif key == "ask":
        _read_ask(head, number, value)
    elif key in head.values:
        head.problems.append((number, f"{key} was said before, on line {head.lines[key]}"))
    else:
        head.values[key], head.lines[key] = value, number


def _read_ask(head: Head, number: int, value: str) -> None:
    found = _ASK.fullmatch(value)
    if found is None:
        head.problems.append(
            (number, 'give it as   ask: NAME KIND = DEFAULT "Question"   (KIND and DEFAULT may be left out)')
        )
        return
    name, kind, default, question = found[1], found[2] or "name", found[3], found[4]
    if kind not in KINDS:
        head.problems.append((number, f"unknown kind of variable {kind!r}: there are {', '.join(KINDS)}"))
        return
    if any(ask.name == name for ask in head.asks):
        head.problems.append((number, f"the variable {name} is asked for twice"))
        return
    wrong = complaint(kind, default) if default else None
    if wrong is not None:
        head.problems.append((number, f"the default of {name}, {default[:40]!r}, will not do. {wrong}"))
        return
    head.asks.append(Ask(name, kind, default, question, number))


def _judge(head: Head) -> None:
    """What the values must be."""
    for key in _REQUIRED:
        if not head.values.get(key):
            head.problems.append((head.lines.get(key, 1), f"the head needs a line   {key}:"))
    version = head.values.get("format", str(FORMAT))
    if not (version.isascii() and version.isdecimal() and len(version) < 5):
        head.problems.append((head.lines["format"], f"format: {version[:40]!r} is no number"))
    elif int(version) != FORMAT:
        advice = "a newer xentui reads it" if int(version) > FORMAT else f"write format: {FORMAT}"
        head.problems.append((head.lines["format"], f"format {version} is not the one read here, {FORMAT}: {advice}"))
    if head.values.get("id") and not _ID.fullmatch(head.values["id"]):
        head.problems.append((head.lines["id"], "an id is made of small letters, digits and -"))
    if "minutes" in head.values and not head.minutes:
        head.problems.append((head.lines["minutes"], "minutes: give a whole number"))
    for word in head.needs:
        if not _NEED.fullmatch(word):
            sentence = (
                f"needs: {word[:40]!r} is unknown: there are xl, root, real, memory>=MIB, program:NAME, file:PATH"
            )
            head.problems.append((head.lines["needs"], sentence))
