"""The walkthroughs' screens over the demo dom0: in all sizes, for a room, and for a class."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from driving import Desk, opened

from xentui.demo.host import DemoHost
from xentui.domains.inventory import Inventory
from xentui.domains.side_by_side import Asked
from xentui.host import Host, HostError
from xentui.screens.banner import banner
from xentui.screens.classroom import ClassScreen
from xentui.walkthroughs.classroom import share
from xentui.walkthroughs.progress import Progress

BAD = """\
---
format: 1
id: broken
title: A broken one
---
## Do it
```run
true
```
```check
domian a is running | No.
```
"""
DANGER = """\
---
format: 1
id: wipe
title: A dangerous one
needs: xl
ask: guest = server01 "Which guest?"
---
## Take its power away  {danger: destroys {guest}}
```run
xl destroy {guest}
```
```check
domain {guest} is absent | It is still there.
```
"""


async def choose(desk: Desk, title: str) -> None:
    if "DEMO  Walkthroughs" not in desk.text():
        await desk.press("W")
        await desk.see("A five-minute tour")
    for _ in range(40):
        if title in desk.line("> "):
            break
        await desk.press("down")
    await desk.press("enter")


async def open_first_steps(desk: Desk) -> None:
    await choose(desk, "First steps with xl")
    await desk.see("Which guest do you want to start?")
    await desk.press("enter")
    await desk.see("1/5", "[demo]")


def place(name: str, text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A walkthrough of the user's own."""
    folder = tmp_path / "data" / "xentui" / "walkthroughs"
    folder.mkdir(parents=True)
    (folder / name).write_text(text)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.mark.parametrize("size", [(80, 24), (140, 40), (60, 12), (40, 10), (200, 60)])
async def test_text_and_shell_share_the_room(demo_host: DemoHost, size: tuple[int, int]) -> None:
    async with opened(Inventory(demo_host), host=demo_host, size=size) as desk:  # type: ignore[arg-type]
        await open_first_steps(desk)
        text, shell = desk.app.screen.query_one("#step"), desk.app.screen.query_one("ShellPane")
        assert text.size.height >= 3 and text.size.width >= 20
        assert shell.size.height >= 3
        if size[0] >= 131:
            assert text.region.y == shell.region.y and shell.size.width == 80
        before = shell.size.height
        await desk.press("tab")
        assert desk.app.screen.focused is shell
        assert size[0] >= 131 or shell.size.height > before
        await desk.press("ctrl+right_square_bracket", "o", "f")
        await desk.until(lambda: text.size.height == size[1] - 3 and text.size.width >= size[0] - 1, "the text")
        assert "[demo]" not in desk.text()
        await desk.press("f")
        await desk.see("[demo]")
        assert shell.size.height == before
        await desk.press("Q")
        await desk.see("A five-minute tour")


async def test_for_a_room(demo_host: DemoHost) -> None:
    async with opened(Inventory(demo_host), host=demo_host) as desk:  # type: ignore[arg-type]
        await open_first_steps(desk)
        await desk.press("P")
        await desk.see("▄▀▀ █▀▀ █▀▀")
        assert "[demo]" not in desk.text()
        await desk.press("space")
        await desk.see("xl info free_memory")
        await desk.press("space", "space")
        await desk.see("3/5", "xl pause server02")
        await desk.press("b", "b")
        await desk.see("1/5")
        await desk.press("P")
        await desk.see("1. See what runs", "[demo]")
        await desk.press("Q")


def test_large_letters() -> None:
    assert banner("Hi", 80) == ["█ █ ▀█▀", "█▀█  █", "▀ ▀ ▀▀▀"]
    assert len(banner("one two", 20)) == 7  # two lines, and one between
    assert banner("ä", 80) == banner("A", 80)
    assert banner("toolongaword", 20) == banner("日本", 80) == banner("", 80) == []
    assert all(len(line) <= 40 for line in banner("The quick brown fox jumps over 1234567890 (it's) +-/:!?", 40))


