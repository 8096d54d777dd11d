"""The running Live CD is installed from the screen of the disks."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from driving import Desk, opened
from live_install import LiveCd

from xentui.disks.device import Disks, Use, UseKind
from xentui.screens.plan_writing import PlanWritingScreen


@pytest.fixture
def cd(monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveCd]:
    # Not pytest's own folder: sentences with a path of any length in them would break anywhere.
    with tempfile.TemporaryDirectory(prefix="cd-", dir="/tmp") as folder:
        cd = LiveCd(Path(folder), monkeypatch)
        for module in ("screens.disks", "screens.installing", "livecd.install"):
            monkeypatch.setattr(f"xentui.{module}.LiveSystem", lambda: cd.live)
        yield cd


@asynccontextmanager
async def seen(cd: LiveCd, **more: object) -> AsyncIterator[Desk]:
    """The screen of the disks of a started Live CD."""
    async with opened(host=cd.host, **more) as desk:  # type: ignore[arg-type]
        desk.app.read_disks = cd.read_disks
        await desk.press("D")
        await desk.see("Disks of", "sdb")
        yield desk


def writing(desk: Desk) -> PlanWritingScreen:
    screen = desk.app.screen
    assert isinstance(screen, PlanWritingScreen)
    return screen


async def ask(desk: Desk) -> str:
    """To the question, as it stands there."""
    await desk.press("I")
    return await desk.see("Install this Live CD to", "type the name sdb")


async def test_the_plan_is_shown_the_name_typed_and_the_steps_are_seen_to_the_end(cd: LiveCd) -> None:
    async with seen(cd) as desk:
        assert "I Install" in desk.text().splitlines()[-1]
        text = await ask(desk)
        assert "All that it holds is lost." in text and "BIOS or by UEFI" in text
        await desk.press(*["pagedown"] * 4)
        text = await desk.see("20. write out what is still in memory")
        assert all(len(line) <= 80 for line in text.splitlines())
        assert cd.is_untouched
        await desk.press(*"sda", "enter")
        await desk.see("That is not sdb; nothing is written.")
        assert cd.is_untouched
        await desk.press(*["backspace"] * 3, *"sdb", "enter")
        await desk.until(lambda: isinstance(desk.app.screen, PlanWritingScreen) and desk.app.screen.outcome)
        text = await desk.see("Installing to sdb", "Done.")
        assert "STOP" not in text and "starts Xen by BIOS and by UEFI" in str(writing(desk).outcome)
        await desk.press("escape")
        await desk.see("Disks of")
    assert [line for line in cd.host.ran if "grub-install" in line]


async def test_esc_at_the_question_writes_nothing(cd: LiveCd) -> None:
    async with seen(cd) as desk:
        await ask(desk)
        await desk.press("escape")
        await desk.see("Nothing was written.")
    assert cd.is_untouched and cd.host.ran == []


async def test_it_can_be_cancelled_while_the_system_is_copied(cd: LiveCd) -> None:
    copying, go_on = threading.Event(), threading.Event()

    def hold(line: str) -> None:
        if line.startswith("cp "):
            copying.set()
            go_on.wait(60)

    cd.host.before = hold
    async with seen(cd) as desk:
        await ask(desk)
        await desk.press(*"sdb", "enter")
        await desk.until(copying.is_set)
        await desk.see("14. copy the system", "Step 14 of 20")
        await desk.press("escape")
        await desk.see("wait for the end, or ^X")
        await desk.press("ctrl+x")
        go_on.set()
        await desk.until(lambda: writing(desk).outcome)
        await desk.see("It stopped.", "Not done:")
        assert "is erased, and not finished: it was cancelled. Do it again." in str(writing(desk).outcome)
    assert not [line for line in cd.host.ran if "grub-install" in line]


async def test_a_disk_in_use_is_refused_with_who_uses_it(cd: LiveCd) -> None:
    cd.disks = Disks((cd.device,), {cd.device.path: (Use(UseKind.GUEST_RUNNING, "server01 (running)"),)})
    async with seen(cd) as desk:
        await desk.press("I")
        await desk.see("It cannot be installed to sdb.", "server01")
    assert cd.is_untouched


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("demo", "The demo runs from no Live CD"),
        ("remote", "The Live CD is installed from itself: ssh "),
        ("installed", "This only works on the running Live CD"),
        ("read-only", "read-only"),
    ],
)
async def test_elsewhere_one_sentence_says_why_not(cd: LiveCd, place: str, sentence: str) -> None:
    cd.host.is_demo, cd.host.is_remote = place == "demo", place == "remote"
    if place == "installed":
        cd.live = replace(cd.live, root=cd.live.root / "nowhere")
    async with seen(cd, read_only=place == "read-only") as desk:
        await desk.press("I")
        await desk.see(sentence)
        assert "type the name" not in desk.text()
    assert cd.is_untouched and cd.host.ran == []


async def test_memory_for_changes_that_gets_full_is_told_in_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened() as desk:
        monkeypatch.setattr("os.statvfs", lambda _path: SimpleNamespace(f_bavail=15, f_blocks=100))
        await desk.refresh()
        await desk.see("The memory for changes is 85% full: delete something, or livecd keep.")
