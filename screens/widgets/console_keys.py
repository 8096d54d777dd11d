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
    LeaderKey(("d",), "d", "detach", "detach", "leave it; the guest goes on"),
    LeaderKey(("n", "right"), "n", "next", "next", "next console"),
    LeaderKey(("p", "left"), "p", "previous", "prev", "previous console"),
    LeaderKey(("o", "tab"), "o", "table", "table", "to the table; it stays open"),
    LeaderKey(("f", "1"), "f", "large", "large", "large, or beside the table"),
    LeaderKey(("2",), "2", "half", "", "half of the screen, or its own"),
    LeaderKey(("3",), "3", "third", "", "a third of it, or its own"),
    LeaderKey(("t",), "t", "tile", "tile", "up to four tiled, or one"),
    LeaderKey(("b",), "b", "broadcast", "", "type to all tiles, or to one"),
    LeaderKey(("P", "upper_p"), "P", "power", "power", "shut down, reboot, pause, destroy ..."),
    LeaderKey(("x",), "x", "sysrq", "", "send a SysRq"),
    LeaderKey(("D", "upper_d"), "D", "cd", "", "insert or eject a CD"),
    LeaderKey(("s",), "s", "size", "size", "type stty with this size"),
    LeaderKey(("g", "pageup", "up"), "g", "history", "scroll", "scroll back; / and x search"),
    LeaderKey(("slash",), "/", "search", "", "search in the history"),
    LeaderKey(("v",), "v", "mark", "", "mark in it; y copies, w writes"),
    LeaderKey(("T", "upper_t"), "T", "times", "", "show when each line came"),
    LeaderKey(("e",), "e", "escape", "", "type Ctrl+] in the guest"),
    LeaderKey(("at", "space"), "@", "null", "", "type Ctrl+Space in the guest"),
    LeaderKey(("w",), "w", "save", "", "write the history to a file"),
    LeaderKey(("r",), "r", "record", "", "record to a file, or stop"),
    LeaderKey(("W", "upper_w"), "W", "watch", "", "words that raise a notice"),
    LeaderKey(("z",), "z", "reset", "", "reset a garbled terminal"),
    LeaderKey(("c",), "c", "clear", "", "forget the history"),
    LeaderKey(("R", "upper_r"), "R", "attach", "", "attach again"),
    LeaderKey(("l",), "l", "log", "", "read its log instead"),
    LeaderKey(("a",), "a", "ask", "", "ask for the writing, or give it"),
    LeaderKey(("k",), "k", "keep", "", "keep the writing when asked"),
    LeaderKey(("i",), "i", "people", "", "who is here, and who writes"),
    LeaderKey(("ctrl+l",), "^L", "redraw", "", "draw the screen again"),
    LeaderKey(("colon",), ":", "palette", "", "find any of these, or an action"),
    LeaderKey(("question_mark", "h"), "?", "help", "help", "this list"),
)

BY_KEY = {key: entry for entry in LEADER_KEYS for key in entry.keys}

#: What the keys do while the history is in view, and while something in it is marked.
HISTORY_HINT = "q back  PgUp PgDn  / search  x regexp  n N next  v mark  w write  t times"
MARKING_HINT = "q ends  arrows  Space begins  y to your clipboard  w to a file  / search"
