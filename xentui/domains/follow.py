"""Reading a long-lived program of the host, line by line, in a thread of its own."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Sequence

from xentui.domains.backoff import Backoff
from xentui.host import Host, HostError
from xentui.subprocesses import end_process


class Follower:
    """Runs `argv` on the host and gives its lines, without their newline, to `line`; `ended` when it ends.

    A program that dies is started again, after ever longer pauses while it has nothing to say. Both
    callbacks are called in the follower's thread.
    """

    def __init__(
        self, host: Host, argv: Sequence[str], line: Callable[[str], None], ended: Callable[[], None] = lambda: None
    ) -> None:
        self._host = host
        self._argv = list(argv)
        self._line = line
        self._ended = ended
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name=self._argv[0], daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the program, and wait until it has ended."""
        self._stopping.set()
        with self._lock:
            process = self._process
        if process is not None:
            process.kill()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=3)
            self._thread = None

    def _run(self) -> None:
        backoff = Backoff(first=1.0, longest=30.0)
        while not self._stopping.is_set():
            if self._follow():
                backoff.succeeded()
            backoff.failed()
            self._stopping.wait(backoff.remaining)

    def _follow(self) -> bool:
        """Run the program until it ends; whether it had something to say."""
        heard = False
        try:
            process = self._host.stream(self._argv)
        except (OSError, ValueError, HostError):
            return False
        with self._lock:
            self._process = process
        try:
            if self._stopping.is_set() or process.stdout is None:
                return False
            for line in process.stdout:
                heard = True
                self._line(line.rstrip("\n"))
        except (OSError, ValueError):
            pass  # the pipe was closed under us: the same as its end
        finally:
            with self._lock:
                self._process = None
            end_process(process)
            self._ended()
        return heard
