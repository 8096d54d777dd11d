"""The disks' screens: what is seen of them, and plans over the demo's practice disks."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from disk_host import MADE_UP_GUESTS, made_up_host
from driving import Desk, opened

from xentui.demo.host import DemoHost
from xentui.disks.applying import DONE, Outcome, Progress
from xentui.disks.device import Disks
from xentui.disks.probe import probe
from xentui.screens.app import XentuiApp
from xentui.screens.disks import DisksScreen
from xentui.screens.plan import PlanScreen
from xentui.screens.plan_writing import PlanWritingScreen


@asynccontextmanager
async def seen(disks: Disks | None = None, **more: object) -> AsyncIterator[Desk]:
    """The screen of the made-up sample's disks."""
    disks = disks or probe(made_up_host(), MADE_UP_GUESTS)
    async with opened(**more) as desk:  # type: ignore[arg-type]
        desk.app.read_disks = lambda: disks
        await desk.press("D")
        await desk.until(lambda: getattr(desk.app.screen, "disks", None) is disks, "the disks")
        yield desk


@asynccontextmanager
async def practised(host: DemoHost, **more: object) -> AsyncIterator[Desk]:
    """The screen of the demo's practice disks."""
    app = XentuiApp(host, interval=0, **more)  # type: ignore[arg-type]
    async with app.run_test(size=(80, 24)) as pilot:
        desk = Desk(app, pilot, None)  # type: ignore[arg-type]
        await desk.until(lambda: app.snapshot is not None, "the first snapshot")
        await desk.press("D")
        await desk.see("practice1.img")
        yield desk


def head(image: Path) -> bytes:
    """The first bytes; the whole file has 8 GiB."""
    with image.open("rb") as file:
        return file.read(4096)


async def plan_practice1(desk: Desk) -> PlanScreen:
    await desk.press("down", "p")
    await desk.see("Plan for practice1.img", "no table")
    assert isinstance(desk.app.screen, PlanScreen)
    return desk.app.screen


@pytest.mark.parametrize(("size", "glyphs"), [((80, 24), "unicode"), ((80, 24), "ascii"), ((132, 43), "unicode")])
async def test_the_tree_says_who_uses_what(size: tuple[int, int], glyphs: str) -> None:
    async with seen(size=size, glyphs=glyphs) as desk:
        text = await desk.see("Disks of xenlive", "HyperVG01")
        assert "server01 (running)" in desk.line("server01-disk1")
        assert "lenny01 (saved)" in desk.line("lenny01-disk1")
        assert "/boot/efi" in desk.line("sda1")
        assert all(len(line) <= size[0] for line in text.splitlines())
        if glyphs == "ascii":
            assert text.isascii()
            assert "|-sda1" in text
        await desk.press("down")
        await desk.see("Samsung SSD 870 EVO 500GB", "(and 9 more: Enter)")
        await desk.press("down", "down")
        await desk.see("In use: mounted on /boot ")


async def test_the_details_tell_every_use_and_what_is_known() -> None:
    async with seen() as desk:
        await desk.press("down", "enter")
        await desk.see("/dev/sda", "S6PXNM0T1", "500,107,862,016 bytes")
        await desk.press("end")
        await desk.see("server01 (running), as xvda", "mounted on /boot/efi")
        await desk.press("escape")
        await desk.see("Disks of xenlive")


async def test_a_screen_of_any_size_is_drawn() -> None:
    for size in ((40, 10), (20, 6), (200, 60)):
        async with seen(size=size) as desk:
            await desk.press("end", "home", "p")
            assert all(len(line) <= size[0] for line in desk.text().splitlines())


