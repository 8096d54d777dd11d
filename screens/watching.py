"""A page that shows what threads read on other hosts."""

from __future__ import annotations

from collections.abc import Sequence

from xentui.domains.side_by_side import HostWatch
from xentui.screens.page import Page


class WatchingPage(Page):
    """`watches` read for as long as it is there; it draws what is new in `snapshot_changed`."""

    watches: Sequence[HostWatch] = ()

    def watch_hosts(self, watches: Sequence[HostWatch]) -> None:
        self.watches = watches
        for watch in watches:
            watch.start()

    def told(self) -> None:
        """There is something new. Called in a watch's thread."""
        if self.app.is_running:
            self.app.call_later(self.snapshot_changed)

    def on_unmount(self) -> None:
        for watch in self.watches:
            watch.end()
