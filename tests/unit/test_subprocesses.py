"""The one place that starts a program."""

import os
import shlex
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from xentui.subprocesses import (
    CancelledError,
    CommandError,
    CommandLog,
    DeadlineError,
    ProgramMissingError,
    Runner,
    end_process,
    printable,
)


def gone(pid: int) -> bool:
    """Whether the process has ended (a zombie has)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_output_status_and_command_are_kept() -> None:
    runner = Runner()
    done = runner.run(["sh", "-c", "echo out; echo err >&2"], deadline=180)
    assert (done.status, done.stdout, done.stderr) == (0, "out\n", "err\n")
    assert shlex.split(done.shell) == ["sh", "-c", "echo out; echo err >&2"]
    assert list(runner.log) == [done]


def test_reading_calls_stay_out_of_the_log() -> None:
    runner = Runner()
    runner.run(["true"], deadline=180, record=False)
    assert len(runner.log) == 0


def test_a_failure_carries_the_first_line_and_all_the_rest() -> None:
    with pytest.raises(CommandError) as failure:
        Runner().run(["sh", "-c", "printf 'first\\nsecond\\nthird\\n' >&2; exit 3"], deadline=180)
    assert str(failure.value) == "sh: first"
    assert failure.value.details == "first\nsecond\nthird\n"
    assert failure.value.record.status == 3


def test_a_silent_failure_says_its_status() -> None:
    with pytest.raises(CommandError, match="ended with status 7"):
        Runner().run(["sh", "-c", "exit 7"], deadline=180)


def test_the_deadline_ends_the_program_and_its_children(
    tmp_path: Path, until: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    pids = tmp_path / "pids"
    script = 'echo partial; sleep 600 & echo $$ $! > "$0.new"; mv "$0.new" "$0"; wait'
    runner = Runner()
    # Time passes once the program has come that far.
    clock = SimpleNamespace(time=time.time, monotonic=lambda: 1.0 if pids.exists() else 0.0)
    monkeypatch.setattr("xentui.subprocesses.time", clock)
    with pytest.raises(DeadlineError) as failure:
        runner.run(["sh", "-c", script, str(pids)], deadline=0.5, cancel=threading.Event())
    assert "no answer within 0.5 s" in str(failure.value)
    assert failure.value.record.stdout == "partial\n"
    assert failure.value.record.status is None
    until(lambda: all(gone(int(pid)) for pid in pids.read_text().split()), "their end")
    assert list(runner.log) == [failure.value.record]


def test_a_cancel_ends_it() -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(CancelledError):
        Runner().run(["sleep", "600"], deadline=600, cancel=cancel)


@pytest.mark.parametrize("argv", [["/no/such/program"], ["/etc/passwd"], ["echo", "a\0b"]])
def test_what_cannot_be_started_says_so(argv: list[str]) -> None:
    with pytest.raises(ProgramMissingError, match="cannot be started"):
        Runner().run(argv, deadline=180)


def test_bytes_that_are_no_text_go_round() -> None:
    runner = Runner()
    name = os.fsdecode(b"caf\xe9 \xff")
    assert runner.run(["printf", "%s", name], deadline=180).stdout == name


def test_input_goes_in_and_the_log_shows_what_a_user_would_type() -> None:
    runner = Runner()
    runner.run(["cat"], deadline=180, text_in="x" * 200_000, shown=["xl", "list"], cancel=threading.Event())
    (record,) = runner.log
    assert record.argv == ("xl", "list")
    assert len(record.stdout) == 200_000


def test_the_log_is_bounded_and_tells_its_listeners() -> None:
    log, heard = CommandLog(size=2), []
    log.listen(heard.append)
    runner = Runner(log)
    for number in range(3):
        runner.run(["echo", str(number)], deadline=180)
    assert [record.stdout for record in log] == ["1\n", "2\n"]
    assert len(heard) == 3


def test_a_stream_is_read_by_line_and_ended() -> None:
    process = Runner().stream(["sh", "-c", "echo one; echo two; sleep 600"])
    assert process.stdout is not None
    assert [process.stdout.readline(), process.stdout.readline()] == ["one\n", "two\n"]
    end_process(process)
    assert gone(process.pid)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("server01", "server01"),
        ("Ünïcode 日本", "Ünïcode 日本"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("two\nlines\r", "two\\x0alines\\x0d"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        (os.fsdecode(b"\xff"), "\\xff"),
        ("[bold]not markup[/]", "[bold]not markup[/]"),
    ],
)
def test_printable_leaves_nothing_for_the_terminal_to_act_on(text: str, shown: str) -> None:
    assert printable(text) == shown
