"""A watch over what guests print: words, or simple regular expressions, that raise a notice.

It looks at the bytes before the emulator does, so that nothing is missed in a flood, and across the borders of
reads. A guest cannot hold it up: words are found by `str.find`, a line is looked at up to LINE characters, and
regular expressions of a kind that may take exponential time are refused; what a slice may cost is bounded.
"""

from __future__ import annotations

import codecs
import re
import time
from collections.abc import Callable, Iterable
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

#: Characters of a line that regular expressions look at.
LINE = 160
#: Characters that a pattern may have, and patterns of one watch.
LONGEST, MOST = 100, 20
#: Seconds between two notices of the same pattern; what is found meanwhile is counted.
QUIET = 30.0
#: Seconds that regular expressions may take per call; lines beyond are not looked at by them.
BUDGET = 0.003
#: Open-ended repeats in an expression: each multiplies what a line may cost by its length.
_REPEATS = 2
_ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[()*+][0-9A-Za-z]|[78=>cDEHM])|[\x00-\x08\x0b\x0c\x0e-\x1a]")

_LINE_ENDS = re.compile(r"[\r\n]+")
_CUT = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*|[()*+])?\Z")


class PatternError(ValueError):
    """A pattern that cannot be watched for. One sentence."""


class Pattern(NamedTuple):
    """`words` as the user wrote them; `expression` when they stand between slashes."""

    words: str
    expression: re.Pattern[str] | None


class Notice(NamedTuple):
    """What was found: the pattern, the line it is in, and how often it was found since the last notice."""

    words: str
    line: str
    times: int


def pattern_of(words: str) -> Pattern:
    """`Kernel panic` is looked for as it stands, `/err(or)?s: [0-9]+/` as a regular expression. Raises PatternError."""
    if not words.strip():
        raise PatternError("an empty pattern would be found everywhere")
    if len(words) > LONGEST:
        raise PatternError(f"{words[:20]!r}...: a pattern has at most {LONGEST} characters")
    if len(words) < 3 or not (words[0] == words[-1] == "/"):
        return Pattern(words, None)
    try:
        tree = parser.parse(words[1:-1])
        expression = re.compile(words[1:-1])
    except (re.error, RecursionError, OverflowError) as error:
        raise PatternError(f"{words} is no regular expression: {error}") from None
    if expression.search("") is not None:
        raise PatternError(f"{words} would be found everywhere")
    repeats = _open_ended(tree)
    if repeats is None or repeats > _REPEATS:
        raise PatternError(
            f"{words} might take for ever: at most {_REPEATS} of * + {{n,}}, and none around a group that varies"
        )
    return Pattern(words, expression)


def _open_ended(tree: Any) -> int | None:
    """How many repeats have no small end; None if one is of something that is not always as long."""
    count = 0
    for kind, value in tree:
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            _, high, inner = value
            if high > 20:
                if not _fixed(inner):
                    return None
                count += 1
            elif (within := _open_ended(inner)) is None or (within and high > 1):
                return None
            else:
                count += within
        elif kind in (op.GROUPREF, op.GROUPREF_EXISTS):
            return None
        else:
            for part in _parts(kind, value):
                if (within := _open_ended(part)) is None:
                    return None
                count += within
    return count


def _fixed(tree: Any) -> bool:
    """Whether it matches in one way only, and always as many characters."""
    low, high = tree.getwidth()
    kinds = (op.LITERAL, op.NOT_LITERAL, op.IN, op.ANY, op.SUBPATTERN)
    return bool(
        low == high and all(kind in kinds and all(_fixed(part) for part in _parts(kind, value)) for kind, value in tree)
    )


def _parts(kind: Any, value: Any) -> Iterable[Any]:
    if kind is op.SUBPATTERN:
        return [value[3]]
    if kind is op.BRANCH:
        return list(value[1])
    if kind in (op.ASSERT, op.ASSERT_NOT):
        return [value[1]]
    return [value] if kind is op.ATOMIC_GROUP else []


