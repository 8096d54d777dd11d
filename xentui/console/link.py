"""Drives a `ConsoleSession` on an asyncio loop: watches its terminal, attaches again when the guest is back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from xentui.console.client import Client, Leave
from xentui.console.session import ConsoleSession, State
from xentui.console.sharing.share import TICK

#: Seconds between two tries to attach: the first, and the longest.
RETRY_FIRST, RETRY_LONGEST = 0.5, 8.0
#: Seconds between two looks whether a domain that went away is back; asks the app's own snapshot, not Xen.
LOOK_SECONDS = 0.5
#: Seconds between two looks whether a client that starts takes its input.
READY_SECONDS = 0.02
#: Seconds between two turns of what shares the console, while nothing happens.
SHARE_SECONDS = TICK
#: Seconds that leaving may take before we go on without it: the kernel hangs up on the client at our exit.
CLOSE_SECONDS = 6.0


class ConsoleLink:
    """Runs the life of a session until `close`.

    `output` is called after the session has fed its emulator, `changed` after its state or its company changed, `say`
    with a sentence about the company; all in the loop.
    """

    def __init__(
        self,
        session: ConsoleSession,
        *,
        output: Callable[[], None],
        changed: Callable[[], None],
        say: Callable[[str], None] = lambda _sentence: None,
    ) -> None:
        self.session = session
        if session.company is not None:
            session.company.changed, session.company.say = changed, say
        self._output = output
        self._changed = changed
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._ended = asyncio.Event()
        self._watched: int | None = None
        self._writing = False
        self._ready_timer: asyncio.TimerHandle | None = None
        self._wanted = False  # the user wants to attach, whatever the state
        self._log_wanted = False
        self._serving: asyncio.Task[None] | None = None
        self._share_fd: int | None = None

    def open(self) -> None:
        """Attach, and go on until closed."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())
            self._task.add_done_callback(self._done)
        if self._serving is None and self.session.company is not None:
            self._serving = asyncio.get_running_loop().create_task(self._serve())
            self._serving.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        """A mistake of ours must be seen, not leave a console that looks alive."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self.session.state, self.session.sentence = State.FAILED, f"xentui failed at this console: {error!r}"
            self._changed()

    def attach_again(self, *, log: bool = False) -> None:
        """Try again after a failure, or when the console was busy; with `log`, follow the guest's log instead."""
        if self.session.state in (State.ATTACHED, State.ATTACHING) and log == self.session.read_only:
            return
        self._wanted = True
        self._log_wanted = log
        self._wake.set()
        self._ended.set()

    def send(self, data: bytes) -> bool:
        """Type `data`; False if that is not possible now: while it is left, nothing may come between."""
        if self._task is None:
            return False
        sent = self.session.send(data)
        self._watch_writing()
        return sent

    @property
    def direct(self) -> Client | None:
        """The client that gets at once what is typed, and whose output is all that is waited for; None where there is
        more to it."""
        client = self.session.direct
        if client is None or self._task is None or self._writing or self._watched != client.fd:
            return None
        return client

    async def close(self) -> Leave | None:
        """Detach, within CLOSE_SECONDS; how it was left, None if it was closed already or could not be in time."""
        task, self._task = self._task, None
        if task is None:
            return None
        self._unwatch()
        await self._serve_no_longer()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        how = None
        with contextlib.suppress(TimeoutError):
            how = await asyncio.wait_for(asyncio.to_thread(self.session.detach), CLOSE_SECONDS)
            self.session.feed_late()
            self._output()
        self._changed()
        return how

    # The life of a session.

    async def _run(self) -> None:
        session = self.session
        retry = RETRY_FIRST
        while True:
            started = asyncio.get_running_loop().time()
            await asyncio.to_thread(session.attach)
            session.feed_late()
            self._changed()
            if session.state is State.ATTACHED:
                await self._watch()
                if self._wanted and self.session.company is not None:
                    self._watch_share(None)
                    self.session.company.end("it is read from the log now")
                if self._wanted:  # another thing is wanted of a living client: the log instead of the console
                    await asyncio.to_thread(session.detach)
                    session.feed_late()
                else:
                    await asyncio.to_thread(session.settle)
                self._changed()
            long_ago = asyncio.get_running_loop().time() - started > RETRY_LONGEST
            retry = RETRY_FIRST if long_ago else min(retry * 2, RETRY_LONGEST)
            await self._until_attachable(retry)

    async def _until_attachable(self, at_least: float) -> None:
        """Wait until the domain is back, or the user wants to try; never a busy loop."""
        session = self.session
        end = asyncio.get_running_loop().time() + at_least
        while not self._wanted:
            before = session.state
            ready = session.look()
            if session.state is not before:
                self._changed()
            now = asyncio.get_running_loop().time()
            if ready and now >= end:
                break
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), LOOK_SECONDS)
            self._wake.clear()
        if self._wanted:
            session.follow_log(self._log_wanted)
        self._wanted = False
        self._wake.clear()

    async def _watch(self) -> None:
        """Read until the client has closed its terminal."""
        self._ended.clear()
        fd = self.session.fd
        if fd is None or self._wanted:
            return
        self._watched = fd
        asyncio.get_running_loop().add_reader(fd, self._readable)
        try:
            await self._ended.wait()
        finally:
            self._unwatch()

    def _readable(self) -> None:
        if not self.session.read_ready():
            self._unwatch()
            self._ended.set()
        self._watch_writing()  # an answer to the guest may wait
        self._output()

    def _watch_writing(self) -> None:
        """Have the rest written when there is room for it."""
        if not (self._writing or self.session.queued):
            return
        loop = asyncio.get_running_loop()
        if self.session.queued and not self.session.takes_input:
            if self._ready_timer is None:
                self._ready_timer = loop.call_later(READY_SECONDS, self._writable)
            return
        if self._watched is None or self._writing == bool(self.session.queued):
            return
        self._writing = not self._writing
        if self._writing:
            loop.add_writer(self._watched, self._writable)
        else:
            loop.remove_writer(self._watched)

    def _writable(self) -> None:
        self._ready_timer = None
        self.session.write_ready()
        self._watch_writing()

    def _unwatch(self) -> None:
        if self._watched is not None:
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._watched)
            loop.remove_writer(self._watched)
            self._watched, self._writing = None, False

    # Sharing.

    async def _serve(self) -> None:
        """Let others have a part in the console for as long as it is held."""
        while True:
            self._share_turn()
            await asyncio.sleep(SHARE_SECONDS)

    def _share_turn(self) -> None:
        if self._wanted:
            return  # it is about to be left
        try:
            share = self.session.serve()
        except Exception as error:  # a mistake of ours must not cost the console, nor come again at each turn
            self._fail_sharing(error)
            return
        self._watch_share(None if share is None else share.fileno())
        self._watch_writing()

    def _fail_sharing(self, error: Exception) -> None:
        company, self.session.company = self.session.company, None
        self._watch_share(None)
        if company is not None:
            with contextlib.suppress(OSError, ValueError):
                company.end("sharing it failed")
            company.say(f"the console is no longer shared: xentui failed at that: {error!r}")

    def _watch_share(self, fd: int | None) -> None:
        if fd != self._share_fd:
            loop = asyncio.get_running_loop()
            if self._share_fd is not None:
                loop.remove_reader(self._share_fd)
            if fd is not None:
                loop.add_reader(fd, self._share_turn)
            self._share_fd = fd

    async def _serve_no_longer(self) -> None:
        serving, self._serving = self._serving, None
        self._watch_share(None)
        if serving is not None:
            serving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await serving
        if self.session.company is not None:
            self.session.company.end("it was left")
