"""Today's file for one that was written for xm: `xentui config convert`.

Comments, order and layout stay; each setting is mended where it stands; what goes is left as a comment with its reason.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field

from xentui.xlcfg.by_hand import PyValue
from xentui.xlcfg.check import check
from xentui.xlcfg.evaluation import Evaluation, Step, evaluate
from xentui.xlcfg.findings import Finding
from xentui.xlcfg.keys import keys
from xentui.xlcfg.parser import ConfigError, parse
from xentui.xlcfg.sheet import quote_text
from xentui.xlcfg.xm_settings import Today, network_words, today

#: A line as Python counts them; str.splitlines knows more ends.
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
_MARK = "# xentui config convert: "
#: Findings whose repairs change nothing of what was meant.
_MENDED = {
    "not-a-number", "word-flag", "flag-number", "old-form", "bad-uuid", "pygrub-path", "no-final-newline",
    "upper-case", "negative-number", "word-case",
}  # fmt: skip


@dataclass(slots=True)
class Converted:
    """`text` is the new file, None where something would have to be run: `problems` says what and where, a sentence
    each. `findings` is what the checker says about the new file."""

    text: str | None = None
    problems: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def convert(text: str, filename: str = "") -> Converted:
    """Make today's file of `text`. Never raises, and never runs anything of it."""
    text = text.replace("\r\n", "\n")
    found = evaluate(text)
    if found.problems:
        return Converted(problems=[f"{filename}:{line}: {says}" for line, says in found.problems])
    new = _mended(_written(text, found))
    return Converted(new, [], check(new, filename))


def _written(text: str, found: Evaluation) -> str:
    pieces: list[str] = []
    at = 0
    for step in found.steps:
        pieces.append(text[at : step.start])
        written = _step(text, step, found.names)
        at = step.end
        if written.rpartition("\n")[2].startswith("#") and text[at:].lstrip(" \t").startswith(";"):
            written += "\n"  # what follows is no comment
        pieces.append(written)
    rest = text[at:]
    pieces.append(rest if rest.endswith("\n") or not (pieces or rest) else rest + "\n")
    new = "".join(pieces)
    if "type" not in found.names and "builder" not in found.names and found.steps:
        new += f'{_MARK}a guest without builder is a PV guest\ntype = "pv"\n'
    if words := network_words(found.names):
        has_extra = any(key == "extra" for step in found.steps for key, _value in step.sets)
        setting = f'extra += " {words}"' if has_extra else f"extra = {quote_text(words)}"
        new += f"{_MARK}xm made this of ip, netmask, gateway, hostname and dhcp\n{setting}\n"
    return new


def _step(text: str, step: Step, names: dict[str, PyValue]) -> str:
    source = text[step.start : step.end]
    line_start = text.rfind("\n", 0, step.start) + 1
    first = not text[line_start : step.start].strip()
    if not step.sets:
        return _dropped(source, "Python", first)
    if step.value is not None and len(step.sets) == 1:
        key, value = step.sets[0]
        return _assignment(source, step, today(key, value, names), first)
    if step.as_is:
        return source
    lines = [line for key, value in step.sets for line in _lines(today(key, value, names))]
    kept = "\n".join(lines)
    dropped = _dropped(source, "Python, worked out by hand" if kept else "Python", first)
    return f"{dropped}\n{kept}" if kept else dropped


def _assignment(source: str, step: Step, settings: list[Today], first: bool) -> str:
    new = settings[0]
    if not new.key:
        return _dropped(source, new.remark, first)
    if len(settings) > 1:
        return "\n".join(_lines(settings))
    remark = f"{_MARK}{new.remark}\n" if new.remark and first else ""
    assert step.value is not None  # noqa: S101
    old_key = step.sets[0][0]
    joined = step.adds and keys()[new.key].kind not in ("number", "flag", "words")
    if step.adds and not (joined and isinstance(step.value, ast.Constant | ast.List)):
        return f"{remark}{new.key} = {render(new.value)}"
    if step.adds:  # only what is added
        new = _tail(step, new)
    start, end = _span(source, step.value)
    value = _in_place(source, step.value, new.value)
    head = source[:start]
    if head.startswith(old_key):
        head = new.key + head[len(old_key) :]
    tail = source[end:] if not source[end:].strip(") \t\n\\") else ""
    opened = head.count("(")
    if opened or "\\\n" in head:
        head, tail = f"{new.key} {'+=' if step.adds else '='} ", ""
    return remark + head + value + tail


def _tail(step: Step, new: Today) -> Today:
    if isinstance(step.value, ast.List) and isinstance(new.value, list):
        count = len(step.value.elts)
        return Today(new.key, new.value[len(new.value) - count :], new.remark)
    if isinstance(step.value, ast.Constant) and isinstance(step.value.value, str):
        return Today(new.key, step.value.value, new.remark)
    return new


def _lines(settings: list[Today]) -> list[str]:
    return [f"{new.key} = {render(new.value)}" for new in settings if new.key]


def _dropped(source: str, reason: str, first: bool) -> str:
    """The source as a comment; in the midst of a line, nothing."""
    if not first:
        return ""
    lines = source.splitlines()
    return "\n".join([f"{_MARK}left out: {reason}", *(f"#   {line}" for line in lines)])


def _in_place(source: str, node: ast.expr, value: PyValue) -> str:
    """The value as it is written, with only those items of a list changed that must be."""
    if isinstance(node, ast.List | ast.Tuple) and isinstance(value, list) and len(node.elts) == len(value):
        start, end = _span(source, node)
        pieces: list[str] = []
        at = start
        for item, new in zip(node.elts, value, strict=True):
            item_start, item_end = _span(source, item)
            pieces += [source[at:item_start], _single(source[item_start:item_end], item, new)]
            at = item_end
        pieces.append(source[at:end])
        written = "".join(pieces)
        if isinstance(node, ast.Tuple):
            written = f"[{written.removeprefix('(').removesuffix(')')}]"
        return written if _reads_as(written, value) else render(value)
    start, end = _span(source, node)
    return _single(source[start:end], node, value)


def _single(written: str, node: ast.expr, value: PyValue) -> str:
    if isinstance(node, ast.Constant) and _reads_as(written, value):
        return written
    quote = "'" if written.startswith("'") else '"'
    return render(value, quote)


def _reads_as(written: str, value: PyValue) -> bool:
    """Whether xl reads the same there."""
    try:
        return parse(f"a={written}\n").get("a") == value
    except ConfigError:
        return False


def _span(source: str, node: ast.expr) -> tuple[int, int]:
    """Offsets of a node: ast counts lines from 1, and columns in UTF-8 bytes."""
    lines = _LINE.findall(source)

    def offset(line: int, column: int) -> int:
        before = sum(len(text) for text in lines[: line - 1])
        return before + len(lines[line - 1].encode()[:column].decode())

    return offset(node.lineno, node.col_offset), offset(node.end_lineno or node.lineno, node.end_col_offset or 0)


def render(value: PyValue, quote: str = '"') -> str:
    """A value in xl's language."""
    if isinstance(value, list):
        return "[" + ", ".join(render(item, quote) for item in value) + "]"
    if isinstance(value, int):
        return str(value) if value >= 0 else f'"{value}"'
    return quote_text(value or "", quote)


def _mended(text: str) -> str:
    for _ in range(100):
        repair = next((f.repair for f in check(text) if f.repair is not None and f.code in _MENDED), None)
        if repair is None:
            break
        text = repair.apply(text)
    return text
