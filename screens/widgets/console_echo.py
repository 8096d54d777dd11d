"""The echo of a key: cells that change while all else stays, from the guest to the terminal in one go.

Most of what a console prints while somebody types is one character at the cursor. For that, rows need not be put
together, compared and written: the character and the cursor behind it are painted ahead, and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.style import Style

from xentui.console.attributes import Attributes
from xentui.console.emulator import Echo
from xentui.console.session import State
from xentui.screens.glance import glance
from xentui.screens.terminal.reflex import MARK
from xentui.screens.themes import Theme
from xentui.screens.widgets.console_cells import BLOCK, style_of

if TYPE_CHECKING:
    from xentui.screens.widgets.console_pane import ConsolePane


Cells = list[tuple[str, Style | None]]

#: Bytes of an echo at the most.
_LONGEST = 16
#: Looks that are remembered; a guest may use thousands.
_KEPT = 500


class Echoes:
    """Shows the echoes of one pane."""

    def __init__(self, pane: ConsolePane) -> None:
        self._pane = pane
        self._shown = False
        self._looks: dict[tuple[Attributes, bool], Style | None] = {}
        self._filters: object = None
        self._theme: Theme | None = None
        self._reverse = False

    @property
    def all_shown(self) -> bool:
        """Whether what came since this was asked last was an echo, and is shown."""
        shown, self._shown = self._shown, False
        return shown

    def take(self, data: bytes) -> bool:
        """Feed `data` to the emulator and show it; False, and nothing is done, if it is more than an echo, or if the
        pane shows anything but the guest's screen as it was drawn last.
        """
        self._shown = False
        seen = self._seen(data)
        if seen is None:
            return False
        echo, row, cells = seen
        if not self._pane.ahead.paint_cells(row, echo.column, cells):
            return False
        self._pane.session.emulator.take_echo(echo)
        self._shown = True
        return True

    def foresee(self) -> tuple[int, int, Cells] | None:
        """The cells that MARK's echo would change, and where on the screen; None if it would be more."""
        seen = self._seen(MARK.encode())
        if seen is None:
            return None
        echo, row, cells = seen
        place = self._pane.ahead.place_of(row, echo.column)
        return None if place is None else (*place, cells)

    def _seen(self, data: bytes) -> tuple[Echo, int, Cells] | None:
        """What `data` is the echo of, its row in the pane and how its cells look; None if it is more than an echo."""
        pane = self._pane
        session, view, emulator = pane.session, pane.view, pane.session.emulator
        if len(data) > _LONGEST or not (
            pane.all_drawn and view.plain and session.state is State.ATTACHED and session.alone
        ):
            return None
        echo = emulator.echo_of(data)
        if echo is None or echo.look.conceal or echo.under_look.conceal:
            return None
        row, column, text, look, under, under_look = echo
        modes = emulator.modes
        if pane.drawn_cursor != (row, True) or not modes.cursor_visible or not glance(pane, "has_focus"):
            return None
        y = row - view.top
        if not 0 <= y < view.height or column + len(text) >= view.width:
            return None
        filters, theme, reverse = pane.ahead.filters, pane.theme, modes.reverse_screen
        if filters is not self._filters or theme is not self._theme or reverse is not self._reverse:
            self._filters, self._theme, self._reverse = filters, theme, reverse
            self._looks.clear()
        return echo, y + 1, [(text, self._look(look, False)), (under, self._look(under_look, True))]

    def _look(self, look: Attributes, cursor: bool) -> Style | None:
        """The style of a cell, as Textual's filters leave it."""
        try:
            return self._looks[look, cursor]
        except KeyError:
            style = style_of(look, self._pane.theme["text"], self._reverse)
            if len(self._looks) > _KEPT:
                self._looks.clear()
            found = self._looks[look, cursor] = self._pane.ahead.filtered(style + BLOCK if cursor else style)
            return found
