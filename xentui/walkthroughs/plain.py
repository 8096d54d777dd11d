"""A walkthrough as lines of plain text, for `show` and for terminals that can do no more."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping

from xentui.walkthroughs.variables import expand, expand_shell
from xentui.walkthroughs.walkthrough import Block, Kind, Paragraph, Part, Step, Walkthrough

#: The columns of a line of text.
WIDTH = 76
_MARKS = {"strong": "*", "code": "`"}


def whole(walkthrough: Walkthrough, values: Mapping[str, str]) -> Iterator[str]:
    """All that there is to read."""
    title = expand(walkthrough.title, values)
    yield title
    yield "=" * len(title)
    yield ""
    yield from parts(walkthrough.intro, values)
    for number, step in enumerate(walkthrough.steps, 1):
        yield from heading(number, step, values)
        yield from parts(step.parts, values)
        for check in step.checks:
            yield f"  done when: {expand(check.fact, values)}"
        yield ""


def heading(number: int, step: Step, values: Mapping[str, str]) -> Iterator[str]:
    """The title of a step, and what it endangers."""
    title = f"{number}. {expand(step.title, values)}"
    yield title
    yield "-" * len(title)
    if step.danger is not None:
        yield f"DANGER: {expand(step.danger.text, values)}"


def parts(read: tuple[Part, ...], values: Mapping[str, str]) -> Iterator[str]:
    """Paragraphs, and commands behind four blanks."""
    item = False
    for part in read:
        if isinstance(part, Block):
            yield from commands(part, values)
            item = False
        else:
            # The items of a list stand close together.
            if item and not part.mark and not part.depth:
                yield ""
            yield from paragraph(part, values)
            item = bool(part.mark)
        if not item:
            yield ""
    if item:
        yield ""


def paragraph(part: Paragraph, values: Mapping[str, str], width: int = WIDTH) -> Iterator[str]:
    """A paragraph in lines of `width` columns."""
    text = expand("".join(f"{_MARKS.get(s.style, '')}{s.text}{_MARKS.get(s.style, '')}" for s in part.spans), values)
    before = "  " * max(0, part.depth - 1) + (f"{part.mark} " if part.mark else "  " * bool(part.depth))
    for line in text.split("\n"):
        yield from textwrap.wrap(
            line, width, initial_indent=before, subsequent_indent=" " * len(before),
            break_long_words=False, break_on_hyphens=False,
        ) or [""]  # fmt: skip
        before = " " * len(before)


def commands(block: Block, values: Mapping[str, str]) -> Iterator[str]:
    """The lines of a block."""
    if block.console is not None:
        yield f"  (on the console of {expand(block.console, values)})"
    text = expand(block.text, values) if block.kind is Kind.SHOW else command_text(block, values)
    yield from (f"    {line}" for line in text.split("\n"))


def command_text(block: Block, values: Mapping[str, str]) -> str:
    """What a block types: answers are quoted for the shell, also for a guest's."""
    return expand_shell(block.text, values)
