"""What xl prints, read into records. Formats: Xen's tools/xl/xl_list.c, xl_info.c, xl_sched.c.

Lines of a list are read from their end: a name may hold blanks, digits and newlines, and a dying
domain's is ``(null)``. Rows are told apart by their domain id.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from xentui.domains.domain import Disk, Interface, State


class OutputError(ValueError):
    """The output is not what xl prints. One sentence."""


@dataclass(frozen=True, slots=True)
class ListRow:
    """A line of ``xl list``. `memory_mib` counts outstanding claims, too; `seconds` is CPU time."""

    name: str
    id: int | None  # None for one of xm's own stopped domains
    memory_mib: int
    vcpus: int
    state: State
    shutdown_reason: str | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Details:
    """What Xen's JSON knows of a domain beyond that. None is unknown, or no limit."""

    name: str | None
    uuid: str | None
    type: str | None
    vcpus: int | None
    memory_mib: int | None
    max_memory_mib: int | None
    disks: tuple[Disk, ...]
    interfaces: tuple[Interface, ...]
    serial: bool | None = None  # whether an HVM guest has a serial line


@dataclass(frozen=True, slots=True)
class Share:
    """A line of ``xl sched-credit2``: a domain's share of the CPUs. `cap` is per cent of one CPU, 0 for none."""

    id: int
    name: str
    weight: int
    cap: int


_LIST_TAIL = re.compile(r" +(\d+) +(\d+) +(\d+)\s+([r-][b-][p-][s-].[d-])\s+(\d+\.\d+)$")
#: xm's stopped domains have no id and no state.
_XM_STOPPED_TAIL = re.compile(r" +(\d+) +(\d+) +(\d+\.\d+)$")
_UPTIME_TAIL = re.compile(r" +(\d+) +(?:(\d+) days?, +)?(\d+):(\d\d):(\d\d)$")
_SHARE_TAIL = re.compile(r" +(\d+) +(\d+) +(\d+)$")
_INFO_LINE = re.compile(r"([a-z][a-z0-9_]*)\s*:\s?(.*)")

#: The fifth letter of the state, when the domain is shut down.
_REASONS = {"-": "poweroff", "r": "reboot", "s": "suspend", "c": "crash", "w": "watchdog", "S": "soft reset"}
#: More KiB than any machine has: Xen's way to say "no limit".
_NO_LIMIT_KIB = 1 << 40


def _records(text: str, *tails: re.Pattern[str]) -> Iterator[tuple[str, re.Match[str]]]:
    """The names and the tails of a table. A line without a tail belongs to the name on the next one."""
    lines = text.split("\n")
    carried = ""
    for line in lines[1:]:
        for tail in tails:
            if found := tail.search(line):
                yield carried + line[: found.start()], found
                carried = ""
                break
        else:
            carried += line + "\n"


def parse_list(text: str) -> list[ListRow]:
    """The rows of ``xl list`` (and of ``xm list``). Raises OutputError if it is no such list."""
    if not text.startswith("Name"):
        raise OutputError("xl list printed something else than a list of domains")
    rows = []
    for name, tail in _records(text, _LIST_TAIL, _XM_STOPPED_TAIL):
        if tail.re is _XM_STOPPED_TAIL:
            memory, vcpus, seconds = tail.groups()
            rows.append(ListRow(name, None, int(memory), int(vcpus), State.OFF, None, float(seconds)))
            continue
        domid, memory, vcpus, flags, seconds = tail.groups()
        state, reason = state_of(flags)
        rows.append(ListRow(name, int(domid), int(memory), int(vcpus), state, reason, float(seconds)))
    return rows


def state_of(flags: str) -> tuple[State, str | None]:
    """The state and the shutdown reason in a word like ``-b----``: r b p s X d, X the reason's letter."""
    running, blocked, paused, shutdown, letter, dying = tuple(flags)
    reason = _REASONS.get(letter) if shutdown == "s" else None
    if dying == "d":
        return State.DYING, reason
    if shutdown == "s":
        return (State.CRASHED if letter in "cw" else State.SHUTDOWN), reason
    if paused == "p":
        return State.PAUSED, None
    if blocked == "b" and running != "r":
        return State.BLOCKED, None
    return State.RUNNING, None  # also "------": it could run, and waits for a CPU


