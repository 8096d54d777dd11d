"""The open consoles: one at a time, or up to four tiled; beside the table, or all over the screen."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from textual import events
from textual.containers import Container
from textual.message import Message

from xentui.console.session import ConsoleSession, State
from xentui.screens.drawing import Line
from xentui.screens.widgets.console_pane import ConsolePane
from xentui.screens.widgets.console_tiles import MOST, tiling

#: Seconds in which all consoles are left when xentui ends.
LEAVE_SECONDS = 8.0


class ConsoleDeck(Container):
    """Holds the panes. Hidden while there is none; the screen that mounts it sets its height.

    The class ``-large`` is set on it while one console shall have all the room: see `Large`.
    """

    DEFAULT_CSS = """
    ConsoleDeck { height: 1fr; width: 100%; }
    ConsoleDeck { layout: grid; grid-size: 1; grid-gutter: 0 1; }
    ConsoleDeck ConsolePane { width: 100%; height: 100%; }
    """

    class Left(Message):
        """The user wants to go to the table, or has closed the last console: focus it."""

    class Large(Message):
        """The deck wants all the room (`large`), or another part of it: see `part`."""

        def __init__(self, large: bool) -> None:
            super().__init__()
            self.large = large

    class Changed(Message):
        """A console was opened, closed, has another state, unseen output or a bell: see `marks`."""

    def __init__(
        self,
        *,
        leader: str = "ctrl+right_square_bracket",
        erase: str = "\x7f",
        watch: Sequence[str] = (),
        id: str | None = None,
    ) -> None:
        """`watch`: patterns that raise a notice, see xentui.console.watch."""
        super().__init__(id=id)
        self.leader = leader
        self.erase = erase
        self.patterns = tuple(watch)
        self.large = False
        #: The part of the desk that the consoles want while they are not large: a half (2), a third (3), or what
        #: their guests need (0).
        self.part = 0
        self._tiles: list[ConsolePane] = []  # while tiled: what is shown
        self._broadcasts = False
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
        """The open consoles by the names of their domains: "notice", "bell", "unseen", or the session's state."""
        return {pane.session.name: pane.mark or str(pane.session.state) for pane in self.panes}

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
        return ConsolePane(session, leader=self.leader, erase=self.erase, asked=self._asked, watch=self.patterns)

    def show(self, pane: ConsolePane) -> None:
        """Make `pane` the current one, at once: the next key is for it and no other guest."""
        if self._tiles and pane not in self._tiles:  # it takes the place of the one that had the keys
            at = self._tiles.index(self._current) if self._current in self._tiles else 0
            self._tiles[at] = pane
            self._end_broadcast()
        self._current = pane
        self._arrange()
        self.screen.set_focus(pane)

    def leave(self) -> None:
        """Give the keys to what is not a console, at once."""
        self._end_broadcast()
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
        self._end_broadcast()
        if pane in self._tiles:
            self._tiles.remove(pane)
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
        elif command in ("half", "third"):
            self._set_part(2 if command == "half" else 3)
        elif command == "tile":
            self._toggle_tiles(pane)
        elif command == "broadcast":
            self._toggle_broadcast(pane)
        elif (wants := getattr(self.screen, "console_wants", None)) is not None:
            wants(pane, command)
        else:
            pane.say("that is not possible here")

    def _step(self, by: int) -> None:
        if self._current is not None:
            self.show(self.panes[(self.panes.index(self._current) + by) % len(self.panes)])

    def _set_large(self, large: bool) -> None:
        if large != self.large:
            self._end_broadcast()
            self.large = large
            self.set_class(large, "-large")
            self._arrange()
            self.post_message(self.Large(large))

    def _set_part(self, part: int) -> None:
        """Take a half or a third of the desk; the same again, what the guests need."""
        self.part = 0 if part == self.part and not self.large else part
        self._end_broadcast()
        self._set_large(False)
        self.post_message(self.Large(False))

    # Tiles

    @property
    def tiled(self) -> bool:
        """Several consoles are shown."""
        return bool(self._tiles)

    def _toggle_tiles(self, pane: ConsolePane) -> None:
        self._end_broadcast()
        if self._tiles:
            self._tiles = []
        elif len(self.panes) < 2:
            pane.say("only this console is open: c in the table opens another")
        elif (found := tiling(len(self.panes), *self.size)) is None:
            pane.say("there is no room for several: f makes the consoles large")
        else:
            at = self.panes.index(pane)
            self._tiles = [*self.panes[at:], *self.panes[:at]][: found.count]
            self._tiles.sort(key=self.panes.index)
            if found.count < len(self.panes):
                pane.say(f"{MOST} of {len(self.panes)}: more would be too small; n and p bring in the others")
        self._arrange()

    # Typing to all tiles

    def _toggle_broadcast(self, pane: ConsolePane) -> None:
        if self._broadcasts:
            self._end_broadcast()
        elif len(self._tiles) < 2:
            pane.say("typing goes to several consoles only while they are tiled: t")
        else:
            self._broadcasts = True
            for tile in self._tiles:
                tile.broadcast_to(tuple(self._tiles))

    def _end_broadcast(self) -> None:
        """Whatever changes the layout ends it: nobody shall type to all who means one."""
        if self._broadcasts:
            self._broadcasts = False
            for pane in [*self._tiles, *self.panes]:
                pane.broadcast_to(())
            if self._current is not None:
                self._current.say("typing goes to this console only again")

    def on_resize(self, event: events.Resize) -> None:
        self._end_broadcast()
        self._arrange()

    def _arrange(self) -> None:
        found = tiling(len(self._tiles), *self.size) if len(self._tiles) > 1 and self.size else None
        if found is None:
            self._tiles = []
        self.styles.grid_size_columns = found.columns if found is not None else 1
        for pane in self.panes:
            pane.display = pane in self._tiles if self._tiles else pane is self._current
            pane.styles.column_span = found.last_span if found is not None and pane is self._tiles[-1] else 1
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
        alone = len(self.panes) < 2 or len(self._tiles) == len(self.panes)
        for pane in self.panes:
            others = self._tiles and pane is not self._current
            tabs: Line = () if alone or others else tuple(part for p in self.panes for part in self._tab(p))
            if tabs != pane.tabs:
                pane.tabs = tabs
                pane.refresh()

    def _tab(self, pane: ConsolePane) -> Line:
        mark = "!" if pane.noticed or pane.bell else "+" if pane.unseen else ""
        name = f"{pane.session.name}{mark}"
        return ((f"[{name}]" if pane is self._current else f" {name} ", ""),)
