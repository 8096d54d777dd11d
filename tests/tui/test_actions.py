"""From a key to the toolstack: reasons, questions, confirmations, failures, cancelling, read-only."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from driving import Desk, opened
from fakes import FakeHost, FakeInventory, domain

from xentui.actions import ACTIONS, BY_NAME
from xentui.domains.domain import State
from xentui.domains.toolstack import ToolstackError
from xentui.screens.dialogs.confirm import Confirm
from xentui.screens.dialogs.dialog import Dialog
from xentui.subprocesses import CommandError, CommandRecord


async def goto(desk: Desk, name: str) -> None:
    desk.table.place_cursor([d.name for d in desk.table.rows].index(name))
    await desk.settle()


async def test_a_key_starts_a_guest_and_a_new_snapshot_follows() -> None:
    async with opened() as desk:
        await goto(desk, "server02")
        readings = desk.inventory.readings
        await desk.press("s")
        await desk.see("Start server02: done.")
        assert desk.inventory.fake.calls == [("start", "server02")]
        await desk.until(lambda: desk.inventory.readings > readings)


async def test_a_guest_without_a_serial_line_is_started_and_its_console_not_waited_for() -> None:
    async with opened() as desk:
        change = {"type": "hvm", "serial": False}
        desk.inventory.domains = [replace(d, **change) if d.name in ("server02", "client01") else d
                                  for d in desk.inventory.domains]  # fmt: skip
        await desk.refresh()
        await goto(desk, "server02")
        await desk.press("s")
        await desk.see("Start server02: done. It has no serial line")
        await goto(desk, "client01")
        await desk.press("c")
        await desk.see("its screen is VNC")


async def test_a_key_that_cannot_be_used_says_why() -> None:
    async with opened() as desk:
        await goto(desk, "server01")
        await desk.press("s")
        await desk.see("server01: The domain runs already.")
        await goto(desk, "Domain-0")
        await desk.press("K")
        await desk.see("Domain-0 is this machine itself")
        assert desk.inventory.fake.calls == []


async def test_what_was_refused_of_several_is_still_said_at_the_end() -> None:
    async with opened() as desk:
        for name in ("server01", "server02"):
            await goto(desk, name)
            await desk.press("space")
        await desk.press("s")
        await desk.see("Start server02: done. Not for 1 of 2. server01: The domain runs already.")


async def test_marks_that_a_filter_hides_are_not_acted_on_and_the_cursor_marks_on() -> None:
    async with opened() as desk:
        await goto(desk, "server01")
        await desk.press("space", "slash", *"server02", "enter", "s")
        await desk.see("None of the marked domains is shown: Esc takes the filter away.")
        await desk.press("n")  # of the one under the cursor, whatever is marked
        await desk.see("New name of server02")
        await desk.press("escape", "space")
        await desk.see("* server02")
        await desk.press("s")
        await desk.see("Start server02: done.")
        assert desk.inventory.fake.calls == [("start", "server02")]


async def test_a_guest_that_crashed_or_started_anew_by_itself_is_told() -> None:
    async with opened() as desk:
        desk.inventory.domains = [replace(d, id=9) if d.name == "server01" else d for d in desk.inventory.domains]
        await desk.refresh()
        await desk.see("server01: started anew: id 1 became 9.")


@pytest.mark.parametrize("answer", ["enter", "escape", "n", "q"])
async def test_destroy_defaults_to_no(answer: str) -> None:
    async with opened() as desk:
        await goto(desk, "server01")
        await desk.press("K")
        await desk.see("Destroy server01 (id 1)?", "xl destroy server01", "pulling the power")
        await desk.press(answer)
        await desk.see("Nothing was done.")
        assert desk.inventory.fake.calls == []


async def test_destroy_with_y_goes_to_all_marked_and_names_them() -> None:
    async with opened() as desk:
        await desk.press("asterisk", "K")
        await desk.see("Destroy these 2 domains?", "  server01 (id 1)", "  client01 (id 2)")
        assert "server02  " not in desk.text().partition("Destroy these")[2]
        await desk.press("y")
        await desk.until(lambda: len(desk.inventory.fake.calls) == 2)
        assert {call[:2] for call in desk.inventory.fake.calls} == {("destroy", "client01"), ("destroy", "server01")}


async def test_a_domain_that_vanishes_while_it_is_asked_about() -> None:
    async with opened() as desk:
        await goto(desk, "server01")
        await desk.press("K")
        desk.inventory.domains = [d for d in desk.inventory.domains if d.name != "server01"]
        await desk.refresh()
        await desk.press("y")
        await desk.see("The domain is gone meanwhile; nothing was done.")
        assert desk.inventory.fake.calls == []


async def test_a_question_says_what_is_wrong_with_the_answer() -> None:
    async with opened() as desk:
        await goto(desk, "server01")
        await desk.press("m")
        await desk.see("Memory of server01 in MiB")
        await desk.press(*"x", "enter")
        await desk.see("Give a whole number of MiB.")
        await desk.press("backspace", *"320", "enter")
        await desk.until(lambda: desk.inventory.fake.calls)
        assert desk.inventory.fake.calls == [("set_memory", "server01", 320)]


async def test_save_proposes_a_file_and_escape_leaves() -> None:
    async with opened() as desk:
        await goto(desk, "server01")
        await desk.press("w")
        await desk.see("/var/lib/xen/save/server01")
        await desk.press("escape")
        assert desk.inventory.fake.calls == []
        await desk.press("w")
        await desk.see("/var/lib/xen/save/server01")
        await desk.press("enter")
        await desk.until(lambda: desk.inventory.fake.calls)
        assert desk.inventory.fake.calls == [("save", "server01", "/var/lib/xen/save/server01")]


async def test_a_failure_is_shown_whole_with_the_headline_on_top() -> None:
    said = "libxl: error: first line\nlibxl: error: second [bold]line[/]\nfailed to free memory for the domain\n"
    record = CommandRecord(("xl", "create", "/etc/xen/server02.cfg"), 0.0, 0.1, 3, "", said)
    async with opened() as desk:
        desk.inventory.fake.failure = CommandError(record)
        await goto(desk, "server02")
        await desk.press("s")
        text = await desk.see("Start server02: xl: libxl: error: first line", "second [bold]line[/]")
        assert "$ xl create /etc/xen/server02.cfg" in text and "failed to free memory" in text
        await desk.press("escape")
        assert not isinstance(desk.app.screen, Dialog)


async def test_failures_wait_for_an_open_dialog() -> None:
    async with opened() as desk:
        desk.inventory.fake.hang = threading.Event()
        desk.inventory.fake.failure = ToolstackError("No.", "It said no.")
        await goto(desk, "client02")
        await desk.press("s")
        await goto(desk, "server02")
        await desk.press("s")
        await goto(desk, "server01")
        await desk.press("K")
        await desk.until(lambda: isinstance(desk.app.screen, Confirm))
        desk.inventory.fake.hang.set()
        await desk.until(lambda: not desk.app.jobs.running)
        assert isinstance(desk.app.screen, Confirm)
        await desk.press("enter")
        await desk.see("2 actions did not work.", "Start client02: No.", "Start server02: No.")


async def test_two_actions_run_at_once_and_one_is_cancelled() -> None:
    async with opened() as desk:
        desk.inventory.fake.hang = threading.Event()
        await goto(desk, "client02")
        await desk.press("s")
        await goto(desk, "server02")
        await desk.press("s")
        await desk.see("Start client02 0 s, Start server02 0 s ... ^X cancels")
        await desk.press("s")
        await desk.see("Start is running for it already.")
        await desk.press("ctrl+x")
        await desk.see("Cancel which?")
        await desk.press("enter")
        await desk.see("Start client02: cancelled.")
        assert [job.domain.name for job in desk.app.jobs.running] == ["server02"]
        desk.inventory.fake.hang.set()
        await desk.until(lambda: not desk.app.jobs.running)
        await desk.press("ctrl+x")
        await desk.see("Nothing runs that could be cancelled.")


async def test_leaving_while_something_runs_asks() -> None:
    async with opened() as desk:
        desk.inventory.fake.hang = threading.Event()
        await goto(desk, "client02")
        await desk.press("s", "q")
        await desk.see("Still running: Start client02")
        await desk.press("enter")
        assert desk.app.is_running
        desk.inventory.fake.hang.set()


async def test_read_only_changes_nothing_and_says_so() -> None:
    async with opened(read_only=True) as desk:
        assert "READ-ONLY" in desk.text() and "Start" not in desk.text().splitlines()[-1]
        for action in ACTIONS:
            if action.changes:
                await goto(desk, "server02" if action.name.startswith("start") else "server01")
                await desk.press(action.keys[0])
                await desk.see("xentui runs read-only")
                await desk.press("escape")
        assert desk.inventory.fake.calls == []


async def test_the_palette_finds_and_does() -> None:
    async with opened() as desk:
        await goto(desk, "server01")
        await desk.press("colon", *"rebo")
        await desk.see("Find an action", "Reboot")
        await desk.press("enter")
        await desk.until(lambda: desk.inventory.fake.calls)
        assert desk.inventory.fake.calls == [("reboot", "server01")]


async def test_every_action_of_the_registry_is_bound_and_carried_out_by_somebody() -> None:
    async with opened() as desk:
        keys = {binding.id for bound in desk.main._bindings.key_to_bindings.values() for binding in bound}
        for action in ACTIONS:
            assert action.name in keys, action.name
            assert action.run is not None or desk.main.handler(action) is not None, action.name


async def test_one_domain_at_a_time_for_what_asks() -> None:
    async with opened() as desk:
        await desk.press("asterisk", "w")
        await desk.see("Save goes to one domain at a time")


async def test_events_are_kept_and_shown() -> None:
    async with opened() as desk:
        desk.inventory.change("server01", state=State.PAUSED)
        await desk.refresh()
        await goto(desk, "server01")
        await desk.press("enter", "4")
        await desk.see("running, now paused")


async def test_a_snapshot_that_hangs_leaves_the_screen_alive() -> None:
    async with opened(interval=0.02) as desk:
        desk.inventory.gate.clear()
        try:
            await desk.until(lambda: desk.app.stale_seconds is not None)
            await desk.see("blocked", "?", "The dom0 does not answer", "old")
            await desk.press("down", "enter")
            await desk.see("1 Overview", "the toolstack does not answer")
        finally:
            desk.inventory.gate.set()
        await desk.until(lambda: desk.app.stale_seconds is None)


async def test_the_inventory_may_ask_for_a_refresh() -> None:
    async with opened() as desk:
        readings = desk.inventory.readings
        threading.Thread(target=desk.inventory.callback).start()
        await desk.until(lambda: desk.inventory.readings > readings)


async def test_names_are_data() -> None:
    hostile = ["[bold]x[/bold]", "a'b\"c", "[/]", "$(reboot)", "line\nbreak", "\x1b[31mred", "x" * 200]
    hostile += ["日本語サーバー", "{name}", "-rf", "\udcff\udcfe"]
    async with opened(FakeInventory([domain(name, n + 1) for n, name in enumerate(hostile)])) as desk:
        text = desk.text()
        assert "[bold]x[/bold]" in text and "line\\x0abreak" in text and "\\x1b[31mred" in text
        assert "\x1b" not in text and "日本語" in text
        for name in (hostile[0], hostile[4], hostile[6], hostile[10]):
            await goto(desk, name)
            await desk.press("K")
            await desk.until(lambda: isinstance(desk.app.screen, Confirm))
            await desk.press("enter")
            await desk.press("w")
            await desk.until(lambda: isinstance(desk.app.screen, Dialog))
            await desk.press("escape", "enter", "2", "3", "4", "escape", "p")
            await desk.until(lambda: desk.inventory.fake.calls)
            assert desk.inventory.fake.calls.pop() == ("pause", name)
        assert all("\x1b" not in line for line in desk.text().splitlines())


async def test_the_demo_says_so_everywhere() -> None:
    async with opened(host=FakeHost(demo=True)) as desk:
        assert "DEMO" in desk.text()
        for name in ("help", "host-info", "command-log", "terminal", "details"):
            await desk.press(BY_NAME[name].keys[0])
            assert "DEMO" in desk.text(), name
            await desk.press("escape")


async def test_keys_typed_ahead_go_where_they_were_meant_to_go() -> None:
    """On a slow line many keys are read at once: the s of /server must not start a domain."""
    async with opened() as desk:
        await goto(desk, "server02")
        await desk.burst("slash", *"spurs", "escape")
        assert desk.table.filter == "" and desk.table.has_focus
        await desk.burst("slash", *"server0", "enter", "down", "enter")
        await desk.see("1 Overview")
        assert desk.inventory.fake.calls == []
        await desk.burst("escape", "escape")
        await goto(desk, "server01")
        await desk.burst("colon", *"sdsdsd", "escape", "o", "enter")
        assert desk.inventory.fake.calls == []
        await goto(desk, "server01")
        await desk.burst("m", "backspace", "backspace", "backspace", *"300", "enter", "F")
        await desk.until(lambda: desk.inventory.fake.calls)
        assert desk.inventory.fake.calls == [("set_memory", "server01", 300)]


async def test_the_names_of_many_are_all_to_be_seen_before_they_are_destroyed() -> None:
    names = [f"guest{n:02}" for n in range(40)]
    for size in ((80, 24), (20, 5)):
        async with opened(FakeInventory([domain(name, n + 1) for n, name in enumerate(names)]), size=size) as desk:
            await desk.press("asterisk", "K")
            await desk.see("Destroy these 40")
            seen = set()
            for _ in range(80):  # in 20 columns each is of two lines
                seen |= {name for name in names if f"  {name} " in desk.text()[desk.text().index("Destroy") :]}
                if len(seen) == len(names):
                    break
                await desk.press("down")
            assert seen == set(names)
            await desk.press("enter")
            assert desk.inventory.fake.calls == []


async def test_one_that_is_to_be_destroyed_is_named_on_the_smallest_screen() -> None:
    async with opened(size=(20, 5)) as desk:
        await goto(desk, "server01")
        await desk.press("K")
        await desk.see("Destroy server01")


async def test_a_y_that_was_typed_before_the_question_stood_there_is_no_yes() -> None:
    async with opened() as desk:
        await goto(desk, "server01")
        await desk.burst("K", "y", "y")
        await desk.see("Destroy server01 (id 1)?")
        assert desk.inventory.fake.calls == []
        await desk.press("y")
        await desk.until(lambda: desk.inventory.fake.calls)
