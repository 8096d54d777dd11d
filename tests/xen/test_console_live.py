"""A guest's console in the pane of a real dom0, by keys: its boot, vi in it, a flood of output, its crash.

In order: each test goes on where the one before it left the screen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pexpect
import pytest
from desk_keys import ANSWERS, LEADER, OPENS, log_in, row_of, select
from livemachine import FOLDER, Dom0, SerialLine

GUEST = "noisy01"
FILE = f"/etc/xen/{GUEST}.cfg"
#: The pane as large as it gets on 80x25 has a title above the guest's 24 rows.
ROWS = 24
#: Seconds for a guest to boot to its login prompt.
BOOTS = 300


@pytest.fixture(scope="module")
def desk(dom0: Dom0) -> Iterator[SerialLine]:
    """xentui as root in the dom0. client01 makes room for a guest that is like it, but not quiet while it boots."""
    dom0.wait("two guests", lambda: len(dom0.running()) == 3, deadline=240)
    config = dom0.run(["cat", "/etc/xen/client01.cfg"]).stdout
    assert " quiet " in config
    dom0.run(["xl", "destroy", "client01"])
    noisy = config.replace("client01", GUEST).replace(" quiet ", " ")
    dom0.run(["sh", "-c", f'printf %s "$1" > {FILE}', "sh", noisy])
    screen = SerialLine(dom0.host.terminal_argv(["env", "TERM=vt220", "xentui"]), FOLDER / "console.log", ROWS + 1)
    try:
        yield screen
    finally:
        screen.child.close(force=True)
        screen.flush()
        dom0.run(["xl", "destroy", GUEST], check=False)
        dom0.run(["rm", "-f", FILE])
        dom0.run(["xl", "create", "/etc/xen/client01.cfg"])


def after(screen: SerialLine, command: str, answer: str) -> None:
    """Type a command in the guest, and wait for an answer that the line typed does not have."""
    screen.type(f"{command}\r")
    screen.until(lambda text: answer in text, ANSWERS, command)


def saved(screen: SerialLine, dom0: Dom0, path: str) -> list[str]:
    """The history of the console, written to a file of the dom0 by keys."""
    dom0.run(["rm", "-f", path])
    screen.type(LEADER + "w")
    screen.until(lambda text: "to the file:" in text, ANSWERS, "the question for a file")
    screen.type(f"{path}\r")
    screen.until(lambda text: f"lines written to {path}" in text, ANSWERS, "the file written")
    return dom0.run(["cat", path]).stdout.splitlines()


def words(line: str) -> str:
    """The line without the width of its tabs: the level before it moves them."""
    return " ".join(line.split())


def test_the_boot_log_is_there_from_its_first_line(desk: SerialLine, dom0: Dom0) -> None:
    desk.until(lambda _text: row_of(desk, GUEST), OPENS, "the table of domains")
    select(desk, GUEST)
    desk.type("s")
    dom0.wait("it runs", lambda: GUEST in dom0.running(), deadline=ANSWERS)
    desk.until(lambda _text: re.search(r"running|blocked", desk.screen.display[row_of(desk, GUEST) or 0]),
               ANSWERS, "it runs, and the table says so")  # fmt: skip
    desk.type("c")
    desk.until(lambda text: f"{GUEST} login:" in text, BOOTS, "the guest's login prompt")
    desk.type(LEADER + "f")
    log_in(desk, GUEST, "root")
    seen = [*map(words, saved(desk, dom0, "/root/boot.txt"))]
    # What the kernel kept of it, with the level of each line: less urgent ones than 7 do not go to a console, and
    # the small guest makes its console quiet as soon as it can.
    desk.type(LEADER + "c")
    after(desk, "clear; dmesg -r; echo that was ''all", "that was all")
    lines = [line for line in saved(desk, dom0, "/root/dmesg.txt") if re.match(r"<\d+>\[", line)]
    kept = [words(line.partition(">")[2]) for line in lines if int(line[1:].partition(">")[0]) & 7 < 7]
    early = kept[: next(number for number, line in enumerate(kept) if "as init process" in line)]
    assert "Linux version" in early[0]
    assert len(early) > 100
    start = next(number for number, line in enumerate(seen) if "Linux version" in line)
    assert seen[:start] in ([], [""])
    assert [line for line in early if line not in set(seen)] == []


def test_vi_is_right_at_every_step(desk: SerialLine) -> None:
    def sees(what: str, *rows: str, last: str = "", below: str = "~") -> None:
        """The guest's screen: these rows, tildes, and the line at the bottom; "-" there says that insertion is over."""
        wanted = [*rows, *[below] * (ROWS - 1 - len(rows))]

        def it_is_so(text: str) -> bool:
            shown = text.split("\n")[1:]
            return shown[:-1] == wanted and last in shown[-1]

        desk.until(it_is_so, ANSWERS, what)

    after(desk, "stty rows 24 cols 80; clear; echo rea''dy", "ready")
    desk.type("vi poem\r")
    sees("an empty file", "", last="- poem")
    desk.type("ione\rtwo\rthree\x1b")
    sees("three lines", "one", "two", "three", last="- poem")
    desk.type("ggdd")
    sees("the first is deleted", "two", "three")
    desk.type("p")
    sees("and put below", "two", "one", "three")
    desk.type("Ofirst xxx\x1b")
    sees("a line above", "two", "first xxx", "one", "three", last="- poem")
    desk.type("Gyyppp")
    sees("copies at the end", "two", "first xxx", "one", *["three"] * 4)
    desk.type(":%s/three/drei/\r")
    sees("all replaced", "two", "first xxx", "one", *["drei"] * 4)
    desk.type("ggO" + "0123456789" * 9 + "\x1b")
    # busybox's vi does not wrap: the whole screen moves to the left, and no other line is long enough to be seen.
    sees("the end of a long line", ("0123456789" * 9)[11:], last="- poem", below="")
    desk.type("dd:wq\r")
    desk.until(lambda text: text.rstrip().endswith("#"), ANSWERS, "the shell again")
    after(desk, "clear; md5sum < poem; printf 'two\\nfirst xxx\\none\\ndrei\\ndrei\\ndrei\\ndrei\\n' | md5sum", "-\n")
    desk.until(lambda text: len(sums(text)) == 2, ANSWERS, "two sums")
    assert len(set(sums(desk.text()))) == 1


