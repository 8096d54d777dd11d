"""The screens beside the table, and every screen at sizes from 20x5 to 200x60."""

from __future__ import annotations

from functools import partial

import pytest
from driving import Desk, opened
from fakes import FakeHost, FakeInventory, domain, guide

from xentui.actions import ACTIONS, BY_NAME
from xentui.screens.domains import DomainsScreen
from xentui.screens.keys import shown
from xentui.screens.page import Page
from xentui.screens.widgets.text_view import TextView
from xentui.subprocesses import CommandRecord

PAGES = ("details", "help", "host-info", "command-log", "terminal")


def host_with_files() -> FakeHost:
    host = FakeHost()
    host.files["/etc/xen/server01.cfg"] = b'name = "server01"\n# [bold]\x1b[31m\nmemory = 256\n'
    host.files["/var/log/xen/xl-server01.log"] = b"".join(b"line %d\n" % n for n in range(200))
    host.log.add(CommandRecord(("xl", "create", "/etc/xen/a b.cfg"), 1795410000.0, 1.25, 0, "Parsing config\n", ""))
    host.log.add(CommandRecord(("xl", "destroy", "x"), 1795410001.0, 0.1, 1, "", "x is an invalid domain\n"))
    return host


def fits(desk: Desk, size: tuple[int, int]) -> bool:
    seen = [desk.app.screen, *(desk.app._background_screens if desk.app.screen.is_modal else [])]
    return all(screen._compositor.size == size for screen in seen)


async def at_server01(desk: Desk) -> None:
    desk.table.place_cursor([d.name for d in desk.table.rows].index("server01"))
    await desk.settle()


async def test_a_page_that_was_closed_has_nothing_to_draw() -> None:
    async with opened() as desk:
        await desk.press("question_mark")
        page = desk.app.screen
        assert isinstance(page, Page)
        await desk.press("escape")
        page.on_resize()
        page._laid_out()
        await desk.see("Domain-0")


async def test_details_show_all_that_is_known_and_stay_live() -> None:
    async with opened(host=host_with_files()) as desk:
        await at_server01(desk)
        await desk.press("enter")
        await desk.see("xvda", "/srv/xen/server01.img", "00:16:3e:00:00:01", "bridge xenbr0", "256 MiB", "1h01m")
        desk.inventory.change("server01", memory_mib=300)
        await desk.refresh()
        await desk.see("300 MiB")
        await desk.press("2")
        text = await desk.see("/etc/xen/server01.cfg", "memory = 256")
        assert "# [bold]\\x1b[31m" in text
        await desk.press("right")
        await desk.see("/var/log/xen/xl-server01.log", "line 199")
        await desk.press("home")
        await desk.see("line 0")
        await desk.press("3")
        await desk.see("line 199")
        desk.inventory.domains = [d for d in desk.inventory.domains if d.name != "server01"]
        await desk.refresh()
        await desk.see("The domain is gone")
        await desk.press("d")
        await desk.see("No domain is selected.")
        await desk.press("escape")
        assert isinstance(desk.app.screen, DomainsScreen)


async def test_actions_work_from_the_details() -> None:
    async with opened(host=host_with_files()) as desk:
        await at_server01(desk)
        await desk.press("enter", "d")
        await desk.see("Shut down server01: done.")
        assert desk.inventory.fake.calls == [("shutdown", "server01", False)] or desk.inventory.fake.calls == [
            ("shutdown", "server01")
        ]


async def test_a_log_that_is_not_there_says_so() -> None:
    async with opened() as desk:
        await at_server01(desk)
        await desk.press("enter", "3")
        await desk.see("xl-server01.log: No such file or directory")


async def test_the_command_log_is_ready_to_paste() -> None:
    async with opened(host=host_with_files()) as desk:
        await desk.press("L")
        await desk.see("xl create '/etc/xen/a b.cfg'", "ok", "1.2s", "exit 1", "xl destroy x", "2 of 2")
        await desk.press("enter")
        await desk.see("x is an invalid domain", "exit 1 after 0.1 s")
        await desk.press("escape")
        desk.app.host.log.add(CommandRecord(("xl", "pause", "y"), 1795410002.0, 0.1, None, "", ""))
        await desk.refresh()
        await desk.see("xl pause y", "3 of 3")


async def test_help_lists_every_key_of_the_registry() -> None:
    async with opened(size=(100, 80)) as desk:
        await desk.press("question_mark")
        await desk.see("all keys")
        for action in ACTIONS:
            line = next(line for line in desk.text().splitlines() if f" {action.title} " in line)
            assert line.split()[0] == shown(action.keys[0])


