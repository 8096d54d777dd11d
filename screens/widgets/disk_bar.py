"""A disk drawn to scale: its partitions, a group's volumes, and the free space, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xentui.screens.drawing import Line, Part, fit, width_of
from xentui.screens.glyphs import Glyphs
from xentui.screens.widgets.lines import Lines

#: Cells of the smallest part: the line at its left, and one to see what it is.
_LEAST = 2

#: The theme's role for what lies on a part.
ROLES = {
    "ext": "running", "fat": "saved", "ntfs": "saved", "swap": "paused", "lvm": "graph", "free": "off", "other": "dim",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class BarPart:
    """A stretch of the bar. `size` is bytes, `kind` a key of ROLES; the part under the cursor is `selected`."""

    text: str
    size: int
    kind: str = "other"
    selected: bool = False


def kind_of(fstype: str | None) -> str:
    """The kind of a part by what lies on it, in blkid's words."""
    name = (fstype or "").lower()
    if name.startswith(("ext", "xfs", "btrfs")):
        return "ext"
    if name in ("vfat", "fat32", "fat16", "exfat"):
        return "fat"
    if name in ("ntfs", "bitlocker"):
        return "ntfs"
    return {"swap": "swap", "lvm2_member": "lvm"}.get(name, "other")


def shares(sizes: Sequence[int], width: int, least: int = _LEAST) -> list[int]:
    """How many of `width` cells each gets: to scale, but none fewer than `least`, and `width` in all.

    There must be room for the least of all.
    """
    cells = [least] * len(sizes)
    left, total = width - least * len(sizes), 0
    wanting = [max(0, size) for size in sizes]
    # Those that are smaller than the least at their scale have enough; the others share what is left.
    scaled = set(range(len(sizes)))
    while scaled:
        total = sum(wanting[index] for index in scaled)
        room = width - least * (len(sizes) - len(scaled))
        small = {index for index in scaled if total and wanting[index] * room < least * total}
        if not small:
            break
        scaled -= small
    if not scaled or not total:
        cells[-1] += max(0, left)
        return cells
    room = width - least * (len(sizes) - len(scaled))
    given = 0
    ends = 0
    for index in sorted(scaled):
        ends += wanting[index]
        cells[index] = round(ends * room / total) - given
        given += cells[index]
    return cells


def merged(parts: Sequence[BarPart], most: int) -> list[BarPart]:
    """At most `most` parts: where there are more, the smallest neighbours become one."""
    found = list(parts)
    while len(found) > max(1, most):
        at = min(range(len(found) - 1), key=lambda index: found[index].size + found[index + 1].size)
        one, other = found[at], found[at + 1]
        kind = one.kind if one.kind == other.kind else "other"
        found[at : at + 2] = [BarPart("+", one.size + other.size, kind, one.selected or other.selected)]
    return found


def bar(parts: Sequence[BarPart], width: int, glyphs: Glyphs) -> Line:
    """One line of exactly `width` cells."""
    if not parts or width < _LEAST + 1:
        return ()
    shown = merged(parts, (width - 1) // _LEAST)
    line: list[Part] = []
    for part, cells in zip(shown, shares([part.size for part in shown], width - 1), strict=True):
        role = "cursor" if part.selected else ROLES[part.kind]
        line += [(glyphs.line, "dim"), (_body(part, cells - 1, glyphs), role)]
    return (*line, (glyphs.line, "dim"))


def _body(part: BarPart, width: int, glyphs: Glyphs) -> str:
    # Under the cursor its ground is seen.
    fill = glyphs.bar_free if part.kind == "free" else " " if part.selected else glyphs.bar_used
    words = width_of(part.text)
    if not part.text or words > width:
        return fill * width
    if words + 2 > width:
        return fit(part.text, words) + fill * (width - words)
    text = f" {fit(part.text, words)} "
    left = (width - words - 2) // 2
    return fill * left + text + fill * (width - words - 2 - left)


class DiskBar(Lines):
    """A caption and the bar below it."""

    ground = "text"

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.glyphs = glyphs
        self._caption: Line = ()
        self._parts: list[BarPart] = []

    def show_parts(self, caption: Line, parts: Sequence[BarPart]) -> None:
        """Draw these."""
        self._caption, self._parts = caption, list(parts)
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        self.show([self._caption, bar(self._parts, self.size.width, self.glyphs)])
