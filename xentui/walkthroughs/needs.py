"""Whether a dom0 has what a walkthrough needs."""

from __future__ import annotations

from collections.abc import Mapping

from xentui.domains.toolstack import ToolstackError
from xentui.host import Host, HostError
from xentui.walkthroughs.variables import expand
from xentui.walkthroughs.walkthrough import Walkthrough
from xentui.walkthroughs.world import UnknownError, World


def unmet(walkthrough: Walkthrough, values: Mapping[str, str], world: World) -> list[str]:
    """A sentence for each need that is not met here. Blocks."""
    found = []
    for need in walkthrough.needs:
        try:
            sentence = _sentence(expand(need, values), world, world.host)
        except (UnknownError, ToolstackError, HostError) as error:
            sentence = str(error)
        if sentence is not None:
            found.append(sentence)
    return found


def _sentence(need: str, world: World, host: Host) -> str | None:
    """What is missing; None if nothing is."""
    word, _, argument = need.partition(":")
    if need == "xl":
        world.domains()
    elif need == "real":
        return "it needs a real dom0; this is the demo" if host.is_demo else None
    elif need == "root":
        # In the demo dom0 everybody may do everything.
        return None if host.is_demo or world.text("id", "-u").strip() == "0" else "it needs root: try sudo -s first"
    elif word == "program":
        return None if world.has_program(argument) else f"it needs the program {argument}"
    elif word == "file":
        return None if world.ok("test", "-e", argument) else f"it needs {argument}, which is not there"
    elif need.startswith("memory>="):
        wanted, free = int(need.removeprefix("memory>=")), int(world.info("free_memory"))
        return None if free >= wanted else f"it needs {wanted} MiB of free memory; there are {free} MiB"
    return None
