"""xentui over the recorded guests: `python bench_app.py lean|stock [--interval SECONDS] [--stalls FILE]
[--console PROGRAM [--large]]`.

--stalls writes the longest time, in seconds, for which the event loop did not get round, and how much of that it
worked: the rest is the machine's, which gave the processor to others.
--console opens the console of server01, PROGRAM being both the client and the guest; --large fills the screen with it.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from bench_states import FakeHost, Recorded

from xentui.screens.app import XentuiApp
from xentui.screens.glyphs import SETS
from xentui.screens.messages import SnapshotTaken
from xentui.screens.terminal import capabilities, reflex
from xentui.screens.terminal.lean import LeanDriver
from xentui.settings import Settings


class Measured(XentuiApp):
    """The app itself, with a console and a watch on its loop."""

    def __init__(self, *, watch: bool, console: str | None, large: bool, **options: object) -> None:
        host = FakeHost()
        self._folder = tempfile.TemporaryDirectory()  # what is shared there is shared with nobody
        host.path = lambda path: Path(self._folder.name, path.lstrip("/"))  # type: ignore[method-assign]
        super().__init__(host, Recorded(), **options)  # type: ignore[arg-type]
        self._watches, self._console, self._large = watch, console, large
        if console is not None:
            host.toolstack_program = console
        self.longest_stall = (0.0, 0.0)

    def on_mount(self) -> None:
        if self._watches:
            self._loop_watch = asyncio.create_task(self._watch_loop())

    def on_snapshot_taken(self, message: SnapshotTaken) -> None:
        super().on_snapshot_taken(message)
        if self._console is not None:
            self._console = None
            self.call_later(self._open_console)

    def _open_console(self) -> None:
        assert self.snapshot is not None
        desk = self.domains_screen
        desk.open_console(next(domain for domain in self.snapshot.domains if domain.name == "server01"))
        if self._large:
            self.set_timer(0.5, lambda: desk.deck.current and desk.deck.current.command("large"))

    async def _watch_loop(self) -> None:
        await asyncio.sleep(1.5)  # the start is measured by itself
        while not self._exit:  # nor is the end, which waits for the line
            before, worked = time.monotonic(), time.thread_time()
            await asyncio.sleep(0.01)
            stall = time.monotonic() - before - 0.01
            self.longest_stall = max(self.longest_stall, (stall, time.thread_time() - worked))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("driver", choices=("lean", "stock"))
    parser.add_argument("--interval", type=float, default=0.0)
    parser.add_argument("--stalls", type=Path)
    parser.add_argument("--console")
    parser.add_argument("--large", action="store_true")
    args = parser.parse_args()
    found = capabilities.detect(sys.stdout.fileno())
    app = Measured(
        watch=args.stalls is not None,
        console=args.console,
        large=args.large,
        interval=args.interval,
        glyphs=SETS[found.glyphs],
        colours=found.colours,
        driver_class=LeanDriver if args.driver == "lean" else None,
    )
    app.watch_patterns = Settings().watch  # as it is for everybody who has no settings
    reflex.run(app)
    if args.stalls:
        args.stalls.write_text("{:.4f} {:.4f}".format(*app.longest_stall), encoding="ascii")
    sys.exit(app.return_code)


if __name__ == "__main__":
    main()
