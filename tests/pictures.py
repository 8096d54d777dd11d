"""The README's pictures, made from the real program over the demo dom0: ``make pictures``."""

import asyncio
import os
import re
from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

from xentui.demo.host import DemoHost
from xentui.screens.app import XentuiApp
from xentui.screens.widgets.pick_list import PickList

DOCS = Path(__file__).parents[1] / "docs"
SECONDS = 20.0


async def until(pilot: Pilot[int], condition: Callable[[], bool]) -> None:
    for _ in range(int(SECONDS / 0.1)):
        if condition():
            return
        await pilot.pause(0.1)
    raise TimeoutError(condition)


def shown(app: XentuiApp, text: str) -> Callable[[], bool]:
    # A word's blanks are no-break ones in the picture.
    return lambda: text.replace(" ", "&#160;") in app.export_screenshot()


def keep(app: XentuiApp, name: str) -> None:
    """Write the picture, without the fonts that it would fetch from elsewhere."""
    picture = re.sub(r"@font-face \{.*?\}\s*", "", app.export_screenshot(title="xentui"), flags=re.DOTALL)
    (DOCS / f"{name}.svg").write_text(picture, encoding="utf-8")


async def domains(pilot: Pilot[int], app: XentuiApp) -> None:
    await until(pilot, lambda: sum(d.cpu_percent is not None for d in app.snapshot.domains) >= 3)
    await pilot.press("down", "down", "s")
    await until(pilot, lambda: app.snapshot.domain("client02").state.up)
    await until(pilot, lambda: app.snapshot.domain("client02").cpu_percent is not None)
    await pilot.pause(2.5)
    keep(app, "domains")


async def console(pilot: Pilot[int], app: XentuiApp) -> None:
    await until(pilot, shown(app, "server01"))
    await pilot.press("down", "down", "down", "c")
    await until(pilot, shown(app, "server01 login:"))
    for word, answer in (("livexen", "Password:"), ("live", "livexen@server01"), ("top", "load average")):
        await pilot.press(*word, "enter")
        await until(pilot, shown(app, answer))
    await pilot.pause(2.5)
    keep(app, "console")


async def disks(pilot: Pilot[int], app: XentuiApp) -> None:
    await pilot.press("D")
    await until(pilot, shown(app, "practice1.img"))
    await pilot.press("down", "p")
    await until(pilot, shown(app, "Not in use."))
    await pilot.press("W")
    await until(pilot, shown(app, "LVM host"))
    await pilot.press("down", "enter")
    await until(pilot, shown(app, "HyperVG01"))
    for count, name, size in ((6, "lenny01-disk1", "4GiB"), (7, "guest01-root", "2GiB")):
        await pilot.press("end", "a")
        await until(pilot, shown(app, "A logical volume"))
        await pilot.press(*name, "tab", *size, "enter")
        await until(pilot, shown(app, f"OPERATIONS ({count})"))
    keep(app, "disks")


async def walkthrough(pilot: Pilot[int], app: XentuiApp) -> None:
    await until(pilot, shown(app, "server01"))
    await pilot.press("W")
    await until(pilot, shown(app, "First steps with xl"))
    while not isinstance(app.focused, PickList) or app.screen.chosen.id != "first-steps":
        await pilot.press("down")
    await pilot.press("enter")
    await until(pilot, shown(app, "Which guest"))
    await pilot.press("enter")
    await until(pilot, shown(app, "[demo]"))
    await pilot.press("space", "enter")
    await until(pilot, shown(app, "2. Start a guest"))
    await pilot.press("c")
    await until(pilot, shown(app, "Not yet"))
    await pilot.press("h")
    await pilot.press("l")
    await until(pilot, shown(app, "Name                                        ID"))
    keep(app, "walkthrough")


async def main() -> None:
    os.environ["XENTUI_DEMO_SPEED"] = "5"
    os.chdir("/")  # the shell's prompt shows where we are
    DOCS.mkdir(exist_ok=True)
    scenes = ((domains, (100, 18)), (console, (100, 36)), (disks, (100, 20)), (walkthrough, (100, 28)))
    for scene, size in scenes:
        host = DemoHost()
        host.open()
        try:
            app = XentuiApp(host)
            async with app.run_test(size=size) as pilot:
                await until(pilot, lambda app=app: app.snapshot is not None)
                await scene(pilot, app)
        finally:
            host.close()


if __name__ == "__main__":
    asyncio.run(main())
