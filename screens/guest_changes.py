"""Changing a guest that is off, from the table: a larger disk, another type, its Debian brought up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xentui.actions import BY_NAME
from xentui.domains.domain import Domain
from xentui.guests import resize, retype, update
from xentui.screens.dialogs.ask import Ask
from xentui.screens.dialogs.choose import Choice, Choose
from xentui.screens.dialogs.confirm import Confirm
from xentui.screens.guest_jobs import GuestJob
from xentui.screens.guest_tasks import looked_at, site_of
from xentui.subprocesses import printable

if TYPE_CHECKING:
    from xentui.screens.app import XentuiApp

_TYPES = (
    Choice("pvh", "pvh", "boots its own disk by GRUB for PVH"),
    Choice("pv", "pv", "boots dom0's kernel"),
    Choice("hvm", "hvm", "an emulated machine, its screen by VNC"),
)


async def ask_resize(app: XentuiApp, domain: Domain) -> None:
    """Ask which disk is to grow, and to what."""
    action, vdev = BY_NAME["resize"], ""
    disks = [disk for disk in domain.disks if disk.writable and not disk.cdrom and disk.target]
    if len(disks) > 1:
        choices = [Choice(disk.vdev, disk.vdev, printable(disk.target or "")) for disk in disks]
        chosen = await app.push_screen_wait(Choose("Which disk is to grow?", choices))
        if chosen is None:
            return
        vdev = chosen
    title = f"New size of {vdev or 'the disk'} of {printable(domain.name)}"
    size = await app.push_screen_wait(Ask(title, "+1G", lambda _size: None, "as 8G, or what comes to it, as +1G"))
    if size is None:
        return
    plan = await looked_at(app, lambda site: resize.plan(site, domain.name, size, vdev))
    if plan is not None and await _meant(
        app, action.title, plan.describe(), [], "A disk cannot be made smaller again."
    ):
        app.start_job(GuestJob(action, domain, lambda _job: resize.resize(site_of(app), plan)))


async def ask_retype(app: XentuiApp, domain: Domain) -> None:
    """Ask for the type, say what stands against it and what is to be known, and write the configuration."""
    action = BY_NAME["retype"]
    kind = await app.push_screen_wait(Choose(f"Type of {printable(domain.name)}", _TYPES, current=domain.type or ""))
    if kind is None:
        return
    plan = await looked_at(app, lambda site: retype.plan(site, domain.name, kind))
    if plan is None:
        return
    lines = [printable(line) for line in (*plan.problems, *plan.remarks)]
    though = ", though it would probably not boot" if plan.problems else ""
    question = f"Make {domain.name} {retype.a_guest(kind)}{though}?"
    if await _meant(app, action.title, question, lines, f"Its configuration now is kept as {plan.kept}."):

        def work(_job: GuestJob) -> None:
            retype.retype(site_of(app), plan)

        app.start_job(GuestJob(action, domain, work))


async def ask_update(app: XentuiApp, domain: Domain) -> None:
    """Say what is done, and do it."""
    action = BY_NAME["update"]
    plan = await looked_at(app, lambda site: update.plan(site, domain.name))
    warning = "Its programs run here, shut in, but on dom0's kernel: not if you do not trust its root."
    if plan is not None and await _meant(app, action.title, f"Update {domain.name}?", [plan.describe()], warning):
        app.start_job(GuestJob(action, domain, lambda job: [update.update(site_of(app), plan, job.say, job.cancel)]))


async def _meant(app: XentuiApp, title: str, question: str, lines: list[str], warning: str) -> bool:
    if await app.push_screen_wait(Confirm(printable(question), lines, warning, [], title)):
        return True
    app.say("Nothing was done.")
    return False
