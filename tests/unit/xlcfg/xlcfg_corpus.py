"""Reading corpus.txt: small files, and all that the checker has to say about them.

A case begins with ``== pv``, ``== pvh``, ``== hvm`` (what a good guest of that type needs is added, as far as the
case does not say it) or ``== none``; after its text come the findings, ``-- LINE:COLUMN severity code key``. In the
text, ``\\r`` at a line's end and ``\\0`` stand for the bytes, and a last ``|`` for no end of line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("corpus.txt")
_GOOD = {
    "none": {},
    "pv": {"name": '"good"', "type": '"pv"', "kernel": '"/boot/vmlinuz"', "memory": "128"},
    "pvh": {"name": '"good"', "type": '"pvh"', "kernel": '"/boot/vmlinuz"', "memory": "128"},
    "hvm": {"name": '"good"', "type": '"hvm"', "serial": '"pty"', "memory": "128"},
}


@dataclass(frozen=True)
class Case:
    line: int
    text: str
    expected: tuple[str, ...]


def cases() -> list[Case]:
    found: list[Case] = []
    kind, body, expected, begun = "", [], [], 0
    for number, line in enumerate([*FILE.read_text(encoding="utf-8").splitlines(), "== "], 1):
        if line.startswith("== "):
            if kind:
                found.append(Case(begun, _text(kind, body), tuple(expected)))
            kind, body, expected, begun = line[3:], [], [], number
        elif line.startswith("-- "):
            expected.append(line[3:])
        else:
            body.append(line)
    return found


def _text(kind: str, lines: list[str]) -> str:
    text = "".join(line + "\n" for line in lines)
    text = text.replace("\\r\n", "\r\n").replace("\\0", "\0")
    rest = "".join(
        f"{key} = {value}\n" for key, value in _GOOD[kind].items() if not re.search(rf"^{key}\b", text, re.MULTILINE)
    )
    return rest + text[: text.rindex("|")] if text.endswith("|\n") else text + rest
