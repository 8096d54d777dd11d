"""One console of the demo dom0 on several terminals: full screens, raw consoles, and the keeper of its log."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from real_screen import RealScreen

from xentui.demo.host import DemoHost

Open = Callable[..., RealScreen]
Until = Callable[..., None]


@pytest.fixture
def terminal(demo_host: DemoHost, tmp_path: Path) -> Iterator[Open]:
    """Start xentui with these words on a terminal of its own, all over one demo."""
    opened: list[RealScreen] = []
    settings = Path(os.environ["XDG_CONFIG_HOME"]) / "xentui" / "settings.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text("refresh = 0.5\n")

    def start(*words: str) -> RealScreen:
        folder = tmp_path / str(len(opened))
        folder.mkdir()
        opened.append(RealScreen(demo_host, folder, *words))
        return opened[-1]

    yield start
    for screen in opened:
        screen.close()


def pane(terminal: Open, *words: str) -> RealScreen:
    """A full screen with the console of server01 open."""
    screen = terminal(*words)
    screen.see("Domain-0", "guests up")
    screen.on("server01")
    screen.press("c")
    return screen


def test_two_screens_share_one_console(terminal: Open) -> None:
    first = pane(terminal)
    first.log_in("server01")
    first.type("echo early\r")
    first.see("\nearly")
    second = pane(terminal)
    second.see("\nearly", "you watch, ")
    first.see("watches")
    first.type("echo la''te\r")
    for screen in (first, second):
        screen.see("\nlate")
    # Keys of who watches go nowhere, and it is said.
    second.type("x")
    second.see("not sent: ", " writes. a asks")
    # Asked, refused, asked again by the other way round: given.
    second.press("a")
    second.see("asked; without an answer")
    first.see("asks for the writing.", "gives it", "keeps it")
    first.press("C-]", "k")
    second.see("the writer keeps the writing")
    first.see_no("keeps it")
    first.press("C-]", "i")
    first.see("(you): holds the console, writes", ": watches")
    first.press("C-]", "i")
    first.see_no("holds the console")
    first.press("C-]", "o")
    first.see_no("Ctrl+] ?")
    # The holder leaves: who watched has the console, with all that it knew.
    first.press("Tab", "C-]", "d")
    second.see("the console is yours now")
    second.type("hostname\r")
    second.see("$ hostname\nserver01", "\nearly")
    assert len(second.clients()) == 1


def test_the_writing_is_handed_over_and_taken_back(terminal: Open) -> None:
    first = pane(terminal)
    first.log_in("server01")
    second = pane(terminal)
    second.see("you watch, ")
    first.type("true\r")
    first.see("$ true")
    second.press("a")
    first.see("gives it")
    first.press("C-]", "a")
    second.see("the writing is yours")
    second.type("hostname\r")
    for screen in (first, second):
        screen.see("$ hostname\nserver01")
    first.type("z")
    first.see("not sent: ")
    first.press("a")
    second.see("asks for the writing.")
    second.press("C-]", "a")
    first.see("the writing is yours")
    # A holder that is killed: its client goes with it, the other attaches.
    os.kill(first.pid, signal.SIGKILL)
    second.see("the console is yours now")
    second.type("echo al''one\r")
    second.see("\nalone")


def test_a_stopped_screen_holds_nobody_up(terminal: Open) -> None:
    """One that watches and is stopped: the holder goes on; going on itself, it shows what is there then."""
    first = pane(terminal)
    first.log_in("server01")
    second = pane(terminal)
    second.see("you watch, ")
    os.kill(second.pid, signal.SIGSTOP)
    first.type("seq 1 60000; echo the''end\r")
    first.see("\ntheend")
    os.kill(second.pid, signal.SIGCONT)
    second.see("\ntheend")


def test_a_raw_console_joins_and_may_write(terminal: Open) -> None:
    first = pane(terminal)
    first.log_in("server01")
    raw = terminal("console", "server01")
    raw.see("livexen@server01:~$", "you watch, ")
    raw.type("x")
    raw.see("not sent: others write")
    first.type("true\r")
    raw.press("Enter")
    first.see("gives it")
    first.press("C-]", "a")
    raw.until(lambda: "you write;" in raw.text() or "the writing is yours" in raw.text(), "the writing")
    raw.type("hostname\r")
    first.see("$ hostname\nserver01")
    raw.press("C-]")
    assert raw.left() == 0
    first.see_no("watches")
    first.type("echo ba''ck\r")
    first.see("\nback")


def test_a_raw_console_is_joined_and_left(terminal: Open) -> None:
    raw = terminal("console", "server01")
    raw.log_in("server01")
    screen = pane(terminal)
    screen.see("livexen@server01:~$", "you watch, ")
    raw.see("watches]")
    raw.type("echo se''en\r")
    screen.see("\nseen")
    raw.press("C-]")
    assert raw.left() == 0
    screen.see("the console is yours now")
    screen.type("hostname\r")
    screen.see("$ hostname\nserver01")


def test_the_keeper_holds_shares_and_is_replaced(terminal: Open, demo_host: DemoHost, until: Until) -> None:
    argv = [sys.executable, "-m", "xentui.cli", "--demo", "console", "--log", "server01", "server02"]
    keeper = subprocess.Popen(
        argv, env=dict(demo_host.environment()), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    log = demo_host.path("/var/log/xentui/server01.log")
    try:
        until(lambda: log.exists() and "server01 login:" in log.read_text(), "the log")
        screen = pane(terminal)
        screen.see("server01 login:", "you watch, nobody writes")
        screen.press("a")
        screen.see("the writing is yours")
        screen.log_in("server01")
        until(lambda: "livexen@server01:~$" in log.read_text(), "the prompt in the log")
        # What was kept stands above, labelled.
        screen.press("C-]", "g", "Home")
        screen.see("-- kept by xentui console --log", "-- attached --")
        screen.press("q")
        # The crash at night, and the guest after it.
        demo_host.run(["xl", "destroy", "server01"], deadline=180)
        until(lambda: "server01 has gone" in log.read_text(), "its end in the log")
        screen.see("has gone; attaches when it is back")
        for name in ("server01", "server02"):
            demo_host.run(["xl", "create", f"/etc/xen/{name}.cfg"], deadline=180)
        until(lambda: log.read_text().count("Linux version") == 2, "the second boot in the log")
        other = demo_host.path("/var/log/xentui/server02.log")
        until(lambda: "server02 login:" in other.read_text(), "the log of the guest that was waited for")
        keeper.send_signal(signal.SIGTERM)
        said = keeper.communicate(timeout=180)[0]
        assert keeper.returncode == 0
        assert re.search(r"server01: \d+ lines kept in .*server01\.log; attached 2 times", said), said
        assert re.search(r"server02: \d+ lines kept in .*; attached 1 time\n", said), said
        assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ", log.read_text())
        assert "\x1b" not in log.read_text()
        assert "the log is no longer kept" in log.read_text().splitlines()[-1]
        # Who watched has the console now.
        screen.see("the console is yours now", "server01 login:")
    finally:
        keeper.kill()
        keeper.wait()


def test_the_keeper_ends_cleanly_and_one_keeps_a_log(demo_host: DemoHost, until: Until) -> None:
    argv = [sys.executable, "-m", "xentui.cli", "--demo", "console", "--log", "server01"]
    log = demo_host.path("/var/log/xentui/server01.log")
    for number in (signal.SIGINT, signal.SIGHUP):
        keeper = subprocess.Popen(argv, env=dict(demo_host.environment()), stdout=subprocess.PIPE, text=True)
        until(lambda: log.exists() and "-- attached --" in log.read_text(), "the log")
        if number == signal.SIGINT:
            second = subprocess.run(
                argv, env=dict(demo_host.environment()), capture_output=True, text=True, timeout=180, check=False
            )
            assert second.returncode == 1
            assert "another xentui keeps this log already" in second.stderr
        keeper.send_signal(number)
        assert "lines kept in" in keeper.communicate(timeout=180)[0]
        assert keeper.returncode == 0
        assert not list(demo_host.path("/run/xentui").glob("*")), "its socket is gone, if it had come to one"
        log.unlink()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("server01", "client01"), "several consoles at once: only with --log"),
        (("--limit", "3", "server01"), "only with --log"),
        (("--log", "--limit", "0", "server01"), "--limit 0"),
        (("--log", "-e", "^A", "server01"), "exclude each other"),
    ],
)
def test_wrong_usage(demo_host: DemoHost, words: tuple[str, ...], says: str) -> None:
    argv = [sys.executable, "-m", "xentui.cli", "--demo", "console", *words]
    done = subprocess.run(
        argv, env=dict(demo_host.environment()), capture_output=True, text=True, timeout=180, check=False
    )
    assert (done.returncode, says in done.stderr) == (2, True), done.stderr
