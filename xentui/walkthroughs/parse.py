"""Reading a walkthrough's file. All that is wrong is found with its line; nothing is run."""

from __future__ import annotations

import re
import stat
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it.token import Token

from xentui.walkthroughs.frontmatter import Head, read_head
from xentui.walkthroughs.prose import ProseReader, markdown
from xentui.walkthroughs.walkthrough import (
    BLOCK_SECONDS,
    CHECK_SECONDS,
    Block,
    Check,
    Danger,
    Hint,
    Kind,
    Paragraph,
    Part,
    Problem,
    Span,
    Step,
    Walkthrough,
    WalkthroughError,
)

#: No walkthrough is longer than that, in bytes.
LONGEST = 256 << 10
#: No waiting is longer than that, in seconds.
_LONGEST_WAIT = 3600
_HEADING_MARK = re.compile(r"\s*\{(\w+):\s*((?:[^{}]|\{[a-z][a-z0-9_]*\})*)\}$")
_THING = re.compile(r"`([^`]+)`|(\{[a-z][a-z0-9_]*\})")
_WITHIN = re.compile(r"\s(?:in|within)\s+(\d+)\s?s$")
_ATTRIBUTE = re.compile(r"(\w+)=(\S+)")
_BLOCK_KINDS = tuple(str(kind) for kind in Kind)
#: Blocks whose commands can be told a console and a time.
_COMMANDS = (Kind.SETUP, Kind.RUN, Kind.SOLVE, Kind.UNDO, Kind.CLEANUP)


@dataclass
class Parsed:
    """A file that was read: the walkthrough as far as there is one, and what is wrong with it. `id_line` has its id."""

    walkthrough: Walkthrough
    problems: list[Problem]
    links: list[tuple[int, str]]
    id_line: int = 1


def load(file: str | Path) -> Parsed:
    """Read a file. Raises WalkthroughError if it cannot be read as text at all."""
    return parse(read_text(file), str(file))


def read_text(file: str | Path) -> str:
    """The text of a walkthrough's file. Raises WalkthroughError."""

    def wrong(message: str, line: int = 1) -> WalkthroughError:
        return WalkthroughError([Problem(str(file), line, message)])

    path = Path(file)
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise wrong("is no regular file")
        with path.open("rb") as opened:
            data = opened.read(LONGEST + 1)
    except OSError as error:
        raise wrong(str(error.strerror)) from error
    except ValueError as error:
        raise error if isinstance(error, WalkthroughError) else wrong("has a NUL in its name") from error
    if len(data) > LONGEST:
        raise wrong(f"is longer than {LONGEST >> 10} KiB; that is no walkthrough")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise wrong("is not UTF-8; that is no walkthrough", data[: error.start].count(b"\n") + 1) from error
    for number, line in enumerate(text.split("\n"), 1):
        if any(unicodedata.category(c) == "Cc" and c not in "\t\r\f" for c in line):
            raise wrong("holds control characters; that is no walkthrough", number)
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")


def parse(text: str, file: str = "") -> Parsed:
    """The walkthrough in `text`."""
    lines = text.split("\n")
    head = read_head(lines)
    body = "\n" * head.length + "\n".join(lines[head.length :])
    return _Reader(file, head, lines).read(markdown().parse(body))


@dataclass
class _Draft:
    """A step, or what comes before the first, while it is read."""

    title: str = ""
    line: int = 1
    id: str = ""
    danger: Danger | None = None
    parts: list[Part] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    hints: list[Hint] = field(default_factory=list)

    def step(self) -> Step:
        return Step(
            self.id, self.title, self.line, tuple(self.parts), tuple(self.blocks), tuple(self.checks),
            tuple(self.hints), self.danger,
        )  # fmt: skip


