"""How consoles that are shown together share the deck."""

from __future__ import annotations

from dataclasses import dataclass

#: More would be too small to be read, and typing to all of them too easily meant for one.
MOST = 4
#: The least that is worth being looked at: cells, and rows with the title.
LEAST_WIDTH, LEAST_HEIGHT = 30, 6


@dataclass(frozen=True, slots=True)
class Tiling:
    """`count` panes in so many columns; the last is as wide as two if its row is not full."""

    count: int
    columns: int

    @property
    def last_span(self) -> int:
        """Columns that the last pane takes."""
        return self.columns - (self.count - 1) % self.columns


def tiling(panes: int, width: int, height: int) -> Tiling | None:
    """How to show `panes` consoles, MOST at the most, in `width` × `height` cells; None if they do not fit."""
    count = min(panes, MOST)
    for columns in (2, 1) if count > 1 else (1,):
        rows = -(-count // columns)
        if width // columns >= LEAST_WIDTH and height // rows >= LEAST_HEIGHT:
            return Tiling(count, columns)
    return None
