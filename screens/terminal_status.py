"""What the terminal can do, and what its line has carried."""

from __future__ import annotations

import os

from xentui.screens.drawing import Line
from xentui.screens.page import Page
from xentui.screens.terminal.lean import LeanDriver
from xentui.screens.widgets.text_view import TextView


class TerminalScreen(Page):
    """Read again with each snapshot."""

    heading = "The terminal"

    def snapshot_changed(self) -> None:
        app = self.xentui
        driver = app._driver
        rows = [
            ("TERM", os.environ.get("TERM", "(not set)")),
            ("Size", f"{app.size.width}x{app.size.height}"),
            ("Theme", app.palette.title),
        ]
        if isinstance(driver, LeanDriver):
            has, counted = driver.capabilities, driver.statistics
            speed = counted.bytes_per_second
            rows += [
                ("Driver", "lean: only what changed is sent"),
                ("Colours", str(has.colours) if has.colours else "none"),
                ("Characters", has.glyphs),
                ("Character set", "UTF-8" if has.utf8 else "8 bit"),
                ("Line speed", f"{speed:.0f} bytes/s" if speed else "fast enough not to matter"),
                ("", ""),
                ("Bytes sent", str(counted.bytes_sent)),
                ("Frames sent", str(counted.frames_sent)),
                ("Frames skipped", f"{counted.frames_skipped}  (a newer one came first)"),
                ("Bytes waiting", str(counted.bytes_waiting)),
                ("Seconds behind", f"{counted.seconds_behind:.1f}"),
                ("Noise received", f"{counted.noise_bytes} bytes that were no key"),
            ]
        else:
            rows.append(("Driver", "stock: each changed region is sent whole"))
        lines: list[Line] = [((f"  {name:<16}", "dim"), (value, "text")) for name, value in rows]
        self.query_one(TextView).show([(), *lines])
