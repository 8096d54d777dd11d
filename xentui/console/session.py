"""One guest's console: attached, watched, and attached again when the guest comes back.

A `ConsoleSession` outlives its clients: each run of `xl console` is a `Client`, and what they print goes to
one emulator, whose scrollback spans reboots. Reading and typing belong to the event loop; `attach`, `settle`
and `detach` block and belong to a worker (`xentui.console.link` does both).
"""

from __future__ import annotations

import re
import signal
import threading
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from xentui.console.client import ESCAPE, Client, ClientError, Leave, last_line
from xentui.console.emulator import Emulator
from xentui.console.guest_log import follow_argv
from xentui.console.kept_log import History
from xentui.console.lock import Holder, holder_of, id_of, lock_path
from xentui.console.recording import Recorder
from xentui.console.sharing.company import Company
from xentui.console.sharing.joined import Joined
from xentui.console.sharing.people import Person
from xentui.console.sharing.share import SCROLLBACK, Share
from xentui.host import Host, HostError
from xentui.subprocesses import printable

#: Seconds of work on output per turn of the event loop.
READ_BUDGET = 0.006
#: Bytes of one read below which the next is left to the event loop.
_LITTLE = 512
#: Bytes of ours that may wait for the guest before answers to its queries are dropped.
REPLY_LIMIT = 256
#: Seconds after which a client that ended well, though its domain is still there, was ended by somebody.
GRACE = 5.0
#: Seconds in which a domain without a console may be one that is being made: xenconsole itself waits for only 5.
MADE_SECONDS = 30.0
#: Seconds after attaching in which what comes is xenconsoled's backlog: old queries get no answer.
BACKLOG_SECONDS = 0.3
#: Seconds after which a client behind ssh, where its terminal says nothing of the lock, is taken to have the console.
HELD_SECONDS = 3.0


class State(StrEnum):
    """How the session stands. `ConsoleSession.sentence` says more to the user."""

    DETACHED = "detached"
    ATTACHING = "attaching"
    ATTACHED = "attached"
    WAITING = "waiting"  # the domain is gone; attaches when it is back
    BUSY = "busy"  # somebody else has the console
    FAILED = "failed"


