"""A walkthrough as its file says it: steps, and in each what is to be read, run and checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

#: The newest version of the format that we read.
FORMAT = 1
#: Seconds that a check waits for its fact, unless it says so itself.
CHECK_SECONDS = 5.0
#: Seconds that the commands of a block may take where nobody watches them, unless the block says so.
BLOCK_SECONDS = 60.0


class Kind(StrEnum):
    """What a fenced block is for."""

    SETUP = "setup"
    RUN = "run"
    SHOW = "show"
    CHECK = "check"
    HINT = "hint"
    SOLVE = "solve"
    UNDO = "undo"
    CLEANUP = "cleanup"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a file, on a line of it."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class WalkthroughError(ValueError):
    """A file that is no walkthrough. `problems` are all that is wrong with it, at least one."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        more = f" (and {len(problems) - 1} more: xentui walkthrough lint)" if len(problems) > 1 else ""
        super().__init__(f"{problems[0]}{more}")


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a paragraph; `style` is "", "strong", "em", "code" or "link"."""

    text: str
    style: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph, heading or item of a list; `mark` is what stands before an item ("-", "2.")."""

    spans: tuple[Span, ...]
    line: int
    mark: str = ""
    depth: int = 0
    heading: bool = False

    @property
    def text(self) -> str:
        return "".join(span.text for span in self.spans)


@dataclass(frozen=True, slots=True)
class Block:
    """Commands of a block, typed on the guest's console if it names one; `seconds` is how long they may take."""

    kind: Kind
    text: str
    line: int
    console: str | None = None
    seconds: float = BLOCK_SECONDS


@dataclass(frozen=True, slots=True)
class Check:
    """A fact that is to hold, waited for up to `seconds`, and the sentence to say when it does not.

    A `still` check states what must hold before the step and after it.
    """

    fact: str
    sentence: str
    line: int
    seconds: float = CHECK_SECONDS
    still: bool = False


@dataclass(frozen=True, slots=True)
class Hint:
    paragraphs: tuple[Paragraph, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Danger:
    """What is lost (`text`), and the object that must be typed to go on (`thing`)."""

    text: str
    thing: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A variable: asked once, checked against its `kind` (see `variables`)."""

    name: str
    kind: str
    default: str
    question: str
    line: int


#: What is read in a step, in its order; `run` and `show` blocks stand where the author put them.
Part = Paragraph | Block


@dataclass(frozen=True, slots=True)
class Step:
    """One ``##`` of the file."""

    id: str
    title: str
    line: int
    parts: tuple[Part, ...] = ()
    blocks: tuple[Block, ...] = ()
    checks: tuple[Check, ...] = ()
    hints: tuple[Hint, ...] = ()
    danger: Danger | None = None

    def of_kind(self, kind: Kind) -> tuple[Block, ...]:
        return tuple(block for block in self.blocks if block.kind is kind)

    @property
    def solution(self) -> tuple[Block, ...]:
        """What does the step: its `solve` blocks, else its `run` blocks."""
        return self.of_kind(Kind.SOLVE) or self.of_kind(Kind.RUN)


@dataclass(frozen=True, slots=True)
class Walkthrough:
    """A file. `needs` are words like ``xl`` and ``memory>=192``; `section` is the guide's own number."""

    file: str
    id: str
    title: str
    minutes: int = 0
    section: str = ""
    needs: tuple[str, ...] = ()
    asks: tuple[Ask, ...] = ()
    intro: tuple[Part, ...] = ()
    setup: tuple[Block, ...] = ()
    cleanup: tuple[Block, ...] = ()
    steps: tuple[Step, ...] = ()

    def step(self, id: str) -> Step | None:
        return next((step for step in self.steps if step.id == id), None)

    @property
    def parts(self) -> Iterator[Part]:
        """All that is read in it."""
        yield from self.intro
        for step in self.steps:
            yield from step.parts
