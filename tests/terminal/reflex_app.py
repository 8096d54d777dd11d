"""xentui with the consoles of two guests, large. Usage: reflex_app.py FOLDER, where its client is and its counts go."""

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tui"))

from fakes import FakeHost, FakeInventory, domain

from xentui.screens.app import XentuiApp
from xentui.screens.messages import SnapshotTaken
from xentui.screens.terminal import reflex
from xentui.screens.terminal.lean import LeanDriver
from xentui.screens.terminal.line import Line


class Counting(Line):
    foresaw = 0

    def _foresaw(self, data: bytes) -> int:
        Counting.foresaw += 1
        return super()._foresaw(data)


class TwoConsoles(XentuiApp):
    def __init__(self, folder: Path) -> None:
        host = FakeHost()
        host.path = lambda path: folder / "shared" / path.lstrip("/")  # type: ignore[method-assign]
        host.toolstack_program = str(folder / "client")
        super().__init__(host, FakeInventory([domain("Domain-0", 0), domain("one", 1), domain("two", 2)]),
                         interval=0, driver_class=LeanDriver)  # fmt: skip
        self._opened = False

    def on_snapshot_taken(self, message: SnapshotTaken) -> None:
        super().on_snapshot_taken(message)
        if not self._opened and self.snapshot is not None:
            self._opened = True
            for guest in self.snapshot.domains[1:]:
                self.call_later(self.domains_screen.open_console, guest)


if __name__ == "__main__":
    here = Path(sys.argv[1])
    LeanDriver.start_application_mode.__globals__["Line"] = Counting
    app = TwoConsoles(here)
    statistics: list[Any] = []
    app.call_later(lambda: statistics.append(app._driver.statistics))  # type: ignore[union-attr]
    reflex.run(app)
    counts = {"foreseen": Counting.foresaw, "surprises": statistics[0].surprises}
    (here / "counts").write_text(json.dumps(counts), encoding="ascii")
