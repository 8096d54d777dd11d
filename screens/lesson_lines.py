"""A step of a walkthrough as lines of a screen: its text, its commands, its hints, and what a check found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.cells import cell_len

from xentui.screens.banner import banner
from xentui.screens.drawing import Line, Part, wrap
from xentui.subprocesses import printable
from xentui.walkthroughs.checking import Result, State
from xentui.walkthroughs.lesson import Lesson, Mark
from xentui.walkthroughs.plain import command_text
from xentui.walkthroughs.variables import expand
from xentui.walkthroughs.walkthrough import Block, Kind, Paragraph
from xentui.walkthroughs.walkthrough import Part as Read

NEXT = "Done. Enter goes on."
END = "That was the last step. C takes everything back, Q closes."

#: Lines of what is there instead of what a check wants: a program may say much.
_SEEN_LINES = 2
_ROLES = {"strong": "strong", "em": "strong", "code": "key", "link": "saved"}


def step_lines(lesson: Lesson, width: int, marked: Block | None) -> list[Line]:
    """The lines of the open step; `marked` is the command that is typed next."""
    step, values = lesson.step, lesson.values
    lines: list[Line] = []
    if lesson.index == 0:
        _add(lines, lesson.walkthrough.intro, values, width, None)
    title = f"{lesson.index + 1}. {expand(step.title, values)}"
    marks: Part = ("  done", "running") if lesson.mark(step) is Mark.DONE else ("", "")
    if lesson.mark(step) is Mark.SKIPPED:
        marks = ("  skipped", "paused")
    lines += [((title, "strong"), marks), ()]
    danger = lesson.danger()
    if danger is not None:
        lines += [((f" {text}", "problem"),) for text in wrap(f"DANGER: {danger[0]}", max(10, width - 2))]
        lines.append(())
    _add(lines, step.parts, values, width, marked)
    for number, hint in enumerate(lesson.shown_hints(), 1):
        lines.append(((f"Hint {number}", "paused"),))
        for paragraph in hint.paragraphs:
            lines += paragraph_lines(paragraph, values, width)
        lines.append(())
    if lesson.results:
        lines += [*result_lines(lesson.results, width, END if lesson.at_end else NEXT), ()]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def slide_lines(lesson: Lesson, width: int, marked: Block | None, *, blocks: bool) -> list[Line]:
    """The open step for a room: a large title (where the terminal has `blocks`), and air between the lines."""
    step, values = lesson.step, lesson.values
    inner, margin = max(20, width - 8), (("    ", ""),)
    title = expand(step.title, values)
    large = banner(title, inner) if blocks else []
    lines: list[Line] = [(*margin, (row, "strong")) for row in large or [title]] + [(), ()]
    danger = lesson.danger()
    if danger is not None:
        lines += [(*margin, (f"DANGER: {danger[0]}", "problem")), ()]
    text: list[Line] = []
    if lesson.index == 0:
        _add(text, lesson.walkthrough.intro, values, inner, None)
    _add(text, step.parts, values, inner, marked)
    for line in text:
        if line:
            lines += [(*margin, *line), ()]
    return lines


def _add(
    lines: list[Line], parts: Sequence[Read], values: Mapping[str, str], width: int,
    marked: Block | None,
) -> None:  # fmt: skip
    for index, part in enumerate(parts):
        if isinstance(part, Block):
            lines += command_lines(part, values, width, marked=part is marked)
        else:
            lines += paragraph_lines(part, values, width)
            following = parts[index + 1] if index + 1 < len(parts) else None
            if part.mark and isinstance(following, Paragraph) and following.mark:
                continue  # the items of a list stand close together
        lines.append(())


def paragraph_lines(part: Paragraph, values: Mapping[str, str], width: int) -> list[Line]:
    """A paragraph, wrapped at its blanks."""
    before = "  " * max(0, part.depth - 1) + (f"{part.mark} " if part.mark else "  " * bool(part.depth))
    pieces = [
        (word, "strong" if part.heading else _ROLES.get(span.style, "text"))
        for span in part.spans
        for word in _words(printable_lines(expand(span.text, values)))
    ]
    return list(_wrapped(pieces, width, before))


def printable_lines(text: str) -> str:
    """`text` made harmless, its own newlines kept."""
    return "\n".join(printable(line) for line in text.split("\n"))


def _words(text: str) -> Iterator[str]:
    """Words, blanks and newlines, one after the other."""
    word = ""
    for char in text:
        if char in " \n":
            if word:
                yield word
            yield char
            word = ""
        else:
            word += char
    if word:
        yield word


def _wrapped(pieces: Sequence[Part], width: int, before: str) -> Iterator[Line]:
    line: list[Part] = [(before, "text")]
    used, empty = len(before), True
    for group in _groups(pieces):
        cells = sum(cell_len(text) for text, _ in group)
        if group[0][0] == "\n" or (used + cells > width and not empty and group[0][0] != " "):
            yield tuple(line)
            line, used, empty = [(" " * len(before), "text")], len(before), True
        if group[0][0] == "\n" or (group[0][0] == " " and (empty or used >= width)):
            continue
        for text, role in group:
            line += [(piece, role) for piece in _cut(text, max(1, width - len(before)))]
        used, empty = used + cells, False
    yield tuple(line)


def _cut(text: str, width: int) -> list[str]:
    return [text] if cell_len(text) <= width else [text[: width - 1] + "~"]


def _groups(pieces: Sequence[Part]) -> Iterator[list[Part]]:
    """What must stay together: pieces without a blank between them."""
    group: list[Part] = []
    for piece in pieces:
        if piece[0] in (" ", "\n"):
            if group:
                yield group
            yield [piece]
            group = []
        else:
            group.append(piece)
    if group:
        yield group


def command_lines(block: Block, values: Mapping[str, str], width: int, *, marked: bool) -> Iterator[Line]:
    """Commands as they are typed; the marked one is what the next key types."""
    shown = block.kind is Kind.SHOW
    if block.console is not None:
        yield ((f"  on the console of {expand(block.console, values)}:", "dim"),)
    text = expand(block.text, values) if shown else command_text(block, values)
    for number, line in enumerate(text.split("\n")):
        sign = "    " if shown else "  > " if marked and number == 0 else "  $ " if number == 0 else "    "
        for wrapped in _hard(line, max(10, width - 4)):
            yield ((sign, "marked" if marked else "dim"), (wrapped, "dim" if shown else "key"))
            sign = "    "


def _hard(text: str, width: int) -> list[str]:
    """A command is broken anywhere: it is to be seen whole."""
    clean = printable(text.expandtabs(4))
    return [clean[start : start + width] for start in range(0, max(1, len(clean)), width)]


def result_lines(results: Sequence[Result], width: int, done: str) -> Iterator[Line]:
    """What a look at the checks found: the author's sentence for each that does not hold, and where to look; or that
    it is `done`."""
    if all(result.holds for result in results):
        yield ((done, "running"),)
        return
    for result in results:
        if result.holds:
            continue
        unknown = result.state is State.UNKNOWN
        text = f"It cannot be seen now: {result.seen}" if unknown else f"Not yet: {result.sentence}"
        for line in wrap(text, width):
            yield ((line, "paused" if unknown else "crashed"),)
        if result.seen and not unknown:
            yield from (((line, "dim"),) for line in wrap(f"  now: {result.seen}", width)[:_SEEN_LINES])
        yield from (((line, "dim"),) for line in wrap(f"  l types: {result.look}", width))
