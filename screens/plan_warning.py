"""What is said before a plan is carried out: what will be done, what is lost, and what is kept."""

from __future__ import annotations

from xentui.disks.backup import folder
from xentui.disks.device import Device, Disks
from xentui.disks.guard import RefusedError, check_lvm
from xentui.disks.plan import Plan, Preview
from xentui.disks.steps import Step
from xentui.screens.dialogs.prose import Paragraph


def refusal_of(plan: Plan, *, demo: bool) -> str | None:
    """Why a plan that can be made cannot be carried out on what it is for, or None."""
    if demo and any(operation.op == "mount" for operation in plan.operations):
        return "The demo mounts nothing on this machine: take the mount out of the list (x). Nothing was written."
    try:
        check_lvm(plan.target, plan.operations)
    except RefusedError as error:
        return str(error)
    return None


def warning_of(plan: Plan, preview: Preview, steps: list[Step], disks: Disks, device: Device) -> list[Paragraph]:
    """The paragraphs, those that one must not overlook first."""
    said: list[Paragraph] = []
    whole = plan.target.whole
    if whole is not None:
        said.append((f"- The {whole.type} that lies on the whole device is lost.", "danger"))
    for each in preview.replayed:
        said += [(f"- {each.operation.title}: {note}", "danger") for note in each.notes]
    said += [(f"- {remark.sentence}.", "danger") for remark in disks.remarks(device)]
    if said:
        said.append(("", "dialog"))
    said.append((f"{len(steps)} step{'' if len(steps) == 1 else 's'}:", "dialog-title"))
    said += [(f"{number:>2}. {step.title}", "dialog") for number, step in enumerate(steps, 1)]
    if plan.target.exists and any(step.kind == "table" for step in steps):
        said += [("", "dialog"), (f"The old partition table is kept in {folder()}.", "dialog-dim")]
    return said
