"""What `unchanged` compares with: taken once, when a walkthrough is opened for the first time."""

from __future__ import annotations

from collections.abc import Mapping

from xentui.walkthroughs.facts.disks import sectors_written
from xentui.walkthroughs.facts.verbs import read_fact
from xentui.walkthroughs.walkthrough import Walkthrough
from xentui.walkthroughs.world import UnknownError, World


def baselines(walkthrough: Walkthrough, values: Mapping[str, str], world: World) -> dict[str, str]:
    """The sectors written so far to each device that a check calls unchanged; without those that are not there."""
    found = {}
    for step in walkthrough.steps:
        for check in step.checks:
            kind, device, *_ = (*read_fact(check.fact, values).subject, "")
            if kind == "unchanged":
                try:
                    found[device] = sectors_written(world, device)
                except UnknownError:
                    continue
    return found
