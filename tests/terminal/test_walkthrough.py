"""A learner's evening: one walkthrough from start to end, key by key in a real terminal of 80x24."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from real_screen import RealScreen

from xentui.demo.host import DemoHost

Start = Callable[..., RealScreen]


def open_first_steps(screen: RealScreen) -> None:
    screen.press("W")
    screen.see("First steps with xl")
    while "First steps" not in (at := screen.see_match(r"^> .*$")[0]):
        screen.press("Down")
        screen.until(lambda at=at: screen.see_match(r"^> .*$")[0] != at, "the cursor on the next one")
    screen.press("Enter")


def to_text(screen: RealScreen) -> None:
    screen.press("C-]", "o")
    screen.see("Enter Go on")


def test_from_start_to_end(start: Start, demo_host: DemoHost, tmp_path: Path) -> None:
    screen = start()
    open_first_steps(screen)
    # It asks once; what could mean something to a shell is no answer.
    screen.see("Which guest do you want to start?")
    screen.press("Home")
    screen.type('"; rm -rf /; ')
    screen.press("Enter")
    screen.see("This must be a name of letters")
    screen.press("C-u", "Enter")
    screen.see("1. See what runs", "[>....] 1/5", "[demo]", "1-14 of 18  Space: more")
    screen.press("Space")
    screen.see("5-18 of 18")
    screen.press("Enter")
    screen.see("2. Start a guest", "[x>...] 2/5", "> xl create /etc/xen/server02.cfg")

    # The wrong thing, typed by hand; it says what is missing, and gives a hint.
    screen.press("Tab")
    screen.see("^] then:")
    screen.type("xl create server02\r")
    screen.see("server02: No such file")
    to_text(screen)
    screen.press("Enter")
    screen.see("Not yet: server02 does not run. Did xl create print an error?", "now: xl list does not know server02")
    screen.press("h")
    screen.see("Hint 1", "Look at the last line that xl create printed.", "2 more hints.")
    screen.press("l")
    screen.see("client01", "xl list")

    # The right thing, by hand: it is noticed without being asked.
    screen.press("Tab")
    screen.type("xl create /etc/xen/server02.cfg\r")
    screen.see("Done. Enter goes on.")
    to_text(screen)
    screen.press("Enter")
    screen.see("3. Pause it", "[xx>..] 3/5")

    # xentui does it, and takes it back. What was left half-typed in the shell is no part of it.
    screen.press("Tab")
    screen.type("xl destroy ser")
    to_text(screen)
    screen.press("d")
    screen.see("3. Pause it  done", "[demo]", "xl pause server02")
    screen.press("u")
    screen.see("Undone.", "xl unpause server02")
    screen.see_no("3. Pause it  done")
    screen.press("d")
    screen.see("3. Pause it  done")

    # Quit, and come back another day.
    screen.press("Enter")
    screen.see("4. Let it go on", "[xxx>.] 4/5")
    screen.press("Escape")
    screen.see("guests up")
    screen.press("q")
    assert screen.left() == 0

    (tmp_path / "left").unlink()  # of the first day
    screen = start()
    open_first_steps(screen)
    screen.see("You go on at step 4", "4. Let it go on", "[xxx>.] 4/5")
    screen.press("x")
    screen.see("4. Let it go on  done")
    screen.press("Enter")
    screen.see("5. Turn it off", "[xxxx>] 5/5")
    screen.press("d")
    screen.see("That was the last step.", "5. Turn it off  done")

    # The list of steps, the clean-up, and closing it.
    screen.press("t")
    screen.see("Steps", "done")
    screen.press("Escape")
    screen.see_no("Enter Choose")
    screen.press("C")
    screen.see("Take back all that first-steps did?")
    screen.press("y")
    screen.see("Everything is taken back.", "[>....] 1/5")
    screen.press("Q")
    screen.see("Walkthroughs", "A five-minute tour of xentui")
    screen.press("q", "q")
    assert screen.left() == 0
    assert "server02" not in demo_host.run(["xl", "list"], deadline=180).stdout


@pytest.mark.parametrize("words", [(), ("--read-only",)])
def test_reading_skipping_and_leaving_without_a_shell(start: Start, words: tuple[str, ...]) -> None:
    screen = start(*words)
    open_first_steps(screen)
    screen.see("Which guest do you want to start?")
    screen.press("Enter")
    screen.see("1. See what runs")
    screen.press("Space", "Enter")
    screen.see("2. Start a guest")
    screen.press("s")
    screen.see("Step 2 is skipped, not done.", "[x->..] 3/5")
    screen.press("b", "b")
    screen.see("1. See what runs")
    if words:
        screen.press("d")
        screen.see("read-only")
        screen.press("Tab")
        screen.see("read-only")
    screen.press("?")
    shown = screen.see("xentui: all keys", "a hint; the last one is the answer", *([] if words else ["do it for me"]))
    assert ("do it for me" in shown) is not bool(words)
    screen.press("Escape")
    screen.see("1. See what runs")
    screen.press("Q")
    screen.see("step 1 of 5")
    screen.press("q", "q")
    assert screen.left() == 0


def test_bad_days(start: Start, demo_host: DemoHost) -> None:
    screen = start()
    open_first_steps(screen)
    screen.press("Enter")
    screen.see("1. See what runs", "[demo]")
    screen.press("Space", "Enter")
    screen.see("2. Start a guest")
    # A program that never ends has the shell: nothing is typed into it.
    screen.press("Tab")
    screen.type("cat /proc/self/comm -\r")
    screen.see("\ncat\n")  # it runs
    to_text(screen)
    screen.press("d")
    screen.see("Not typed: cat still runs in the shell")
    screen.press("Tab")
    screen.press("C-c")
    to_text(screen)
    # The shell ends; the next command gets another one.
    screen.press("Tab")
    screen.type("exit\r")
    screen.see("the shell has ended; R begins another")
    to_text(screen)
    # The dom0 answers no more.
    demo_host.control("hang", "on")
    screen.press("c")
    screen.see("It cannot be seen now")
    demo_host.control("hang", "off")
    screen.press("d")
    screen.see("Done. Enter goes on.")
    screen.press("Q")
    screen.see("step 2 of 5")
    screen.press("q", "q")
    assert screen.left() == 0
    assert screen.processes(b"bashrc") == []
