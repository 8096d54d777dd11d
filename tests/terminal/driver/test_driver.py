"""The driver on a real pseudo terminal, from the first byte to the last."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import termios
from time import monotonic

import pytest
from driver_pty import SAMPLE, Terminal


def as_it_was(terminal: Terminal) -> bool:
    return termios.tcgetattr(terminal.slave) == terminal.before


def started(terminal: Terminal) -> None:
    terminal.shows("server07")
    terminal.shows("q Quit")


def blank(terminal: Terminal) -> bool:
    return not any(line.strip() for line in terminal.screen.display)


@pytest.mark.parametrize("term", ["vt220", "xterm-256color"])
@pytest.mark.parametrize("how", ["key", "SIGINT", "SIGTERM", "SIGHUP"])
def test_leaving_gives_the_tty_back(term: str, how: str) -> None:
    with Terminal(term=term) as terminal:
        started(terminal)
        assert not as_it_was(terminal)
        if how == "key":
            terminal.type(b"q")
        else:
            terminal.process.send_signal(getattr(signal, how))
        status = terminal.end()
        assert status == (0 if how == "key" else 128 + getattr(signal, how))
        assert as_it_was(terminal)
        assert b"\x1b[?25h" in terminal.sent[-40:]
        if term == "vt220":
            assert blank(terminal), (terminal.text(), terminal.sent[-80:])  # no alternate screen: cleared, not littered
        else:
            assert b"\x1b[?1049l" in terminal.sent[-40:]


def test_a_crash_gives_the_tty_back_and_says_why() -> None:
    with Terminal() as terminal:
        started(terminal)
        terminal.type(b"x")
        assert terminal.end() == 1
        assert as_it_was(terminal)
        assert b"as asked" in terminal.sent[terminal.sent.rindex(b"\x1b[?25h") :]


def test_stop_and_continue() -> None:
    with Terminal() as terminal:
        started(terminal)
        os.kill(terminal.process.pid, signal.SIGTSTP)
        _, status = os.waitpid(terminal.process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        terminal.until(lambda: blank(terminal))
        assert as_it_was(terminal)
        terminal.stream.feed(b"$ what the shell printed meanwhile")
        os.kill(terminal.process.pid, signal.SIGCONT)
        started(terminal)
        assert not as_it_was(terminal)
        assert "$ what" not in "".join(terminal.screen.display)
        terminal.type(b"q")
        assert terminal.end() == 0
        assert as_it_was(terminal)


def test_continued_after_a_stop_that_nobody_hears() -> None:
    with Terminal() as terminal:
        started(terminal)
        os.kill(terminal.process.pid, signal.SIGSTOP)
        os.waitpid(terminal.process.pid, os.WUNTRACED)
        terminal.quiet()
        before = terminal.screen.display
        termios.tcsetattr(terminal.slave, termios.TCSANOW, terminal.before)  # as a shell does
        terminal.stream.feed(b"\x1b[5;5H[1]+  Stopped")
        os.kill(terminal.process.pid, signal.SIGCONT)
        terminal.until(lambda: not as_it_was(terminal) and terminal.screen.display == before)
        terminal.type(b"q")
        assert terminal.end() == 0
        assert as_it_was(terminal)


@pytest.mark.parametrize("noise", [b"\xff", b"\xe9", b"\x00", b"\x80\xff\xc0", b"\x1b[99", b"\xe4\xbb"])
def test_noise_does_no_harm(noise: bytes) -> None:
    with Terminal() as terminal:
        started(terminal)
        terminal.type(noise)
        pressed = 0.0

        def opens() -> bool:
            """A key that comes too early is the end of a sequence: whoever sees nothing presses again."""
            nonlocal pressed
            if monotonic() - pressed > 1:
                pressed = monotonic()
                terminal.type(b"m")
            return any("Destroy server01" in line for line in terminal.screen.display)

        terminal.until(opens)


def test_a_paste_of_64_kilobytes() -> None:
    with Terminal() as terminal:
        started(terminal)
        data = b"q\rx\r" * 16384
        terminal.type(data)
        terminal.quiet()
        assert terminal.process.poll() is None

        def opened() -> bool:
            # A sequence ends what counts as one paste, unless it comes while the rest is still being read.
            terminal.type(b"\x1b[A")
            terminal.quiet()
            terminal.type(b"m")
            return bool(terminal.quiet()) and any("Destroy server01" in line for line in terminal.screen.display)

        terminal.until(opened)


def test_control_l_redraws_everything() -> None:
    with Terminal() as terminal:
        started(terminal)
        terminal.quiet()
        before = terminal.screen.display
        terminal.stream.feed(b"\x1b[4;9r\x1b[5;5Hkernel: a line that was not asked for\x1b[1;7m")
        assert terminal.screen.display != before
        terminal.type(b"\x0c")
        terminal.until(lambda: terminal.screen.display == before)


def test_nothing_is_sent_while_nothing_changes() -> None:
    with Terminal() as terminal:
        started(terminal)
        terminal.until(lambda: terminal.pump(3) == b"")  # it has come to rest


def test_a_line_without_a_size_is_asked_for_it() -> None:
    with Terminal(size=(100, 30), tty_size=(0, 0)) as terminal:
        started(terminal)
        assert b"\x1b[6n" in terminal.sent
        terminal.until(lambda: "q Quit" in terminal.screen.display[29])
        size = os.get_terminal_size(terminal.slave)
        assert (size.columns, size.lines) == (100, 30)  # TIOCSWINSZ: programs started from here know it
        terminal.type(b"q")
        assert terminal.end() == 0
        size = os.get_terminal_size(terminal.slave)
        assert (size.columns, size.lines) == (0, 0)  # the next one may come with another terminal


def test_a_terminal_that_never_answers_is_80_by_24() -> None:
    with Terminal(tty_size=(0, 0), answers=False) as terminal:
        started(terminal)
        assert "q Quit" in terminal.screen.display[23]


def test_a_terminal_that_answers_late() -> None:
    with Terminal(size=(100, 30), tty_size=(0, 0), answers=False) as terminal:
        started(terminal)
        assert "q Quit" in terminal.screen.display[23]
        terminal.type(b"\x1b[30;100R")
        terminal.until(lambda: "q Quit" in terminal.screen.display[29])
        terminal.type(b"q")
        assert terminal.end() == 0
        size = os.get_terminal_size(terminal.slave)
        assert (size.columns, size.lines) == (0, 0)


def test_a_late_size_is_not_taken_for_another_answer_and_is_asked_for_again() -> None:
    with Terminal(term="xterm", size=(100, 30), tty_size=(0, 0), answers=False) as terminal:
        started(terminal)
        terminal.type(b"\x1b[30;100R\x1b[1;4R")  # to the question of size, and to that of REP
        terminal.until(lambda: "q Quit" in terminal.screen.display[29])
        terminal.type(b"\x0c")
        terminal.until(lambda: terminal.sent.count(b"\x1b[999;999H\x1b[6n") == 2)
        terminal.type(b"\x1b[24;80R")  # it was exchanged for another
        terminal.until(lambda: "q Quit" in terminal.screen.display[23])


def test_what_is_typed_while_the_size_is_asked_is_not_lost() -> None:
    with Terminal(tty_size=(0, 0), answers=False) as terminal:
        terminal.until(lambda: b"\x1b[6n" in terminal.sent)
        terminal.type(b"m\x1b[24;80R")
        terminal.shows("Destroy server01")


@pytest.mark.parametrize("answer", [b"\x1b[0;0R", b"\x1b[9999;2R", b"\x1b[R", b"\x1b[;R", b"\x1b[24;80", b"banana"])
def test_a_terminal_that_answers_wrongly(answer: bytes) -> None:
    with Terminal(tty_size=(0, 0), answers=False) as terminal:
        terminal.until(lambda: b"\x1b[6n" in terminal.sent)
        terminal.type(answer)
        started(terminal)
        assert "q Quit" in terminal.screen.display[23]


def test_the_screen_follows_the_size() -> None:
    import fcntl
    import struct

    with Terminal(term="xterm-256color") as terminal:
        started(terminal)
        terminal.screen.resize(40, 100)
        fcntl.ioctl(terminal.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        terminal.until(lambda: "q Quit" in terminal.screen.display[39])
        terminal.shows("server29")


@pytest.mark.parametrize("term", ["dumb", "vt52"])
def test_a_terminal_that_cannot_is_told_in_one_sentence(term: str) -> None:
    argv = [sys.executable, "-m", "xentui.cli", "--demo"]
    with Terminal(argv, term=term, env={"PYTHONPATH": ":".join(sys.path)}) as terminal:
        assert terminal.end() == 2
        assert terminal.sent.count(b"\n") == 1
        assert term.encode() in terminal.sent


def test_no_terminal_is_told_in_one_sentence() -> None:
    code = "from xentui.screens.terminal.capabilities import *\ndetect(1)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=180)
    assert "UnusableTerminalError: xentui's screen needs a terminal" in done.stderr


@pytest.mark.parametrize("env", [{"TERM": ""}, {"TERM": "no-such-terminal"}, {"LANG": "C"}, {"NO_COLOR": "1"}])
def test_poor_surroundings(env: dict[str, str]) -> None:
    with Terminal([sys.executable, str(SAMPLE), "lean"], term="xterm-256color", env=env) as terminal:
        started(terminal)
        assert b"38;5" not in terminal.sent or "LANG" in env
        if "LANG" in env or env.get("TERM") == "":
            assert terminal.sent.isascii()
        # Which row is chosen is to be seen on any terminal: what a key may destroy is there.
        assert any(cell.reverse or cell.bg != "default" for cell in terminal.screen.buffer[1].values())
        terminal.type(b"q")
        assert terminal.end() == 0
        assert as_it_was(terminal)
