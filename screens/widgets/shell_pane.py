"""A shell on the host in a pane, and the deck of a walkthrough: the shell and the guests' consoles."""

from __future__ import annotations

from xentui.console.session import ConsoleSession
from xentui.console.shell import ShellSession
from xentui.screens.widgets.console_deck import ConsoleDeck
from xentui.screens.widgets.console_pane import ConsolePane


class ShellPane(ConsolePane):
    """Its shell has the size of the pane: other than a guest, it can be told."""

    def on_resize(self) -> None:
        super().on_resize()
        if isinstance(self.session, ShellSession) and self.size.height > 1:
            self.session.fit(self.size.width, self.size.height - 1)
            self.refresh()


class ShellDeck(ConsoleDeck):
    """A deck in which a shell can be, too."""

    def new_pane(self, session: ConsoleSession) -> ConsolePane:
        if isinstance(session, ShellSession):
            return ShellPane(session, leader=self.leader, erase=self.erase, asked=self._asked)
        return super().new_pane(session)

    async def place(self, session: ConsoleSession) -> ConsolePane:
        """`open`, but the keys stay where they are."""
        focused = self.screen.focused
        pane = await self.open(session)
        self.screen.set_focus(focused)
        return pane