def sums(text: str) -> list[str]:
    return re.findall(r"\b[0-9a-f]{32}\b", text)


def test_the_table_lives_while_a_guest_floods(desk: SerialLine, dom0: Dom0) -> None:
    desk.type(LEADER + "f")
    desk.until(lambda _text: row_of(desk, "server01"), ANSWERS, "the table beside the console")
    desk.type("while :; do dmesg; done\r")
    try:
        dom0.run(["xl", "pause", "server01"])
        desk.until(lambda _text: "paused" in desk.screen.display[row_of(desk, "server01") or 0], ANSWERS, "paused")
    finally:
        dom0.run(["xl", "unpause", "server01"])
    desk.until(lambda _text: re.search(r"running|blocked", desk.screen.display[row_of(desk, "server01") or 0]),
               ANSWERS, "running again")  # fmt: skip
    desk.type("\x03")
    after(desk, "clear; echo sil''ence", "silence\n")


def test_it_crashes_under_the_pane_and_comes_back(desk: SerialLine, dom0: Dom0) -> None:
    desk.type("echo c > /proc/sysrq-trigger\r")
    desk.until(lambda text: f"{GUEST}: crashed, now off." in text, ANSWERS, "that it crashed")
    assert GUEST not in dom0.running()
    shown = desk.until(lambda text: "attaches when it is back" in text, ANSWERS, "the pane waits for it")
    assert "RIP: " in shown, "its last words stay"
    dom0.run(["xl", "create", FILE])
    desk.until(lambda text: f"{GUEST} login:" in text, BOOTS, "its console again, up to the login prompt")
    desk.type(LEADER + "d")
    desk.type("q")
    desk.child.expect_exact(pexpect.EOF, timeout=ANSWERS)
