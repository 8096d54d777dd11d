"""What a plan would do, in words and as JSON: `xentui disks apply --dry-run`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from xentui.disks.device import Disks
from xentui.disks.guard import RefusedError, check_identity, check_lvm, check_tools, check_use
from xentui.disks.layout import Layout
from xentui.disks.plan import Plan, pruned
from xentui.disks.planfile import PlanFile
from xentui.disks.probe import locate
from xentui.disks.sizes import about, exact_size
from xentui.disks.steps import Step, steps_of
from xentui.disks.table_change import table_change
from xentui.disks.target import Target
from xentui.host import Host

_TITLES = {"gpt": "a GPT", "msdos": "an msdos table", None: "no partition table"}


def dry_run(host: Host, disks: Disks, target: Target, plan: PlanFile) -> dict[str, Any]:
    """All that can be said without writing. `problems` are why it would not be done."""
    planned = Plan(target, plan.operations)
    preview = planned.preview()
    problems = [] if preview.problem is None else [preview.problem]
    steps: list[Step] = []
    if not problems:
        change = table_change(target, pruned(target, planned.operations))
        steps = steps_of(target, change)
        checks: list[Callable[[], None]] = [
            lambda: check_lvm(target, planned.operations),
            lambda: check_identity(target, None, plan.made_on),
            lambda: check_tools(steps),
            lambda: check_use(host, disks, target, change),
        ]
        for check in checks:
            try:
                check()
            except RefusedError as error:
                problems.append(str(error))
    sector = target.sector_size
    return {
        "device": target.path,
        "size": target.size,
        "sector_size": sector,
        "confirm": target.name,
        "operations": [
            {**each.operation.json(), "title": each.operation.title, "notes": list(each.notes), "problem": each.problem}
            for each in preview.replayed
        ],
        "result": _layout_json(preview.layout, sector),
        "steps": [{"title": step.title, "commands": step.shell} for step in steps],
        "warnings": [*(flaw.sentence for flaw in target.table.flaws), *_remarks(host, disks, target)],
        "problems": problems,
    }


def lost(host: Host, disks: Disks, target: Target, plan: PlanFile) -> list[str]:
    """What the plan does otherwise than asked for, what it destroys, and what else to know of the disk."""
    found = []
    for number, each in enumerate(Plan(target, plan.operations).preview().replayed, 1):
        found += [f"operation {number} ({each.operation.op}): {note}" for note in each.notes]
    return found + _remarks(host, disks, target)


def _remarks(host: Host, disks: Disks, target: Target) -> list[str]:
    device = locate(host, disks, target.path)
    return [remark.sentence for remark in disks.remarks(device)] if device is not None else []


def _layout_json(layout: Layout, sector: int) -> dict[str, Any]:
    return {
        "label": layout.table.label,
        "partitions": [
            {
                "number": part.number,
                "start": part.slot.start * sector,
                "size": part.slot.sectors * sector,
                "kind": part.slot.kind,
                "type": part.slot.type,
                "name": part.slot.name or None,
                "fstype": part.content.type if part.content else None,
                "label": part.content.label if part.content else None,
                "was": part.origin,
                "changes": sorted(part.changes),
            }
            for part in layout.partitions
        ],
        "free": [{"start": room.start * sector, "size": room.sectors * sector} for room in layout.free],
        "groups": [
            {
                "name": group.name,
                "size": group.extents * group.extent,
                "free": group.free_extents * group.extent,
                "volumes": [{"name": each.name, "size": each.size, "origin": each.origin} for each in group.volumes],
            }
            for group in layout.groups
        ],
    }


def dry_run_lines(said: dict[str, Any]) -> Iterator[str]:
    """The same to be read."""
    yield f"{said['device']}, {about(said['size'])}: nothing is written now."
    for number, each in enumerate(said["operations"], 1):
        yield f"{number:3}  {each['title']}"
        for note in each["notes"]:
            yield f"       {note}"
        if each["problem"]:
            yield f"       CANNOT BE DONE: {each['problem']}"
    result = said["result"]
    yield f"Then it has {_TITLES[result['label']]}:"
    for part in result["partitions"]:
        what = " ".join(filter(None, (part["fstype"], part["label"] and repr(part["label"]), part["name"])))
        place = f"{exact_size(part['start']):>12} {about(part['size']):>12}"
        yield f"{part['number']:3}  {place}  {part['kind']:9} {what:24} {', '.join(part['changes'])}".rstrip()
    for group in result["groups"]:
        yield f"     volume group {group['name']}: {about(group['size'])}, {about(group['free'])} free"
        for volume in group["volumes"]:
            yield f"       {volume['name']}: {about(volume['size'])}"
    if said["steps"]:
        yield "The commands that it amounts to (xentui writes the table itself, in an order that no stop can break):"
    for step in said["steps"]:
        yield f"  # {step['title']}"
        for line in step["commands"]:
            yield from (f"  {one}" if one != "END" else one for one in line.split("\n"))
    for warning in said["warnings"]:
        yield f"Note: {warning}"
    for problem in said["problems"]:
        yield f"It would be refused: {problem}"
