"""Moving guests to another host from the table: which host, what stands against it, and then as one job, one guest
after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from xentui.actions import BY_NAME
from xentui.domains.domain import Domain
from xentui.guests.errors import GuestError
from xentui.guests.migration.check import Answer, check_each, passes
from xentui.guests.migration.hosts import beside, short
from xentui.guests.migration.move import Moved, move, move_all, other_host, told_of
from xentui.host import HostError
from xentui.screens.dialogs.ask import Ask
from xentui.screens.dialogs.choose import Choice, Choose
from xentui.screens.dialogs.prose import Paragraph
from xentui.screens.dialogs.review import Review
from xentui.screens.drawing import Line, wrap
from xentui.screens.guest_jobs import GuestJob
from xentui.screens.guest_tasks import site_of
from xentui.subprocesses import CommandError, printable

if TYPE_CHECKING:
    from xentui.screens.app import XentuiApp

_ANOTHER = ""
_ROLES = {True: "dialog", False: "danger", None: "dialog-dim"}

#: What was looked at, by guest; a sentence where there was nothing to look at.
Looked = dict[str, list[Answer] | str]


async def ask_move(app: XentuiApp, domains: Sequence[Domain]) -> None:
    """Ask where to, look at both hosts, show what was found, and move what can be moved."""
    names = [domain.name for domain in domains]
    what = printable(names[0]) if len(names) == 1 else f"{len(names)} guests"
    target = await _choose_host(app, what)
    if target is None:
        return
    app.say(f"Looking at both hosts, {app.host.name} and {short(target)} ...")
    try:
        looked = await asyncio.to_thread(_look, app, names, target)
    except (HostError, CommandError, ValueError) as error:  # a GuestError is a ValueError, too
        app.say(printable(str(error)), "error")
        return
    app.say("")
    good = [name for name in names if _passes(looked[name])]
    if not await app.push_screen_wait(_review(app, what, target, looked, good)):
        app.say("Nothing was done.")
        return
    busy = [name for name in good if any(name == job.domain.name for job in app.jobs.running)]
    if busy:
        app.say(f"{printable(busy[0])} has something else being done to it; nothing was moved.", "error")
        return
    one = next(domain for domain in domains if domain.name == good[0])
    shown = one if len(good) == 1 else Domain(name=f"{len(good)} guests")
    app.start_job(MoveJob(app, shown, good, target))


async def _choose_host(app: XentuiApp, what: str) -> str | None:
    choices = [Choice(host, host) for host in beside(app.host, (*app.hosts, *app.host.others())).values()]
    choices.append(Choice(_ANOTHER, "another ...", "hosts = [...] in settings.toml puts it here"))
    target = await app.push_screen_wait(Choose(f"Move {what} to which host?", choices))
    if target != _ANOTHER:
        return target
    return await app.push_screen_wait(
        Ask(f"Move {what} to the host", "root@", _complaint, "as for --host; ssh has to get there without a password")
    )


def _complaint(answer: str) -> str | None:
    if not answer or answer.endswith("@") or answer.startswith("-") or " " in answer or not answer.isprintable():
        return "Give USER@HOST, HOST or ssh://USER@HOST:PORT."
    return None


def _look(app: XentuiApp, names: Sequence[str], target: str) -> Looked:
    """In a thread."""
    with other_host(app.host, target, ask=False) as there:
        each = check_each(site_of(app), names, there)
        return {name: found.headline if isinstance(found, GuestError) else found for name, found in each}


def _passes(found: list[Answer] | str) -> bool:
    return not isinstance(found, str) and passes(found)


def _review(app: XentuiApp, what: str, target: str, looked: Looked, good: Sequence[str]) -> Review:
    width = min(76, app.size.width) - 6
    lines: list[Line] = []
    # Of several, who stays comes first, and of each what is not well.
    for name, found in sorted(looked.items(), key=lambda item: _passes(item[1])) if len(looked) > 1 else looked.items():
        answers = [Answer(False, found)] if isinstance(found, str) else found
        if len(looked) > 1:
            lines.append(((f"{printable(name)}{'' if _passes(found) else ' stays:'}", "dialog-title"),))
            well = sum(answer.ok is True for answer in answers)
            answers = [answer for answer in answers if not answer.ok]
            answers = answers or [Answer(True, f"All {well} things that were looked at are well.")]
        for answer in answers:
            first, *rest = wrap(printable(answer.line), width - 4) or [""]
            lines += [((line, _ROLES[answer.ok]),) for line in (first, *(f"    {line}" for line in rest))]
    if not good:
        return Review(f"{what} cannot be moved to {target} so", lines)
    what = what if len(good) == len(looked) else f"{len(good)} of {what}"
    remark: Paragraph = ("It goes on running while its memory is sent. Its configuration goes along.", "dialog-dim")
    return Review(f"Move {what} to {target}?", lines, [remark], "Move")


class MoveJob(GuestJob):
    """Its error says how things stand after a cancel, too."""

    tells_its_end = True

    def __init__(self, app: XentuiApp, shown: Domain, names: Sequence[str], target: str) -> None:
        super().__init__(BY_NAME["migrate"], shown, lambda _job: self._move(app))
        self.names, self.target = list(names), target

    def _move(self, app: XentuiApp) -> list[str]:
        with other_host(app.host, self.target, ask=False) as there:
            if len(self.names) == 1:
                moved = move(site_of(app), self.names[0], there, self.say, self.cancel)
                return [moved.sentence, *moved.remarks]
            told: list[str] = []

            def ended(name: str, result: Moved | GuestError) -> None:
                if isinstance(result, GuestError):
                    told.append(told_of(name, result))
                else:
                    told.extend((result.sentence, *(f"  {line}" for line in result.remarks)))

            failed = move_all(lambda: site_of(app), self.names, there, self.say, ended, self.cancel)
            if failed:
                raise GuestError(f"{failed} of {len(self.names)} were not moved.", printable_lines(told))
            return told


def printable_lines(lines: Sequence[str]) -> str:
    """A text of them for a dialog."""
    return "\n".join(printable(line) for line in lines)
