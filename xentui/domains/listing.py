"""Domains as `xentui list` prints them for people; for scripts, see `json`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xentui.domains.domain import Domain
from xentui.subprocesses import printable

_HEADINGS = ("NAME", "ID", "STATE", "TYPE", "VCPUS", "MEM MiB", "CPU %", "BY", "AUTO")
#: Columns of numbers, set to the right.
_NUMBERS = frozenset({1, 4, 5, 6})


def domain_table(domains: Iterable[Domain]) -> list[str]:
    """The lines of a table with a heading; columns as wide as they need to be."""
    rows = [_HEADINGS, *(_row(domain) for domain in domains)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    return [_line(row, widths) for row in rows]


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (
        cell.rjust(width) if column in _NUMBERS else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join(cells).rstrip()


def _row(domain: Domain) -> tuple[str, ...]:
    def number(value: float | None, form: str = "d") -> str:
        return "-" if value is None else format(value, form)

    autostart = {True: "yes", False: "no", None: "-"}[domain.autostart]
    stale = "" if domain.stale_seconds is None else f" ({domain.stale_seconds:.0f} s old)"
    return (
        printable(domain.name),
        number(domain.id),
        str(domain.state) + stale,
        domain.type or "-",
        number(domain.vcpus),
        number(domain.memory_mib),
        number(domain.cpu_percent, ".1f"),
        ",".join(domain.managed_by) or "-",
        autostart,
    )
