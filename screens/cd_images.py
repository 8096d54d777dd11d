"""The library of CD images from the table: check one, download another, copy a disc; each is a job."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from xentui.actions import BY_NAME
from xentui.domains.domain import Domain
from xentui.guests import cds
from xentui.guests.cds import CdImage
from xentui.guests.errors import GuestError
from xentui.guests.files import shown_size
from xentui.screens.dialogs.ask import Ask
from xentui.screens.dialogs.choose import Choice, Choose
from xentui.screens.guest_jobs import GuestJob
from xentui.subprocesses import printable

if TYPE_CHECKING:
    from xentui.screens.app import XentuiApp

_DOWNLOAD, _COPY = "download", "copy"  # no path begins so


async def ask_cd_images(app: XentuiApp) -> None:
    """Show what is there, and ask what is to be done: Enter on an image checks it."""
    try:
        found = await asyncio.to_thread(cds.library, app.host)
    except GuestError as error:
        app.say(printable(error.headline), "error")
        return
    choices = [
        Choice(image.path, printable(image.name), f"{shown_size(image.size):>8}  {_sum(image)}") for image in found
    ]
    if not app.read_only:
        choices.append(Choice(_DOWNLOAD, "download ...", "an interrupted one goes on"))
        choices.append(Choice(_COPY, "copy a disc ...", "from a drive of this host"))
    if not choices:
        app.say(f"There are no CD images in {cds.FOLDER}.")
        return
    answer = await app.push_screen_wait(Choose(f"CD images in {cds.FOLDER}", choices, with_filter=len(choices) > 9))
    if answer == _DOWNLOAD:
        await _ask_download(app)
    elif answer == _COPY:
        await _ask_copy(app)
    elif answer is not None:
        image = next(image for image in found if image.path == answer)
        _start(app, "Check", image.name, lambda job: _checked(app, image, job))


def _sum(image: CdImage) -> str:
    return "Enter checks its sum" if image.wanted else "no sum of it is known"


def _checked(app: XentuiApp, image: CdImage, job: GuestJob) -> list[str]:
    cds.check(app.host, image, job.say, job.cancel)
    return [f"{image.name}: undamaged"]


async def _ask_download(app: XentuiApp) -> None:
    url = await app.push_screen_wait(
        Ask("Download which image?", "https://", lambda _url: None, "its address; goes on where it was interrupted")
    )
    if url is None:
        return
    remark = "64 digits; empty: the SHA256SUMS beside it, where there is one"
    wanted = await app.push_screen_wait(Ask("Its SHA-256 sum", "", lambda _sum: None, remark))
    if wanted is None:
        return

    def work(job: GuestJob) -> list[str]:
        said: list[str] = []

        def say(line: str) -> None:
            job.say(line)
            if line.startswith("No sum"):
                said.append(line)

        made = cds.download(app.host, url.strip(), wanted.strip(), say=say, cancel=job.cancel)
        return [*said, f"{made.path}: SHA-256 {made.wanted}"]

    _start(app, "Download", url.rpartition("/")[2] or url, work)


async def _ask_copy(app: XentuiApp) -> None:
    drive = await app.push_screen_wait(Ask("Copy the disc in which drive?", "/dev/cdrom", lambda _drive: None))
    if drive is None:
        return
    name = await app.push_screen_wait(Ask("Name of the image", "disc.iso", lambda _name: None, f"in {cds.FOLDER}"))
    if name is None:
        return

    def work(job: GuestJob) -> list[str]:
        made = cds.copy_disc(app.host, drive.strip(), name.strip(), say=job.say, cancel=job.cancel)
        return [f"{made.path}: SHA-256 {made.wanted}"]

    _start(app, "Copy", name, work)


def _start(app: XentuiApp, title: str, name: str, work: Callable[[GuestJob], list[str]]) -> None:
    app.start_job(GuestJob(replace(BY_NAME["cd-images"], title=title), Domain(name=name), work))
