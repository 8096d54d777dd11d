"""Domains as `xentui list` prints them for people; for scripts, see `json`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xentui.domains.domain import Domain
from xentui.domains.side_by_side import Reading
from xentui.subprocesses import printable

_HEADINGS = ("NAME", "ID", "STATE", "TYPE", "VCPUS", "MEM MiB", "CPU %", "BY", "AUTO")
#: Columns of numbers, set to the right.
_NUMBERS = frozenset({1, 4, 5, 6})


def domain_table(domains: Iterable[Domain]) -> list[str]:
    """The lines of a table with a heading; columns as wide as they need to be."""
    return _aligned([_HEADINGS, *(_row(domain) for domain in domains)], _NUMBERS)


#: Below these a host's and a guest's name are not cut.
_LEAST_HOST, _LEAST_NAME = 8, 16


def hosts_table(readings: Iterable[Reading], width: int | None = None) -> list[str]:
    """The same for several hosts, the host first; one that did not answer has a line that says so. To fit into `width`
    columns, names are cut."""
    rows: list[tuple[str, ...]] = [("HOST", *_HEADINGS)]
    silent = []
    for reading in readings:
        rows += [(printable(reading.host), *_row(domain)) for domain in reading.domains]
        if reading.problem is not None:
            silent.append(f"{printable(reading.host)}  no answer: {printable(reading.problem)}")
    lines = _aligned(rows, frozenset(column + 1 for column in _NUMBERS))
    over = 0 if width is None else max(map(len, lines)) - width
    for column, least in ((1, _LEAST_NAME), (0, _LEAST_HOST)):
        if over > 0:
            longest = max(len(row[column]) for row in rows)
            room = max(least, longest - over)
            rows = [(*row[:column], _cut(row[column], room), *row[column + 1 :]) for row in rows]
            over -= max(0, longest - room)
            lines = _aligned(rows, frozenset(column + 1 for column in _NUMBERS))
    return [*lines, *silent]


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - 1]}~"


def _aligned(rows: Sequence[Sequence[str]], numbers: frozenset[int]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [_line(row, widths, numbers) for row in rows]


def _line(row: Sequence[str], widths: Sequence[int], numbers: frozenset[int]) -> str:
    cells = (
        cell.rjust(width) if column in numbers else cell.ljust(width)
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


def domain_details(domain: Domain, vnc_port: int | None = None) -> list[str]:
    """All about one domain, in lines; what is not known is left away. `vnc_port` is its screen's."""
    memory = "" if domain.memory_mib is None else f"{domain.memory_mib} MiB"
    if memory and domain.max_memory_mib:
        memory += f", at most {domain.max_memory_mib} MiB"
    rows = [
        ("name", domain.name),
        ("note", domain.note),
        ("state", str(domain.state) + (f" ({domain.shutdown_reason})" if domain.shutdown_reason else "")),
        ("id", "" if domain.id is None else str(domain.id)),
        ("uuid", domain.uuid or ""),
        ("type", domain.type or ""),
        ("vcpus", "" if domain.vcpus is None else str(domain.vcpus)),
        ("memory", memory),
        ("managed by", ", ".join(domain.managed_by)),
        ("autostart", {True: "yes", False: "no", None: ""}[domain.autostart]),
        ("config file", domain.config_file or ""),
        ("saved in", domain.save_file or ""),
        ("screen", "" if vnc_port is None else f"VNC on its host, port {vnc_port}"),
    ]
    for disk in domain.disks:
        kind = [disk.format or "", "CD" if disk.cdrom else "", "" if disk.writable else "read-only"]
        rows.append((f"disk {disk.vdev}", "  ".join([disk.target or "empty", ", ".join(filter(None, kind))]).strip()))
    for number, interface in enumerate(domain.interfaces):
        bridge = f"bridge {interface.bridge}" if interface.bridge else "no bridge"
        rows.append((f"vif {number}", f"{interface.mac or 'MAC made by Xen'}  {bridge}"))
    return [f"{printable(label):12}: {printable(words)}" for label, words in rows if words]
