"""Typing a walkthrough's commands where the learner can see them: in the shell, or on a guest's console."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from time import monotonic

from xentui.console.keys import paste_bytes
from xentui.console.session import State
from xentui.console.shell import ShellSession
from xentui.screens.widgets.console_pane import ConsolePane
from xentui.walkthroughs.plain import command_text
from xentui.walkthroughs.variables import expand
from xentui.walkthroughs.walkthrough import Block

#: Seconds that a shell or a console gets to be ready for what is typed.
_READY_SECONDS = 20.0
#: Seconds between two looks.
_LOOK = 0.05
#: Seconds without output after which a guest is taken to wait for the next line.
_QUIET = 0.4
#: Looks in a row at which a shell must be at its prompt before it is taken to have done with a block; with a line.
_IDLE_LOOKS, _LINE_LOOKS = 4, 2
#: Seconds that a line's commands may take before the next line.
_LINE_SECONDS = 600.0


class HandsError(Exception):
    """It could not be typed. One sentence."""


class Hands:
    """`shell` gives the pane of the shell, `console` that of a guest; both open it where that is needed.

    Both, and so the methods here, may raise HandsError.
    """

    def __init__(
        self, shell: Callable[[], Awaitable[ConsolePane]], console: Callable[[str], Awaitable[ConsolePane]]
    ) -> None:
        self._shell, self._console = shell, console

    async def type_blocks(self, blocks: Iterable[Block], values: Mapping[str, str]) -> None:
        """Type them one after the other, each when the shell has done with the one before."""
        for number, block in enumerate(blocks):
            text = command_text(block, values)
            if block.console is not None:
                await self._type_on_console(expand(block.console, values), text)
            else:
                await self.type_command(text, patience=block.seconds if number else 0)

    async def type_command(self, text: str, *, patience: float = 0.0) -> None:
        """Type a command in the shell, and Enter. A program that runs there gets `patience` seconds to end."""
        pane = await self._shell()
        await _until(lambda: _is_ready(pane) or pane.session.state is State.FAILED, _READY_SECONDS)
        if not _is_ready(pane):
            raise HandsError(f"there is no shell: {pane.session.sentence}")
        await self._until_idle(pane, patience)
        for number, line in enumerate(text.split("\n")):
            # A program that reads its input must not get the lines that come after it.
            if number and not await self.settle(_LINE_SECONDS, looks=_LINE_LOOKS):
                name = getattr(pane.session, "busy", None) or "a program"
                raise HandsError(f"{name} still runs in the shell: the lines after it were not typed")
            modes = pane.session.emulator.modes
            # What the learner left there half-typed goes first; an empty line would ring the bell.
            away = b"" if number else b" \x05\x15" if modes.bracketed_paste else b" \x15"
            pane.type(away + paste_bytes(line, modes) + b"\r")

    async def settle(self, seconds: float, looks: int = _IDLE_LOOKS) -> bool:
        """Wait until the shell is at its prompt again; False if it is not after `seconds`."""
        session = (await self._shell()).session
        if not isinstance(session, ShellSession):
            return True
        idle, end = 0, monotonic() + seconds
        while idle < looks:
            idle = idle + 1 if session.busy is None else 0
            if not idle and monotonic() >= end:
                return False
            await asyncio.sleep(_LOOK)
        return True

    async def _until_idle(self, pane: ConsolePane, patience: float) -> None:
        if not await self.settle(patience):
            name = getattr(pane.session, "busy", None) or "a program"
            raise HandsError(f"{name} still runs in the shell: end it first, with Ctrl+C there")

    async def _type_on_console(self, guest: str, text: str) -> None:
        pane = await self._console(guest)
        await _until(lambda: pane.session.state in (State.ATTACHED, State.BUSY, State.FAILED), _READY_SECONDS)
        if pane.session.state is not State.ATTACHED:
            raise HandsError(pane.session.sentence or f"the console of {guest} could not be opened")
        for line in text.split("\n"):
            await _until_quiet(pane)
            pane.type(line.encode("utf-8", "surrogateescape") + b"\r")


def _is_ready(pane: ConsolePane) -> bool:
    return pane.session.state is State.ATTACHED and pane.session.takes_input


async def _until(condition: Callable[[], bool], seconds: float) -> bool:
    end = monotonic() + seconds
    while not condition():
        if monotonic() >= end:
            return False
        await asyncio.sleep(_LOOK)
    return True


async def _until_quiet(pane: ConsolePane) -> None:
    """Until the guest says no more, for now."""
    heard = monotonic()

    def hear(_data: bytes) -> None:
        nonlocal heard
        heard = monotonic()

    pane.session.taps.append(hear)
    try:
        await _until(lambda: monotonic() - heard > _QUIET, _READY_SECONDS)
    finally:
        pane.session.taps.remove(hear)
