"""A sentence that is to be read whole: it takes the lines that it needs, and gives them back."""

from __future__ import annotations

from xentui.screens.drawing import wrap
from xentui.screens.widgets.lines import Lines

_MOST = 4


class Sentence(Lines):
    """About what is under the cursor."""

    DEFAULT_CSS = "Sentence { height: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._said = "", "text"

    def tell(self, text: str, role: str = "text") -> None:
        """Show it."""
        self._said = text, role
        self._fill()

    def on_resize(self) -> None:
        super().on_resize()
        self._fill()

    def _fill(self) -> None:
        text, role = self._said
        lines = wrap(text, max(1, self.size.width - 2))[:_MOST]
        if self.styles.height is None or self.styles.height.value != len(lines):
            self.styles.height = len(lines)
        self.show([((f" {line}", role),) for line in lines])
