"""The list of changes that the user works on: added, undone, redone, cancelled; and what comes out of it.

Every state of the list is kept as it was, so undo and redo are steps along a row of tuples. Nothing here
writes to any disk: the preview is the list replayed on the table as it was read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xentui.disks import lvm_operations as lvm
from xentui.disks import operations as ops
from xentui.disks.layout import Layout
from xentui.disks.operations import Operation, PlanError
from xentui.disks.planfile import MadeOn
from xentui.disks.replay import Replay, Replayed
from xentui.disks.target import Target


@dataclass(frozen=True, slots=True)
class Preview:
    """What the plan comes to: each operation replayed, and the layout that results of those that can be done."""

    replayed: tuple[Replayed, ...]
    layout: Layout

    @property
    def problem(self) -> str | None:
        """Why the plan cannot be carried out, with the operation's place in the list; None if it can."""
        for number, each in enumerate(self.replayed, 1):
            if each.problem is not None:
                return f"operation {number} ({each.operation.op}): {each.problem}"
        return None


@dataclass(frozen=True, slots=True)
class Item:
    """An operation of the list; those added together share their `group`."""

    operation: Operation
    group: int


class Plan:
    """The changes to one device."""

    def __init__(self, target: Target, operations: Iterable[Operation] = ()) -> None:
        self.target = target
        first = tuple(Item(operation, 0) for operation in in_order(tuple(operations)))
        self._states: list[tuple[Item, ...]] = [first]
        self._at = 0
        self._groups = 0
        self._previews: dict[tuple[Operation, ...], Preview] = {}

    @property
    def items(self) -> tuple[Item, ...]:
        return self._states[self._at]

    @property
    def operations(self) -> tuple[Operation, ...]:
        return tuple(item.operation for item in self.items)

    @property
    def made_on(self) -> MadeOn:
        return self.target.made_on

    def add(self, *operations: Operation) -> None:
        """Append operations, as one group, if the list can still be done with them.

        What they cancel is pruned. Raises PlanError, and the list stays as it was.
        """
        self._groups += 1
        items = self.items
        for operation in operations:
            items = self._pruned((*items, Item(operation, self._groups)))
        self._set(items)

    def remove(self, index: int) -> None:
        """Undo one operation alone, wherever it stands in the list; undo() brings it back.

        What needs it stays in the list and says so in the preview.
        """
        self._set(self.items[:index] + self.items[index + 1 :])

    def remove_group(self, group: int) -> None:
        """The same for all operations that were added together."""
        self._set(tuple(item for item in self.items if item.group != group))

    def clear(self) -> None:
        self._set(())

    def _set(self, items: tuple[Item, ...]) -> None:
        if tuple(item.operation for item in items) != self.operations:
            self._states[self._at + 1 :] = [items]
            self._at += 1

    @property
    def can_undo(self) -> bool:
        return self._at > 0

    @property
    def can_redo(self) -> bool:
        return self._at + 1 < len(self._states)

    def undo(self) -> None:
        """The list as it was before the last change of it."""
        self._at = max(self._at - 1, 0)

    def redo(self) -> None:
        self._at = min(self._at + 1, len(self._states) - 1)

    def preview(self) -> Preview:
        """The list replayed. Raises PlanError only where libparted would write something unsound."""
        return self._play(self.operations)

    def _play(self, operations: tuple[Operation, ...]) -> Preview:
        if operations not in self._previews:
            with Replay(self.target) as playing:
                replayed = tuple(playing.play(operation) for operation in operations)
                made = Preview(replayed, playing.result()[0])
            if len(self._previews) > 8:
                self._previews.clear()
            self._previews[operations] = made
        return self._previews[operations]

    def _pruned(self, items: tuple[Item, ...]) -> tuple[Item, ...]:
        """`items` without what the last of them cancels. Raises PlanError if the last cannot be done."""
        operations = tuple(item.operation for item in items)
        preview = self._play(operations)
        last = preview.replayed[-1]
        if last.problem is not None:
            raise PlanError(f"{last.operation.op}: {last.problem}")
        wanted = signature(preview.layout)
        for drop in _cancelled(preview.replayed):
            kept = tuple(item for index, item in enumerate(items) if index not in drop)
            tried = self._play(tuple(item.operation for item in kept))
            before = [each.problem for index, each in enumerate(preview.replayed) if index not in drop]
            if [each.problem for each in tried.replayed] == before and signature(tried.layout) == wanted:
                return kept
        return items


