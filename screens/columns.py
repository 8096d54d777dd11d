"""The columns of the domain table: what each shows, how it sorts, and which go first when it gets narrow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from xentui.domains.domain import Domain, State
from xentui.screens import formats
from xentui.screens.glyphs import Glyphs
from xentui.screens.history import History

#: A cell: its text and the role it is drawn in.
Cell = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a cell may look at beside its domain."""

    history: History
    glyphs: Glyphs
    marked: frozenset[str] = frozenset()
    consoles: Mapping[str, str] = field(default_factory=dict)  # open ones, and what the deck says of each


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `keep`: the lower, the longer it stays; 0 is always there.

    `value` is what it sorts by (None is unknown, and last); `instead_of` names columns that it
    replaces where there is room for it.
    """

    name: str
    head: str
    title: str
    width: int
    keep: int
    cell: Callable[[Domain, Seen, int], Cell]
    value: Callable[[Domain], Any] = lambda _domain: None
    sortable: bool = True
    right: bool = False
    biggest_first: bool = False
    instead_of: str | None = None


_STATE_ROLES = {
    State.RUNNING: "running",
    State.BLOCKED: "running",
    State.PAUSED: "paused",
    State.SHUTDOWN: "dying",
    State.DYING: "dying",
    State.CRASHED: "crashed",
    State.SAVED: "saved",
    State.OFF: "off",
}
#: The order of states: what needs somebody comes first.
_STATE_ORDER = (
    State.CRASHED,
    State.DYING,
    State.SHUTDOWN,
    State.PAUSED,
    State.RUNNING,
    State.BLOCKED,
    State.SAVED,
    State.OFF,
)


def state_role(domain: Domain) -> str:
    """The role that the domain's state is drawn in."""
    return "stale" if domain.stale_seconds is not None else _STATE_ROLES[domain.state]


def row_role(domain: Domain) -> str:
    """The role of all the other cells of its row."""
    if domain.stale_seconds is not None:
        return "stale"
    return "" if domain.state.alive else "off"


def _text(get: Callable[[Domain], str]) -> Callable[[Domain, Seen, int], Cell]:
    return lambda domain, _seen, _width: (get(domain), row_role(domain))


def _mark(domain: Domain, seen: Seen, _width: int) -> Cell:
    if domain.key in seen.marked:
        return seen.glyphs.mark, "marked"
    if domain.name not in seen.consoles:
        return "", ""
    # Something was printed there that nobody has looked at; it rang, or is what is watched for.
    return {"unseen": "+", "bell": "!", "notice": "!"}.get(seen.consoles[domain.name], "c"), "key"


def _name(domain: Domain, seen: Seen, _width: int) -> Cell:
    if domain.key in seen.marked:
        return domain.name, "marked"
    return domain.name, "strong" if domain.is_dom0 else row_role(domain)


def _state(domain: Domain, _seen: Seen, _width: int) -> Cell:
    if domain.stale_seconds is not None:
        return f"{domain.state} {formats.duration(domain.stale_seconds)}?", "stale"
    return str(domain.state), state_role(domain)


def _graph(domain: Domain, seen: Seen, width: int) -> Cell:
    full = 100.0 * (domain.vcpus or 1)
    return formats.graph(seen.history.cpu(domain.key), full, width, seen.glyphs.graph), "graph"


def _both(one: float | None, other: float | None) -> float | None:
    return None if one is None and other is None else (one or 0.0) + (other or 0.0)


def _disk(domain: Domain) -> float | None:
    return _both(domain.disk_read, domain.disk_write)


def _net(domain: Domain) -> float | None:
    return _both(domain.net_receive, domain.net_transmit)


def _yes_no(flag: bool | None) -> str:
    return "" if flag is None else "yes" if flag else "no"


def _initials(domain: Domain) -> str:
    """Who manages it, in three cells: x for xl, l for libvirt, f for its file."""
    return "".join(manager[0] for manager in domain.managed_by)


def _integer(value: int | None) -> str:
    return "" if value is None else str(value)


