"""What is saved of a guest, from the table: restore it, or be rid of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from xentui.actions import BY_NAME, impossible
from xentui.domains.domain import Domain
from xentui.guests import saves
from xentui.guests.errors import GuestError
from xentui.guests.saves import Save
from xentui.host import HostError
from xentui.screens.dialogs.choose import Choice, Choose
from xentui.screens.dialogs.confirm import Confirm
from xentui.screens.guest_jobs import GuestJob
from xentui.subprocesses import printable

if TYPE_CHECKING:
    from xentui.screens.app import XentuiApp

_RESTORE, _DISCARD = "restore", "discard"


async def ask_saved_states(app: XentuiApp, domain: Domain) -> None:
    """Show all files, and ask what is to be done with one."""
    name = printable(domain.name)
    try:
        found = await asyncio.to_thread(saves.saves, app.host, domain.name)
    except (HostError, GuestError) as error:
        app.say(printable(str(error)), "error")
        return
    if not found:
        app.say(f"Nothing is saved of {name}; w saves it while it runs.")
        return
    choices = [Choice(save.guest.path, save.describe(), printable(save.guest.path)) for save in found]
    path = await app.push_screen_wait(Choose(f"Saved of {name}", choices, with_filter=len(choices) > 9))
    if path is None:
        return
    save = next(save for save in found if save.guest.path == path)
    what = [
        Choice(_RESTORE, "Restore", "its memory as it was then" if save.current else "old memory on newer disks"),
        Choice(_DISCARD, "Discard", "remove the file"),
    ]
    answer = await app.push_screen_wait(Choose(f"{save.describe()}  {printable(path)}", what))
    if answer == _RESTORE:
        await _restore(app, domain, save)
    elif answer == _DISCARD:
        await _discard(app, domain, save)


async def _restore(app: XentuiApp, domain: Domain, save: Save) -> None:
    action, path = BY_NAME["restore"], save.guest.path
    if app.read_only or domain.state.alive:
        why = impossible(action, domain, read_only=app.read_only) or ""
        app.say(why if app.read_only else f"{printable(domain.name)} is {domain.state.said}: end it first.", "error")
        return
    if save.warning:
        command = f"xentui restore {path} --again"
        if not await _meant(app, f"Restore {domain.name} from {path}?", save.warning, command, action.title):
            return
    app.start_job(
        GuestJob(action, domain, lambda job: app.inventory.toolstack(domain).restore(path, cancel=job.cancel))
    )


async def _discard(app: XentuiApp, domain: Domain, save: Save) -> None:
    action, path = replace(BY_NAME["saved-states"], title="Discard"), save.guest.path
    if app.read_only:
        app.say("xentui runs read-only (--read-only): nothing is changed.", "error")
        return
    lost = "Its memory is lost: it will start as after a power cut." if save.current else "It cannot be gone back to."
    command = f"xentui saved --discard {path}"
    if await _meant(app, f"Discard what is saved of {domain.name} in {path}?", lost, command, action.title):

        def work(_job: GuestJob) -> None:
            saves.discard(app.host, save)

        app.start_job(GuestJob(action, domain, work))


async def _meant(app: XentuiApp, question: str, warning: str, command: str, yes: str) -> bool:
    if await app.push_screen_wait(Confirm(printable(question), [], warning, [printable(command)], yes)):
        return True
    app.say("Nothing was done.")
    return False
