"""The clipboard of the user's own terminal, by OSC 52 (xterm's control sequences). Only at the user's word."""

from __future__ import annotations

from typing import Any

from textual.app import App

from xentui.screens.terminal.lean import LeanDriver

#: Bytes that xterm and those after it take, before base64; and so many seconds of a slow line.
_MOST = 72_000
_SECONDS = 5.0


def copy_to_terminal(app: App[Any], text: str) -> str:
    """Send `text` there, if the terminal is one that may have a clipboard. What to say of it: it never answers."""
    driver, size = app._driver, len(text.encode("utf-8", "replace"))
    if isinstance(driver, LeanDriver):
        if not driver.capabilities.mouse:
            return "not copied: this terminal has no clipboard; w writes to a file"
        rate = driver.statistics.bytes_per_second
        if rate and size * 4 / 3 > rate * _SECONDS:
            return f"not copied: {size} bytes are too much for this slow line; w writes to a file"
    if size > _MOST:
        return f"not copied: {size} bytes are more than a terminal takes; w writes to a file"
    app.copy_to_clipboard(text.encode("utf-8", "replace").decode())
    return f"{len(text)} characters sent to your terminal's clipboard, if it takes them (OSC 52)"
