"""Live rates of every domain: from one long-lived xentop, else CPU % from ``xl list``'s CPU times."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence

from xentui.domains.follow import Follower
from xentui.domains.merge import Rates
from xentui.domains.xentop import Xentop
from xentui.domains.xl_output import ListRow
from xentui.host import Host

#: Seconds between two of xentop's iterations.
DELAY = 2
#: Seconds without a line after which what xentop said is out of date.
SILENCE = 10.0


class Statistics:
    """Rates by domain name. `start` it before, `stop` it after. Without xentop only CPU % is known."""

    def __init__(self, host: Host) -> None:
        self._follower = Follower(host, ["xentop", "-b", "-f", "-d", str(DELAY)], self._line, self._ended)
        self._lock = threading.Lock()
        self._xentop = Xentop()
        self._heard = 0.0
        self._cpu_times = _CpuTimes()

    def start(self) -> None:
        self._follower.start()

    def stop(self) -> None:
        self._follower.stop()

    def rates(self, rows: Sequence[ListRow]) -> Mapping[str, Rates]:
        """The rates of the domains in `rows`, which were read just now."""
        percents = self._cpu_times.percents(rows, time.monotonic())
        with self._lock:
            live = dict(self._xentop.rates) if time.monotonic() - self._heard < SILENCE else {}
        for name, percent in percents.items():
            if name not in live:
                live[name] = Rates(cpu_percent=percent)
        return live

    def _line(self, line: str) -> None:
        now = time.monotonic()
        with self._lock:
            self._xentop.line(line, now)
            self._heard = now

    def _ended(self) -> None:
        with self._lock:
            self._xentop = Xentop()


class _CpuTimes:
    """CPU % from the differences of CPU seconds, whose steps are of 0.1 s."""

    #: Seconds that must lie between two readings, so that a step of 0.1 s is not a jump of 100 %.
    _APART = 1.5

    def __init__(self) -> None:
        self._before: dict[int, float] = {}
        self._before_at = 0.0
        self._percents: dict[str, float] = {}

    def percents(self, rows: Sequence[ListRow], now: float) -> dict[str, float]:
        """By name, of the domains that were there at the last reading, too."""
        elapsed = now - self._before_at
        if elapsed >= self._APART:
            self._percents = {
                row.name: max(0.0, row.seconds - self._before[row.id]) * 100 / elapsed
                for row in rows
                if row.id in self._before
            }
            self._before = {row.id: row.seconds for row in rows if row.id is not None}
            self._before_at = now
        return self._percents