class Watch:
    """Looks for `patterns` in what it is fed; a session's tap."""

    def __init__(
        self,
        patterns: Iterable[str],
        found: Callable[[Notice], None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`found` is called with each notice, from within `feed`. Raises PatternError."""
        self._found, self._clock = found, clock
        self._last: dict[str, float] = {}
        self._times: dict[str, int] = {}
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._overlap = 0  # bytes at the beginning of a piece that were looked at before
        self._tail = b""
        self._line = ""
        self._found_in_line: set[str] = set()
        self.skipped = 0
        """Lines that regular expressions were not tried on, as there was no time."""
        self.set(patterns)

    def set(self, patterns: Iterable[str]) -> None:
        """Look for these from now on. Raises PatternError, and then goes on as before."""
        read = [pattern_of(words) for words in dict.fromkeys(patterns)]
        if len(read) > MOST:
            raise PatternError(f"{len(read)} patterns: at most {MOST} are watched for")
        self.patterns = tuple(pattern.words for pattern in read)
        self._words = [(p.words, p.words.encode("utf-8", "replace")) for p in read if p.expression is None]
        self._expressions = [(p.words, p.expression) for p in read if p.expression is not None]
        self._keep = max((len(wanted) for _, wanted in self._words), default=1) - 1

    def seen(self) -> None:
        """The user looks at what was printed: the next that is found is news, however soon it comes."""
        self._last.clear()
        self._times.clear()

    def feed(self, data: bytes) -> None:
        """Look at what a guest printed, in pieces of any size."""
        if not self.patterns:
            return
        # An escape sequence that was cut stays for the next piece; words are found across the border.
        text = self._tail + data
        rest = b""
        if b"\x1b" in text or b"\0" in text:
            cut = _CUT.search(text, max(0, len(text) - 16))
            rest = cut[0] if cut is not None else b""
            text = _ESCAPES.sub(b"", text[: len(text) - len(rest)])
        self._find_words(text)
        if self._expressions:
            self._try_expressions(self._decode(text[self._overlap :]))
        kept = text[-self._keep :] if self._keep else b""
        self._overlap = len(kept)
        self._tail = kept + rest

    def _find_words(self, text: bytes) -> None:
        for words, wanted in self._words:
            first = at = text.find(wanted, max(0, self._overlap - len(wanted) + 1))
            count = 0
            while at >= 0 and count < 1000:
                count += 1
                at = text.find(wanted, at + len(wanted))
            if count:
                self._note(words, _line_around(text, first, len(wanted)), count)

    def _try_expressions(self, text: str) -> None:
        """A line that waits, as a prompt does, is looked at each time it grows, until something is found."""
        end = self._clock() + BUDGET
        *whole, last = _LINE_ENDS.split(text)
        for number, more in enumerate([*whole, last]):
            if number:
                self._line = ""
                self._found_in_line.clear()
            if not more or len(self._line) >= LINE:
                continue
            self._line = (self._line + more)[:LINE]
            if self._clock() > end:
                self.skipped += 1
                continue
            for words, expression in self._expressions:
                if words not in self._found_in_line and expression.search(self._line):
                    self._found_in_line.add(words)
                    self._note(words, self._line, 1)

    def _note(self, words: str, line: str, count: int) -> None:
        self._times[words] = self._times.get(words, 0) + count
        now = self._clock()
        if now - self._last.get(words, -QUIET) >= QUIET:
            self._last[words] = now
            self._found(Notice(words, line, self._times.pop(words)))


def _line_around(text: bytes, at: int, length: int) -> str:
    """The line that something was found in, LINE bytes of it at most."""
    start = max(text.rfind(b"\n", 0, at), text.rfind(b"\r", 0, at)) + 1
    ends = [end for end in (text.find(b"\n", at), text.find(b"\r", at)) if end >= 0]
    line = text[max(start, at - LINE // 2) : min([*ends, at + length + LINE // 2])].decode("utf-8", "ignore")
    return "".join(character for character in line if character.isprintable()).strip()