async def test_a_volume_is_planned_on_as_a_disk_or_with_its_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    async with seen() as desk:
        screen = desk.app.screen
        assert isinstance(screen, DisksScreen)
        screen.disk_tree.select("/dev/HyperVG01/snap0")
        monkeypatch.setattr(desk.app.host, "is_remote", False)
        for keys, name in (((), "snap0"), (("down",), "sda")):
            await desk.press("p")
            await desk.see("The volume snap0", "The disk sda")
            await desk.press(*keys, "enter")
            await desk.see(f"Plan for {name}")
            await desk.press("escape")
            await desk.see("Disks of xenlive")
        screen.disk_tree.select("/dev/sr0")
        await desk.press("p")
        await desk.see("sr0 lies on nothing that holds a partition table.")


async def test_what_cannot_be_read_is_said() -> None:
    host = made_up_host()
    host.missing = {"lvm"}
    async with seen(probe(host)) as desk:
        await desk.see("apt install lvm2")


async def test_the_screen_does_not_wait_for_a_disk_that_hangs() -> None:
    gate = threading.Event()
    async with opened() as desk:
        disks = probe(made_up_host())

        def slow() -> Disks:
            gate.wait(60)
            return disks

        desk.app.read_disks = slow
        await desk.press("D")
        await desk.see("Reading the disks ...")
        await desk.press("question_mark")
        await desk.see("all keys", "Read again")
        await desk.press("escape")
        gate.set()
        await desk.see("nvme0n1")


async def test_the_cursor_stays_on_its_disk_when_all_is_read_again() -> None:
    async with seen() as desk:
        screen = desk.app.screen
        assert isinstance(screen, DisksScreen)
        screen.disk_tree.select("/dev/sdb5")
        host = made_up_host()
        lsblk = json.loads(host.answers["lsblk"])
        lsblk["blockdevices"] = [node for node in lsblk["blockdevices"] if node["name"] != "nvme0n1"]
        host.set_json("lsblk", lsblk)
        fewer = probe(host)
        desk.app.read_disks = lambda: fewer
        await desk.press("r")
        await desk.until(lambda: "nvme0n1" not in desk.text())
        assert screen.disk_tree.selected is not None
        assert screen.disk_tree.selected.device.path == "/dev/sdb5"


async def test_a_guest_that_ends_is_seen_at_once(demo_host: DemoHost) -> None:
    async with practised(demo_host) as desk:
        assert "server01 (running)" in desk.line("server.img")
        demo_host.run(["xl", "destroy", "server01"], deadline=180)
        desk.app.refresher.request()
        await desk.until(lambda: "server01 (off)" in desk.line("server.img"))


async def test_a_plan_from_keys_to_the_disk_and_the_way_back(demo_host: DemoHost) -> None:
    image = demo_host.path("/srv/xen/practice1.img")
    async with practised(demo_host) as desk:
        await plan_practice1(desk)
        await desk.press("a")
        await desk.see("There is no partition table yet")
        await desk.press("t", "enter")
        await desk.see("gpt table", "OPERATIONS (1)")
        await desk.press("a", *"512MiB", "tab", "s")
        await desk.see("< swap >")
        await desk.press("enter")
        await desk.see("OPERATIONS (2)", "513M")
        await desk.press("C")
        await desk.see("sfdisk")
        await desk.press("escape")
        assert head(image) == bytes(4096), "planning writes nothing"
        await desk.press("w")
        await desk.see("type the name practice1.img", "make swap on partition 1")
        await desk.press(*"practice1", "enter")
        await desk.see("That is not practice1.img")
        assert image.stat().st_blocks == 0
        await desk.press(*".img", "enter")
        await desk.until(lambda: isinstance(desk.app.screen, PlanWritingScreen))
        await desk.until(lambda: getattr(desk.app.screen, "outcome", None) is not None)
        assert head(image)[512:520] == b"EFI PART"
        await desk.see("The old partition table is kept in", "xentui disks restore")
        await desk.press("escape")
        await desk.see("Disks of xenlive")
        await desk.until(lambda: "#1" in desk.text() and "swap" in desk.line("#1"))