async def test_help_in_read_only_leaves_out_what_changes() -> None:
    async with opened(size=(100, 80), read_only=True) as desk:
        await desk.press("question_mark")
        text = await desk.see("Read-only")
        assert "Destroy" not in text and "Details" in text


async def test_host_info_shows_values_problems_and_why_there_are_no_messages() -> None:
    inventory = FakeInventory()
    inventory.problems = ("libvirt does not answer.",)
    async with opened(inventory) as desk:
        await desk.press("i")
        await desk.see("! libvirt does not answer.", "xen_version  4.20.2", "xl: cannot be started")


async def test_a_theme_is_chosen_and_drawn() -> None:
    async with opened() as desk:
        await desk.press("f9")
        await desk.see("High contrast", "Monochrome", "16 colours", "Light", "Dark")
        await desk.press("home", "down", "enter")
        await desk.until(lambda: desk.app.palette.name == "high-contrast")


async def test_a_bad_theme_file_is_named_and_does_not_stop_the_program(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("config")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    (folder / "xentui" / "themes").mkdir(parents=True)
    (folder / "xentui" / "themes" / "mine.toml").write_text('title = "Mine"\n[styles]\ntext = "nocolour on black"\n')
    async with opened() as desk:
        await desk.see("A theme cannot be used.", ":3: text:")
        await desk.press("enter")
        await desk.see("server01")


@pytest.mark.parametrize("size", [(20, 5), (60, 20), (80, 24), (132, 43), (200, 60)])
async def test_every_screen_at_every_size(size: tuple[int, int]) -> None:
    async with opened(host=host_with_files(), size=size) as desk:
        assert desk.table.visible_rows >= 1 and "Domain-0" in desk.text()
        for name in (*PAGES, "palette", "sort", "theme"):
            await desk.press(BY_NAME[name].keys[0])
            await desk.settle()
            assert all(len(line) == size[0] for line in desk.text().splitlines())
            await desk.press("escape")
        await desk.until(lambda: isinstance(desk.app.screen, DomainsScreen))


@pytest.mark.parametrize("name", ["", *PAGES, "palette", "destroy", "save"])
async def test_resized_to_20x5_and_back(name: str) -> None:
    async with opened(host=host_with_files()) as desk:
        await at_server01(desk)
        if name:
            await desk.press(BY_NAME[name].keys[0])
            await desk.until(lambda: desk.app.screen is not desk.main, "the screen that is asked for")
        before = desk.text()
        for size in ((20, 5), (1, 1), (80, 24)):
            await desk.pilot.resize_terminal(*size)
            await desk.settle()
            await desk.until(partial(fits, desk, size), f"{size} on the screen, and on what a dialog lies over")
        await desk.until(lambda: desk.text() == before, "the same screen as before")


async def test_wide_screens_show_more_columns() -> None:
    async with opened() as desk:
        narrow = desk.text()
        assert "NET" in narrow and "DISK" in narrow and "RX/s" not in narrow and "AUTO" in narrow
        await desk.pilot.resize_terminal(140, 30)
        await desk.see("RX/s", "TX/s", "RD/s", "WR/s", "BY", "xl+file")
        await desk.pilot.resize_terminal(40, 20)
        await desk.until(lambda: "AUTO" not in desk.text())
        assert "STATE" in desk.text() and "CPU%" in desk.text()


async def test_there_is_no_graph_where_the_terminal_cannot_draw_one() -> None:
    inventory = FakeInventory([domain("busy", 1, cpu_percent=100.0)])
    async with opened(inventory, size=(140, 30)) as desk:
        assert "█" in desk.line("busy")
    async with opened(inventory, size=(140, 30), glyphs="ascii") as desk:
        assert desk.text().isascii()


async def test_the_header_counts_guests_and_memory() -> None:
    async with opened(FakeInventory(guide())) as desk:
        assert "2 of 4 guests up" in desk.text() and "load 0.31" in desk.text() and "4 CPUs" in desk.text()


async def test_a_text_scrolls_and_says_where_it_is() -> None:
    async with opened(host=host_with_files()) as desk:
        await desk.press("question_mark")
        view = desk.app.screen.query_one(TextView)
        await desk.press("end")
        assert view.position.endswith(f"-{len(view.lines)} of {len(view.lines)}")
        assert view.position in desk.text()
        await desk.press("home", "space", "up")
        assert view.top == view.size.height - 2