class ConsoleSession:
    """The console of the guest `name` on `host`.

    `argv` gives the command for the domain as it is now (``["xl", "console", "7"]``), or None while there is
    none; it is asked at each attach, so that the id is the current one.
    """

    def __init__(
        self,
        host: Host,
        name: str,
        argv: Callable[[], list[str] | None],
        *,
        columns: int = 80,
        rows: int = 24,
        scrollback: int = 10_000,
        replies: bool = True,
        company: Company | None = None,
        history: Callable[[], History] | None = None,
    ) -> None:
        """`replies` is False where the user's own terminal gets the guest's queries, and answers them. `company` is
        for who shares the console, None for nobody. `history` gives what is to stand above all that comes; it is
        asked once, in a worker.
        """
        self.host = host
        self.name = name
        self.argv = argv
        self.emulator = Emulator(columns, rows, scrollback=scrollback, reply=self._reply)
        self.replies = replies
        self.company = company
        self._history = history
        self.state = State.DETACHED
        self.sentence = ""
        self.holder: Holder | None = None
        #: The guest's log is followed instead of its console: nothing can be typed.
        self.read_only = False
        #: False under --read-only: the guest is looked at, and gets nothing, not even answers to its queries.
        self.may_type = True
        #: Called with all that the guest printed, in the event loop.
        self.taps: list[Callable[[bytes], None]] = []
        #: Called first with what the guest printed: whether it was a mere echo, is shown and in the emulator by now.
        self.echo: Callable[[bytes], bool] = lambda _data: False
        self.recorder: Recorder | None = None
        self._client: Client | Joined | None = None
        self._attached_argv: list[str] | None = None
        self._ended_argv: list[str] | None = None
        self._ended_at = 0.0
        self._ended_well = False
        self._without_console: dict[str, float] = {}  # since when, by the command's words
        self._attached_at = 0.0
        self._attachments = 0
        self._joined_before = False
        self._backlog = False
        self._prelude = b""
        self._late = b""
        self._separator = b""
        self._held = b""
        self._lock = threading.Lock()

    # What the event loop does.

    @property
    def fd(self) -> int | None:
        """To be watched for reading while the session is attached."""
        client = self._client
        return None if client is None or client.ended else client.fd

    @property
    def queued(self) -> int:
        """Bytes that wait until the client takes them: watch the fd for writing, too, and call `write_ready`."""
        client = self._client
        return 0 if client is None else client.queued

    @property
    def takes_input(self) -> bool:
        """Whether what is queued can go out at all; False for the moment in which the client starts."""
        client = self._client
        return client is not None and client.takes_input

    @property
    def pid(self) -> int | None:
        client = self._client
        return None if client is None else client.pid

    def read_ready(self, budget: float = READ_BUDGET) -> bool:
        """Take what the client printed, for about `budget` seconds. False when it has closed its terminal."""
        client = self._client
        if client is None or client.ended:
            return False
        end = time.perf_counter() + budget
        while data := client.read():
            echoed = False
            try:
                echoed = self.echo(data)
            finally:  # whatever becomes of the picture, what the guest printed is kept
                self._take(data, echoed=echoed)
            if time.perf_counter() >= end:
                return True
            if len(data) < _LITTLE:
                break  # no more, most likely: an echo is not to wait for the try
        if self._backlog and time.monotonic() - self._attached_at > BACKLOG_SECONDS:
            self._backlog = False
        return not client.ended

    def _take(self, data: bytes, *, echoed: bool = False) -> None:
        for tap in self.taps:
            tap(data)
        if self.recorder is not None:
            self._record(data)
        self._show(data, echoed=echoed)

    def _show(self, data: bytes, *, echoed: bool = False) -> None:
        """Here, and wherever else this console is seen."""
        if not echoed:
            self.emulator.feed(data)
        if self.company is not None and self.company.share is not None:
            self.company.share.output(data)

    @property
    def holds(self) -> bool:
        """Whether a ^] waits for the next key: alone it would make the client leave."""
        return bool(self._held)

    def send(self, data: bytes) -> bool:
        """Type `data`. Never blocks; False if it cannot be sent: not attached, read-only, or too much waits.

        A lone ^] is held until more is typed, and goes out in one piece with that.
        """
        if not self.takes_keys or not self.may_type:
            return False
        if self.company is not None:
            self.company.typed()
        return self.pass_on(data)

    @property
    def takes_keys(self) -> bool:
        """Whether the guest can have the keys: it is attached, it is not its log, and it is our turn."""
        if self.state is not State.ATTACHED or self.read_only:
            return False
        return self.company is None or self.company.writes

    @property
    def direct(self) -> Client | None:
        """The client that gets a key as it is typed; None where there is more to it."""
        client = self._client
        if not isinstance(client, Client) or self._held or not (client.direct and self.takes_keys and self.may_type):
            return None
        return client

    def pass_on(self, data: bytes) -> bool:
        """`send`, whoever typed it."""
        client = self._client
        if client is None or self.read_only or self.state is not State.ATTACHED:
            return False
        self._backlog = False
        if isinstance(client, Joined):
            return client.send(data)
        data, self._held = self._held + data, b""
        # The client leaves at a ^] that is all that one of its reads gives: that of "ls^]" may be, if much was typed.
        if data == ESCAPE or (len(data) > 2 and data.endswith(ESCAPE)):
            data, self._held = data[:-1], ESCAPE
        return client.send(data) if data else True

    def write_ready(self) -> None:
        if self._client is not None:
            self._client.flush()

    def _reply(self, data: bytes) -> None:
        client = self._client
        silent = self.read_only or self._backlog or not self.may_type or not self.replies
        # Where another holds the console, its emulator answers.
        if isinstance(client, Client) and not silent and client.queued < REPLY_LIMIT:
            client.send(data)

    def _record(self, data: bytes) -> None:
        recorder = self.recorder
        if recorder is not None:
            try:
                recorder.output(data)
            except OSError as error:  # the disk is full: the console goes on
                self.recorder = None
                self.sentence = f"the recording ended: {error.strerror}"

    def send_size(self, columns: int, rows: int) -> bool:
        """Tell the guest's shell its size by typing `stty`: a console has no other way to say it."""
        if not self.send(f"stty rows {rows} cols {columns}\r".encode()):
            return False
        if isinstance(self._client, Joined):
            self._client.send_size(columns, rows)
        self.resized(columns, rows)
        return True

    def resized(self, columns: int, rows: int) -> None:
        """The guest has been told another size, here or where the console is shared."""
        self.emulator.resize(columns, rows)
        if self.recorder is not None:
            self.recorder.resized(columns, rows)
        if self.company is not None and self.company.share is not None:
            self.company.share.resized()

    def record(self) -> Path | None:
        """Start a recording, or end the one that runs; its file. Raises OSError."""
        if self.recorder is None:
            self.recorder = recorder = Recorder(self.name, self.emulator.columns, self.emulator.rows)
            self._record(self.emulator.repaint())  # what is on the screen already, as vi's text
            return recorder.path
        recorder, self.recorder = self.recorder, None
        recorder.close()
        return recorder.path

    def feed_late(self) -> None:
        """Take what the client printed while it was detached. To be called in the event loop afterwards."""
        prelude, self._prelude = self._prelude, b""
        self.emulator.feed(prelude)
        data, self._late = self._late, b""
        if data:
            self._take(data)
        separator, self._separator = self._separator, b""
        if separator:
            self._show(separator)

    # In company.

    @property
    def people(self) -> tuple[Person, ...]:
        """Everybody at this console, its holder first; nobody while it is not shared."""
        return self.company.people if self.company is not None else ()

    @property
    def writes(self) -> bool:
        """Whether it is this user's turn to write."""
        return self.company is None or self.company.writes

    @property
    def alone(self) -> bool:
        """Whether nobody else is at this console."""
        company = self.company
        return company is None or (company.joined is None and (company.share is None or company.share.alone))

    @property
    def watches(self) -> bool:
        """Whether another xentui holds the console, and shows it to this one."""
        return self.company is not None and self.company.joined is not None

    def serve(self) -> Share | None:
        """Let others have a part in the console while it is held; to be called now and then in the event loop."""
        company = self.company
        if company is None or self.watches:
            return None
        held = False
        if not self.read_only and self.state in (State.ATTACHED, State.ATTACHING, State.WAITING):
            held = company.share is not None or self.has_console
        return company.serve(self, held)

    @property
    def has_console(self) -> bool:
        """Whether the client has the lock: the next thing it does is to make its terminal raw."""
        client = self._client
        if not isinstance(client, Client) or self.state is not State.ATTACHED or not client.is_raw:
            return False
        return not self.host.is_remote or time.monotonic() - self._attached_at > HELD_SECONDS

    # What workers do.

    def attach(self) -> None:
        """Attach to the domain as it is now; says in `state` what came of it. Blocks for some milliseconds."""
        with self._lock:
            if self._client is not None:
                return
            if self._join():
                return
            try:
                argv = follow_argv(self.host, self.name) if self.read_only else self.argv()
            except HostError as error:
                self._fail(str(error))
                return
            if argv is None:
                self._set(State.WAITING, f"{self.name} is not running; attaches when it is")
                return
            self._set(State.ATTACHING, "")
            try:
                client = Client(
                    argv if self.read_only or not self.host.has_toolstack else self.host.terminal_argv(argv),
                    environment=self.host.environment(),
                    columns=self.emulator.columns,
                    rows=self.emulator.rows,
                    escape=None if self.read_only else ESCAPE,
                    remote=self.host.is_remote,
                )
            except (ClientError, HostError) as error:
                self._fail(str(error))
                return
            self._begin(client, argv)

    def _join(self) -> bool:
        """Join the xentui that has the console and shares it, if there is one."""
        history, self._history = self._history, None
        fresh = self._attachments == 0
        if history is not None:
            kept = history()
            self._prelude, fresh = kept.data, fresh and not kept.live
        if self.company is None or self.read_only:
            return False
        joined = self.company.join(self, SCROLLBACK if fresh else 0)
        if joined is None:
            return False
        self._attachments += 1
        self._joined_before = True
        self._held = b""
        self._client = joined
        self.holder = None
        self._set(State.ATTACHED, "")
        return True

    def _begin(self, client: Client, argv: list[str]) -> None:
        # Of a console that was watched before, all is known: nothing is to be undone.
        again = self._attachments > 0 and argv != self._attached_argv and not self._joined_before
        self._joined_before = False
        self._attachments += 1
        self._attached_argv = argv
        self._attached_at = time.monotonic()
        self._backlog = True
        if again:
            # What a crashed guest said last stays above; its modes do not.
            when, bottom = time.strftime("%H:%M:%S"), self.emulator.rows
            self._separator = f"\x1b[!p\x1b[?1049l\x1b[{bottom};1H\r\n-- attached again at {when} --\r\n".encode()
        self._held = b""
        self._client = client
        self.holder = None
        self._set(State.ATTACHED, "")

    def settle(self) -> None:
        """After `read_ready` said False: find out why the client ended. Blocks, some seconds at most."""
        with self._lock:
            client = self._client
            if client is None:
                return
            client.wait(1.0)
            client.close()
            self._client = None
            if isinstance(client, Joined):
                self._ended_argv = None
                self._set(State.WAITING, self.company.left() if self.company is not None else "")
                return
            status, words = client.status, client.last_words
            self._ended_argv, self._ended_at = self._attached_argv, time.monotonic()
            self._ended_well = status == 0
        self._say_why(status, words)

    def _say_why(self, status: int | None, words: str) -> None:
        if self.read_only:
            self._fail(f"the log can no longer be read: {last_line(words)}")
        elif status == 11 or "ould not lock" in words:
            path = lock_path(words, id_of(self._ended_argv))
            self.holder = None if path is None else holder_of(self.host, path)
            who = str(self.holder) if self.holder is not None else "a process that cannot be seen from here"
            self._set(State.BUSY, f"the console of {self.name} is held by {who}")
        elif "ould not read tty" in words:
            since = self._without_console.setdefault(str(self._ended_argv), self._ended_at)
            if self._ended_at - since < MADE_SECONDS:
                self._set(State.WAITING, f"{self.name} has no console yet; attaches when it has")
            else:
                self._fail(
                    f"{self.name} has no serial line. Add this line to its configuration and start it anew:"
                    ' serial = "pty"   (in the guest, a getty on ttyS0)'
                )
        elif "Domain-0" in words and status:
            self._fail("Domain-0 has no console to attach to: you are in it")
        elif status == 0 or re.search(r"invalid domain|does not exist|no such domain", words, re.IGNORECASE):
            self._set(State.WAITING, f"{self.name} has gone; attaches when it is back")
        elif status is not None and status < 0:
            self._fail(f"the console client was killed ({signal.Signals(-status).name})")
        elif status == 255 and self.host.is_remote:
            self._fail(f"the connection to {self.host.name} was lost: {last_line(words)}")
        else:
            self._fail(f"the console client ended with status {status}: {last_line(words)}")

    def look(self) -> bool:
        """While WAITING or FAILED: whether it is time to attach. To be asked now and then; cheap."""
        if self.read_only:
            return False
        if self.state in (State.WAITING, State.BUSY) and self.company is not None and self.company.hopeful:
            return True
        if self.state not in (State.WAITING, State.FAILED):
            return False
        argv = self.argv()
        if argv is None:
            if self.state is State.FAILED and self._ended_argv is not None:
                # Whatever ended the client, its domain has gone, too; a slow toolstack only told it late.
                self._set(State.WAITING, f"{self.name} has gone; attaches when it is back")
            if self.state is State.WAITING:
                self._ended_argv = None  # seen to be gone: even the same command means another domain now
            return False
        if argv != self._ended_argv:
            return self.state is State.WAITING or self._ended_argv is not None
        if self.state is State.WAITING and not self._ended_well:
            return True  # there is such a domain, but Xen said no: it is only being made
        if self.state is State.WAITING and time.monotonic() - self._ended_at > GRACE:
            self._fail("the console client was ended, but the domain is still there")
        return False

    def detach(self) -> Leave:
        """Leave the console, whatever it takes; the guest goes on. Blocks, a few seconds at the very most."""
        with self._lock:
            client, self._client = self._client, None
            how = Leave.ENDED
            if client is not None:
                how, printed = client.leave()
                self._late += printed
                self._ended_argv = self._attached_argv
            if self.company is not None:
                self.company.joined = None
            self._set(State.DETACHED, "")
            return how

    # Its log.

    def follow_log(self, on: bool = True) -> None:
        """From the next `attach` on, follow the guest's log instead of its console, or no longer."""
        self.read_only = on

    # State.

    def _fail(self, sentence: str) -> None:
        self._set(State.FAILED, sentence)

    def _set(self, state: State, sentence: str) -> None:
        self.state, self.sentence = state, printable(sentence)
