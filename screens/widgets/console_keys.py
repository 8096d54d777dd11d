"""The keys after the leader: one table, for the hint, the help and the doing."""

from __future__ import annotations

from typing import NamedTuple


class LeaderKey(NamedTuple):
    """A key after the leader: what it does, by name; its word in the hint, if it stands there; its line of help."""

    keys: tuple[str, ...]
    shown: str
    command: str
    hint: str
    help: str


LEADER_KEYS: tuple[LeaderKey, ...] = (
    LeaderKey(("d",), "d", "detach", "detach", "detach: leave this console; the guest goes on"),
    LeaderKey(("n", "right"), "n", "next", "next", "next console"),
    LeaderKey(("p", "left"), "p", "previous", "prev", "previous console"),
    LeaderKey(("o", "tab"), "o", "table", "table", "back to the table; the console stays open"),
    LeaderKey(("f",), "f", "large", "large", "this console large, or beside the table again"),
    LeaderKey(("t",), "t", "tile", "tile", "all open consoles side by side, or one"),
    LeaderKey(("s",), "s", "size", "size", "send the pane's size: types stty rows ... cols ... at the guest's prompt"),
    LeaderKey(("g", "pageup", "up"), "g", "history", "scroll", "scroll back in what the guest printed; / searches"),
    LeaderKey(("slash",), "/", "search", "", "search in what the guest printed"),
    LeaderKey(("e",), "e", "escape", "", "type Ctrl+] in the guest"),
    LeaderKey(("at", "space"), "@", "null", "", "type Ctrl+Space (NUL) in the guest"),
    LeaderKey(("w",), "w", "save", "", "write the scrollback to a file"),
    LeaderKey(("r",), "r", "record", "", "record to a file (asciicast v2), or stop"),
    LeaderKey(("z",), "z", "reset", "", "reset the terminal, if a guest left it in a strange state"),
    LeaderKey(("c",), "c", "clear", "", "forget the scrollback"),
    LeaderKey(("R", "upper_r"), "R", "attach", "", "attach again"),
    LeaderKey(("l",), "l", "log", "", "read the guest's log instead, read-only; R goes back"),
    LeaderKey(("question_mark", "h"), "?", "help", "help", "this list"),
)

BY_KEY = {key: entry for entry in LEADER_KEYS for key in entry.keys}

#: Where the leader stands for itself in the hint and the help: leader, leader.
HISTORY_HINT = "PgUp PgDn Home End  / search  n N next  q back"
