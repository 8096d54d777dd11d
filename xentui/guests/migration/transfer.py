"""xl's own live migration, started, followed line by line, and ended in a way that xl can tidy up after.

``xl migrate`` runs on the host that has the guest and starts ``ssh HOST xl migrate-receive`` itself
(tools/xl/xl_migrate.c). To cancel, that ssh is ended and not xl: xl then lets the guest go on here, and the other side
destroys its half copy. Once the other side has been told to start the guest, nothing can be cancelled any more.
"""

from __future__ import annotations

import contextlib
import math
import os
import queue
import re
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from xentui.domains.domain import Domain
from xentui.host import Host, HostError
from xentui.subprocesses import CommandError, CommandRecord

#: How xl is to call the other host: it can answer no question, and a host that has gone is to be noticed.
SSH = "ssh -o BatchMode=yes -o ConnectTimeout=15 -o ServerAliveInterval=10 -o ServerAliveCountMax=6"
#: The slowest network, MiB a second; and how often all of the memory may have to be sent.
_SLOWEST, _ROUNDS = 1.0, 5
_LEAST_SECONDS = 600.0
#: Seconds that xl gets to tidy up after its ssh was ended: a guest may take a minute not to suspend.
_TIDYING = 150.0
_POLL = 0.2
#: How many of xl's lines are kept.
_KEPT = 400

# xl's id, to find its ssh by; then xl itself, in the place of the shell.
_START = 'echo "$$"; exec "$@" 2>&1'
# The ssh among the children of xl, and nothing else (proc(5); pkill may not be installed).
_END_SSH = """for child in $(cat "/proc/$1/task/$1/children"); do
    if [ "$(cat "/proc/$child/comm")" = ssh ]; then kill "$child"; fi
done"""
# How much that ssh was given, in bytes (proc_pid_io(5)): xl itself tells nothing while the memory goes over.
_SENT = """for child in $(cat "/proc/$1/task/$1/children"); do
    if [ "$(cat "/proc/$child/comm")" = ssh ]; then sed -n 's/^rchar: //p' "/proc/$child/io"; fi
done"""
#: Seconds between two looks at it; and how long nothing may have gone over until that is told.
_MEASURED_EVERY, _STALLED = 2.0, 15.0
_FRAMES = re.compile(r"Frames(?: iteration (\d+)(?: of \d+)?)?: *\d+/\d+ +(\d+)%")
_STAGES = (
    ("Ready to receive domain", "the other side is ready"),
    ("Domain now suspended", "the guest stands still, the rest goes over"),
    ("Transfer complete", "all memory is there"),
    ("Target has acknowledged transfer", "it starts there"),
)
_POINT_OF_NO_RETURN = "Target has acknowledged transfer"


@dataclass(frozen=True, slots=True)
class Transfer:
    """How xl ended: `ok` as its exit status says, `ended` false if it had to be left running; what it said."""

    ok: bool
    ended: bool
    cancelled: bool
    said: str


def argv_of(domain: Domain, target: str) -> list[str]:
    """The command. xl gives what stands after -s, and the host, to a shell: the host is quoted for it."""
    return ["xl", "migrate", "-s", SSH, domain.reference, shlex.quote(target)]


def stage(line: str) -> str:
    """What a line of xl's means for who waits; empty if nothing."""
    if found := _FRAMES.search(line):
        again = found[1] not in (None, "0")
        return f"memory{' once more' if again else ''} {found[2]} %"
    return next((words for sign, words in _STAGES if sign in line), "")


def transfer(
    here: Host, domain: Domain, target: str, say: Callable[[str], None], cancel: threading.Event | None = None
) -> Transfer:
    """Run it to its end. Blocks for as long as the memory takes; raises nothing that leaves xl unwatched."""
    return _Running(here, domain, target, say, cancel or threading.Event()).follow()


