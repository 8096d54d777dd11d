"""Working out the few things that configuration files for xm did in Python: assignments, arithmetic, texts put
together, a question about the machine. Nothing is ever run: the syntax tree is walked, what is not known is refused.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping

PyValue = str | int | list["PyValue"] | None

#: What is larger than that is no configuration.
_LONGEST = 1 << 16
_LARGEST = 1 << 63
_MACHINE = "x86_64"
#: What os.uname() gives: only the guest's own dom0 knows its name and its kernel's release and version.
_UNAME: list[PyValue] = ["Linux", None, None, None, _MACHINE]
_FORMAT = re.compile(r"%(?:\((\w+)\))?(-?0?\d{0,3})([sdixr%])")
_FIELD = re.compile(r"\{(\d*)\}")


class NotByHandError(ValueError):
    """Something that cannot be worked out without running it. `line` is that of the statement's text, from 1."""

    def __init__(self, message: str, node: ast.AST | None = None) -> None:
        super().__init__(message)
        self.line = getattr(node, "lineno", 1)


def work_out(node: ast.expr, names: Mapping[str, PyValue]) -> PyValue:
    """The value of an expression. Raises NotByHandError."""
    rule = _RULES.get(type(node))
    if rule is None:
        raise NotByHandError(f"{ast.unparse(node)[:60]} cannot be worked out by hand", node)
    value = rule(node, names)
    if isinstance(value, int) and abs(value) > _LARGEST:
        raise NotByHandError("a number too large for a configuration", node)
    if isinstance(value, str | list) and len(value) > _LONGEST:
        raise NotByHandError("a text or a list too long for a configuration", node)
    return value


def _constant(node: ast.Constant, _names: Mapping[str, PyValue]) -> PyValue:
    value = node.value
    if isinstance(value, bool):
        return int(value)
    if value is None or isinstance(value, str | int):
        return value
    raise NotByHandError(f"{value!r:.40} is no text, number or list", node)


def _name(node: ast.Name, names: Mapping[str, PyValue]) -> PyValue:
    if node.id not in names:
        raise NotByHandError(f"{node.id} is not set above", node)
    return names[node.id]


def _list(node: ast.List | ast.Tuple, names: Mapping[str, PyValue]) -> PyValue:
    return [work_out(item, names) for item in node.elts]


def _binary(node: ast.BinOp, names: Mapping[str, PyValue]) -> PyValue:
    left, right = work_out(node.left, names), work_out(node.right, names)
    if isinstance(node.op, ast.Mod) and isinstance(left, str):
        return _percent(left, right, node)
    if isinstance(node.op, ast.Add):
        if isinstance(left, str) and isinstance(right, str):
            return left + right
        if isinstance(left, list) and isinstance(right, list):
            return left + right
    if isinstance(node.op, ast.Mult) and isinstance(left, str | list) and isinstance(right, int):
        if right * len(left) > _LONGEST:
            raise NotByHandError("a text or a list too long for a configuration", node)
        return left * right
    if isinstance(left, int) and isinstance(right, int):
        return _arithmetic(node, left, right)
    raise NotByHandError(f"{ast.unparse(node)[:60]} mixes texts and numbers", node)


def _arithmetic(node: ast.BinOp, left: int, right: int) -> int:
    operator = node.op
    if isinstance(operator, ast.Add):
        return left + right
    if isinstance(operator, ast.Sub):
        return left - right
    if isinstance(operator, ast.Mult):
        return left * right
    if isinstance(operator, ast.Div | ast.FloorDiv | ast.Mod):  # xm's Python divided whole numbers to whole ones
        if right == 0:
            raise NotByHandError("a division by 0", node)
        return left % right if isinstance(operator, ast.Mod) else left // right
    raise NotByHandError(f"{ast.unparse(node)[:60]} cannot be worked out by hand", node)


def _percent(text: str, values: PyValue, node: ast.AST) -> str:
    given = list(values) if isinstance(values, list) else [values]

    def fill(found: re.Match[str]) -> str:
        if found[3] == "%":
            return "%"
        if found[1] or not given:
            raise NotByHandError(f"{text[:40]!r} does not fit what follows its %", node)
        value = given.pop(0)
        if found[3] in "dix" and not isinstance(value, int):
            raise NotByHandError(f"{value!r:.40} is no number", node)
        return ("%" + found[2] + ("s" if found[3] == "r" else found[3])) % (value,)

    filled = _FORMAT.sub(fill, text)
    if given or "%" in _FORMAT.sub("", text):
        raise NotByHandError(f"{text[:40]!r} does not fit what follows its %", node)
    return filled


def _sign(node: ast.UnaryOp, names: Mapping[str, PyValue]) -> PyValue:
    value = work_out(node.operand, names)
    if isinstance(node.op, ast.Not):
        return int(not value)
    if isinstance(value, int) and isinstance(node.op, ast.USub | ast.UAdd):
        return -value if isinstance(node.op, ast.USub) else value
    raise NotByHandError(f"{ast.unparse(node)[:60]} cannot be worked out by hand", node)


