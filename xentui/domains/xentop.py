"""What ``xentop -b -f`` prints, and the rates in it. Formats: Xen's tools/xentop/xentop.c.

A line is read from its end: the name may hold blanks and newlines, and dom0's maximum memory is the
two words ``no limit``. CPU(%) means nothing in the first iteration, nor for a domain new in this one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from xentui.domains.merge import Rates

_SECTOR = 512
_KIB = 1024

_ROW = re.compile(
    r" [d-][s-][b-][c-][p-][r-]"
    r" +\d+ +(?P<cpu>-?[\d.]+|nan|inf) +\d+ +\S+"  # CPU(sec) CPU(%) MEM(k) MEM(%)
    r" +(?:no limit|\d+) +\S+"  # MAXMEM(k) MAXMEM(%)
    r" +\d+ +\d+ +(?P<tx>\d+) +(?P<rx>\d+)"  # VCPUS NETS NETTX(k) NETRX(k)
    r" +\d+ +\S+ +\S+ +\S+"  # VBDS VBD_OO VBD_RD VBD_WR
    r" +(?P<read>-|\d+) +(?P<write>-|\d+) +\d+$"  # VBD_RSECT VBD_WSECT SSID
)


@dataclass(slots=True)
class _Seen:
    """A domain's counters, in bytes, and when they were read (monotonic)."""

    at: float
    receive: int
    transmit: int
    read: int | None
    write: int | None


class Xentop:
    """Takes xentop's lines as they come; `rates` are the latest, by domain name."""

    def __init__(self) -> None:
        self.rates: dict[str, Rates] = {}
        self._before: dict[str, _Seen] = {}
        self._now: dict[str, _Seen] = {}
        self._at = 0.0
        self._carried = ""

    def line(self, line: str, at: float) -> None:
        """The next line of its output, without the newline, read at `at` (monotonic seconds)."""
        if line.lstrip().startswith("NAME ") and "CPU(sec)" in line:
            self._next_iteration(at)
            return
        found = _ROW.search(line)
        if found is None:
            # The name's newline. Whatever else xentop may say must not pile up.
            self._carried = self._carried + line + "\n" if len(self._carried) < 4096 else ""
            return
        name = (self._carried + line[: found.start()]).lstrip(" ")
        self._carried = ""
        # The counters are those of dom0's end of the wire: what the vif sends, the guest receives.
        seen = _Seen(
            self._at,
            receive=int(found["tx"]) * _KIB,
            transmit=int(found["rx"]) * _KIB,
            read=_sectors(found["read"]),
            write=_sectors(found["write"]),
        )
        before = self._before.get(name)
        self._now[name] = seen
        if before is not None and seen.at > before.at:
            self.rates[name] = _rates(before, seen, found["cpu"])

    def _next_iteration(self, at: float) -> None:
        for gone in self.rates.keys() - self._now.keys():
            del self.rates[gone]
        self._before, self._now, self._at, self._carried = self._now, {}, at, ""


def _sectors(text: str) -> int | None:
    return None if text == "-" else int(text) * _SECTOR


def _rates(before: _Seen, now: _Seen, cpu: str) -> Rates:
    seconds = now.at - before.at

    def rate(old: int | None, new: int | None) -> float | None:
        # A counter that went down belongs to a new domain of the old name.
        return (new - old) / seconds if old is not None and new is not None and new >= old else None

    percent = float(cpu)
    return Rates(
        cpu_percent=percent if 0 <= percent < float("inf") else None,
        net_receive=rate(before.receive, now.receive),
        net_transmit=rate(before.transmit, now.transmit),
        disk_read=rate(before.read, now.read),
        disk_write=rate(before.write, now.write),
    )
