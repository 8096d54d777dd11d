"""The open consoles: one at a time, side by side, or one that fills the screen."""

from __future__ import annotations

import asyncio

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
    ConsoleDeck { height: 1fr; width: 100%; }
    ConsoleDeck ConsolePane { width: 1fr; height: 100%; }
    ConsoleDeck ConsolePane.-beside { margin-left: 1; }
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
        self.display = False

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
            pane = self.new_pane(session)
            self.panes.append(pane)
            self.display = True
            await self.mount(pane)
        elif pane.session.state in (State.WAITING, State.BUSY, State.FAILED):
            pane.link.attach_again()
        self.show(pane)
        self.post_message(self.Changed())
        return pane

    def new_pane(self, session: ConsoleSession) -> ConsolePane:
        """A pane for this deck."""
        return ConsolePane(session, leader=self.leader, erase=self.erase, asked=self._asked)

    def show(self, pane: ConsolePane) -> None:
        """Make `pane` the current one, at once: the next key is for it and no other guest."""
        self._current = pane
        self._arrange()
        self.screen.set_focus(pane)

    def leave(self) -> None:
        """Give the keys to what is not a console, at once."""
        self._set_large(False)
        others = (widget for widget in self.screen.focus_chain if not isinstance(widget, ConsolePane))
        self.screen.set_focus(next(others, None))
        self.post_message(self.Left())

    async def close(self, pane: ConsolePane) -> None:
        """Detach one console and take its pane away; the keys go elsewhere first."""
        if pane in self.panes:
            self._part_with(pane)
            await self._detach_console(pane)

    def _part_with(self, pane: ConsolePane) -> None:
        at = self.panes.index(pane)
        self.panes.remove(pane)
        pane.display = not self.panes  # the last one is seen until it is left
        if not self.panes:
            self._current = None
            self.leave()
        elif pane is self._current:
            self.show(self.panes[min(at, len(self.panes) - 1)])

    async def _detach_console(self, pane: ConsolePane) -> None:
        pane.say("detaching ...")
        await pane.detach()
        await pane.remove()
        self._arrange()
        self.post_message(self.Changed())

    async def close_all(self) -> None:
        """Detach every console, all at the same time, within LEAVE_SECONDS. For leaving xentui."""
        if self.panes:
            await asyncio.wait([asyncio.ensure_future(p.detach()) for p in self.panes], timeout=LEAVE_SECONDS)

    # What the leader asks for

    def _asked(self, pane: ConsolePane, command: str) -> None:
        """A command after the leader that is not the pane's own. What moves the focus moves it before it returns."""
        if command == "detach":
            if pane in self.panes:
                self._part_with(pane)
                self.run_worker(self._detach_console(pane), group="console-close")
        elif command in ("next", "previous"):
            self._step(1 if command == "next" else -1)
        elif command == "table":
            self.leave()
        elif command == "large":
            self._set_large(not self.large)
        elif command == "tile":
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
        beside = False
        for pane in self.panes:
            pane.display = pane is self._current or self.tiled
            pane.set_class(pane.display and beside, "-beside")
            beside = beside or pane.display
        self.display = bool(self.panes)
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
