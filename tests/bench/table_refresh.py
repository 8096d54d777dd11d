"""What a refresh of 1,000 domains costs the event loop beyond reading, in CPU milliseconds: the handler alone, and
with drawing. Every domain has another CPU and network figure each time. Run: python tests/bench/table_refresh.py"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tui"))

from driving import opened
from fakes import HOST_INFO, NOW, FakeInventory, domain

from xentui.domains.domain import Snapshot
from xentui.screens.messages import SnapshotTaken

ROUNDS = 20


async def main() -> None:
    rnd = random.Random(1)
    many = [domain(f"guest{n:04}", n) for n in range(1000)]
    for size in ((80, 24), (200, 60)):
        async with opened(FakeInventory(many), size=size) as desk:
            for column in ("name", "cpu"):
                desk.table.set_sort(column)
                handled, drawn = [], []
                for turn in range(ROUNDS):
                    now = [replace(d, cpu_percent=rnd.random() * 100, net_receive=rnd.random() * 1e6) for d in many]
                    message = SnapshotTaken(Snapshot(HOST_INFO, tuple(now), NOW + turn))
                    start = time.thread_time()
                    desk.app.on_snapshot_taken(message)
                    handled.append(time.thread_time() - start)
                    await desk.settle()
                    drawn.append(time.thread_time() - start)
                print(
                    f"{size[0]}x{size[1]} by {column:<5} {1000 * median(handled):5.1f} ms, "
                    f"with drawing {1000 * median(drawn):5.1f} ms"
                )


if __name__ == "__main__":
    asyncio.run(main())