COLUMNS: tuple[Column, ...] = (
    Column("mark", "", "Marked", 1, 0, _mark, sortable=False),
    Column("name", "NAME", "Name", 8, 0, _name, lambda d: (not d.is_dom0, d.name.casefold(), d.name)),
    Column("id", "ID", "Domain id", 3, 4, _text(lambda d: _integer(d.id)), lambda d: d.id, right=True),
    Column("state", "STATE", "State", 8, 1, _state, lambda d: _STATE_ORDER.index(d.state)),
    Column("type", "TYPE", "Type (pv, pvh, hvm)", 4, 8, _text(lambda d: d.type or ""), lambda d: d.type),
    Column("cpu", "CPU%", "CPU use", 5, 2, _text(lambda d: formats.percent(d.cpu_percent)),
           lambda d: d.cpu_percent, right=True, biggest_first=True),
    Column("graph", "", "CPU history", 10, 15, _graph, sortable=False),
    Column("memory", "MEM", "Memory", 6, 3, _text(lambda d: formats.mib(d.memory_mib)),
           lambda d: d.memory_mib, right=True, biggest_first=True),
    Column("vcpus", "VCPU", "vCPUs", 4, 7, _text(lambda d: _integer(d.vcpus)),
           lambda d: d.vcpus, right=True, biggest_first=True),
    Column("disk", "DISK", "Disk rate, bytes/s", 5, 6, _text(lambda d: formats.rate(_disk(d))),
           _disk, right=True, biggest_first=True),
    Column("disk-read", "RD/s", "Disk read, bytes/s", 5, 13, _text(lambda d: formats.rate(d.disk_read)),
           lambda d: d.disk_read, right=True, biggest_first=True, instead_of="disk"),
    Column("disk-write", "WR/s", "Disk write, bytes/s", 5, 13, _text(lambda d: formats.rate(d.disk_write)),
           lambda d: d.disk_write, right=True, biggest_first=True, instead_of="disk"),
    Column("net", "NET", "Network rate, bytes/s", 5, 5, _text(lambda d: formats.rate(_net(d))),
           _net, right=True, biggest_first=True),
    Column("net-receive", "RX/s", "Network received, bytes/s", 5, 12, _text(lambda d: formats.rate(d.net_receive)),
           lambda d: d.net_receive, right=True, biggest_first=True, instead_of="net"),
    Column("net-transmit", "TX/s", "Network sent, bytes/s", 5, 12, _text(lambda d: formats.rate(d.net_transmit)),
           lambda d: d.net_transmit, right=True, biggest_first=True, instead_of="net"),
    Column("uptime", "UP", "Uptime", 6, 9, _text(lambda d: formats.duration(d.uptime_seconds)),
           lambda d: d.uptime_seconds, right=True, biggest_first=True),
    Column("by", "BY", "Managed by, as initials", 3, 11, _text(_initials), sortable=False),
    Column("managed", "BY", "Managed by", 15, 14, _text(lambda d: "+".join(d.managed_by)), lambda d: d.managed_by,
           instead_of="by"),
    Column("autostart", "AUTO", "Autostart", 4, 10, _text(lambda d: _yes_no(d.autostart)),
           lambda d: None if d.autostart is None else not d.autostart),
)  # fmt: skip

BY_NAME: dict[str, Column] = {column.name: column for column in COLUMNS}
SORTABLE: tuple[Column, ...] = tuple(column for column in COLUMNS if column.sortable)

#: The name gets this much before any other column does, and no more than that of what is left over.
_NAME_WANTS, _NAME_MOST = 14, 40


@dataclass(frozen=True, slots=True)
class Place:
    """A column with its first cell and its width in a table of a certain width."""

    column: Column
    x: int
    width: int


def arrange(width: int, *, id_width: int = 3, state_width: int = 8, graph: bool = False) -> list[Place]:
    """The columns that a table of `width` cells has room for, and where. The name takes what is left."""
    wanted = {"id": max(3, id_width), "state": state_width, "name": _NAME_WANTS}
    widths = {c.name: wanted.get(c.name, c.width) for c in COLUMNS}
    used = 2 + min(widths["name"], max(4, width - 2))
    chosen = {"mark", "name"}
    for group in _groups(graph):
        extra = sum(widths[c.name] + 1 for c in group)
        freed = {c.instead_of for c in group if c.instead_of in chosen}
        extra -= sum(widths[name] + 1 for name in freed if name)
        if used + extra <= width:
            used += extra
            chosen -= freed
            chosen |= {c.name for c in group}
        elif not any(c.instead_of for c in group):
            break
    spare = max(0, width - used)
    widths["name"] = min(widths["name"], max(4, width - 2)) + min(spare, _NAME_MOST - _NAME_WANTS)
    places, x = [], 0
    for column in COLUMNS:
        if column.name in chosen:
            places.append(Place(column, x, min(widths[column.name], max(0, width - x))))
            x += widths[column.name] + 1
    return places


def _groups(graph: bool) -> list[list[Column]]:
    """The columns beside mark and name in the order in which they get room; some only come together."""
    groups: dict[int, list[Column]] = {}
    for column in COLUMNS:
        if column.keep and (graph or column.name != "graph"):
            groups.setdefault(column.keep, []).append(column)
    return [groups[keep] for keep in sorted(groups)]
