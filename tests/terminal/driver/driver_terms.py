"""What each terminal understands, and what a program sent it beyond that.

From their manuals: DEC VT100 and VT102 User Guides, VT220 Programmer Reference, console_codes(4), ansi.sys as
terminfo's `ansi` has it, XTerm Control Sequences.
"""

from __future__ import annotations

import re

_VT100 = r"\x1b\[(\d*(;\d*)?[HABCDJKr]|[0-57;]*m|\?25[lh])|\x1b[()][0B]|\x1bM|[\x0e\x0f\n\r\b]"
_DRAWING = {
    "unknown": r"\x1b\[(\d*(;\d*)?[HABCDJK]|[147;]*m)|[\n\r\b]",
    "vt100": _VT100,
    "vt102": _VT100 + r"|\x1b\[\d*[PLM]",
    "vt220": _VT100 + r"|\x1b\[\d*[PLMX@]|\x1b\[2[2457](;\d+)*m",
    "linux": _VT100 + r"|\x1b\[\d*[PLMX@Gd]|\x1b\[[0-9;]*m",
    "ansi": r"\x1b\[(\d*(;\d*)?[HABCDJKPLMX@Gdb]|[0-9;]*m)|[\n\r\b]",
    "xterm": _VT100 + r"|\x1b\[\d*[PLMX@Gdb]|\x1b\[[0-9;]*m",
    "xterm-256color": _VT100 + r"|\x1b\[\d*[PLMX@Gdb]|\x1b\[[0-9;]*m",
    "screen": _VT100 + r"|\x1b\[\d*[PLM@Gd]|\x1b\[[0-9;]*m",
    "tmux-256color": _VT100 + r"|\x1b\[\d*[PLM@Gd]|\x1b\[[0-9;]*m",
}

TERMS = tuple(_DRAWING)

# Before, behind and beside the drawing: the questions of size (DECSC, CPR, DECRC) and of speed (DSR), G1, the modes.
_VT_ASKS = r"|\x1b7|\x1b8|\x1b\[[56]n"
_MODES = r"|\x1b\[\?(1049|2004|1000|1002|1006)[hl]"
_AROUND = {
    "unknown": "",
    **dict.fromkeys(("vt100", "vt102"), _VT_ASKS + r"|\x1b\)0"),
    "vt220": _VT_ASKS,
    "linux": _VT_ASKS + r"|\x1b\)0|\x1b\[\?2004[hl]",
    "ansi": r"|\x1b\[[56]n",
    **dict.fromkeys(("xterm", "xterm-256color", "screen", "tmux-256color"), _VT_ASKS + r"|\x1b\)0" + _MODES),
}


def foreign(term: str, sent: bytes, *, whole: bool = False) -> list[str]:
    """The sequences in `sent` that the terminal does not know; with `whole`, of a session from its start to its end."""
    known = _DRAWING[term] + (_AROUND[term] if whole else "")
    left = re.sub(known, "", sent.decode("utf-8", "backslashreplace"))
    return [repr(cut) for cut in re.findall(r"[^\x20-\x7e\xa0-\U0010ffff].{0,10}", left)]
