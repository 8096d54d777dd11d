"""What is wrong with a walkthrough, without walking through it: each problem with its file and line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from xentui.subprocesses import CommandError, Runner
from xentui.walkthroughs.facts.verbs import FactError, read_fact
from xentui.walkthroughs.parse import Parsed
from xentui.walkthroughs.variables import KINDS, expand_shell, used
from xentui.walkthroughs.walkthrough import Block, Check, Kind, Paragraph, Problem, Step, Walkthrough

#: Seconds for bash and grep to look at a text.
_LOOK_SECONDS = 10.0
_BASH_LINE = "bash: line "


def samples(walkthrough: Walkthrough) -> dict[str, str]:
    """Answers with which the file can be looked at: the defaults, or something of the kind."""
    return {ask.name: ask.default or KINDS[ask.kind].sample for ask in walkthrough.asks}


def lint(parsed: Parsed, neighbours: Mapping[str, Path]) -> list[Problem]:
    """All problems of a file that was read. `neighbours` are the other walkthroughs, by id: links may lead there."""
    walkthrough = parsed.walkthrough
    found = [*parsed.problems]

    def add(line: int, message: str) -> None:
        found.append(Problem(walkthrough.file, line, message))

    for line, message in _all(parsed, neighbours):
        add(line, message)
    return sorted(found, key=lambda problem: problem.line)


Found = Iterator[tuple[int, str]]


def _all(parsed: Parsed, neighbours: Mapping[str, Path]) -> Found:
    walkthrough = parsed.walkthrough
    if not walkthrough.steps:
        yield 1, "there is no step: a step begins with a line   ## Title"
    for id, count in Counter(step.id for step in walkthrough.steps).items():
        if count > 1:
            line = [step.line for step in walkthrough.steps if step.id == id][1]
            yield line, f"a second step has the id {id!r}: give one of them another title, or {{id: ...}}"
    yield from _variables(walkthrough)
    values = samples(walkthrough)
    for step in walkthrough.steps:
        yield from _step(step)
        for check in step.checks:
            yield from _check(check, values)
        for hint in step.hints:
            if not any(paragraph.text.strip() for paragraph in hint.paragraphs):
                yield hint.line, "an empty hint"
    yield from _links(parsed, neighbours)
    for block in _blocks(walkthrough):
        yield from _shell(block, values)


def _blocks(walkthrough: Walkthrough) -> Iterator[Block]:
    yield from (*walkthrough.setup, *walkthrough.cleanup)
    for step in walkthrough.steps:
        yield from (block for block in step.blocks if block.kind is not Kind.CLEANUP)


def _step(step: Step) -> Found:
    if step.danger is not None and not step.solution:
        yield step.line, "a step marked {danger: ...} has nothing to run"
    if not step.checks:
        return
    if not step.solution:
        yield step.line, "a step with a check needs a run or a solve: what makes the check hold?"
    if all(check.still for check in step.checks):
        yield step.checks[0].line, "every check of this step is a still one: it would be done before it began"
    if not step.of_kind(Kind.UNDO) and step.danger is None:
        yield step.line, "a step with a check needs an undo, or a {danger: ...} that says that it has none"


def _check(check: Check, values: Mapping[str, str]) -> Found:
    if any(name not in values for name in used(check.fact)):
        return  # said already
    try:
        fact = read_fact(check.fact, values)
    except FactError as error:
        yield check.line, str(error)
        return
    if fact.subject[0] == "unchanged" and not check.still:
        yield check.line, "unchanged holds before the step, too: write   still unchanged ..."
    pattern = check.fact.split(" /", 1)[1][:-1] if check.fact.endswith("/") and " /" in check.fact else None
    if pattern is not None and _run(["grep", "-E", "-e", pattern, "/dev/null"])[0] == 2:
        yield check.line, f"/{pattern[:60]}/ is no pattern of grep -E"


def _variables(walkthrough: Walkthrough) -> Found:
    known = {ask.name for ask in walkthrough.asks}
    seen: set[str] = set()
    for line, text in _texts(walkthrough):
        for name in used(text):
            seen.add(name)
            if name not in known:
                yield (
                    line,
                    f"{{{name}}} is no variable of this walkthrough; ask for it in the head, or write \\{{{name}}}",
                )
    for ask in walkthrough.asks:
        if ask.name not in seen:
            yield ask.line, f"the variable {ask.name} is asked for and never used"


def _texts(walkthrough: Walkthrough) -> Iterator[tuple[int, str]]:
    """Every text in which a variable may stand, with its line."""
    yield 1, walkthrough.title
    yield from ((1, need) for need in walkthrough.needs)
    for part in walkthrough.parts:
        if isinstance(part, Paragraph) or part.kind is Kind.SHOW:
            yield part.line, part.text
    for step in walkthrough.steps:
        yield step.line, step.title
        if step.danger is not None:
            yield step.line, step.danger.text
        for check in step.checks:
            yield check.line, f"{check.fact} {check.sentence}"
        for hint in step.hints:
            yield from ((paragraph.line, paragraph.text) for paragraph in hint.paragraphs)
    for block in _blocks(walkthrough):
        if block.kind is not Kind.SHOW:
            yield block.line, block.text
        if block.console is not None:
            yield block.line, block.console


def _links(parsed: Parsed, neighbours: Mapping[str, Path]) -> Found:
    walkthrough = parsed.walkthrough
    for line, target in parsed.links:
        if target.startswith(("https://", "http://")):
            continue
        place, _, step = target.partition("#")
        if not place:
            if walkthrough.step(step) is None:
                yield line, f"the link to #{step[:60]} leads to no step of this walkthrough"
        elif not (place.endswith(".md") and "/" not in place):
            yield line, f"the link to {place[:60]} leads nowhere: link to ID.md, #STEP or https://..."
        elif place.removesuffix(".md") not in neighbours and not (Path(walkthrough.file).parent / place).is_file():
            yield line, f"the link to {place[:60]}: there is no such walkthrough"


def _shell(block: Block, values: Mapping[str, str]) -> Found:
    """Whether bash could read the commands."""
    if block.console is not None or block.kind is Kind.SHOW:
        return
    status, said = _run(["bash", "-n", "-c", expand_shell(block.text, values)])
    if status:
        first = next((line for line in said.splitlines() if _BASH_LINE in line), "")
        number, _, message = first.partition(_BASH_LINE)[2].partition(": ")
        offset = int(number) if number.isdecimal() else 1
        yield block.line + offset, f"bash cannot read this: {message or said.strip()[:80] or 'syntax error'}"


def _run(argv: list[str]) -> tuple[int | None, str]:
    try:
        done = Runner().run(argv, deadline=_LOOK_SECONDS, record=False, check=False)
    except CommandError as error:
        return None, str(error)
    return done.status, done.stderr
