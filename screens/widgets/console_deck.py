"""The open consoles: one at a time, side by side, or one that fills the screen."""

from __future__ import annotations

import asyncio

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message

from xentui.console.session import ConsoleSession, State
from xentui.screens.drawing import Line
from xentui.screens.widgets.console_pane import ConsolePane

#: Seconds in which all consoles are left when xentui ends.
LEAVE_SECONDS = 8.0


class ConsoleDeck(Horizontal):
    """Holds the panes. Hidden while there is none; the screen that mounts it sets its height.

    The class ``-large`` is set on it while one console shall have all the room: see `Large`.
    """

    DEFAULT_CSS = """
    ConsoleDeck { height: 1fr; width: 100%; display: none; }
    ConsoleDeck.-open { display: block; }
    ConsoleDeck ConsolePane { width: 1fr; height: 100%; display: none; }
    ConsoleDeck ConsolePane.-shown { display: block; }
    """

    class Left(Message):
        """The user wants to go to the table, or has closed the last console: focus it."""

    class Large(Message):
        """The deck wants all the room (`large`), or no longer."""

        def __init__(self, large: bool) -> None:
            super().__init__()
            self.large = large

    class Changed(Message):
        """A console was opened, closed, has another state, unseen output or a bell: see `marks`."""

    def __init__(
        self, *, leader: str = "ctrl+right_square_bracket", erase: str = "\x7f", id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self.leader = leader
        self.erase = erase
        self.large = False
        self.tiled = False
        self.panes: list[ConsolePane] = []
        self._current: ConsolePane | None = None

    def compose(self) -> ComposeResult:
        yield from ()

    # For the screen

    @property
    def current(self) -> ConsolePane | None:
        """The pane that has, or gets, the keys."""
        return self._current

    @property
    def marks(self) -> dict[str, str]:
        """The open consoles by the names of their domains: "bell", "unseen", or the session's state."""
        return {
            pane.session.name: "bell" if pane.bell else "unseen" if pane.unseen else str(pane.session.state)
            for pane in self.panes
        }

    def pane_of(self, name: str) -> ConsolePane | None:
        return next((pane for pane in self.panes if pane.session.name == name), None)

    async def open(self, session: ConsoleSession) -> ConsolePane:
        """Show the console of `session` and give it the keys; one that is open already is shown, `session` unused."""
        pane = self.pane_of(session.name)
        if pane is None:
            pane = ConsolePane(session, leader=self.leader, erase=self.erase)
            self.panes.append(pane)
            self.add_class("-open")
            await self.mount(pane)
        elif pane.session.state not in (State.ATTACHED, State.ATTACHING):
            pane.link.attach_again()
        self.show(pane)
        return pane

    def show(self, pane: ConsolePane) -> None:
        """Make `pane` the current one."""
        self._current = pane
        self._arrange()
        pane.focus()

    async def close(self, pane: ConsolePane) -> None:
        """Detach one console and take its pane away."""
        if pane not in self.panes:
            return
        at = self.panes.index(pane)
        self.panes.remove(pane)
        pane.say("detaching ...")
        await pane.detach()
        await pane.remove()
        if self.panes:
            self.show(self.panes[min(at, len(self.panes) - 1)])
        else:
            self._current = None
            self.remove_class("-open")
            self._set_large(False)
            self.post_message(self.Left())
        self.post_message(self.Changed())

    async def close_all(self) -> None:
        """Detach every console, all at the same time, within LEAVE_SECONDS. For leaving xentui."""
        if self.panes:
            await asyncio.wait([asyncio.ensure_future(p.detach()) for p in self.panes], timeout=LEAVE_SECONDS)

    # What the leader asks for

    async def on_console_pane_asked(self, event: ConsolePane.Asked) -> None:
        event.stop()
        if event.command == "detach":
            self.run_worker(self.close(event.pane), group="console-close")
        elif event.command in ("next", "previous"):
            self._step(1 if event.command == "next" else -1)
        elif event.command == "table":
            self._set_large(False)
            self.post_message(self.Left())
        elif event.command == "large":
            self._set_large(not self.large)
        elif event.command == "tile":
            self.tiled = not self.tiled
            self._arrange()

    def _step(self, by: int) -> None:
        if self._current is not None:
            self.show(self.panes[(self.panes.index(self._current) + by) % len(self.panes)])

    def _set_large(self, large: bool) -> None:
        if large != self.large:
            self.large = large
            self.set_class(large, "-large")
            self._arrange()
            self.post_message(self.Large(large))

    def _arrange(self) -> None:
        for pane in self.panes:
            pane.set_class(pane is self._current or self.tiled, "-shown")
        self._label()

    def on_console_pane_changed(self, event: ConsolePane.Changed) -> None:
        event.stop()
        if event.pane.has_focus and event.pane is not self._current:  # by the mouse
            self._current = event.pane
        self._label()
        self.post_message(self.Changed())

    def _label(self) -> None:
        """Have each title name the consoles that are not in view."""
        alone = self.tiled or len(self.panes) < 2
        for pane in self.panes:
            tabs: Line = () if alone else tuple(part for p in self.panes for part in self._tab(p))
            if tabs != pane.tabs:
                pane.tabs = tabs
                pane.refresh()

    def _tab(self, pane: ConsolePane) -> Line:
        mark = "!" if pane.bell else "*" if pane.unseen else ""
        name = f"{pane.session.name}{mark}"
        return ((f"[{name}]" if pane is self._current else f" {name} ", ""),)
