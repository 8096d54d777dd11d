"""The shell of somebody who presents a walkthrough, for those who watch."""

from __future__ import annotations

from textual.app import ComposeResult

from xentui.console.shell import presented_shell
from xentui.screens.keys import shown
from xentui.screens.page import Page, TitleLine
from xentui.screens.widgets.console_deck import ConsoleDeck
from xentui.screens.widgets.key_bar import KeyBar
from xentui.screens.widgets.status_line import StatusLine


class PresentedScreen(Page):
    """One pane; nothing can be typed in it. It waits until somebody presents."""

    heading = "A presented walkthrough"

    def compose(self) -> ComposeResult:
        yield TitleLine(id="title")
        yield ConsoleDeck(leader=self.xentui.leader, id="presented")
        yield StatusLine(self.xentui.glyphs)
        yield KeyBar([(shown(self.xentui.leader), "then:"), ("d", "leave"), ("g", "scroll"), ("?", "all keys")])

    def on_mount(self) -> None:
        super().on_mount()
        self.run_worker(self.query_one(ConsoleDeck).open(presented_shell(self.xentui.host)))

    def on_console_deck_left(self) -> None:
        self.run_worker(self._leave(), group="leave")

    async def _leave(self) -> None:
        await self.query_one(ConsoleDeck).close_all()
        if self.app.screen is self:
            self.app.pop_screen()
