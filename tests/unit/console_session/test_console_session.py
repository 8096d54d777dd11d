"""The session: attach, type, leave whatever it takes, attach again, and say why not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fake_console import DEADLINE, FAKE, Console

from xentui.console import client
from xentui.console.client import QUEUE_LIMIT, Leave
from xentui.console.recording import Recorder
from xentui.console.replay import replay
from xentui.console.session import State


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_what_is_typed_reaches_the_guest_and_its_answer_the_screen(console: Console) -> None:
    console.session.attach()
    assert console.session.state is State.ATTACHED
    console.shows("ready")
    assert console.session.send("ä€".encode())
    console.shows("[ä€]")


@pytest.mark.parametrize(
    ("words", "how"),
    [
        ([], Leave.ESCAPE),
        (["stubborn"], Leave.TERM),
        (["deaf"], Leave.TERM),
        (["deaf", "immortal"], Leave.KILL),
    ],
)
def test_detach_always_works(console: Console, words: list[str], how: Leave, monkeypatch: pytest.MonkeyPatch) -> None:
    if how is not Leave.KILL:  # it obeys, however long that takes on a loaded machine
        monkeypatch.setattr(client, "ESCAPE_SECONDS" if how is Leave.ESCAPE else "TERM_SECONDS", DEADLINE)
    console.words = words
    console.session.attach()
    console.shows("ready")
    pid = console.session.pid
    assert pid is not None
    assert console.session.detach() is how
    assert console.session.state is State.DETACHED
    assert gone(pid)


def test_the_detach_key_comes_alone_behind_what_was_typed_just_before(console: Console, patient: None) -> None:
    console.session.attach()
    console.shows("ready")
    for _ in range(200):
        console.session.send(b"some words ")
    assert console.session.detach() is Leave.ESCAPE
    console.session.feed_late()
    assert "\x1d" not in console.text
    # The client had read all of it before it left.
    assert console.text.replace("\n", "").replace("][", "").count("some words ") >= 100


def test_detach_in_the_middle_of_a_flood(console: Console) -> None:
    console.session.attach()
    console.shows("ready")
    console.session.send(b"flood 1000000\r")
    console.shows("line 100 ")
    assert console.session.detach() in (Leave.ESCAPE, Leave.TERM)


def test_the_queue_is_bounded_and_typing_never_blocks(console: Console) -> None:
    console.words = ["deaf"]
    console.session.attach()
    console.shows("ready")
    sent = sum(console.session.send(b"x" * 4096) for _ in range(200))
    assert 0 < sent * 4096 <= QUEUE_LIMIT + 64 * 1024
    assert console.session.queued <= QUEUE_LIMIT


def test_all_of_a_large_paste_arrives_in_order(console: Console) -> None:
    console.session.attach()
    console.shows("ready")
    words = "".join(f"{number:06d}." for number in range(10_000))
    assert console.session.send(words.encode())
    console.read_until(lambda: "009999." in console.text.replace("\n", "").replace("][", ""))
    shown = console.text.replace("\n", "").replace("][", "")
    assert words in shown


def test_the_size_of_the_guest_is_sent_by_stty(console: Console) -> None:
    console.session.attach()
    console.shows("ready")
    assert console.session.send_size(100, 30)
    assert (console.session.emulator.columns, console.session.emulator.rows) == (100, 30)
    console.shows("stty rows 30 cols 100")


def test_a_query_of_the_guest_is_answered(console: Console) -> None:
    console.session.attach()
    console.shows("ready")
    console.session.send(b"query\r")
    console.read_until(lambda: "R]" in console.text)
    assert "[^[[" in console.text


def test_old_queries_in_the_backlog_are_not_answered(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xentui.console.session.BACKLOG_SECONDS", DEADLINE)  # the client may take long to start
    console.words = ["backlog=\\x1b[6n\\x1b[c"]
    console.session.attach()
    console.shows("ready")
    assert console.session.queued == 0
    console.session.send(b"!")
    console.shows("[!]")
    assert "^[" not in console.text


def test_a_domain_that_is_gone_is_waited_for_and_attached_to_by_its_new_id(console: Console) -> None:
    session = console.session
    session.attach()
    console.shows("ready")
    session.send(b"bye\r")
    console.read_until(lambda: session.state is not State.ATTACHED)
    assert session.state is State.WAITING
    assert not session.look(), "the snapshot still has the old id"
    console.words = None
    assert not session.look()
    console.words, console.domain_id = [], "8"
    assert session.look()
    session.attach()
    session.feed_late()
    assert session.state is State.ATTACHED
    console.shows("attached again")
    console.read_until(lambda: console.text.count("ready") == 2)
    assert console.text.index("bye") < console.text.index("attached again")


def test_a_domain_that_does_not_run_is_waited_for(console: Console) -> None:
    console.words = None
    console.session.attach()
    assert console.session.state is State.WAITING
    assert "not running" in console.session.sentence


def test_a_client_that_ended_though_its_domain_is_there_was_ended_by_somebody(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = console.session
    session.attach()
    console.shows("ready")
    assert session.pid is not None
    os.kill(session.pid, signal.SIGTERM)
    console.read_until(lambda: session.state is State.WAITING)
    assert not session.look()
    now = time.monotonic()
    monkeypatch.setattr("xentui.console.session.time.monotonic", lambda: now + 60)
    assert not session.look()
    assert session.state is State.FAILED
    assert "still there" in session.sentence
    # A slow toolstack told it late: the domain has gone after all, and comes back.
    words, console.words = console.words, None
    assert not session.look()
    assert session.state is State.WAITING and "has gone" in session.sentence
    console.words = words
    assert session.look()


def test_a_killed_client_is_said(console: Console) -> None:
    session = console.session
    session.attach()
    console.shows("ready")
    assert session.pid is not None
    os.kill(session.pid, signal.SIGKILL)
    console.read_until(lambda: session.state is State.FAILED)
    assert "SIGKILL" in session.sentence
    assert not session.look(), "nobody attaches behind the back of who killed it"


def test_a_busy_console_names_who_has_it(console: Console) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", "import pty,sys; pty.spawn(sys.argv[1:])", *(console.argv() or [])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.read(5) == b"ready"
        console.session.attach()
        console.read_until(lambda: console.session.state is State.BUSY)
        holder = console.session.holder
        assert holder is not None
        assert FAKE.name in holder.command
        assert str(holder.pid) in console.session.sentence
        assert abs(time.time() - holder.since) < 3600
        os.kill(holder.pid, signal.SIGTERM)
        other.communicate(timeout=180)
    console.session.attach()
    assert console.session.state is State.ATTACHED
    console.shows("ready")


@pytest.mark.parametrize(
    ("words", "state", "says"),
    [
        (["notty"], State.WAITING, "no console yet"),
        (["gone"], State.WAITING, "gone"),
        (["status=3"], State.FAILED, "status 3"),
    ],
)
def test_why_it_ended(console: Console, words: list[str], state: State, says: str) -> None:
    console.words = words
    console.session.attach()
    console.read_until(lambda: console.session.state is not State.ATTACHED)
    assert console.session.state is state
    assert says in console.session.sentence


def test_a_guest_that_is_being_made_has_no_console_yet(console: Console) -> None:
    session, console.words = console.session, ["notty"]
    session.attach()
    console.read_until(lambda: session.state is State.WAITING)
    assert session.look(), "it is tried again"
    console.words = []
    session.attach()
    console.shows("ready")


def test_a_guest_that_stays_without_console_has_no_serial_line(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, console.words = console.session, ["notty"]
    session.attach()
    console.read_until(lambda: session.state is State.WAITING)
    monkeypatch.setattr("xentui.console.session.MADE_SECONDS", 0.0)
    assert session.look()
    session.attach()
    console.read_until(lambda: session.state is State.FAILED)
    assert 'serial = "pty"' in session.sentence
    assert not session.look()


def test_a_client_that_is_missing(console: Console) -> None:
    console.session.argv = lambda: ["/nonexistent/xl", "console", "7"]
    console.session.attach()
    assert console.session.state is State.FAILED
    assert "cannot be started" in console.session.sentence


def test_the_log_is_followed_and_nothing_can_be_typed(
    console: Console, patient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = console.lock.with_name("guest-server01.log")
    session = console.session
    monkeypatch.setattr("xentui.console.guest_log.LOG_DIR", str(log.parent))
    session.follow_log()
    session.attach()
    assert session.state is State.FAILED
    assert "XENCONSOLED_TRACE=guest" in session.sentence
    log.write_bytes(b"booting\r\n")
    session.attach()
    console.shows("booting")
    with log.open("ab") as file:
        file.write(b"panic\r\n")
    console.shows("panic")
    assert not session.send(b"x")
    assert session.detach() is Leave.TERM


def test_reading_is_bounded_by_its_budget(console: Console) -> None:
    session = console.session
    session.attach()
    console.shows("ready")
    session.send(b"flood 20000\r")
    fed = 0

    def tap(data: bytes) -> None:
        nonlocal fed
        fed += 1

    session.taps.append(tap)
    console.shows("line 5 ")
    fed = 0
    assert session.read_ready(budget=0)
    assert fed <= 1
    console.shows("flood ends")
    assert "line 19999 of a flood" in console.text


def test_what_was_printed_is_kept_if_showing_it_fails(console: Console) -> None:
    session = console.session
    session.attach()
    console.shows("ready")
    session.send(b"flood 1\r")

    def fails(data: bytes) -> bool:
        session.echo = lambda _data: False
        raise ZeroDivisionError

    session.echo = fails
    with pytest.raises(ZeroDivisionError):
        console.shows("flood ends")
    console.shows("flood ends")
    assert "flood 1" in console.text
    assert "line 0 of a flood" in console.text


def test_a_recording_holds_what_was_printed_and_nothing_that_was_typed(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(console.lock.parent))
    session = console.session
    path = session.record()
    assert path is not None
    session.attach()
    console.shows("ready")
    session.send_size(100, 30)
    console.shows("stty rows")
    assert session.record() == path
    assert session.recorder is None
    head, *events = [json.loads(line) for line in path.read_text().splitlines()]
    assert (head["version"], head["width"], head["height"]) == (2, 80, 24)
    assert {kind for _, kind, _ in events} == {"o", "r"}
    assert "ready" in "".join(text for _, kind, text in events if kind == "o")
    assert [int(n) for n in next(text for _, kind, text in events if kind == "r").split("x")] == [100, 30]
    assert path.stat().st_mode & 0o077 == 0
    monkeypatch.setenv("XDG_STATE_HOME", str(console.lock.parent / "another"))
    path = session.record()
    assert path is not None
    assert session.record() == path
    assert replay(path).display() == session.emulator.display(), "what stood there when it began is in it"


def test_a_recording_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xentui.console.recording.LIMIT", 10_000)
    recorder = Recorder("../etc/passwd\x1b[31m", 80, 24, tmp_path)
    recorder.output(b"first")
    assert json.loads(recorder.path.read_text().splitlines()[-1])[2] == "first", "kept, whatever happens to us"
    for _ in range(100):
        recorder.output(b"x" * 1000)
    recorder.close()
    assert recorder.full
    assert recorder.path.parent == tmp_path
    assert recorder.path.stat().st_size <= 10_000
    json.loads(recorder.path.read_text().splitlines()[-1])


def test_a_lone_escape_goes_out_with_the_next_key(console: Console) -> None:
    session = console.session
    session.attach()
    console.shows("ready")
    assert session.send(b"\x1d")
    assert session.holds
    assert session.send(b"q")
    assert not session.holds
    console.shows("q]")
    assert session.state is State.ATTACHED


def test_keys_typed_while_the_client_starts_are_not_lost_and_kill_nothing(console: Console) -> None:
    session = console.session
    session.attach()
    assert session.send(b"early\x03")
    console.shows("early")
    assert session.state is State.ATTACHED


def test_read_only_gives_the_guest_nothing_not_even_answers(console: Console, patient: None) -> None:
    session = console.session
    session.may_type = False
    session.attach()
    console.shows("ready")
    assert not session.send(b"x")
    assert not session.send_size(100, 30)
    session._backlog = False
    session.emulator.feed(b"\x1b[6n\x1b[c")
    assert session.queued == 0
    assert session.detach() is Leave.ESCAPE
    session.feed_late()
    assert "[" not in console.text


def test_an_escape_at_the_end_of_much_does_not_detach(console: Console) -> None:
    """60 characters are one read of the client's, the ^] behind them would be the next."""
    session = console.session
    session.attach()
    console.shows("ready")
    assert session.send(b"x" * 60 + b"\x1d")
    console.shows("x" * 60)
    assert session.holds
    assert session.send(b"y")
    console.read_until(lambda: "\x1dy]" in console.text or "y]" in console.text)
    assert session.state is State.ATTACHED
