"""The emulator's speed and memory beside pyte's, in one run: `python tests/bench/emulator.py [SECONDS]`.

Each work is done in turns by both until each had SECONDS (default 2) of processor time, 4 KiB a feed on a screen
of 80x24. The table's last column is the ratio; figures of different machines or runs are not to be compared.
"""

from __future__ import annotations

import gc
import random
import sys
import time
import tracemalloc
from collections.abc import Callable

import pyte

from xentui.console.emulator import Emulator
from xentui.console.history import Timestamps

CHUNK = 4096
SERVICES = ["ssh", "cron", "dbus", "xen", "virtlogd", "network", "systemd-logind", "getty", "udev", "apparmor"]
WORDS = [
    *("usb", "scsi", "device", "attached", "disk", "sector", "network", "eth0", "link", "is", "up", "down"),
    *("ready", "daemon", "started", "Reached", "target"),
]
Feed = Callable[[bytes], None]


def log_lines(chance: random.Random) -> bytes:
    """As a kernel prints: of 40 to 110 columns."""
    lines = (f"[{n / 50:12.6f}] {' '.join(chance.choices(WORDS, k=chance.randint(4, 14)))}\r\n" for n in range(4000))
    return "".join(lines).encode()


def colour(chance: random.Random) -> bytes:
    """systemd's boot messages and ls --color."""
    parts = []
    for n in range(3000):
        service, words = chance.choice(SERVICES), " ".join(chance.choices(WORDS, k=4))
        if n % 2:
            parts.append(f"[\x1b[0;32m  OK  \x1b[0m] Started \x1b[0;1;39m{service}.service\x1b[0m - {words}.\r\n")
        else:
            parts.append("".join(f"\x1b[01;3{chance.randrange(8)}m{word}\x1b[0m  " for word in words.split()) + "\r\n")
    return "".join(parts).encode()


def full_redraws(chance: random.Random) -> bytes:
    """A full-screen program that draws all of its rows again and again."""
    frames = []
    for _ in range(100):
        rows = (f"\x1b[{row};1H{' '.join(chance.choices(WORDS, k=12))[:78]:78}" for row in range(1, 25))
        frames.append("\x1b[H" + "".join(rows))
    return "".join(frames).encode()


def attributes_and_wide(chance: random.Random) -> bytes:
    """What is hardest: short runs of true colour, wide and combining characters, insertions."""
    parts = []
    for _ in range(4000):
        red, row, column = chance.randrange(256), chance.randint(1, 24), chance.randint(1, 80)
        text = chance.choice(["中文", "e\u0301a", "abc", "│──│"])
        parts.append(f"\x1b[{row};{column}H\x1b[38;2;{red};9;9m{text}\x1b[2@\x1b[K")
    return "".join(parts).encode()


def speed(feed: Feed, data: bytes, seconds: float) -> float:
    """Megabytes a second of processor time."""
    done, start = 0, time.process_time()
    while (spent := time.process_time() - start) < seconds:
        for begin in range(0, len(data), CHUNK):
            feed(data[begin : begin + CHUNK])
        done += len(data)
    return done / spent / 1e6


def ours() -> Feed:
    return Emulator().feed


def theirs() -> Feed:
    return pyte.ByteStream(pyte.Screen(80, 24)).feed


def memory(make: Callable[[], tuple[object, Feed]], data: bytes) -> int:
    """Bytes that a console holds after the data."""
    gc.collect()
    tracemalloc.start()
    console, feed = make()
    for line in data.splitlines(keepends=True):
        feed(line)
    gc.collect()
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert console
    return held


def our_history() -> tuple[object, Feed]:
    """With the time of each line, as a pane keeps it."""
    emulator, times = Emulator(scrollback=10_000), Timestamps()

    def feed(data: bytes) -> None:
        emulator.feed(data)
        times.note(emulator, time.time())

    return emulator, feed


def pyte_history() -> tuple[object, Feed]:
    screen = pyte.HistoryScreen(80, 24, history=10_000)
    return screen, pyte.ByteStream(screen).feed


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    chance = random.Random(1)
    print(f"{'work':22}{'xentui MB/s':>13}{'pyte MB/s':>11}{'ratio':>8}")
    for work in (log_lines, colour, full_redraws, attributes_and_wide):
        data = work(chance)
        us, them = speed(ours(), data, seconds), speed(theirs(), data, seconds)
        print(f"{work.__name__.replace('_', ' '):22}{us:13.2f}{them:11.2f}{us / them:8.1f}")
    print(f"\n{'10,000 lines kept':22}{'xentui B/line':>13}{'pyte B/line':>11}{'ratio':>8}")
    for work in (log_lines, colour):
        data = (work(chance) * 5)[:700_000]
        lines = 10_024
        text = b"\r\n".join(data.split(b"\r\n")[:lines])
        us, them = memory(our_history, text), memory(pyte_history, text)
        print(f"{work.__name__.replace('_', ' '):22}{us / lines:13.0f}{them / lines:11.0f}{us / them:8.3f}")


if __name__ == "__main__":
    main()
