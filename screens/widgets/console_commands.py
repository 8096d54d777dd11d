"""What the keys after the leader do at one console."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from xentui.console.watch import PatternError
from xentui.screens.terminal.redraw import redraw
from xentui.screens.widgets import console_company
from xentui.screens.widgets.console_history import HistoryKeys

if TYPE_CHECKING:
    from xentui.screens.widgets.console_pane import ConsolePane

#: The smallest size that is sent to a guest: what is drawn for less would be unusable anyway.
LEAST_COLUMNS, LEAST_ROWS = 20, 5


def commands_of(pane: ConsolePane, history: HistoryKeys) -> dict[str, Callable[[], None]]:
    """The commands by their names in `LEADER_KEYS`; what is not here is the deck's or the screen's."""
    session = pane.session
    return {
        "size": lambda: _send_size(pane),
        "history": history.enter,
        "search": history.ask_search,
        "mark": history.mark,
        "times": pane.show_times,
        "escape": lambda: pane.type_raw(b"\x1d"),
        "null": lambda: pane.type_raw(b"\0"),
        "watch": lambda: _ask_watch(pane),
        "save": history.ask_save,
        "record": lambda: record(pane),
        "reset": lambda: _reset(pane),
        "clear": lambda: _clear(pane),
        "attach": pane.link.attach_again,
        "log": lambda: pane.link.attach_again(log=True),
        "ask": lambda: console_company.ask_or_give(session, pane.say),
        "keep": lambda: console_company.keep(session, pane.say),
        "people": lambda: _list_people(pane),
        "redraw": lambda: redraw(pane.app),
        "help": pane.show_help,
    }


def record(pane: ConsolePane) -> None:
    """Begin a recording, or end the one that runs."""
    begins = pane.session.recorder is None
    try:
        path = pane.session.record()
    except OSError as error:
        pane.say(f"cannot be recorded: {error.strerror}")
    else:
        pane.say(f"{'recording' if begins else 'recorded'} {path.name} in {path.parent}" if path else "")


def _send_size(pane: ConsolePane) -> None:
    columns, rows = max(LEAST_COLUMNS, pane.view.width), max(LEAST_ROWS, pane.view.height)
    if pane.session.send_size(columns, rows):
        pane.view.follow()
        pane.refresh()
    else:
        pane.say_not_sent()


def _list_people(pane: ConsolePane) -> None:
    pane.view.people = not pane.view.people
    pane.refresh()


def _reset(pane: ConsolePane) -> None:
    pane.session.emulator.reset()
    pane.refresh()


def _clear(pane: ConsolePane) -> None:
    pane.session.emulator.clear_scrollback()
    pane.view.leave()
    pane.refresh()
    pane.say("the history is forgotten")


def _ask_watch(pane: ConsolePane) -> None:
    def watch_for(words: str) -> None:
        try:
            pane.watcher.set(part.strip() for part in words.split(";") if part.strip())
        except PatternError as error:
            pane.say(str(error))
        else:
            pane.say(f"watching for {'; '.join(pane.watcher.patterns) or 'nothing'}")

    pane.ask("Watch for (; between, /regexp/):", watch_for, "; ".join(pane.watcher.patterns), empty=True)