def _compare(node: ast.Compare, names: Mapping[str, PyValue]) -> PyValue:
    if len(node.ops) != 1:
        raise NotByHandError(f"{ast.unparse(node)[:60]} cannot be worked out by hand", node)
    left, right, operator = work_out(node.left, names), work_out(node.comparators[0], names), node.ops[0]
    if isinstance(operator, ast.Eq | ast.Is):
        return int(left == right)
    if isinstance(operator, ast.NotEq | ast.IsNot):
        return int(left != right)
    if isinstance(operator, ast.In | ast.NotIn):
        if isinstance(right, list):
            return int((left in right) == isinstance(operator, ast.In))
        if isinstance(right, str) and isinstance(left, str):
            return int((left in right) == isinstance(operator, ast.In))
    if isinstance(left, int) and isinstance(right, int):
        results = {ast.Lt: left < right, ast.LtE: left <= right, ast.Gt: left > right, ast.GtE: left >= right}
        return int(results[type(operator)])
    raise NotByHandError(f"{ast.unparse(node)[:60]} cannot be worked out by hand", node)


def _logic(node: ast.BoolOp, names: Mapping[str, PyValue]) -> PyValue:
    value: PyValue = None
    for part in node.values:
        value = work_out(part, names)
        if bool(value) == isinstance(node.op, ast.Or):
            break
    return value


def _choice(node: ast.IfExp, names: Mapping[str, PyValue]) -> PyValue:
    return work_out(node.body if work_out(node.test, names) else node.orelse, names)


def _item(node: ast.Subscript, names: Mapping[str, PyValue]) -> PyValue:
    container, index = work_out(node.value, names), work_out(node.slice, names)
    if isinstance(container, str | list) and isinstance(index, int) and -len(container) <= index < len(container):
        if (value := container[index]) is None:
            raise NotByHandError(f"{ast.unparse(node)[:60]} is another on each machine: write what it is", node)
        return value
    raise NotByHandError(f"{ast.unparse(node)[:60]} cannot be worked out by hand", node)


def _f_string(node: ast.JoinedStr, names: Mapping[str, PyValue]) -> PyValue:
    pieces = []
    for part in node.values:
        if isinstance(part, ast.FormattedValue) and part.format_spec is None and part.conversion == -1:
            pieces.append(str(work_out(part.value, names)))
        elif isinstance(part, ast.Constant):
            pieces.append(str(part.value))
        else:
            raise NotByHandError(f"{ast.unparse(node)[:60]} cannot be worked out by hand", node)
    return "".join(pieces)


def _call(node: ast.Call, names: Mapping[str, PyValue]) -> PyValue:
    function = ast.unparse(node.func) if isinstance(node.func, ast.Name | ast.Attribute) else ""
    if not node.keywords:
        if function in ("os.uname", "platform.machine") and not node.args:
            return list(_UNAME) if function == "os.uname" else _MACHINE
        values = [work_out(argument, names) for argument in node.args]
        if function in ("str", "int", "len") and len(values) == 1:
            return _convert(function, values[0], node)
        if function in ("re.search", "re.match") and len(values) == 2:
            pattern, text = values
            if isinstance(pattern, str) and isinstance(text, str) and pattern.isalnum():
                return int(pattern in text if function == "re.search" else text.startswith(pattern))
        if isinstance(node.func, ast.Attribute) and not function.startswith(("os.", "re.")):
            return _method(node.func, values, names, node)
    raise NotByHandError(f"{ast.unparse(node)[:60]} would have to be run", node)


def _convert(function: str, value: PyValue, node: ast.AST) -> PyValue:
    if function == "str" and isinstance(value, str | int):
        return str(value)
    if function == "len" and isinstance(value, str | list):
        return len(value)
    if function == "int" and (
        isinstance(value, int) or (isinstance(value, str) and re.fullmatch(r"-?\d{1,18}", value))
    ):
        return int(value)
    raise NotByHandError(f"{function}({value!r:.40}) cannot be worked out by hand", node)


def _method(attribute: ast.Attribute, values: list[PyValue], names: Mapping[str, PyValue], node: ast.AST) -> PyValue:
    text, name = work_out(attribute.value, names), attribute.attr
    if isinstance(text, str):
        if name in ("lower", "upper", "strip") and not values:
            return {"lower": text.lower, "upper": text.upper, "strip": text.strip}[name]()
        if name == "join" and len(values) == 1 and isinstance(values[0], list):
            return text.join(str(value) for value in values[0])
        if name == "format":
            rest = _FIELD.sub("", text)
            numbers = [int(digits) if digits else at for at, digits in enumerate(_FIELD.findall(text))]
            if "{" not in rest and "}" not in rest and all(number < len(values) for number in numbers):
                following = iter(numbers)
                return _FIELD.sub(lambda _found: str(values[next(following)]), text)
    raise NotByHandError(f"{ast.unparse(node)[:60]} would have to be run", node)


_RULES: dict[type[ast.AST], Callable[..., PyValue]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.List: _list,
    ast.Tuple: _list,
    ast.BinOp: _binary,
    ast.UnaryOp: _sign,
    ast.Compare: _compare,
    ast.BoolOp: _logic,
    ast.IfExp: _choice,
    ast.Subscript: _item,
    ast.JoinedStr: _f_string,
    ast.Call: _call,
}
