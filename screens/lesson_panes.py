"""The panes of a walkthrough: its shell, and the consoles of the guests that it is about."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from xentui.console.session import State
from xentui.console.shell import ShellSession
from xentui.screens.consoles import session_for
from xentui.screens.lesson_hands import HandsError
from xentui.screens.widgets.console_pane import ConsolePane
from xentui.screens.widgets.shell_pane import ShellDeck
from xentui.subprocesses import printable
from xentui.walkthroughs.facts.verbs import read_fact
from xentui.walkthroughs.lesson import Lesson
from xentui.walkthroughs.world import UnknownError

if TYPE_CHECKING:
    from xentui.screens.app import XentuiApp

#: Seconds that a guest that was just started gets to appear.
_GUEST_SECONDS = 10.0


class LessonPanes:
    """Opens panes in `deck`; the keys stay where they are. Also the checks' way to see consoles (`world.Consoles`)."""

    def __init__(self, app: XentuiApp, deck: ShellDeck) -> None:
        self._app, self._deck = app, deck
        self._shell = f"shell on {printable(app.host.name)}"  # no guest's name
        self._presenting = False

    async def shell(self) -> ConsolePane:
        """The pane of the shell, begun anew if it has ended. Raises HandsError."""
        if self._app.read_only:
            raise HandsError("xentui runs read-only (--read-only)")
        pane = self._deck.pane_of(self._shell)
        if pane is None:
            session = ShellSession(self._app.host, self._shell, share=self._app.share)
            session.presented = self._presenting
            return await self._deck.place(session)
        if pane.session.state is State.WAITING:
            pane.link.attach_again()
        return pane

    def present(self, on: bool) -> None:
        """Let others watch the shell, or no longer."""
        self._presenting = on
        pane = self._deck.pane_of(self._shell)
        if pane is not None and isinstance(pane.session, ShellSession):
            pane.session.presented = on

    async def guest(self, name: str) -> ConsolePane:
        """The pane of a guest's console. Raises HandsError if the guest does not run."""
        pane, app = self._open(name), self._app
        if pane is not None:
            return pane
        for _ in range(int(_GUEST_SECONDS / 0.1)):
            domain = app.snapshot.domain(name) if app.snapshot is not None else None
            if domain is not None and domain.state.alive:
                session = session_for(
                    app.host, domain, lambda: app.snapshot, may_type=not app.read_only, share=app.share
                )
                return await self._deck.place(session)
            app.refresher.request()
            await asyncio.sleep(0.1)
        raise HandsError(f"{name} does not run: it has no console")

    def _open(self, guest: str) -> ConsolePane | None:
        """The pane in which the guest's console is seen: here, at the desk, or in the shell by ``xl console``."""
        for deck in (self._deck, self._app.domains_screen.deck):
            pane = deck.pane_of(guest)
            if pane is not None and pane.session.state is State.ATTACHED:
                return pane
        shell = self._deck.pane_of(self._shell)
        domain = self._app.snapshot.domain(guest) if self._app.snapshot is not None else None
        if shell is not None and domain is not None and isinstance(shell.session, ShellSession):
            return shell if shell.session.at_console_of(domain.id) else None
        return None

    async def open_for_checks(self, lesson: Lesson) -> None:
        """A check that looks at a console needs it open."""
        for check in lesson.step.checks:
            kind, guest, *_ = (*read_fact(check.fact, lesson.values).subject, "")
            if kind == "console":
                with contextlib.suppress(HandsError):
                    await self.guest(guest)

    def screen(self, guest: str) -> list[str]:
        """What the guest's console shows. Called by a check, in a thread. Raises UnknownError."""
        try:
            return self._app.call_from_thread(self._lines, guest)
        except RuntimeError as error:
            raise UnknownError("xentui ends") from error

    def _lines(self, guest: str) -> list[str]:
        pane = self._open(guest)
        if pane is None:
            raise UnknownError(f"the console of {guest} is not open")
        return pane.session.emulator.display()
