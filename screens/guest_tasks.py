"""What is done to a guest from the table beside its disks (clone, rename, note, template, place, delete): look at
everything in a thread, ask, and do it as a job."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from xentui.actions import BY_NAME
from xentui.domains.autostart import Autostart
from xentui.domains.domain import Domain
from xentui.guests import clone, delete, rename
from xentui.guests.errors import GuestError
from xentui.guests.likeness import wish_like
from xentui.guests.notes import set_note
from xentui.guests.site import Site
from xentui.guests.sources.installer import installer_of
from xentui.guests.templates import save_template, template_complaint
from xentui.screens.dialogs.ask import Ask
from xentui.screens.dialogs.choose import Choice, Choose
from xentui.screens.dialogs.confirm import Confirm
from xentui.screens.dialogs.message import MessageDialog
from xentui.screens.drawing import width_of
from xentui.screens.guest_jobs import GuestJob
from xentui.subprocesses import printable
from xentui.xlcfg.note import note_complaint

if TYPE_CHECKING:
    from xentui.screens.app import XentuiApp

Found = TypeVar("Found")


def site_of(app: XentuiApp) -> Site:
    """The host as it is now. Blocks."""
    return Site(app.host, app.inventory.snapshot())


def site_as_shown(app: XentuiApp) -> Site:
    """The host as the screen knows it: good enough to think about, not to act on."""
    return Site(app.host, app.snapshot or app.inventory.snapshot())


async def looked_at(app: XentuiApp, look: Callable[[Site], Found]) -> Found | None:
    """What `look` finds, in a thread; None when it refuses, which is said."""
    app.say("Looking ...")
    try:
        found = await asyncio.to_thread(lambda: look(site_of(app)))
    except GuestError as error:
        await refuse(app, printable(error.headline))
        return None
    app.say("")
    return found


async def refuse(app: XentuiApp, sentence: str) -> None:
    """Say why not; in a dialog where the status line would cut off what to do about it."""
    app.say(sentence, "error")
    if width_of(sentence) + 1 > app.size.width:
        await app.push_screen_wait(MessageDialog(sentence))


async def ask_clone(app: XentuiApp, name: str, snapshot: str = "") -> None:
    """Ask for the new name, and clone."""
    remark = f"its disks as they were at {snapshot}" if snapshot else "its disks are copied, its identity is new"
    new = await app.push_screen_wait(
        Ask(f"Clone {printable(name)} under the name", f"{name}-2", lambda _answer: None, remark)
    )
    if new is None:
        return
    plan = await looked_at(app, lambda site: clone.plan(site, name, new, snapshot=snapshot))
    if plan is None:
        return

    def work(job: GuestJob) -> list[str]:
        site = site_of(app)
        return clone.clone(site, plan, clone.work_for(site, plan, name, say=job.say, cancel=job.cancel))

    app.start_job(GuestJob(BY_NAME["clone"], Domain(name=new), work))


async def ask_rename(app: XentuiApp, domain: Domain) -> None:
    """Ask for the new name, and give it to the guest and to all that bears it. Where its files are not ours to write,
    only the running domain has it."""
    action = BY_NAME["rename"]
    if (question := action.question) is None:
        return
    whole = domain.config_file is not None and not domain.libvirt_owns and not app.host.is_remote
    remark = action.help if whole else "the running domain only; its configuration keeps the old name"
    new = await app.push_screen_wait(
        Ask(
            question.prompt.format(name=printable(domain.name)),
            question.default(domain),
            lambda answer: question.complaint(domain, answer),
            remark,
        )
    )
    if new is None:
        return
    if not whole:

        def in_xen(_job: GuestJob) -> None:
            app.inventory.toolstack(domain).rename(domain, new)

        app.start_job(GuestJob(action, domain, in_xen))
        return
    plan = await looked_at(app, lambda site: rename.plan(site, domain.name, new))
    if plan is None:
        return

    def everywhere(_job: GuestJob) -> None:
        rename.rename(site_of(app), plan, app.inventory.toolstack(plan.domain))

    app.start_job(GuestJob(action, domain, everywhere))


async def ask_note(app: XentuiApp, domain: Domain) -> None:
    """Ask for the words, and write them into the guest's configuration."""
    action = BY_NAME["note"]
    words = await app.push_screen_wait(
        Ask(f"Note on {printable(domain.name)}", domain.note, note_complaint, "kept in its configuration; empty: none")
    )
    if words is None or words.strip() == domain.note:
        return

    def work(_job: GuestJob) -> None:
        set_note(app.host, domain, words)

    app.start_job(GuestJob(action, domain, work))