class _Running:
    def __init__(
        self, here: Host, domain: Domain, target: str, say: Callable[[str], None], cancel: threading.Event
    ) -> None:
        self.here, self.say, self.cancel = here, say, cancel
        self.argv = argv_of(domain, target)
        self.started, clock = time.time(), time.monotonic()
        self.deadline = clock + max(_LEAST_SECONDS, _ROUNDS * (domain.memory_mib or 0) / _SLOWEST)
        self.process = here.stream(["sh", "-c", _START, "sh", *self.argv])
        self.pid = ""
        self.lines: list[str] = []
        self.late = False  # too late to cancel
        self.broken_at: float | None = None
        self.told = ""
        self.memory_mib = domain.memory_mib or 0
        self.measured_at, self.sent = clock, 0  # percent
        self.given, self.given_at = 0, clock  # bytes, and when it became so many
        self._queue: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, name="xl migrate", daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None  # noqa: S101 - Runner.stream gives a pipe
        with contextlib.suppress(OSError, ValueError):
            for line in self.process.stdout:
                # With a terminal xl would draw its progress with carriage returns; without, it does not.
                for part in line.replace("\r", "\n").splitlines():
                    self._queue.put(part)
        self._queue.put(None)

    def follow(self) -> Transfer:
        while True:
            try:
                line = self._queue.get(timeout=_POLL)
            except queue.Empty:
                line = ""
            if line is None:
                return self._ended()
            self._hear(line)
            self._measure()
            self._look_at_the_clock()
            if self.broken_at is not None and time.monotonic() - self.broken_at > _TIDYING:
                return self._left_running()

    def _hear(self, line: str) -> None:
        if not line:
            return
        if not self.pid:
            self.pid = line.strip()
            return
        self.lines = [*self.lines[-_KEPT:], line]
        self.late = self.late or _POINT_OF_NO_RETURN in line
        if words := stage(line):
            self.say(words)

    def _measure(self) -> None:
        """Tell how much of the memory has been sent; what changes meanwhile is sent again, so it is never all."""
        now = time.monotonic()
        if now - self.measured_at < _MEASURED_EVERY or self.late or self.here.is_demo or not self.pid.isdigit():
            return
        try:
            found = self.here.run(["sh", "-c", _SENT, "sh", self.pid], deadline=10, record=False, check=False).stdout
        except (CommandError, HostError):
            found = ""
        self.measured_at = time.monotonic()
        given = sum(int(line) for line in found.split() if line.isdecimal())
        self._look_for_a_stall(given)
        percent = min(99, given * 100 // ((self.memory_mib << 20) or 1))
        if percent > self.sent:
            self.sent = percent
            self.say(f"memory {percent} %")

    def _look_for_a_stall(self, given: int) -> None:
        """Its ssh takes a minute to give a silent host up: who waits is told meanwhile, once each time."""
        if given != self.given:
            self.given, self.given_at = given, self.measured_at
        elif given and self.broken_at is None and self.measured_at - self.given_at > _STALLED:
            self.given_at = math.inf
            self.say("nothing goes over: if the other host has gone, ssh finds out within a minute")

    def _look_at_the_clock(self) -> None:
        over = time.monotonic() > self.deadline
        if not (over or self.cancel.is_set()):
            return
        if self.late:
            if not self.told:
                self.told = "too late to cancel: it starts there"
                self.say(self.told)
            if over and self.broken_at is None:
                self.broken_at = time.monotonic()  # nothing is broken off: only waited for, and not for ever
            return
        if self.broken_at is None:
            self.broken_at = time.monotonic()
            self.say("cancelling: xl lets it go on here" if not over else "too slow: broken off")
        self._break_off()

    def _break_off(self) -> None:
        """End xl's ssh. Asked again at each look until xl has ended: it may not have started it yet."""
        if self.here.is_demo:  # its xl has no ssh: its caller's going is the end of the connection
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            return
        if self.pid.isdigit():
            with contextlib.suppress(CommandError, HostError):
                self.here.run(["sh", "-c", _END_SSH, "sh", self.pid], deadline=10, record=False, check=False)

    def _ended(self) -> Transfer:
        try:
            status = self.process.wait(5)
        except subprocess.TimeoutExpired:
            return self._left_running()
        if self.here.is_remote and status != 0 and self._still_runs():
            return self._left_running()  # it was only our own connection that has ended
        return self._result(status, ended=True)

    def _still_runs(self) -> bool:
        try:
            argv = ["test", "-d", f"/proc/{self.pid}"]
            return self.pid.isdigit() and self.here.run(argv, deadline=10, record=False, check=False).ok
        except (CommandError, HostError):
            return False

    def _left_running(self) -> Transfer:
        # Not killed: it may be about to let the guest go on. It does not mind that nobody listens (SIGPIPE is ignored).
        self.lines.append(f"xl migrate has not ended (process {self.pid} on {self.here.name}): this may change yet")
        return self._result(None, ended=False)

    def _result(self, status: int | None, *, ended: bool) -> Transfer:
        said = "\n".join(self.lines)
        self.here.log.add(
            CommandRecord(tuple(self.argv), self.started, time.time() - self.started, status, "", said + "\n")
        )
        return Transfer(status == 0, ended, self.broken_at is not None, said)
