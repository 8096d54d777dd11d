"""What can be done to a guest without leaving its console: the registry's actions, and all keys by name."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from xentui.actions import ACTIONS, BY_NAME, Action, Group, impossible
from xentui.console.watch import Notice
from xentui.domains.domain import Domain
from xentui.screens.dialogs.choose import Choice, Choose
from xentui.screens.performing import perform
from xentui.screens.widgets.console_keys import LEADER_KEYS
from xentui.screens.widgets.console_pane import ConsolePane
from xentui.subprocesses import printable

if TYPE_CHECKING:
    from xentui.screens.domains import DomainsScreen

#: What the menus after the leader offer.
_MENUS = {
    "power": [action for action in ACTIONS if action.group is Group.POWER],
    "cd": [BY_NAME["cd-insert"], BY_NAME["cd-eject"]],
}


def do(desk: DomainsScreen, pane: ConsolePane, command: str) -> None:
    """Do a command that the pane does not know: an action of the registry, a menu of them, or the palette."""
    app, name = desk.xentui, pane.session.name
    domain = app.snapshot.domain(name) if app.snapshot is not None else None
    if command == "palette":
        app.run_dialogs(_palette(desk, pane, domain))
    elif domain is None:
        pane.say(f"{printable(name)} is gone; nothing can be done to it")
    elif command in _MENUS:
        reasons = [impossible(action, domain, read_only=app.read_only) for action in _MENUS[command]]
        if None in reasons:
            app.run_dialogs(_menu(desk, command, domain))
        else:
            pane.say(str(reasons[0]))
    elif (why := impossible(BY_NAME[command], domain, read_only=app.read_only)) is not None:
        pane.say(why)
    else:
        app.perform(BY_NAME[command], [domain])


def tell(desk: DomainsScreen, name: str, notice: Notice) -> None:
    """A guest printed what is watched for."""
    times = f" ({notice.times} times)" if notice.times > 1 else ""
    text = f"{printable(name)}: {printable(notice.line)}{times}"
    desk.say(text, "error")
    domain = desk.xentui.snapshot.domain(name) if desk.xentui.snapshot is not None else None
    if domain is not None:
        desk.xentui.history.note(domain.key, f"console: {printable(notice.line)}{times}", time.time())


def _choice(desk: DomainsScreen, action: Action, domain: Domain) -> Choice:
    why = impossible(action, domain, read_only=desk.xentui.read_only)
    return Choice(action.name, action.title, f"not now: {why}" if why else action.help, "dialog-dim" if why else "")


async def _menu(desk: DomainsScreen, command: str, domain: Domain) -> None:
    choices = [_choice(desk, action, domain) for action in _MENUS[command]]
    answer = await desk.app.push_screen_wait(Choose(printable(domain.name), choices))
    if answer is not None:
        await perform(desk.xentui, BY_NAME[answer], [domain])


async def _palette(desk: DomainsScreen, pane: ConsolePane, domain: Domain | None) -> None:
    choices = [
        Choice(f"key {entry.command}", entry.help, f"{entry.shown} after the leader")
        for entry in LEADER_KEYS
        if entry.command != "palette"
    ]
    if domain is not None:
        choices += [_choice(desk, action, domain) for action in ACTIONS if action.run is not None]
    answer = await desk.app.push_screen_wait(Choose("At this console", choices, with_filter=True))
    if answer is None:
        return
    if answer.startswith("key "):
        pane.command(answer.removeprefix("key "))
    elif domain is not None:
        await perform(desk.xentui, BY_NAME[answer], [domain])
