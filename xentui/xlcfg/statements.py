"""The logical lines of a file written for xm, which ran it as Python: what stands where, comments apart."""

from __future__ import annotations

import re
from dataclasses import dataclass

_COMPOUND = re.compile(r"(?:if|elif|else|for|while|def|class|with|try)\b")
_OPENING, _CLOSING = "([{", ")]}"


@dataclass(frozen=True, slots=True)
class Statement:
    """A logical line, from offset `start` to `end`, without its indent, its comment and its end of line."""

    text: str
    start: int
    end: int
    line: int
    indent: int


def statements(text: str) -> list[Statement]:
    """All logical lines; blank lines and comments are what lies between them."""
    found: list[Statement] = []
    at, line, counted = 0, 1, 0
    while at < len(text):
        line_start = at
        while at < len(text) and text[at] in " \t\f":
            at += 1
        indent = at - line_start
        while at < len(text) and text[at] not in "\n#":  # more than one where ; divides them
            start = at
            at, end = _scan(text, start, whole_line=_COMPOUND.match(text, start) is not None)
            if text[start:end].strip():
                line += text.count("\n", counted, start)
                counted = start
                found.append(Statement(text[start:end], start, end, line, indent))
            while at < len(text) and text[at] in " \t;":
                at += 1
        newline = text.find("\n", at)
        at = len(text) if newline < 0 else newline + 1
    return found


def _scan(text: str, at: int, *, whole_line: bool) -> tuple[int, int]:
    """Where the statement that begins at `at` stops, and where its last character but blanks is."""
    depth, end = 0, at
    while at < len(text):
        char = text[at]
        if char in "\"'":
            at = end = _string_end(text, at)
            continue
        if char == "\\" and text.startswith("\\\n", at):
            at += 2
            continue
        if char == "#":
            if depth == 0:
                break
            newline = text.find("\n", at)
            at = len(text) if newline < 0 else newline
            continue
        if char == "\n" and depth == 0:
            break
        if char == ";" and depth == 0 and not whole_line:
            break
        if char in _OPENING:
            depth += 1
        elif char in _CLOSING:
            depth = max(0, depth - 1)
        at += 1
        if char not in " \t\n":
            end = at
    return at, end


def _string_end(text: str, at: int) -> int:
    quote = text[at] * 3 if text.startswith(text[at] * 3, at) else text[at]
    at += len(quote)
    while at < len(text):
        if text[at] == "\\":
            at += 2
        elif text.startswith(quote, at):
            return at + len(quote)
        elif text[at] == "\n" and len(quote) == 1:
            return at
        else:
            at += 1
    return len(text)
