"""A plan as a file: ``{"operations": [...]}``, read with errors that say which operation and which key."""

from __future__ import annotations

import difflib
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

from xentui.disks import lvm_operations, operations
from xentui.disks.operations import Operation, PlanError

#: Every operation by its name in a plan file.
OPERATIONS: dict[str, type[Operation]] = {
    kind.op: kind
    for module in (operations, lvm_operations)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, Operation) and kind.op
}
#: More operations than anybody makes by hand or by a layout.
_MOST = 1000
_LONGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class MadeOn:
    """The device that a plan was made on: `size` in bytes, `table` the hash of its partition table."""

    path: str
    size: int
    sector_size: int
    serial: str | None = None
    table: str | None = None

    def json(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True, slots=True)
class PlanFile:
    operations: tuple[Operation, ...]
    made_on: MadeOn | None = None


def parse_operation(said: object, number: int = 1) -> Operation:
    """An operation of its JSON; `number` is its place in the list, from 1. Raises PlanError."""
    where = f"operation {number}"
    if not isinstance(said, Mapping):
        raise PlanError(f'{where}: {said!r} is no operation; write {{"op": "add", ...}}')
    name = said.get("op")
    if not isinstance(name, str) or name not in OPERATIONS:
        near = difflib.get_close_matches(str(name), OPERATIONS, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(OPERATIONS)}"
        raise PlanError(f"{where}: there is no op {name!r}; {hint}")
    kind = OPERATIONS[name]
    known = {field.name: field for field in fields(kind)}
    values = {str(key): value for key, value in said.items() if key != "op"}
    for key in values:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known)}"
            raise PlanError(f"{where} ({name}): there is no key {key!r}; {hint}")
    for key, field in known.items():
        if field.default is MISSING and values.get(key) is None:
            raise PlanError(f"{where} ({name}): the key {key!r} is missing; add it")
    try:
        return kind(**{key: value for key, value in values.items() if value is not None})
    except PlanError as error:
        raise PlanError(f"{where} ({name}): {str(error).removeprefix(name + ': ')}") from None


def parse_plan(text: str) -> PlanFile:
    """A plan of the text of its file. Raises PlanError."""
    try:
        said = json.loads(text)
    except json.JSONDecodeError as error:
        raise PlanError(f"line {error.lineno}: this is no JSON: {error.msg}") from None
    except RecursionError:
        raise PlanError("this is no plan: it is nested too deep") from None
    if not isinstance(said, dict) or not isinstance(said.get("operations"), list):
        raise PlanError('this is no plan: it needs {"operations": [...]}')
    for key in said:
        if key not in ("operations", "device"):
            raise PlanError(f"there is no key {key!r} in a plan; it has operations and device")
    if len(said["operations"]) > _MOST:
        raise PlanError(f"a plan has at most {_MOST} operations, this one {len(said['operations'])}; split it")
    parsed = tuple(parse_operation(one, number) for number, one in enumerate(said["operations"], 1))
    return PlanFile(parsed, _made_on(said["device"]) if said.get("device") is not None else None)


def _made_on(said: object) -> MadeOn:
    kinds = {"path": str, "size": int, "sector_size": int, "serial": str | None, "table": str | None}
    if not isinstance(said, dict) or not set(said) <= set(kinds) or not {"path", "size", "sector_size"} <= set(said):
        raise PlanError(f"device: it has the keys {', '.join(kinds)}; or leave it out")
    for key, value in said.items():
        if not isinstance(value, kinds[key]) or isinstance(value, bool):
            raise PlanError(f"device: {key}: {value!r} cannot be meant")
    return MadeOn(**said)


def read_plan(file: Path) -> PlanFile:
    """Raises PlanError, with the file's name, and OSError."""
    with file.open("rb") as opened:
        data = opened.read(_LONGEST + 1)
    if len(data) > _LONGEST:
        raise PlanError(f"{file}: longer than 1 MiB; that is no plan")
    try:
        return parse_plan(data.decode())
    except UnicodeDecodeError:
        raise PlanError(f"{file}: this is no text in UTF-8") from None
    except PlanError as error:
        raise PlanError(f"{file}: {error}") from None


def plan_text(plan: Sequence[Operation], made_on: MadeOn | None = None) -> str:
    """The text of the plan's file: an operation a line."""
    lines = ",\n".join("  " + json.dumps(operation.json(), ensure_ascii=False) for operation in plan)
    device = f',\n "device": {json.dumps(made_on.json(), ensure_ascii=False)}' if made_on is not None else ""
    return f'{{"operations": [\n{lines}\n ]{device}}}\n'


def write_plan(file: Path, plan: Sequence[Operation], made_on: MadeOn | None = None) -> None:
    """Save a plan, all of it or nothing. Raises OSError."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as opened:
            opened.write(plan_text(plan, made_on))
            opened.flush()
            os.fsync(opened.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