@pytest.mark.parametrize(("layout", "why"), [("files", "The demo mounts nothing"), ("lvm", "only block devices")])
async def test_an_image_takes_no_lvm_and_the_demo_mounts_nothing(demo_host: DemoHost, layout: str, why: str) -> None:
    async with practised(demo_host) as desk:
        await plan_practice1(desk)
        await desk.press("W", *(["down"] if layout == "lvm" else []), "enter")
        await desk.see("gpt table")
        await desk.press("w")
        await desk.see("It cannot be written here.", why)
        assert demo_host.path("/srv/xen/practice1.img").stat().st_blocks == 0


async def test_undo_redo_and_taking_out_of_the_list(demo_host: DemoHost) -> None:
    async with practised(demo_host) as desk:
        screen = await plan_practice1(desk)
        await desk.press("W")
        await desk.see("LVM host")
        await desk.press("down", "enter")
        await desk.see("OPERATIONS (5)", "HyperVG01")
        await desk.press("u")
        await desk.see("none yet")
        await desk.press("u")
        await desk.see("There is nothing to undo.")
        await desk.press("U")
        await desk.see("OPERATIONS (5)")
        await desk.press("tab", "home", "down", "x")
        await desk.see("OPERATIONS (4)")
        assert screen.preview is not None
        assert screen.preview.problem is not None  # what needed the one that is gone says so
        await desk.press("w")
        await desk.until(lambda: screen.preview.problem[:20] in desk.text())  # type: ignore[union-attr, index]
        await desk.press("X")
        await desk.see("none yet")
        assert screen.plan is not None
        assert screen.plan.items == ()


