"""A fact about the dom0, and the forms in which a check can state one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from xentui.walkthroughs.world import World


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a fact holds, and what was seen instead if not ("server02 is paused")."""

    holds: bool
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """`look` is the command with which a person looks at it; `test` may raise UnknownError.

    `subject` is what it is about: of two facts with one subject, the later one in a walkthrough may have
    ended the earlier one.
    """

    text: str
    subject: tuple[str, ...]
    look: str
    test: Callable[[World], Verdict]


Words = Mapping[str, str]

#: What may stand at a place of a form.
_PLACES = {
    "name": r"[^\s/]\S*",
    "path": r"/\S*",
    "device": r"/dev/\S+",
    "pattern": r"/.+/",
    "op": r">=|<=|=|>|<",
    "size": r"\d+(?:\.\d+)?(?:[KMGT]iB)?",
    "count": r"\d+",
    "volume": r"[^\s/]+/[^\s/]+",
    "address": r"\S+:\d+",
    "rest": r".+",
}


@dataclass(frozen=True, slots=True)
class Form:
    """A way to state a fact: ``domain <name> is <state:running|absent>``, and what makes a Fact of its words.

    A place is ``<kind>``, ``<label=kind>``, or ``<label:one|another>``. `about` is for the author's list.
    """

    words: str
    about: str
    make: Callable[[str, Words], Fact]
    sample: str = ""

    @property
    def verb(self) -> str:
        return self.words.split()[0]

    @property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(r"\s+".join(_place(word) for word in self.words.split()))


def _place(word: str) -> str:
    found = re.fullmatch(r"<(?:(\w+)(?:=(\w+)|:([^>]+))|(\w+))>", word)
    if found is None:
        return re.escape(word)
    if found[3]:
        return f"(?P<{found[1]}>{found[3]})"
    return rf"(?P<{found[1] or found[4]}>{_PLACES[found[2] or found[4]]}|\{{[a-z]\w*\}}\S*)"


def mib(size: str) -> float:
    """A size in MiB; a bare number is MiB already."""
    units = {"KiB": 1 / 1024, "MiB": 1.0, "GiB": 1024.0, "TiB": 1024.0 * 1024}
    return float(size[:-3]) * units[size[-3:]] if size.endswith("iB") else float(size)


def compare(left: float, op: str, right: float) -> bool:
    """`left op right`; sizes that differ by less than half a MiB are the same."""
    equal = abs(left - right) < 0.5
    return {
        "=": equal, ">=": left > right or equal, "<=": left < right or equal,
        ">": left > right and not equal, "<": left < right and not equal,
    }[op]  # fmt: skip
