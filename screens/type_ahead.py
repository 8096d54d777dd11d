"""Keys one after the other: each is done before the next one is looked at.

Textual gives a key to the widget that has the focus when the key is *read*; what the key does comes later, when it
has travelled through the widgets and back. On a slow line, or with a paste, several keys are read at once, and
``/server`` would open the filter and start a domain with the `s`. Here a key waits until the one before it has been
handled everywhere, and until a dialog that it opened is there to take the next.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from functools import partial
from time import monotonic
from typing import Any, Generic, TypeVar, cast

from textual import events
from textual.app import App
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget

from xentui.screens.glance import glance
from xentui.screens.terminal.frames import FrameClock
from xentui.screens.terminal.lean import LeanDriver
from xentui.screens.terminal.reflex import Foreseen

Result = TypeVar("Result")

#: Seconds after which a key that does not come back no longer holds up the others; a loaded dom0 takes its time.
_LOST = 5.0
#: Seconds between two looks whether the widget that has the key went away with it, as a closing dialog's does.
_GONE = 0.1
#: Seconds between two looks whether a dialog is there.
_LOOK = 0.005


class KeyHandled(Message):
    """Sent after a key on the same way, twice: when it arrives at the app, the key has been handled by all; the
    second time, also what a widget told its screen because of the key, as that an entry is done."""

    def __init__(self, number: int, target: MessagePump, *, again: bool = False) -> None:
        super().__init__()
        self.number, self.target, self.again = number, target, again


class ReadyScreen(Screen[Result], Generic[Result]):
    """A screen that knows when it can take keys: its widgets are there and one of them has the focus."""

    ready = False
    _frame_clock: FrameClock | None = None

    @property
    def _update_timer(self) -> Timer:
        if not isinstance(self.app._driver, LeanDriver):
            return super()._update_timer
        if self._frame_clock is None:
            self._frame_clock = FrameClock(self)
        return cast("Timer", self._frame_clock)

    def on_screen_resume(self) -> None:
        self.call_later(self._be_ready)  # after Textual's own handler, which sets the focus

    def _be_ready(self) -> None:
        self.ready = True
        if isinstance(self.app, TypeAhead):
            self.app.opening = False


class TypeAhead(App[Result], Generic[Result], inherit_bindings=False):
    """The base of the app."""

    def __init__(self, driver_class: type | None = None) -> None:
        super().__init__(driver_class=driver_class)
        self._typed: deque[events.Event] = deque()
        self._number = 0
        self._under_way = False
        #: A dialog is on its way to the screen.
        self.opening = False

    def run_dialogs(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work`, which opens a dialog or two; keys wait for the first."""
        self.opening = True

        async def run() -> None:
            try:
                await work
            finally:
                self.opening = False

        self.run_worker(run(), group="dialogs")

    def forget_typed(self) -> None:
        """Drop what was typed ahead: it cannot be the answer to a question that was not there yet."""
        self._typed.clear()

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, (events.Key, events.Paste)) and not event.is_forwarded:
            self._typed.append(event)
            await self._next_key()
        else:
            await super().on_event(event)

    def key_now(self, name: str, character: str | None, sequence: str | None) -> bool:
        """Let the widget with the focus take a key at once, if it can (its `key_now`) and nothing is before the key.

        For the driver: a console's key need not travel through the queues. False: it has to.
        """
        take: Callable[[str, str | None, str | None], bool] | None = getattr(self._key_taker, "key_now", None)
        return take is not None and take(name, character, sequence)

    def foresee(self) -> Foreseen | None:
        """What `key_now` would do with a character: see `reflex`."""
        foresee: Callable[[], Foreseen | None] | None = getattr(self._key_taker, "foresee", None)
        return None if foresee is None else foresee()

    @property
    def _key_taker(self) -> Widget | None:
        """Who gets a key that comes now, if nothing is before it."""
        if self._typed or self._under_way or self.opening or self._message_queue.qsize() > 0 or not self._screen_stack:
            return None
        screen = self._screen_stack[-1]
        return cast("Widget | None", glance(screen, "focused")) if getattr(screen, "ready", True) else None

    @property
    def _can_take_keys(self) -> bool:
        return not self.opening and bool(getattr(self.screen, "ready", True))

    async def _next_key(self) -> None:
        if self._under_way or not self._typed or not self._screen_stack:  # it ends, and keys wait still
            return
        self._under_way = True
        self._number += 1
        if not self._can_take_keys:
            self.set_timer(_LOOK, partial(self._go_on, self._number))
            return
        event = self._typed.popleft()
        target = self.focused or self.screen
        await super().on_event(event)
        target.post_message(KeyHandled(self._number, target))
        self._watch(target, self._number, monotonic() + _LOST)

    async def on_key_handled(self, message: KeyHandled) -> None:
        if message.again or not message.target.post_message(KeyHandled(message.number, message.target, again=True)):
            await self._go_on(message.number)

    def _watch(self, target: MessagePump, number: int, until: float) -> None:
        # Not a timer of Textual's, which is a task: there would be one for each key.
        asyncio.get_running_loop().call_later(_GONE, self._look_after, target, number, until)

    def _look_after(self, target: MessagePump, number: int, until: float) -> None:
        if number != self._number or not self._under_way:
            return
        if target.is_running and monotonic() < until:
            self._watch(target, number, until)
        else:
            self.call_next(self._go_on, number)

    async def _go_on(self, number: int) -> None:
        if number == self._number and self._under_way:
            self._under_way = False
            await self._next_key()