async def ask_template(app: XentuiApp, domain: Domain) -> None:
    """Ask for the template's name, and make it of the guest."""
    action, name = BY_NAME["make-template"], domain.name
    remark = "begin others with it: N, template"
    answer = await app.push_screen_wait(Ask(f"Template of {printable(name)}, named", name, template_complaint, remark))
    if answer is None:
        return

    def work(_job: GuestJob) -> list[str]:
        site = site_of(app)
        site.check_local()
        like = wish_like(site, name)
        save_template(app.host, answer, like.description, wish=like.wish, config=like.config, settings=like.settings)
        return [like.remark] if like.remark else []

    app.start_job(GuestJob(action, domain, work))


async def ask_install(app: XentuiApp, domain: Domain) -> None:
    """Boot the installer that the guest was made with."""
    if (config := await looked_at(app, lambda site: installer_of(site, domain.name))) is None:
        return
    installing = replace(domain, config_file=config)

    def work(job: GuestJob) -> list[str]:
        app.inventory.toolstack(domain).start(installing, cancel=job.cancel)
        return [
            f"The installer runs in {printable(domain.name)}: c opens its console. When it has halted: s starts it."
        ]

    app.start_job(GuestJob(BY_NAME["install"], domain, work))


async def ask_place(app: XentuiApp, domain: Domain) -> None:
    """Ask which of the guests that start with the host it is to be, and make it that one."""
    links, own = Autostart(app.host), domain.config_file or ""
    order = await asyncio.to_thread(links.order)
    names = {one.config_file: one.name for one in app.snapshot.domains} if app.snapshot is not None else {}
    shown = [printable(names.get(config, config)) for config in order]
    choices = [
        Choice(str(place), f"{place}.", "as now" if config == own else f"now {name}")
        for place, (config, name) in enumerate(zip(order, shown, strict=True), 1)
    ]
    now = str(order.index(own) + 1) if own in order else None
    title = f"Start {printable(domain.name)} as which of {len(order)}?"
    place = await app.push_screen_wait(Choose(title, choices, current=now))
    if place is not None and place != now:
        app.start_job(GuestJob(BY_NAME["start-order"], domain, lambda _job: links.place(own, int(place))))


async def ask_delete(app: XentuiApp, name: str) -> None:
    """Show all that would be removed, ask, and remove it."""
    action = BY_NAME["delete-guest"]

    def look(site: Site) -> delete.Deletion:
        found = delete.to_delete(site, name)
        found.check()
        return found

    found = await looked_at(app, look)
    if found is None:
        return
    lines = [printable(line) for line in found.describe()[1:]]
    question = f"Delete {printable(name)} with all that was made for it?"
    command = f"xentui delete {name} --confirm {name}"
    if not await app.push_screen_wait(Confirm(question, lines, action.warning, [command], action.title)):
        app.say("Nothing was done.")
        return

    def work(_job: GuestJob) -> None:
        # Looked at anew: it may run by now.
        site = site_of(app)
        again = delete.to_delete(site, name)
        if again.things != found.things or again.snapshots != found.snapshots:
            raise GuestError(f"{name} changed meanwhile; nothing was removed.")
        delete.carry_out(site, again)

    app.start_job(GuestJob(action, Domain(name=name), work))
