"""xentui over the recorded guests: `python bench_app.py lean|stock [--interval SECONDS] [--log] [--stalls FILE]
[--console PROGRAM]`.

--log scrolls a log of ten lines a second below the table, as a busy console does.
--stalls writes the longest time, in seconds, for which the event loop did not get round, and how much of that it
worked: the rest is the machine's, which gave the processor to others.
--console fills the screen with the console of server01, PROGRAM being both the client and the guest.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from bench_states import FakeHost, Recorded
from textual.widgets import RichLog

from xentui.screens.app import XentuiApp
from xentui.screens.glyphs import SETS
from xentui.screens.messages import SnapshotTaken
from xentui.screens.terminal import capabilities
from xentui.screens.terminal.lean import LeanDriver


class Measured(XentuiApp):
    """The app itself, with a log below and a watch on its loop."""

    def __init__(self, *, log: bool, watch: bool, console: str | None, **options: object) -> None:
        host = FakeHost()
        self._folder = tempfile.TemporaryDirectory()  # what is shared there is shared with nobody
        host.path = lambda path: Path(self._folder.name, path.lstrip("/"))  # type: ignore[method-assign]
        super().__init__(host, Recorded(), **options)  # type: ignore[arg-type]
        self._log_below, self._watches, self._console = log, watch, console
        if console is not None:
            host.toolstack_program = console
        self.longest_stall = (0.0, 0.0)

    def on_mount(self) -> None:
        if self._watches:
            self._watch = asyncio.create_task(self._watch_loop())
        if self._log_below:
            self.set_timer(0.5, self._scroll)

    def on_snapshot_taken(self, message: SnapshotTaken) -> None:
        super().on_snapshot_taken(message)
        if self._console is not None:
            self._console = None
            self.call_later(self._open_console)

    def _open_console(self) -> None:
        assert self.snapshot is not None
        desk = self.domains_screen
        desk.open_console(next(domain for domain in self.snapshot.domains if domain.name == "server01"))
        self.set_timer(0.5, lambda: desk.deck.current and desk.deck.current.command("large"))

    async def _watch_loop(self) -> None:
        await asyncio.sleep(1.5)  # the start is measured by itself
        while True:
            before, worked = time.monotonic(), time.thread_time()
            await asyncio.sleep(0.01)
            stall = time.monotonic() - before - 0.01
            self.longest_stall = max(self.longest_stall, (stall, time.thread_time() - worked))

    async def _scroll(self) -> None:
        log = RichLog(max_lines=500)
        log.styles.dock, log.styles.height = "bottom", 8
        await self.screen.mount(log)
        self._lines = 0

        def write() -> None:
            self._lines += 1
            log.write(f"[{self._lines * 0.1:10.4f}] xenbr0: port 3(vif{self._lines}.0) entered forwarding state")

        self.set_interval(0.1, write)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("driver", choices=("lean", "stock"))
    parser.add_argument("--interval", type=float, default=0.0)
    parser.add_argument("--log", action="store_true")
    parser.add_argument("--stalls", type=Path)
    parser.add_argument("--console")
    args = parser.parse_args()
    found = capabilities.detect(sys.stdout.fileno())
    app = Measured(
        log=args.log,
        watch=args.stalls is not None,
        console=args.console,
        interval=args.interval,
        glyphs=SETS[found.glyphs],
        colours=found.colours,
        driver_class=LeanDriver if args.driver == "lean" else None,
    )
    app.run()
    if args.stalls:
        args.stalls.write_text("{:.4f} {:.4f}".format(*app.longest_stall), encoding="ascii")


if __name__ == "__main__":
    main()
