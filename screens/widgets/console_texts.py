"""What a console pane says itself: the hint and the help of the leader, and why there is no guest to see."""

from __future__ import annotations

from xentui.console.keys import key_label
from xentui.console.session import ConsoleSession, State
from xentui.screens.drawing import Line, fit, wrap
from xentui.screens.keys import shown
from xentui.screens.widgets import console_company
from xentui.screens.widgets.console_keys import HISTORY_HINT, LEADER_KEYS, MARKING_HINT
from xentui.screens.widgets.console_view import ConsoleView

#: Cells of a column of the help, at least.
_HELP_WIDTH = 24


def hint(leader: str, ground: str) -> Line:
    """The keys that may come after the leader. They are bold, so that one blank does between."""
    label = shown(leader)
    words = [(entry.shown, entry.hint) for entry in LEADER_KEYS if entry.hint]
    words.append((label, "itself"))
    if label != "^]":
        words.append(("e", "^]"))
    return [part for key, text in words for part in ((f" {key}", "key"), (f" {text}", ground))]


def help_lines(leader: str, width: int, height: int) -> list[Line]:
    """All keys after the leader, in as many columns as it takes to fit them into `height`."""
    label = key_label(leader)
    entries = [(f" {entry.shown:<3}", entry.help) for entry in LEADER_KEYS]
    entries.append((f" {label} ", f"type {label} in the guest"))
    columns = max(1, min(-(-len(entries) // max(1, height - 1)), width // _HELP_WIDTH))
    rows, column = -(-len(entries) // columns), width // columns
    lines: list[Line] = [((f" After {label}; any other key: nothing", "dialog-title"),)]
    for index in range(rows):
        line: list[tuple[str, str]] = []
        for key, words in entries[index::rows]:
            line += [(key, "key"), (fit(words, max(0, column - len(key))), "")]
        lines.append(line)
    if len(lines) > height:  # some would be missing, and nobody would know
        lines[height - 1 :] = [((fit(f" {label} : finds the others by their names", width), "key"),)]
    return lines


def notice(session: ConsoleSession, view: ConsoleView, leader: str, width: int, height: int) -> list[Line]:
    """Why the session is not attached, and what can be done; while it is, what is to be said of who shares it."""
    if session.state in (State.ATTACHED, State.ATTACHING) or not session.sentence:
        return console_company.lines(session, leader, width, listed=view.people)[-max(1, height) :]
    lines: list[Line] = [((f" {text}", ""),) for text in wrap(session.sentence, max(10, width - 2))]
    if session.state in (State.BUSY, State.FAILED):
        again = " tries again   " if session.state is State.BUSY else " attaches again   "
        lines.append(((" R", "key"), (again, ""), ("l", "key"), (" reads its log instead", "")))
    return lines[-max(1, height) :]


def status(session: ConsoleSession, view: ConsoleView, leader: str, *, focused: bool) -> str:
    """What stands at the right of the title."""
    if view.cursor is not None:
        return MARKING_HINT
    if not view.live:
        return f"{view.below} lines below  {HISTORY_HINT}"
    words = [f"{session.emulator.columns}x{session.emulator.rows}"]
    if session.read_only or not session.may_type:
        words.append("log, read-only" if session.read_only else "read-only")
    if company := console_company.status(session):
        words.append(company)
    if session.state is not State.ATTACHED:
        words.append(session.state)
    if session.recorder is not None:
        words.append("REC full" if session.recorder.full else "REC")
    if session.holds:
        words.append("Ctrl+] goes with the next key")
    if focused:
        words.append(f"{key_label(leader)} ?")
    return "  ".join(words)
