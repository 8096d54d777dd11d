"""Numbers as the table and the details show them: short, always in the same unit, never moving about."""

from __future__ import annotations

import time

from xentui.subprocesses import printable

#: The cells of a name that leave room for a sentence about it on a line of 80.
_BRIEF = 26


def rate(bytes_per_second: float | None) -> str:
    """Bytes per second in at most five characters: ``0``, ``512``, ``1.2K``, ``34M``."""
    if bytes_per_second is None:
        return ""
    value = max(0.0, bytes_per_second)
    for unit in ("", "K", "M", "G", "T"):
        if value < 1000 or unit == "T":
            break
        value /= 1024
    if unit and value < 9.95:
        return f"{value:.1f}{unit}"
    return f"{value:.0f}{unit}"


def mib(memory: int | None) -> str:
    """MiB in at most six characters: ``640M``, ``65536M``, ``512G``."""
    if memory is None:
        return ""
    return f"{memory}M" if memory < 100_000 else f"{memory / 1024:.0f}G"


def brief(name: str) -> str:
    """A name within a sentence of one line: cut where the sentence would not fit behind it."""
    name = printable(name)
    return name if len(name) <= _BRIEF else f"{name[: _BRIEF - 2]}.."


def percent(value: float | None) -> str:
    """Percent of one CPU in at most five characters."""
    if value is None:
        return ""
    return f"{value:.1f}" if value < 99.95 else f"{value:.0f}"


def duration(seconds: float | None) -> str:
    """A time span in at most six characters: ``45s``, ``12m``, ``3h04m``, ``12d03h``, ``400d``."""
    if seconds is None:
        return ""
    whole = max(0, int(seconds))
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if whole < 60:
        return f"{whole}s"
    if hours < 1:
        return f"{minutes}m"
    if days < 1:
        return f"{hours}h{minutes % 60:02d}m"
    return f"{days}d{hours % 24:02d}h" if days < 100 else f"{days}d"


def clock(epoch: float) -> str:
    """A moment as the local time of day."""
    return time.strftime("%H:%M:%S", time.localtime(epoch))


def moment(epoch: float) -> str:
    """A moment as local date and time."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(epoch))


def graph(values: list[float], full: float, width: int, levels: str) -> str:
    """The last `width` of `values` as one character each; `full` is the highest of `levels`."""
    if not levels or full <= 0:
        return ""
    top = len(levels) - 1
    shown = values[-width:]
    # Anything above nothing is seen.
    steps = [0 if v <= full / 200 else max(1, min(top, round(v / full * top))) for v in shown]
    return "".join(levels[step] for step in steps).rjust(width)
