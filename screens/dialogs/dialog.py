"""The base of all dialogs: a block in the middle of the screen, what is below it untouched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar, cast

from textual.screen import ModalScreen

from xentui.screens.type_ahead import ReadyScreen

if TYPE_CHECKING:
    from xentui.screens.app import XentuiApp

Result = TypeVar("Result")


class Dialog(ReadyScreen[Result], ModalScreen[Result], Generic[Result]):
    """Its children stand in a `Vertical` with the id ``dialog``."""

    DEFAULT_CSS = """
    Dialog { align: center middle; background: transparent; }
    Dialog:ansi { background: transparent; }
    Dialog > #dialog {
        width: 76; max-width: 100%; height: auto; max-height: 100%;
        padding: 0 1; background: $x-dialog-bg; color: $x-dialog;
        border: round $x-border; border-title-color: $x-dialog-title;
    }
    Dialog Lines { height: auto; background: $x-dialog-bg; }
    Dialog KeyBar { height: 1; }
    Dialog Input, Dialog Input:focus {
        border: none; height: 1; padding: 0; margin: 0; background-tint: transparent;
        background: $x-input-bg; color: $x-input; text-style: $x-input-style;
    }
    """

    @property
    def xentui(self) -> XentuiApp:
        """The app, by its own type."""
        return cast("XentuiApp", self.app)

    @property
    def inner_width(self) -> int:
        """The cells of a line inside the frame."""
        return max(1, min(76, self.app.size.width) - 4)
