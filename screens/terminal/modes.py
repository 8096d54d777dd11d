"""What a full screen switches on at its start, and off at its end."""

from __future__ import annotations

from xentui.screens.terminal.capabilities import Capabilities

_MOUSE_ON, _MOUSE_OFF = b"\x1b[?1000h\x1b[?1002h\x1b[?1006h", b"\x1b[?1006l\x1b[?1002l\x1b[?1000l"


def entering(has: Capabilities, *, mouse: bool) -> bytes:
    """The first bytes to a terminal."""
    return b"".join(
        (
            b"\x1b[?1049h" if has.alternate_screen else b"",
            b"\x1b[?25l" if has.hide_cursor else b"",
            b"\x1b)0" if has.glyphs == "dec" and has.shift_out else b"",
            b"\x1b[?2004h" if has.bracketed_paste else b"",
            _MOUSE_ON if mouse else b"",
        )
    )


def leaving(has: Capabilities, *, mouse: bool) -> bytes:
    """The last ones: one without an alternate screen is cleared, not littered."""
    return b"".join(
        (
            _MOUSE_OFF if mouse else b"",
            b"\x1b[?2004l" if has.bracketed_paste else b"",
            (b"\x0f" if has.shift_out else b"\x1b(B") if has.glyphs == "dec" else b"",
            b"\x1b[r" if has.scroll_region else b"",
            b"\x1b[m",
            b"\x1b[?1049l" if has.alternate_screen else b"\x1b[H\x1b[J",
            b"\x1b[?25h" if has.hide_cursor else b"",
        )
    )
