"""Installing the running Live CD to a disk: what will be done, the disk's name to be typed, the steps as they go."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from xentui.disks.applying import Outcome, Progress
from xentui.disks.device import Device, Disks
from xentui.livecd.install import Installation, prepare
from xentui.livecd.running import LiveError, LiveSystem
from xentui.screens.dialogs.message import MessageDialog
from xentui.screens.dialogs.prose import Paragraph
from xentui.screens.dialogs.typed_name import TypedName
from xentui.screens.plan_thread import in_plan_thread
from xentui.screens.plan_warning import warning_of
from xentui.screens.plan_writing import PlanWritingScreen

if TYPE_CHECKING:
    from xentui.screens.disks import DisksScreen

_RESULT = (
    "It becomes a dom0 of its own, with this Xen, these tools and guests, started by BIOS or by UEFI (Secure Boot "
    "off). It has livexen's password of now, and asks for it at the login and for sudo. What was changed since the "
    "start of the Live CD does not come along."
)


async def install_to(screen: DisksScreen, device: Device) -> None:
    """Install to `device`, once its name was typed; or say why that is not possible."""
    host, app = screen.xentui.host, screen.xentui
    try:
        LiveSystem().check(host)
    except LiveError as error:
        screen.say(f"{error}.", "error")
        return
    screen.say("Looking at all disks once more ...")

    def look() -> tuple[Disks, Installation]:
        disks = app.read_disks()
        return disks, prepare(host, disks, disks.find(device.path) or device)

    try:
        disks, installation = await in_plan_thread(look)
    except LiveError as error:
        screen.say("Refused: nothing was written.", "error")
        app.push_screen(MessageDialog(f"It cannot be installed to {device.name}.", str(error)))
        return
    screen.say("")
    name = installation.target.name
    question = f"Install this Live CD to {installation.target.path}? All that it holds is lost."
    if not await app.push_screen_wait(TypedName(question, _paragraphs(installation, disks, device), name)):
        screen.say("Nothing was written.")
        return

    def work(told: Callable[[Progress], None], cancel: threading.Event) -> Outcome:
        return installation.install(name, app.read_disks, told, cancel)

    titles = [step.title for step in installation.steps]
    app.push_screen(PlanWritingScreen(name, titles, work, lambda _outcome: None, f"Installing to {name}"))


def _paragraphs(installation: Installation, disks: Disks, device: Device) -> list[Paragraph]:
    plan = installation.plan
    said = warning_of(plan, plan.preview(), list(installation.steps), disks, device)
    return [(_RESULT, "dialog"), ("", "dialog"), *said]
