"""Drawing the whole screen again, at the user's word."""

from __future__ import annotations

from typing import Any

from textual.app import App

from xentui.screens.terminal.lean import LeanDriver


def redraw(app: App[Any]) -> None:
    """After line noise, or on a terminal that was exchanged for another."""
    if isinstance(app._driver, LeanDriver):
        app._driver.look_again()
    else:
        app.refresh(layout=True)
