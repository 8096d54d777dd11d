"""A console in xentui beside the same program in tmux, on a pty of the same size: `python tests/bench/console.py [MB]`.

* echo: a key typed, until its echo is on the glass. The guest is a terminal that echoes.
* flood: the guest prints a log of so many MB (default 50) with `cat`; until its last line is seen and all is quiet.
* stall: the longest time for which xentui's event loop did not get round meanwhile.

Both fill 80x25: xentui has a title above the guest's 24 rows, tmux its status line below.
"""

from __future__ import annotations

import os
import random
import select
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "terminal" / "driver")]

from driver_emulated import Emulated, ended_well  # noqa: E402
from emulator import log_lines  # noqa: E402

SIZE = (80, 25)
KEYS = 200
LEADER_DETACH_QUIT = (b"\x1dd", b"q")

GUEST = """#!/bin/sh
stty -icanon min 1 echo
printf 'ready '
[ -n "$LOG" ] || exec sleep 600
read -r go
cat "$LOG"
printf '\r\nthat was all of it '
exec sleep 600
"""


@contextmanager
def tmux(guest: Path, environment: dict[str, str]) -> Iterator[Emulated]:
    socket = f"xentui-bench-{os.getpid()}"
    try:
        argv = ["tmux", "-L", socket, "-f", "/dev/null", "new-session", str(guest)]
        with Emulated(argv, term="xterm-256color", size=SIZE, env=environment) as terminal:
            yield terminal
    finally:
        subprocess.run(["tmux", "-L", socket, "kill-server"], check=False, capture_output=True, timeout=20)


@contextmanager
def xentui(guest: Path, environment: dict[str, str], *words: str) -> Iterator[Emulated]:
    app = [sys.executable, str(HERE / "bench_app.py"), "lean", "--interval", "2"]
    argv = [*app, "--console", str(guest), "--large", *words]
    with Emulated(argv, term="xterm-256color", size=SIZE, env=environment) as terminal:
        yield terminal


def echo(terminal: Emulated) -> list[float]:
    """Seconds from each key to its echo, at the pace of a typist."""
    terminal.shows("ready ")
    terminal.settle(2)
    top = next(y for y, line in enumerate(terminal.text()) if line.startswith("ready "))
    took = []
    for number in range(KEYS):
        terminal.settle(0.03)
        letter = chr(ord("a") + number % 26)
        row, column = divmod(len("ready ") + number, SIZE[0])
        pressed = time.perf_counter()
        os.write(terminal.master, letter.encode())
        while terminal.text()[top + row][column] != letter:
            if not select.select([terminal.master], [], [], 10)[0]:
                raise SystemExit("no echo:\n" + "\n".join(terminal.text()))
            seen = time.perf_counter()
            terminal.pump(0)
        took.append(seen - pressed)
    return took


def flood(terminal: Emulated) -> float:
    """Seconds from the return key to the last byte of the last picture."""
    terminal.shows("ready ")
    terminal.settle(2)
    began = time.perf_counter()
    terminal.type(b"\r")
    end = began
    while True:
        if terminal.pump(1.0):
            end = time.perf_counter()
        elif any("that was all of it" in line for line in terminal.text()):
            return end - began
        elif time.perf_counter() - began > 600:
            raise SystemExit("it does not end:\n" + "\n".join(terminal.text()))


def main() -> None:
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    with tempfile.TemporaryDirectory() as folder:
        guest, log, stalls = Path(folder, "guest"), Path(folder, "log"), Path(folder, "stalls")
        guest.write_text(GUEST, encoding="ascii")
        guest.chmod(0o755)
        lines = log_lines(random.Random(1))
        log.write_bytes((lines * (megabytes * 1_000_000 // len(lines) + 1))[: megabytes * 1_000_000])
        print(f"{'a console, 80x24':34}{'xentui':>10}{'tmux':>10}{'ratio':>8}{'bar':>7}")
        with xentui(guest, {}) as terminal:
            ours = echo(terminal)
        with tmux(guest, {}) as terminal:
            theirs = echo(terminal)
        us, them = statistics.median(ours) * 1000, statistics.median(theirs) * 1000
        print(f"{'echo of a key, median ms':34}{us:10.2f}{them:10.2f}{us / them:8.2f}{1.5:7}")
        with xentui(guest, {"LOG": str(log)}, "--stalls", str(stalls)) as terminal:
            us = flood(terminal)
            for keys in LEADER_DETACH_QUIT:
                terminal.type(keys)
                terminal.settle(2)
            ended_well(terminal)
        with tmux(guest, {"LOG": str(log)}) as terminal:
            them = flood(terminal)
        print(f"{f'cat of {megabytes} MB until quiet, s':34}{us:10.2f}{them:10.2f}{us / them:8.2f}{3.0:7}")
        stall, worked = (float(word) * 1000 for word in stalls.read_text(encoding="ascii").split())
        print(f"{'longest event-loop stall, ms':34}{stall:10.1f}{'':18}{50:7}   ({worked:.1f} of it its own work)")


if __name__ == "__main__":
    main()
