"""Live rates of every domain: from one long-lived xentop, else CPU % from ``xl list``'s CPU times."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Mapping, Sequence

from xentui.domains.backoff import Backoff
from xentui.domains.merge import Rates
from xentui.domains.xentop import Xentop
from xentui.domains.xl_output import ListRow
from xentui.host import Host, HostError
from xentui.subprocesses import end_process

#: Seconds between two of xentop's iterations.
DELAY = 2
#: Seconds without a line after which what xentop said is out of date.
SILENCE = 10.0


class Statistics:
    """Rates by domain name. `start` it before, `stop` it after; a xentop that dies is started again."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._latest: dict[str, Rates] = {}
        self._heard = 0.0
        self._cpu_times = _CpuTimes()

    def start(self) -> None:
        """Start xentop. Where there is none, only the CPU percentages are known."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name="xentop", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End it, and wait until it has ended."""
        self._stopping.set()
        with self._lock:
            process = self._process
        if process is not None:
            process.kill()
        if self._thread is not None:
            self._thread.join(timeout=3)
            self._thread = None

    def rates(self, rows: Sequence[ListRow]) -> Mapping[str, Rates]:
        """The rates of the domains in `rows`, which were read just now."""
        percents = self._cpu_times.percents(rows, time.monotonic())
        with self._lock:
            live = dict(self._latest) if time.monotonic() - self._heard < SILENCE else {}
        for name, percent in percents.items():
            if name not in live:
                live[name] = Rates(cpu_percent=percent)
        return live

    def _run(self) -> None:
        backoff = Backoff(first=1.0, longest=30.0)
        while not self._stopping.is_set():
            if self._read_one():
                backoff.succeeded()
            backoff.failed()
            self._stopping.wait(backoff.remaining)

    def _read_one(self) -> bool:
        """Run xentop until it ends; whether it had something to say."""
        xentop, heard = Xentop(), False
        try:
            process = self._host.stream(["xentop", "-b", "-f", "-d", str(DELAY)])
        except (OSError, ValueError, HostError):
            return False
        with self._lock:
            self._process = process
        try:
            if self._stopping.is_set() or process.stdout is None:
                return False
            for line in process.stdout:
                now = time.monotonic()
                with self._lock:
                    xentop.line(line.rstrip("\n"), now)
                    self._latest, self._heard = xentop.rates, now
                heard = True
        except (OSError, ValueError):
            pass  # the pipe was closed under us: the same as its end
        finally:
            with self._lock:
                self._process, self._latest = None, {}
            end_process(process)
        return heard


class _CpuTimes:
    """CPU % from the differences of CPU seconds, whose steps are of 0.1 s."""

    #: Seconds that must lie between two readings, so that a step of 0.1 s is not a jump of 100 %.
    _APART = 1.5

    def __init__(self) -> None:
        self._before: dict[int, float] = {}
        self._before_at = 0.0
        self._percents: dict[str, float] = {}

    def percents(self, rows: Sequence[ListRow], now: float) -> dict[str, float]:
        """By name; of the domains that were there at the last reading, too."""
        elapsed = now - self._before_at
        if elapsed >= self._APART:
            seconds = {row.id: row.seconds for row in rows if row.id is not None}
            self._percents = {
                row.name: max(0.0, row.seconds - self._before[row.id]) * 100 / elapsed
                for row in rows
                if row.id in self._before
            }
            self._before, self._before_at = seconds, now
        return self._percents