async def test_a_plan_is_saved_and_loaded(demo_host: DemoHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    async with practised(demo_host) as desk:
        screen = await plan_practice1(desk)
        await desk.press("t", "enter")
        await desk.see("OPERATIONS (1)")
        await desk.press("a", "enter")
        await desk.see("OPERATIONS (2)")
        await desk.press("s", "enter")
        file = tmp_path / "practice1.img.plan.json"
        await desk.see("Saved in")
        said = json.loads(file.read_text())
        assert [operation["op"] for operation in said["operations"]] == ["label", "add"]
        assert said["device"]["size"] == 8 << 30
        await desk.press("u", "u")
        await desk.see("none yet")
        await desk.press("o", "enter")
        await desk.see("OPERATIONS (2)")
        file.write_text('{"operations": [{"op": "add", "sice": "1GiB"}]}')
        await desk.press("o", "enter")
        await desk.see("cannot be used here", "'sice'")
        assert screen.plan is not None
        assert len(screen.plan.items) == 2


async def test_a_guests_disk_is_refused_with_its_name(demo_host: DemoHost) -> None:
    image = demo_host.path("/srv/xen/client.img")
    async with practised(demo_host) as desk:
        await desk.press("home", "p")
        await desk.see("Plan for client.img", "In use: a disk of client01 (running)")
        await desk.press("t", "enter")
        await desk.see("OPERATIONS (1)")
        await desk.press("w")
        await desk.see("It cannot be written now.", "is a disk of client01")
        assert image.stat().st_blocks == 0


async def test_a_plan_is_not_left_by_mistake(demo_host: DemoHost) -> None:
    async with practised(demo_host) as desk:
        await plan_practice1(desk)
        await desk.press("t", "enter")
        await desk.see("OPERATIONS (1)")
        await desk.press("q")
        await desk.see("neither written nor saved")
        await desk.press("enter")
        await desk.see("OPERATIONS (1)")
        await desk.press("escape", "down", "enter")
        await desk.see("Disks of xenlive")


async def test_a_damaged_table_says_so_whole_and_is_repaired(demo_host: DemoHost) -> None:
    image = demo_host.path("/srv/xen/practice1.img")
    subprocess.run(["sfdisk", "-q", str(image)], input="label: gpt\n,1GiB\n", text=True, check=True, timeout=180)
    with image.open("r+b") as file:
        file.seek(600)
        file.write(b"damaged")
    async with practised(demo_host) as desk:
        await desk.press("down", "p")
        await desk.see("The first copy of the GPT is damaged", "Repair it from the second copy first.")
        await desk.press("a", "enter")
        await desk.see("Repair it from the second copy first.")
        await desk.press("escape", "enter")
        await desk.see("> Repair the table from its whole copy")
        await desk.press("enter")
        await desk.see("OPERATIONS (1)")
        await desk.press("w")
        await desk.see("type the name")
        await desk.press(*"practice1.img", "enter")
        await desk.until(lambda: getattr(desk.app.screen, "outcome", None) is not None)
        said = subprocess.run(["sgdisk", "-v", str(image)], capture_output=True, text=True, check=True, timeout=180)
        assert "No problems found" in said.stdout


async def test_read_only_plans_and_writes_nothing(demo_host: DemoHost) -> None:
    async with practised(demo_host, read_only=True) as desk:
        await plan_practice1(desk)
        await desk.press("t", "enter")
        await desk.see("OPERATIONS (1)")
        await desk.press("w")
        await desk.see("xentui runs read-only")
        assert "w Write" not in desk.text()


async def test_an_image_is_made_by_a_plan(demo_host: DemoHost) -> None:
    image = demo_host.path("/srv/xen/disk1.img")
    async with practised(demo_host) as desk:
        await desk.press("n")
        await desk.see("A disk image", "disk1.img")
        await desk.press("tab", *"1GiB", "enter")
        await desk.see("Plan for disk1.img", "OPERATIONS (1)")
        assert not image.exists()
        await desk.press("w")
        await desk.see("type the name disk1.img")
        await desk.press(*"disk1.img", "enter")
        await desk.until(lambda: getattr(desk.app.screen, "outcome", None) is not None)
        assert image.stat().st_size == 1 << 30
        await desk.press("escape")
        await desk.see("disk1.img")


async def test_typed_ahead_is_no_confirmation(demo_host: DemoHost) -> None:
    image = demo_host.path("/srv/xen/practice1.img")
    async with practised(demo_host) as desk:
        await plan_practice1(desk)
        await desk.press("t", "enter")
        await desk.see("OPERATIONS (1)")
        await desk.burst("w", *"practice1.img", "enter")
        await desk.see("type the name practice1.img")
        assert image.stat().st_blocks == 0


async def test_while_it_is_written_the_screen_cannot_be_left(demo_host: DemoHost) -> None:
    gate = threading.Event()

    def work(told, cancel) -> Outcome:  # type: ignore[no-untyped-def]
        told(Progress(1, 2, "one", 0.5))
        gate.wait(60)
        return Outcome(DONE, "All done.", ("one", "two"))

    closed: list[Outcome] = []
    async with practised(demo_host) as desk:
        desk.app.push_screen(PlanWritingScreen("sda", ["one", "two"], work, closed.append))
        await desk.see("50%", "1. one")
        await desk.press("q")
        await desk.see("wait for the end")
        await desk.press("f10")
        assert isinstance(desk.app.screen, PlanWritingScreen)
        await desk.press("ctrl+x")
        await desk.see("It stops as soon as this step is done.")
        gate.set()
        await desk.see("All done.")
        await desk.press("escape")
        assert [outcome.message for outcome in closed] == ["All done."]


async def test_the_writing_goes_on_when_the_screen_is_gone(demo_host: DemoHost, until: Callable[..., None]) -> None:
    gate, steps = threading.Event(), []

    def work(told, cancel) -> Outcome:  # type: ignore[no-untyped-def]
        told(Progress(1, 2, "one"))
        gate.wait(60)
        told(Progress(2, 2, "two"))
        steps.append("two")
        return Outcome(DONE, "All done.", ("one", "two"))

    async with practised(demo_host) as desk:
        desk.app.push_screen(PlanWritingScreen("sda", ["one", "two"], work, lambda _outcome: None))
        await desk.see("1. one")
        desk.app.exit()
    gate.set()
    until(lambda: steps == ["two"], "the end of the work")
