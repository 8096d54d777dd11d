"""A file written for xm, statement by statement: which keys it sets to what, and what it did in between."""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass, field

from xentui.xlcfg.by_hand import NotByHandError, PyValue, work_out
from xentui.xlcfg.parser import ConfigError, Plain, parse
from xentui.xlcfg.statements import Statement, statements

_NOT_RUN = {
    ast.For: "a for loop",
    ast.While: "a while loop",
    ast.FunctionDef: "a function",
    ast.ClassDef: "a class",
    ast.With: "a with block",
    ast.Try: "a try block",
    ast.Delete: "a del",
    ast.Global: "a global",
}
_BRANCHES = ("else", "elif")


@dataclass(slots=True)
class Step:
    """A statement and what it came to: the settings it makes, in order, and, where it is one plain assignment, the
    tree of its value. `source` is the span of the text it takes."""

    start: int
    end: int
    line: int
    sets: list[tuple[str, PyValue]] = field(default_factory=list)
    value: ast.expr | None = None
    adds: bool = False
    #: It is xl's language already, and no Python.
    as_is: bool = False


@dataclass(slots=True)
class Evaluation:
    """All steps; `names` is what every name stands for in the end; `problems` are (line, sentence)."""

    steps: list[Step] = field(default_factory=list)
    names: dict[str, PyValue] = field(default_factory=dict)
    problems: list[tuple[int, str]] = field(default_factory=list)


def evaluate(text: str) -> Evaluation:
    """Work the file out by hand."""
    found = Evaluation()
    for block in _blocks(statements(text)):
        first, last = block[0], block[-1]
        step = Step(first.start, last.end, first.line)
        try:
            _step(found, step, text[first.start : last.end], len(block))
        except NotByHandError as error:
            inner = min(error.line - 1, text.count("\n", first.start, last.end))  # to Python, \r ends a line, too
            found.problems.append((first.line + inner, str(error)))
        except (RecursionError, MemoryError, ValueError):
            found.problems.append((first.line, "too large to be worked out by hand"))
        found.steps.append(step)
    return found


def _blocks(lines: list[Statement]) -> list[list[Statement]]:
    """Logical lines with those that are indented below them, and with their else."""
    blocks: list[list[Statement]] = []
    for statement in lines:
        word = statement.text.split(None, 1)[0].rstrip(":")
        if blocks and (statement.indent > blocks[-1][0].indent or (word in _BRANCHES and len(blocks[-1]) > 1)):
            blocks[-1].append(statement)
        else:
            blocks.append([statement])
    return blocks


def _step(found: Evaluation, step: Step, source: str, lines: int) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes in somebody's file
            tree = ast.parse(source)
    except (SyntaxError, ValueError) as error:
        if lines == 1 and _xl_statement(found, step, source):
            return
        line = getattr(error, "lineno", None) or 1
        raise NotByHandError(
            f"{source.splitlines()[0][:60]!r} is neither today's Python nor xl's language", _At(line)
        ) from None
    if any(0xDC80 <= ord(char) <= 0xDCFF for char in source):
        raise NotByHandError("bytes that are no UTF-8 text", _At(1))
    for node in tree.body:
        _node(found, step, node)
    if len(tree.body) == 1:
        node = tree.body[0]
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            step.value = node.value
        elif isinstance(node, ast.AugAssign):
            step.value, step.adds = node.value, True


class _At(ast.AST):
    def __init__(self, lineno: int) -> None:
        self.lineno = lineno


def _xl_statement(found: Evaluation, step: Step, source: str) -> bool:
    """Take a statement that only xl understands, such as one with an octal number."""
    try:
        config = parse(source + "\n")
    except ConfigError:
        return False
    for setting in config.settings:
        value = _from_xl(setting.value.plain)
        found.names[setting.key] = value
        step.sets.append((setting.key, value))
        step.adds = setting.adds
    step.as_is = bool(config.settings)
    return step.as_is


def _from_xl(value: Plain) -> PyValue:
    return [_from_xl(item) for item in value] if isinstance(value, list) else value


def _node(found: Evaluation, step: Step, node: ast.stmt) -> None:
    if isinstance(node, ast.Import | ast.ImportFrom | ast.Pass):
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return  # a text that stands there as a comment
    if isinstance(node, ast.If):
        for inner in node.body if work_out(node.test, found.names) else node.orelse:
            _node(found, step, inner)
    elif isinstance(node, ast.Assign) and all(isinstance(target, ast.Name) for target in node.targets):
        value = work_out(node.value, found.names)
        for target in node.targets:
            assert isinstance(target, ast.Name)  # noqa: S101
            found.names[target.id] = value
            step.sets.append((target.id, value))
    elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        name = node.target
        load = ast.copy_location(ast.Name(name.id, ast.Load()), name)
        value = work_out(ast.copy_location(ast.BinOp(load, node.op, node.value), node), found.names)
        found.names[name.id] = value
        step.sets.append((name.id, value))
    else:
        what = next((words for kind, words in _NOT_RUN.items() if isinstance(node, kind)), ast.unparse(node)[:60])
        raise NotByHandError(f"{what} would have to be run; write its result by hand", node)
