"""From a key to a job: is it possible, what is asked, is it meant, and then it is started."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from xentui.actions import Action, Question, impossible
from xentui.domains.domain import Domain
from xentui.screens.dialogs.ask import Ask
from xentui.screens.dialogs.choose import Choice, Choose
from xentui.screens.dialogs.confirm import Confirm
from xentui.screens.formats import brief
from xentui.screens.jobs import Job
from xentui.subprocesses import printable

if TYPE_CHECKING:
    from xentui.screens.app import XentuiApp


async def perform(app: XentuiApp, action: Action, domains: Sequence[Domain]) -> None:
    """Ask what there is to ask, and start `action` on each of `domains` that it is possible for."""
    possible, refusal = _possible(app, action, domains)
    if possible and action.name in ("start", "start-paused"):
        possible, refusal = await _with_a_system(app, possible, refusal)
    if not possible:
        if refusal:
            app.say(refusal, "error")
        return
    argument = ""
    if action.question is not None:
        answer = await _cd_of_library(app, action.question, possible[0]) if action.name == "cd-insert" else ""
        if answer == "":  # no image there, or another one is wanted
            answer = await _ask(app, action.question, action.help, possible[0])
        if answer is None:
            return
        argument = answer
    loses = action.loses(argument)
    if (action.dangerous or loses) and not await _confirm(app, action, possible, argument, loses):
        app.say("Nothing was done.")
        return
    if action.question is not None or action.dangerous:
        # Time has passed: the world may be another one.
        possible, changed = _possible(app, action, _as_they_are_now(app, possible), gone=len(possible))
        refusal = changed or refusal
    jobs = [Job(action, domain, argument, refusal or action.remark(domain)) for domain in possible]
    for job in jobs:
        app.start_job(job)
    if refusal:
        app.say(refusal, "error")


def _possible(app: XentuiApp, action: Action, domains: Sequence[Domain], *, gone: int = 0) -> tuple[list[Domain], str]:
    """The domains that it can be done to, and why not to the others."""
    if not domains:
        if gone:
            return [], "The domain is gone meanwhile; nothing was done."
        return [], impossible(action, None, read_only=app.read_only) or "No domain is selected."
    if len(domains) > 1 and not action.many:
        return [], f"{action.title} goes to one domain at a time; Esc takes the marks away."
    possible: list[Domain] = []
    refused: list[tuple[Domain, str]] = []
    for domain in domains:
        reason = impossible(action, domain, read_only=app.read_only)
        if reason is None and any(job.action is action and job.domain.key == domain.key for job in app.jobs.running):
            reason = f"{action.title} is running for it already."
        if reason is None:
            possible.append(domain)
        else:
            refused.append((domain, reason))
    if not refused:
        return possible, ""
    name, reason = brief(refused[0][0].name), refused[0][1]
    sentence = reason if reason.startswith(name) else f"{name}: {reason}"
    return possible, sentence if len(domains) == 1 else f"Not for {len(refused)} of {len(domains)}. {sentence}"


def _as_they_are_now(app: XentuiApp, domains: Sequence[Domain]) -> list[Domain]:
    if app.snapshot is None:
        return list(domains)
    now = {domain.key: domain for domain in app.snapshot.domains}
    return [now[domain.key] for domain in domains if domain.key in now]


async def _ask(app: XentuiApp, question: Question, remark: str, domain: Domain) -> str | None:
    if question.choices:
        title = question.prompt.format(name=printable(domain.name))
        choices = [Choice(value, value, words) for value, words in question.choices]
        return await app.push_screen_wait(Choose(title, choices, current=question.default(domain)))
    return await app.push_screen_wait(
        Ask(
            question.prompt.format(name=printable(domain.name)),
            question.default(domain),
            lambda answer: question.complaint(domain, answer),
            remark,
        )
    )


async def _cd_of_library(app: XentuiApp, question: Question, domain: Domain) -> str | None:
    """An image of the library; "" for another one, None when left."""
    from xentui.guests import cds  # not loaded before it is needed
    from xentui.guests.errors import GuestError
    from xentui.guests.files import shown_size

    try:
        found = await asyncio.to_thread(cds.library, app.host)
    except GuestError:  # of a host that is reached over ssh nothing is listed
        found = []
    if not found:
        return ""
    choices = [Choice(image.path, printable(image.name), shown_size(image.size)) for image in found]
    title, held = question.prompt.format(name=printable(domain.name)), question.default(domain)
    another = Choice("", "another file ...")
    return await app.push_screen_wait(Choose(title, [*choices, another], current=held, with_filter=len(found) > 9))


async def _with_a_system(app: XentuiApp, domains: list[Domain], refusal: str) -> tuple[list[Domain], str]:
    """Those that have something to boot, and why the others are not started. For a single one that was made for the
    Debian Installer, that is offered."""

    def look() -> list[Domain]:
        from xentui.guests.sources.installer import awaits_installer  # not loaded before it is needed

        return [domain for domain in domains if awaits_installer(app.host, domain.name)]

    empty = await asyncio.to_thread(look)
    if not empty:
        return domains, refusal
    if len(domains) > 1:
        others = [domain for domain in domains if domain not in empty]
        sentence = f"{brief(empty[0].name)}: Nothing is on its disk yet: b boots its installer."
        return others, f"{refusal or f'Not for {len(empty)} of {len(domains)}.'} {sentence}"
    [domain] = domains
    choices = [
        Choice("install", "Installer", "boot the Debian Installer that it was made for"),
        Choice("start", "Start", "boot its empty disk all the same"),
    ]
    answer = await app.push_screen_wait(Choose(f"Nothing is on the disk of {printable(domain.name)} yet.", choices))
    if answer == "install":
        from xentui.screens.guest_tasks import ask_install

        await ask_install(app, domain)
    elif answer is None:
        app.say("Nothing was done.")
    return (domains if answer == "start" else []), ""


async def _confirm(app: XentuiApp, action: Action, domains: Sequence[Domain], argument: str, loses: str) -> bool:
    count = len(domains)
    commands = [command for domain in domains if (command := action.by_hand(domain, argument)) is not None]
    names = [f"{printable(d.name)}{f' (id {d.id})' if d.id is not None else ''}" for d in domains]
    # The name of a single one stands in the question: it is seen however small the screen is.
    question = f"{action.title} {names[0]}?" if count == 1 else f"{action.title} these {count} domains?"
    return await app.push_screen_wait(
        Confirm(
            question,
            names if count > 1 else [],
            loses,
            [shlex.join(command) for command in commands],
            action.title,
        )
    )