def parse_long_list(text: str) -> dict[int, Details]:
    """``xl list -l`` by domain id. xl leaves out what it cannot read. Raises OutputError if it is not JSON."""
    try:
        entries = json.loads(text)
        if isinstance(entries, dict):  # one domain was asked for
            entries = [entries]
        return {int(entry["domid"]): parse_details(entry.get("config") or {}) for entry in entries}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise OutputError(f"xl list -l printed something else than its JSON: {error}") from error


def parse_details(config: dict[str, Any]) -> Details:
    """A ``libxl_domain_config`` as JSON, from ``xl list -l`` or a save file. Raises AttributeError if it is none."""
    create, build = config.get("c_info") or {}, config.get("b_info") or {}
    kind = create.get("type")
    return Details(
        name=create.get("name"),
        uuid=create.get("uuid"),
        type=kind if kind in ("pv", "pvh", "hvm") else None,
        vcpus=build.get("max_vcpus"),
        memory_mib=_mib(build.get("target_memkb")),
        max_memory_mib=_mib(build.get("max_memkb")),
        disks=tuple(_disk(disk) for disk in config.get("disks") or ()),
        interfaces=tuple(
            Interface(nic.get("mac"), nic.get("bridge"), nic.get("model")) for nic in config.get("nics") or ()
        ),
        serial=_serial(build) if kind == "hvm" else None,
    )


def _serial(build: dict[str, Any]) -> bool:
    own = build.get("type.hvm") or build.get("hvm") or {}
    return bool(own.get("serial") or own.get("serial_list"))


def _mib(kib: object) -> int | None:
    return kib // 1024 if isinstance(kib, int) and 0 < kib < _NO_LIMIT_KIB else None


def _disk(disk: dict[str, Any]) -> Disk:
    return Disk(
        vdev=str(disk.get("vdev") or "?"),
        target=disk.get("pdev_path") or None,
        format=disk.get("format"),
        writable=bool(disk.get("readwrite", 0)),
        cdrom=bool(disk.get("is_cdrom", 0)),
    )


def parse_info(text: str) -> dict[str, str]:
    """``xl info``, in its order. Raises OutputError if there is none in it."""
    values = {}
    for line in text.splitlines():
        if found := _INFO_LINE.match(line):
            values[found[1]] = found[2].strip()
    if not values:
        raise OutputError("xl info printed nothing of use")
    return values


def parse_uptime(text: str) -> dict[int, float]:
    """``xl uptime`` in seconds, by domain id."""
    return {
        int(tail[1]): int(tail[2] or 0) * 86400.0 + int(tail[3]) * 3600 + int(tail[4]) * 60 + int(tail[5])
        for _name, tail in _records(text, _UPTIME_TAIL)
    }


def parse_shares(text: str) -> list[Share]:
    """``xl sched-credit`` and ``xl sched-credit2``."""
    body = text[text.find("Name") :] if "Name" in text else ""
    return [Share(int(tail[1]), name, int(tail[2]), int(tail[3])) for name, tail in _records(body, _SHARE_TAIL)]


_LIBXL_PREFIX = re.compile(r"^(?:libxl|xencall|xc|xenstore): (?:error|warning|notice|info|debug|detail|critical): ")
_LIBXL_PLACE = re.compile(r"^[a-z0-9_]+\.c:\d+:\s*[a-z0-9_]+: ")
_LIBXL_DOMAIN = re.compile(r"^Domain \d+:\s*")
_NO_NEWS = re.compile(
    r"^(Parsing config|Saving to |Loading new save file|Savefile contains|"
    r"(libxl|xc|xencall): (warning|notice|info|progress|debug|detail): |warning: |WARNING: )"
)


def headline(output: str) -> str | None:
    """The line of an xl error that says what went wrong, without libxl's file names; None if it said nothing."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    news = [line for line in lines if not _NO_NEWS.match(line)] or lines
    if not news:
        return None
    line = _LIBXL_PREFIX.sub("", news[0])
    return _LIBXL_DOMAIN.sub("", _LIBXL_PLACE.sub("", line)) or news[0]