def pruned(target: Target, operations: Sequence[Operation]) -> tuple[Operation, ...]:
    """`operations` in the order in which they need each other, without those that cancel; all of them if one
    cannot be done."""
    ordered = in_order(tuple(operations))
    plan = Plan(target)
    try:
        for operation in ordered:
            plan.add(operation)
    except PlanError:
        return ordered
    return plan.operations


def signature(layout: Layout) -> tuple[object, ...]:
    """What two layouts must share to be the same to the user: identities that are made anew each time aside."""
    table = layout.table
    parts = tuple(
        (part.number, part.slot.start, part.slot.sectors, part.slot.type, part.slot.name, part.slot.attributes,
         part.content, part.origin, part.moved_from, part.changes - {"flagged", "named", "typed", "resized"})
        for part in layout.partitions
    )  # fmt: skip
    return (table.label, table.disk_id if any(part.origin for part in layout.partitions) else "", parts, layout.groups)


#: Of two such operations on the same thing the later one counts.
_LAST_COUNTS = (ops.Resize, ops.Format, ops.Name, ops.Type, ops.Check, lvm.LvResize, lvm.LvFormat)
#: What ends a thing: nothing done to it before counts.
_ENDS = (ops.Delete, lvm.LvRemove, lvm.VgRemove)
_BEGINS = (ops.Add, lvm.LvCreate, lvm.LvSnapshot, lvm.VgCreate)
#: What a new table does not cancel: what was there before it has to be taken down.
_TAKES_DOWN = (lvm.LvRemove, lvm.VgRemove, lvm.VgReduce, lvm.PvRemove, ops.Image)


def _cancelled(replayed: Sequence[Replayed]) -> list[set[int]]:
    """The sets of operations that the last one may make needless, the largest first; each is still to be tried."""
    end = len(replayed) - 1
    last = replayed[end]
    before = list(enumerate(replayed[:end]))
    if isinstance(last.operation, ops.Label):
        drop = {index for index, each in before if not isinstance(each.operation, _TAKES_DOWN)}
        return [drop] if drop else []
    same = {index for index, each in before if each.subject[:3] == last.subject[:3] or _within(each, last)}
    if isinstance(last.operation, _ENDS):
        begun = any(isinstance(replayed[index].operation, _BEGINS) for index in same)
        return [same | {end}] if begun else [same] if same else []
    tried: list[set[int]] = []
    if isinstance(last.operation, _LAST_COUNTS):
        kind = type(last.operation)
        tried += [{index} for index in sorted(same, reverse=True) if isinstance(replayed[index].operation, kind)]
    if isinstance(last.operation, ops.Flag):
        flags = {i for i in same if getattr(replayed[i].operation, "flag", None) == last.operation.flag}
        tried += [flags | {end}, flags] if flags else []
    return tried


def _within(each: Replayed, last: Replayed) -> bool:
    """Whether `each` is about something that lies in what the last one removes: a volume in its group."""
    return last.subject[:1] == ("vg",) and each.subject[:2] == ("lv", last.subject[1])


def in_order(operations: tuple[Operation, ...]) -> tuple[Operation, ...]:
    """`operations` with each of LVM's behind what makes what it needs; else as they were."""
    waiting, ordered = list(operations), list[Operation]()
    while waiting:
        made_later = [_makes(each) for each in waiting]
        ready = next(
            (index for index, each in enumerate(waiting) if not any(
                need in made_later[index + 1 :] and need not in map(_makes, ordered) for need in _needs(each)
            )), 0,
        )  # fmt: skip
        ordered.append(waiting.pop(ready))
    return tuple(ordered)


def _makes(operation: Operation) -> tuple[str, ...] | None:
    if isinstance(operation, lvm.VgCreate):
        return ("vg", operation.name)
    if isinstance(operation, lvm.LvCreate | lvm.LvSnapshot):
        return ("lv", operation.vg, operation.name)
    return None


def _needs(operation: Operation) -> list[tuple[str, ...]]:
    if isinstance(operation, lvm.LvSnapshot):
        return [("vg", operation.vg), ("lv", operation.vg, operation.origin)]
    if isinstance(operation, lvm.LvCreate):
        return [("vg", operation.vg)]
    if isinstance(operation, lvm.LvFormat | lvm.LvResize | lvm.LvRemove):
        return [("vg", operation.vg), ("lv", operation.vg, operation.name)]
    if isinstance(operation, lvm.VgExtend | lvm.VgReduce | lvm.VgRemove):
        return [("vg", operation.name)]
    return []
