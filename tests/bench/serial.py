"""How many bytes xentui sends, how long it makes its user wait, what it costs: beside curses and Textual's driver.

`make bench`. Bytes are counted on a pty; latency and stalls are measured on one that is read at 960 bytes a second
(9600 baud). The screens that curses draws are those that xentui showed, cell for cell.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "terminal" / "driver")]

from bench_states import REFRESHES  # noqa: E402
from driver_emulated import Emulated, ended_well  # noqa: E402

TERM = "vt220"
PACE = 960  # bytes a second
APP = [sys.executable, str(HERE / "bench_app.py")]
PEER = [sys.executable, str(HERE / "curses_peer.py")]
DOWN, UP, PAGE_DOWN, PAGE_UP, F5 = b"\x1b[B", b"\x1b[A", b"\x1b[6~", b"\x1b[5~", b"\x1b[15~"

# What is done, the key that does it, how many times, and what then stands on the screen.
STEPS = [
    ("move one row", DOWN, 1),
    ("change one cell", F5, 1),
    ("page down", PAGE_DOWN, 1),
    ("switch screen", b"?", 1),
    ("... and back", b"\x1b", 1),
    ("open a dialog", b"K", 1),
    ("close it", b"\x1b", 1),
    ("60 s of live refresh", F5, REFRESHES),
]
_NAMES = {"bold": "b", "dim": "d", "reverse": "r", "underline": "u"}


def screen_of(terminal: Emulated) -> list[list[tuple[str, str]]]:
    return [
        [(text, "".join(short for name, short in _NAMES.items() if getattr(look, name))) for text, look in row]
        for row in map(terminal.emulator.runs, range(terminal.emulator.rows))
    ]


def record(driver: str, steps: list[tuple[str, bytes, int]]) -> tuple[dict[str, int], list[object]]:
    """The bytes of each step, and the screen after each key."""
    with Emulated([*APP, driver], term=TERM) as terminal:
        terminal.shows("server02")
        terminal.quiet(0.5)
        counts = {"first paint": len(terminal.sent)}
        screens: list[object] = [screen_of(terminal)]
        for name, key, times in steps:
            counts[name] = 0
            for _ in range(times):
                terminal.type(key)
                # While the program thinks, a pause is no end: a key always changes something here.
                counts[name] += len(terminal.burst(0.12))
                screens.append(screen_of(terminal))
    return counts, screens


def replay(screens: list[object], file: Path) -> dict[str, int]:
    """The bytes that curses needs for the same screens; fails if it does not show them."""
    file.write_text(json.dumps(screens), encoding="utf-8")
    with Emulated([*PEER, str(file)], term=TERM) as terminal:
        shown = iter(screens)
        counts = {"first paint": len(terminal.burst(0.3))}
        _same(terminal, next(shown), "first paint")
        for name, _, times in STEPS:
            counts[name] = 0
            for _ in range(times):
                terminal.type(b" ")
                counts[name] += len(terminal.burst(0.08, may_be_nothing=True))
                _same(terminal, next(shown), name)
    return counts


def _same(terminal: Emulated, screen: object, name: str) -> None:
    expected = ["".join(text for text, _ in row) for row in screen]  # type: ignore[attr-defined]
    if terminal.emulator.display() != expected:
        raise SystemExit(f"curses shows something else after {name!r}:\n" + "\n".join(terminal.emulator.display()))


def idle(driver: str, seconds: float) -> int:
    """Bytes while nothing changes."""
    with Emulated([*APP, driver], term=TERM) as terminal:
        terminal.shows("server02")
        terminal.quiet(0.5)
        before, until = len(terminal.sent), time.monotonic() + seconds
        while time.monotonic() < until:
            terminal.pump(0.5)
        return len(terminal.sent) - before


SCROLLS = """#!/bin/sh
stty raw -echo
n=0
while :; do
    n=$((n + 1))
    printf '[%8d.%d] xenbr0: port 3(vif%d.0) entered forwarding state\\r\\n' $((n / 10)) $((n % 10)) $n
    sleep 0.1
