"""The modes a guest can set, and their numbers (VT220 Programmer Reference ch. 4; xterm ctlseqs, DECSET)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Modes:
    """What the guest switched on. The pane reads these to know which bytes a key, a paste or a click sends."""

    application_cursor: bool = False
    application_keypad: bool = False
    autowrap: bool = True
    origin: bool = False
    insert: bool = False
    newline_mode: bool = False
    reverse_screen: bool = False
    cursor_visible: bool = True
    cursor_blink: bool = False
    alternate_screen: bool = False
    bracketed_paste: bool = False
    focus_events: bool = False
    mouse: int = 0
    """0, or the DEC mode that says what is reported: 9, 1000, 1002 or 1003."""
    mouse_sgr: bool = False
    column_change: bool = False
    """DECCOLM clears the screen, as on a VT220; the width stays what it is."""


ANSI_MODES = {4: "insert", 20: "newline_mode"}
DEC_MODES = {
    1: "application_cursor",
    5: "reverse_screen",
    6: "origin",
    7: "autowrap",
    12: "cursor_blink",
    25: "cursor_visible",
    40: "column_change",
    66: "application_keypad",
    1004: "focus_events",
    1006: "mouse_sgr",
    2004: "bracketed_paste",
}
MOUSE_MODES = frozenset((9, 1000, 1002, 1003))
SCREEN_MODES = frozenset((47, 1047, 1049))
"""DEC modes that switch to the alternate screen; 1048 saves the cursor, 1049 does both."""
