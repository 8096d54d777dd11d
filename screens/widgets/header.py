"""The lines at the top: which dom0 this is, how it does, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

from xentui.domains.domain import HostInfo, Snapshot
from xentui.screens import formats
from xentui.screens.drawing import Line, Part, fit, width_of, wrap
from xentui.screens.glyphs import Glyphs
from xentui.screens.widgets.lines import Lines
from xentui.screens.widgets.memory_bar import memory_bar


@dataclass(frozen=True, slots=True)
class Heading:
    """What the header says beside the snapshot."""

    host_name: str
    demo: bool = False
    read_only: bool = False
    age: float | None = None  # seconds, when the snapshot is older than it should be


class Header(Lines):
    """Two lines, one on a very low screen, and one or two more for a problem."""

    ground = "header"

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.glyphs = glyphs

    def update(self, heading: Heading, snapshot: Snapshot | None, width: int, *, low: bool) -> None:
        """Show these; `low` leaves out what is not needed most."""
        host = snapshot.host if snapshot is not None else HostInfo(heading.host_name)
        lines: list[Line] = [_first_line(heading, host, snapshot, width)]
        if not low:
            lines.append(_second_line(host, snapshot, width, self.glyphs))
        problems = list(snapshot.problems) if snapshot is not None else []
        if heading.age is not None and not problems:
            problems = ["The dom0 does not answer; what you see is old."]
        if problems:
            more = f" (and {len(problems) - 1} more: key i)" if len(problems) > 1 else ""
            # What to do about it tends to stand at the end of the sentence.
            wrapped = wrap(f"! {problems[0]}{more}", max(1, width - 2))
            shown = wrapped[: 1 if low else 2]
            if len(wrapped) > len(shown):
                room = max(1, width - 2 - len(more))
                shown[-1] = fit(shown[-1], room, self.glyphs.more).rstrip().rstrip(self.glyphs.more)
                shown[-1] += self.glyphs.more + more
            lines += [((f" {line}{' ' * width}", "problem"),) for line in shown]
        if len(lines) != self.size.height or self.styles.height is None:
            self.styles.height = len(lines)
        self.show(lines)


def _spread(left: list[Part], right: list[Part], width: int) -> Line:
    """Parts at the left and at the right end of a line; from the left ones drop the last where it gets tight."""
    right_width = sum(width_of(text) for text, _ in right)
    while len(left) > 1 and sum(width_of(text) for text, _ in left) + right_width + 1 > width:
        left.pop()
    gap = width - right_width - sum(width_of(text) for text, _ in left)
    return (*left, (" " * max(1, gap), "header"), *right)


def _first_line(heading: Heading, host: HostInfo, snapshot: Snapshot | None, width: int) -> Line:
    badge = " DEMO " if width < 60 else " DEMO DOM0, simulated "
    left: list[Part] = [(badge, "demo")] if heading.demo else []
    left.append((f" {_called(heading.host_name, host.name)}", "header"))
    if host.xen_version:
        left.append((f"  Xen {host.xen_version}", "header"))
    if host.cpus:
        left.append((f"  {host.cpus} CPU{'s' if host.cpus != 1 else ''}", "header"))
    if host.load is not None:
        left.append((f"  load {host.load:.2f}", "header"))
    right: list[Part] = [(" READ-ONLY ", "read-only")] if heading.read_only else []
    if snapshot is not None:
        old = f" {formats.duration(heading.age)} old" if heading.age is not None else ""
        right.append((f" {formats.clock(snapshot.taken)}{old} ", "problem" if old else "header"))
    if heading.demo and len(left) > 1 and sum(width_of(t) for t, _ in left[:2] + right) + 1 > width:
        left = [(" DEMO ", "demo"), left[1]]
    return _spread(left, right, width)


def _called(asked: str, own: str) -> str:
    """The host by the name that it was asked for, and by its own: two machines may both call themselves debian."""
    differ = asked.partition(".")[0] != own.partition(".")[0]
    return f"{asked} ({own})" if differ and "://" not in asked else own


def _second_line(host: HostInfo, snapshot: Snapshot | None, width: int, glyphs: Glyphs) -> Line:
    if snapshot is None:
        return ()
    left: list[Part] = [(" Memory ", "header-dim")]
    bar = memory_bar(host, max(10, min(40, width // 4)), glyphs)
    total, free = host.total_memory_mib, host.free_memory_mib
    if total and free is not None:
        left += bar
        left.append((f" {total - free} of {total} MiB", "header"))
        left.append((f", {free} free", "header"))
    else:
        left.append(("unknown", "header-dim"))
    guests = [d for d in snapshot.domains if not d.is_dom0]
    up = sum(d.state.up for d in guests)
    return _spread(left, [(f"{up} of {len(guests)} guests up ", "header")], width)