class _Reader:
    def __init__(self, file: str, head: Head, lines: list[str]) -> None:
        self._file, self._head, self._lines = file, head, lines
        self._problems = [Problem(file, line, message) for line, message in head.problems]
        self._prose = ProseReader()
        self._intro = _Draft()
        self._steps: list[_Draft] = []

    def read(self, tokens: list[Token]) -> Parsed:
        heading = False
        for token in tokens:
            if token.type == "heading_open" and token.tag == "h2" and token.level == 0:
                heading = True
            elif heading and token.type == "inline":
                self._begin_step(token)
                heading = False
            elif token.type == "fence":
                self._fence(token)
            elif token.type == "code_block":
                self._complain(_line(token), "indented text is code in Markdown: put it in a fence, ```show or ```run")
            elif (paragraph := self._prose.take(token)) is not None:
                self._draft.parts.append(paragraph)
        problems = sorted(self._problems, key=lambda p: p.line)
        return Parsed(self._walkthrough(), problems, self._prose.links, self._head.lines.get("id", 1))

    def _walkthrough(self) -> Walkthrough:
        head, every = self._head, [self._intro, *self._steps]
        return Walkthrough(
            file=self._file,
            id=head.values.get("id", ""),
            title=head.values.get("title", ""),
            minutes=head.minutes,
            section=head.values.get("section", ""),
            needs=head.needs,
            asks=tuple(head.asks),
            intro=tuple(self._intro.parts),
            setup=tuple(block for block in self._intro.blocks if block.kind is Kind.SETUP),
            cleanup=tuple(b for draft in every for b in draft.blocks if b.kind is Kind.CLEANUP),
            steps=tuple(draft.step() for draft in self._steps),
        )

    @property
    def _draft(self) -> _Draft:
        return self._steps[-1] if self._steps else self._intro

    def _complain(self, line: int, message: str) -> None:
        self._problems.append(Problem(self._file, line, message))

    # Headings

    def _begin_step(self, token: Token) -> None:
        line = _line(token)
        title, draft = token.content.strip(), _Draft(line=line)
        while found := _HEADING_MARK.search(title):
            title = title[: found.start()].rstrip()
            if found[1] == "danger":
                draft.danger = self._danger(line, found[2].strip())
            elif found[1] == "id":
                draft.id = found[2].strip()
            else:
                self._complain(
                    line, f"unknown mark {{{found[1]}: ...}}: a heading can have {{danger: ...}} and {{id: ...}}"
                )
        draft.title = title
        draft.id = draft.id or _slug(title)
        if not title:
            self._complain(line, "a step needs a title after ##")
        self._steps.append(draft)

    def _danger(self, line: int, text: str) -> Danger | None:
        things = [first or second for first, second in _THING.findall(text)]
        if len(things) != 1:
            self._complain(
                line,
                "{danger: ...} must name the one object that is lost, as a variable or `in backticks`: it is typed",
            )
            return None
        return Danger(text, things[0])

    # Fences

    def _fence(self, token: Token) -> None:
        line, info = _line(token), token.info.strip()
        word, _, rest = info.partition(" ")
        if token.level > 0:
            self._complain(line, "a fence inside a list or quotation: move it to the left margin")
        elif self._unclosed(token):
            self._complain(line, f"the fence ```{info} has no end")
        elif word not in _BLOCK_KINDS:
            named = f"unknown fence ```{word[:40]}" if word else "a fence must say what it is"
            self._complain(line, f"{named}: there are {', '.join(_BLOCK_KINDS)}")
        elif not token.content.strip():
            self._complain(line, f"an empty {word}")
        else:
            self._take_block(Kind(word), rest, token.content.rstrip("\n"), line)

    def _unclosed(self, token: Token) -> bool:
        last = (token.map or [0, 0])[1] - 1
        closing = self._lines[last].strip() if last < len(self._lines) else ""
        return last == (token.map or [0])[0] or not closing.startswith(token.markup) or bool(closing.strip("`~"))

    def _take_block(self, kind: Kind, attributes: str, text: str, line: int) -> None:
        draft = self._draft
        if draft is self._intro and kind not in (Kind.SETUP, Kind.SHOW, Kind.CLEANUP):
            self._complain(line, f"{kind} stands before the first step (##)")
            return
        console, seconds = self._attributes(kind, attributes, line)
        if kind is Kind.CHECK:
            draft.checks += self._checks(text, line)
        elif kind is Kind.HINT:
            draft.hints.append(Hint(self._paragraphs(text, line), line))
        else:
            block = Block(kind, text, line, console, seconds)
            draft.blocks.append(block)
            if kind in (Kind.RUN, Kind.SHOW):
                draft.parts.append(block)

    def _attributes(self, kind: Kind, text: str, line: int) -> tuple[str | None, float]:
        console, seconds = None, BLOCK_SECONDS
        for word in text.split():
            found = _ATTRIBUTE.fullmatch(word)
            key, value = (found[1], found[2]) if found else (word, "")
            within = re.fullmatch(r"(\d{1,4})s?", value)
            if kind in _COMMANDS and key == "console" and value:
                console = value
            elif kind in _COMMANDS and key == "within" and within and 0 < int(within[1]) <= _LONGEST_WAIT:
                seconds = float(within[1])
            else:
                known = "console=GUEST and within=90s" if kind in _COMMANDS else "nothing after its name"
                self._complain(line, f"{word[:40]!r}: a {kind} fence takes {known}")
        return console, seconds

    def _paragraphs(self, text: str, line: int) -> tuple[Paragraph, ...]:
        reader = ProseReader()
        found = []
        for token in markdown().parse("\n" * line + text):
            if token.type in ("fence", "code_block"):
                for code in token.content.splitlines():
                    found.append(Paragraph((Span(code, "code"),), _line(token), depth=1))
            elif (paragraph := reader.take(token)) is not None:
                found.append(paragraph)
        self._prose.links += reader.links
        return tuple(found)

    def _checks(self, text: str, line: int) -> list[Check]:
        found = []
        for number, raw in enumerate(text.split("\n"), line + 1):
            words = raw.strip()
            if not words or words.startswith("#"):
                continue
            fact, bar, sentence = words.rpartition(" | ")
            if not bar or not sentence.strip() or not fact.strip():
                self._complain(number, "a check must have its sentence: FACT | what to say when it does not hold")
                continue
            found.append(self._check(fact.strip(), sentence.strip(), number))
        return found

    def _check(self, fact: str, sentence: str, line: int) -> Check:
        seconds = CHECK_SECONDS
        if within := _WITHIN.search(fact):
            fact = fact[: within.start()].rstrip()
            seconds = float(within[1])
            if not 0 < seconds <= _LONGEST_WAIT:
                self._complain(line, f"a check can wait from 1 s to {_LONGEST_WAIT} s")
                seconds = CHECK_SECONDS
        still = fact.startswith("still ")
        return Check(fact.removeprefix("still ").lstrip(), sentence, line, seconds, still)


def _line(token: Token) -> int:
    return (token.map or [0])[0] + 1


def _slug(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60] or "step"