async def test_what_is_broken_cannot_be_opened(
    demo_host: DemoHost, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place("broken.md", BAD, monkeypatch, tmp_path)
    (tmp_path / "data/xentui/walkthroughs/none.md").write_bytes(b"\x00\x1b[31m" * 100)
    async with opened(Inventory(demo_host), host=demo_host) as desk:  # type: ignore[arg-type]
        await choose(desk, "A broken one")
        await desk.see("The walkthrough broken cannot be used.", "unknown verb 'domian'")
        await desk.press("enter")
        await choose(desk, "none.md")
        await desk.see("The walkthrough none cannot be used.", "control characters")


async def test_a_dangerous_step_wants_its_object_typed(
    demo_host: DemoHost, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place("wipe.md", DANGER, monkeypatch, tmp_path)
    async with opened(Inventory(demo_host), host=demo_host) as desk:  # type: ignore[arg-type]
        await choose(desk, "A dangerous one")
        await desk.see("Which guest?")
        await desk.press("enter")
        await desk.see("DANGER: destroys server01", "[demo]")
        for key in ("d", "x"):
            await desk.press(key)
            await desk.see("Type server01 to do it")
            await desk.press("y", "enter")
            await desk.see("Type server01 to do it")
            await desk.press("escape")
            await desk.see("Nothing was done.")
        await desk.press("u")
        await desk.see("This step cannot be taken back.")
        assert "server01" in demo_host.run(["xl", "list"], deadline=180).stdout
        await desk.press("d", *"server01", "enter")
        await desk.see("That was the last step.")
        assert "server01" not in demo_host.run(["xl", "list"], deadline=180).stdout
        await desk.press("Q")


async def test_what_needs_a_real_dom0_is_only_read_on_the_demo(
    demo_host: DemoHost, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place("wipe.md", DANGER.replace("needs: xl", "needs: real xl"), monkeypatch, tmp_path)
    async with opened(Inventory(demo_host), host=demo_host) as desk:  # type: ignore[arg-type]
        await choose(desk, "A dangerous one")
        await desk.see("Which guest?")
        await desk.press("enter")
        await desk.see("DANGER: destroys server01", "[demo]", "it needs a real dom0; this is the demo")
        for key in ("d", "x"):
            await desk.press(key, *"server01", "enter")
            await desk.see("Not typed: it needs a real dom0; in the demo it is only to read")
            await desk.press("question_mark", "escape")
        assert "server01" in demo_host.run(["xl", "list"], deadline=180).stdout
        await desk.press("Q")


async def test_the_rest_stops_before_what_destroys(
    demo_host: DemoHost, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = DANGER[DANGER.index("## ") :].replace("  {danger: destroys {guest}}", "").replace("its power", "it")
    first = first.replace("xl destroy {guest}", "xl pause {guest}").replace("absent", "paused")
    first += "```undo\nxl unpause {guest}\n```\n"
    place("wipe.md", DANGER.replace("## Take", first + "## Take"), monkeypatch, tmp_path)
    async with opened(Inventory(demo_host), host=demo_host) as desk:  # type: ignore[arg-type]
        await choose(desk, "A dangerous one")
        await desk.see("Which guest?")
        await desk.press("enter")
        await desk.see("1/2", "[demo]")
        await desk.press("R")
        await desk.see("2/2", "This step destroys something: it is never done by itself.")
        assert "server01" in demo_host.run(["xl", "list"], deadline=180).stdout
        await desk.press("Q")


@pytest.mark.parametrize("keys", [("Q", "question_mark"), ("Q", "escape"), ("Q", "Q"), ("Q", "d", "t")])
async def test_whatever_is_pressed_while_it_closes(demo_host: DemoHost, keys: tuple[str, ...]) -> None:
    async with opened(Inventory(demo_host), host=demo_host) as desk:  # type: ignore[arg-type]
        await open_first_steps(desk)
        screen = desk.app.walkthrough
        assert screen is not None
        await desk.burst(*keys)
        await desk.until(lambda: desk.app.walkthrough is None and not screen.is_attached, "its end")
        assert desk.app.is_running


async def test_leaving_xentui_while_a_walkthrough_closes(demo_host: DemoHost) -> None:
    async with opened(Inventory(demo_host), host=demo_host) as desk:  # type: ignore[arg-type]
        await open_first_steps(desk)
        desk.app.close_walkthrough()
        desk.app.exit(0)


async def test_watching_waits_for_somebody_who_presents(demo_host: DemoHost) -> None:
    async with opened(Inventory(demo_host), host=demo_host) as desk:  # type: ignore[arg-type]
        await desk.press("W")
        await desk.see("A five-minute tour")
        await desk.press("w")
        await desk.see("a presented shell is not running; attaches when it is")
        await desk.press("ctrl+right_square_bracket", "d")
        await desk.see("A five-minute tour")


async def test_a_class(demo_host: DemoHost, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XENTUI_CLASS", str(tmp_path))
    now = time.time()
    failed = {"step": "b", "sentence": "It is not paused.", "when": now}
    share(Progress("x", "demo", "ada [red]", "Pausing", 5, at="b", number=3, since=now - 400, failed=failed))
    async with opened(Inventory(demo_host), host=demo_host) as desk:  # type: ignore[arg-type]
        await desk.press("W")
        await desk.see("A five-minute tour")
        await desk.press("c")
        await desk.see("ada [red]", "Pausing", "3/5", "6 min", "It is not paused.")
        # A learner's own step is seen there, too.
        await desk.press("escape", "escape")
        await open_first_steps(desk)
        await desk.press("Q")
        await desk.see("A five-minute tour")
        await desk.press("c")
        await desk.see("First steps with xl", "1/5", "left")


async def test_a_class_on_several_hosts(demo_host: DemoHost, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XENTUI_CLASS", str(tmp_path))
    share(Progress("x", "demo", "ada", "Pausing", 5, at="b", number=3, since=time.time()))

    def unreachable() -> Host:
        raise HostError("it does not answer")

    monkeypatch.setattr(ClassScreen, "others", lambda _screen: [Asked("xen2", Host), Asked("xen3", unreachable)])
    async with opened(Inventory(demo_host), host=demo_host) as desk:  # type: ignore[arg-type]
        await desk.press("W")
        await desk.see("A five-minute tour")
        await desk.press("c")
        await desk.see(" ada  ", " ada xen2 ", "3/5", "xen3: it does not answer")
        watches = desk.app.screen.watches  # type: ignore[attr-defined]
        await desk.press("escape")
        await desk.see("A five-minute tour")
    for watch in watches:
        watch.join(30)
        assert not watch.is_alive()


async def test_no_class(demo_host: DemoHost, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XENTUI_CLASS", str(tmp_path / "none"))
    async with opened(Inventory(demo_host), host=demo_host) as desk:  # type: ignore[arg-type]
        await desk.press("W")
        await desk.see("A five-minute tour")
        await desk.press("c")
        # All of it can be read: it says how to begin one.
        await desk.see("there is no class on", "install -d -m 2775 -g GROUP", str(tmp_path)[-10:])