done
"""


def stall(driver: str, seconds: float) -> tuple[float, float]:
    """The longest pause of the event loop, with the live table, a console of ten lines a second and 9600 baud; and
    how long of it the loop worked itself."""
    with tempfile.TemporaryDirectory() as folder:
        file, guest = Path(folder, "stall"), Path(folder, "guest")
        guest.write_text(SCROLLS, encoding="ascii")
        guest.chmod(0o755)
        argv = [*APP, driver, "--interval", "2", "--console", str(guest), "--stalls", str(file)]
        with Emulated(argv, term=TERM, pace=PACE) as terminal:
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                terminal.pump(0.05)
            if driver == "lean" and not any("entered forwarding" in line for line in terminal.text()):
                raise SystemExit("no console scrolls:\n" + "\n".join(terminal.text()))
            for keys in (b"\x1do", b"q"):
                terminal.type(keys)
                terminal.settle(3)
            ended_well(terminal)
        longest, worked = file.read_text(encoding="ascii").split()
        return float(longest), float(worked)


def latency(argv: list[str]) -> list[float]:
    """Seconds from the down key to the highlighted row at its end, at 9600 baud, while the table refreshes."""
    took = []
    with Emulated(argv, term=TERM, pace=PACE) as terminal:
        terminal.until(lambda: _highlighted(terminal) is not None, 60)
        terminal.settle(3)
        for press in range(12):
            row = _highlighted(terminal)
            if row is None:
                raise SystemExit("no row is highlighted")
            end = time.monotonic() + 0.9 + 0.17 * (press % 7)  # at different moments of the refresh
            while time.monotonic() < end:
                terminal.pump(0.02)
            pressed = time.monotonic()
            terminal.type(DOWN)
            terminal.until(lambda: _highlighted(terminal) == row + 1 and _whole(terminal, row + 1), 30)  # noqa: B023
            took.append(time.monotonic() - pressed)
    return took


def _highlighted(terminal: Emulated) -> int | None:
    rows = [y for y in range(3, terminal.emulator.rows - 2) if terminal.emulator.runs(y)[0][1].reverse]
    return rows[-1] if rows else None


def _whole(terminal: Emulated, row: int) -> bool:
    return sum(len(text) for text, look in terminal.emulator.runs(row) if look.reverse) > 75


def cpu_per_key(driver: str, keys_in_turn: tuple[bytes, ...]) -> float:
    """Milliseconds of CPU that a key costs, Textual's work included. Keys come at a typist's pace: each has its effect
    before the next, with either driver."""
    keys = 60
    with Emulated([*APP, driver], term="xterm-256color") as terminal:
        terminal.shows("server02")
        terminal.settle(1)
        before = _cpu_seconds(terminal.process.pid)
        for number in range(keys):
            terminal.type(keys_in_turn[number % len(keys_in_turn)])
            terminal.settle(0.06)
        return (_cpu_seconds(terminal.process.pid) - before) / keys * 1000


def _cpu_seconds(pid: int) -> float:
    """Of all threads of a process (proc(5), schedstat: nanoseconds)."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text(encoding="ascii").split()[0]) for thread in threads) / 1e9


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "screens.json")
        lean, screens = record("lean", STEPS)
        curses_ = replay(screens, file)
        stock, _ = record("stock", STEPS)
        print(f"Bytes sent, TERM={TERM}, 80x24, 20 guests")
        print(f"  {'':<26}{'lean':>8}{'curses':>8}{'ratio':>7}{'bar':>6}{'stock':>9}")
        for name, count in lean.items():
            bar = 1.1 if name == "first paint" else 1.0
            print(f"  {name:<26}{count:>8}{curses_[name]:>8}{count / curses_[name]:>7.2f}{bar:>6}{stock[name]:>9}")
        sums = [sum(list(counts.values())[1:]) for counts in (lean, curses_, stock)]
        print(f"  {'all but the first paint':<26}{sums[0]:>8}{sums[1]:>8}{sums[0] / sums[1]:>7.2f}{0.9:>6}{sums[2]:>9}")
        print(f"  {'idle, 30 s':<26}{idle('lean', 30):>8}")
        print("At 9600 baud")
        file.write_text(json.dumps(record("lean", [("refresh", F5, REFRESHES)])[1]), encoding="utf-8")
        ours, theirs = latency([*APP, "lean", "--interval", "2"]), latency([*PEER, str(file), "--live", "2"])
        print(
            f"  key to effect, median s   {statistics.median(ours):>8.3f}{statistics.median(theirs):>8.3f}"
            f"{statistics.median(ours) / statistics.median(theirs):>7.2f}{1.2:>6}"
        )
        for driver in ("lean", "stock"):
            longest, worked = stall(driver, 20)
            bar = "bar 0.050" if driver == "lean" else "         "
            print(
                f"  longest event-loop stall, s {longest:>6.3f}   {bar}   {worked:.3f} of it its own work   ({driver})"
            )
        print("CPU per key, ms, the median of five turns each")
        for name, turn in (
            ("rows", (DOWN,) * 15 + (UP,) * 15),
            ("pages", (PAGE_DOWN, PAGE_UP)),
        ):
            cpu: dict[str, list[float]] = {"lean": [], "stock": []}
            for _ in range(5):
                for driver, figures in cpu.items():
                    figures.append(cpu_per_key(driver, turn))
            ours_, stocks = (statistics.median(figures) for figures in cpu.values())
            print(f"  {name:<26}{ours_:>8.2f}{'':>8}{ours_ / stocks:>7.2f}{1.0:>6}{stocks:>9.2f}")


if __name__ == "__main__":
    main()
