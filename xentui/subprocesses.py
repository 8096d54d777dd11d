"""The one place that starts a program.

Every call is an argv list with a deadline; its output is captured, and it is kept in the command
log with its exit status and time, ready to be pasted into a shell. Text is decoded as UTF-8 with
``surrogateescape``: a domain name of any bytes can be passed back unchanged. Screens must clean it
before drawing it (`printable`).
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

#: Seconds a killed program gets to be reaped before it is left to the kernel (state D).
_REAP_SECONDS = 1.0
#: Seconds between two looks at the cancel flag.
_CANCEL_POLL = 0.1


def printable(text: str) -> str:
    """`text` with everything that a terminal could act on made visible.

    Control characters (C0, DEL, C1), bidirectional overrides and undecodable bytes come out as
    ``\\xNN`` or ``\\uNNNN``; the rest is unchanged.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\u00a0" else _escape(c) for c in text)


def _escape(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte kept by surrogateescape
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


@dataclass(frozen=True, slots=True)
class CommandRecord:
    """A program that has ended: what was run, when (epoch seconds), how long, and what it said.

    `status` is its exit status, negative for a signal, None when it was ended by its deadline, by a
    cancel, or never started.
    """

    argv: tuple[str, ...]
    started: float
    seconds: float
    status: int | None
    stdout: str
    stderr: str

    @property
    def ok(self) -> bool:
        return self.status == 0

    @property
    def shell(self) -> str:
        """The command as it can be pasted into a POSIX shell."""
        return shlex.join(self.argv)


class CommandError(Exception):
    """A program did not do its work. `record` says all; `str()` is the headline.

    Raised as it is when the exit status is not 0; the subclasses say the other ways to fail.
    """

    def __init__(self, record: CommandRecord, headline: str | None = None) -> None:
        self.record = record
        self.headline = headline or self._headline(record)
        super().__init__(self.headline)

    @staticmethod
    def _headline(record: CommandRecord) -> str:
        program = record.argv[0]
        for line in (record.stderr or record.stdout).splitlines():
            if line.strip():
                return f"{program}: {printable(line.strip())}"
        return f"{program}: ended with status {record.status} and said nothing"

    @property
    def details(self) -> str:
        """All that the program said, for the reader who wants the rest."""
        return self.record.stderr or self.record.stdout


class DeadlineError(CommandError):
    """The program did not answer within its deadline and was ended."""


class CancelledError(CommandError):
    """The user cancelled it."""


class ProgramMissingError(CommandError):
    """There is no such program here, or it may not be run."""


class CommandLog:
    """The last commands that were run on the user's behalf, newest last. Thread-safe."""

    def __init__(self, size: int = 500) -> None:
        self._records: deque[CommandRecord] = deque(maxlen=size)
        self._listeners: list[Callable[[CommandRecord], None]] = []
        self._lock = threading.Lock()

    def add(self, record: CommandRecord) -> None:
        with self._lock:
            self._records.append(record)
            listeners = list(self._listeners)
        for listener in listeners:
            listener(record)

    def listen(self, listener: Callable[[CommandRecord], None]) -> None:
        """Call `listener`, in the thread that ran the command, for each later record."""
        with self._lock:
            self._listeners.append(listener)

    def __iter__(self) -> Iterator[CommandRecord]:
        with self._lock:
            return iter(list(self._records))

    def __len__(self) -> int:
        return len(self._records)


class Runner:
    """Starts programs. `environment` is added to that of this process."""

    def __init__(self, log: CommandLog | None = None, environment: Mapping[str, str] | None = None) -> None:
        self.log = log if log is not None else CommandLog()
        self.environment = dict(environment or {})

    def child_environment(self) -> dict[str, str]:
        """The environment that programs get: messages in English, so that they can be read."""
        path = os.environ.get("PATH") or os.defpath
        # xl, losetup and the like are where only root's PATH leads.
        path = ":".join((path, *(folder for folder in ("/usr/sbin", "/sbin") if folder not in path.split(":"))))
        return {**os.environ, "PATH": path, **self.environment, "LC_ALL": "C.UTF-8", "LANGUAGE": "C"}

    def run(
        self,
        argv: Sequence[str],
        *,
        deadline: float,
        shown: Sequence[str] | None = None,
        record: bool = True,
        check: bool = True,
        text_in: str | None = None,
        cancel: threading.Event | None = None,
    ) -> CommandRecord:
        """Run `argv` and wait for it, at most `deadline` seconds; call it in a worker, never on the event loop.

        `shown` stands in the log instead of `argv` (without the ssh around it, say). Calls that only
        read, each refresh anew, pass ``record=False``. Raises CommandError when the exit status is
        not 0 and `check` is set, and its subclasses otherwise.
        """
        shown_argv = tuple(shown if shown is not None else argv)
        started, clock = time.time(), time.monotonic()

        def ended(status: int | None, out: str = "", err: str = "") -> CommandRecord:
            done = CommandRecord(shown_argv, started, time.monotonic() - clock, status, out, err)
            if record:
                self.log.add(done)
            return done

        try:
            process = subprocess.Popen(
                list(argv),
                stdin=subprocess.PIPE if text_in is not None else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self.child_environment(),
                start_new_session=True,
            )
        except (OSError, ValueError) as error:  # ValueError: a NUL in an argument
            reason = error.strerror if isinstance(error, OSError) else str(error)
            headline = f"{shown_argv[0]}: cannot be started: {reason}"
            raise ProgramMissingError(ended(None, err=headline), headline) from error

        # Bytes, and decoded here: text mode would make a newline of every carriage return, in files too.
        data_in = text_in.encode("utf-8", "surrogateescape") if text_in is not None else None
        end = clock + deadline
        while True:
            try:
                wait = max(0.0, end - time.monotonic())
                out, err = process.communicate(data_in, timeout=min(wait, _CANCEL_POLL) if cancel else wait)
                break
            except subprocess.TimeoutExpired:
                data_in = None  # communicate() has taken it and goes on
                if cancel is not None and cancel.is_set():
                    partial = end_process(process)
                    headline = f"{shown_argv[0]}: cancelled"
                    raise CancelledError(ended(None, *partial), headline) from None
                if time.monotonic() >= end:
                    partial = end_process(process)
                    headline = f"{shown_argv[0]}: no answer within {deadline:g} s"
                    raise DeadlineError(ended(None, *partial), headline) from None
        done = ended(process.returncode, _text(out), _text(err))
        if check and not done.ok:
            raise CommandError(done)
        return done

    def stream(self, argv: Sequence[str]) -> subprocess.Popen[str]:
        """Start a long-lived program whose stdout is read line by line. End it with `end_process`."""
        return subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self.child_environment(),
            encoding="utf-8",
            errors="surrogateescape",
            bufsize=1,
            start_new_session=True,
        )


def _text(said: str | bytes | None) -> str:
    return said.decode("utf-8", "surrogateescape") if isinstance(said, bytes) else said or ""


def end_process(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> tuple[str, str]:
    """Kill `process` and all it started; give what it had said. Never waits more than a second or so."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    try:
        out, err = process.communicate(timeout=_REAP_SECONDS)
        return _text(out), _text(err)
    except (subprocess.TimeoutExpired, ValueError):
        for pipe in (process.stdout, process.stderr, process.stdin):
            _close(pipe)
        return "", ""


def _close(pipe: IO[str] | IO[bytes] | None) -> None:
    if pipe is not None:
        with contextlib.suppress(OSError, ValueError):
            pipe.close()


def package_path() -> str:
    """PYTHONPATH for a xentui of our own starting: where this one was imported from, then what the user has."""
    here = str(Path(__file__).parents[1])
    given = os.environ.get("PYTHONPATH")
    return f"{here}:{given}" if given else here
