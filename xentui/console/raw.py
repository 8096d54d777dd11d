"""The raw console of the command line: the guest on the user's own terminal, as `xl console`, but one can leave.

The detach key works wherever it stands in what was typed, on any keyboard, and while a flood goes by; a guest
that reboots is attached again by its name. A console that another xentui has is joined: then its cells are drawn,
for what it prints was meant for a terminal of another size.
"""

from __future__ import annotations

import select
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from xentui.console import own_terminal
from xentui.console.command import Console, console_argv
from xentui.console.keys import key_bytes, key_label, normal_key
from xentui.console.own_terminal import Signals
from xentui.console.painter import Painter, PainterError
from xentui.console.session import ConsoleSession, State
from xentui.console.sharing.company import Company
from xentui.host import Host
from xentui.subprocesses import printable

#: Seconds between two looks at the domains while the guest is away, and at what shares the console.
_LOOK_SECONDS = 1.0
_TURN_SECONDS = 0.25
#: Seconds between two sentences about who comes and goes, however many do.
_SAY_SECONDS = 2.0


class _Domain(Console, Protocol):
    @property
    def key(self) -> str: ...


class _Snapshot(Protocol):
    def domain(self, key: str) -> _Domain | None: ...


class Inventory(Protocol):
    """Knows the domains of a host."""

    host: Host

    def snapshot(self) -> _Snapshot: ...


def raw_console(
    inventory: Inventory,
    domain: _Domain | None,
    name: str,
    escape: str = "^]",
    *,
    company: Company | None = None,
    may_type: bool = True,
) -> int:
    """Be the terminal of the guest `name` until `escape` is pressed; gives the exit status. Without `may_type`, only
    watch. Without a domain, only join whoever shares its console.

    Ends with 1 and a sentence when the console cannot be had, and with 128 + N at SIGTERM and SIGHUP.
    """
    try:
        key = normal_key(escape)
    except ValueError as error:
        return _complain(str(error), 2)
    if not own_terminal.is_terminal():
        return _complain("a console needs a terminal; for scripts there is the guest's log, or ssh to the guest", 1)
    with own_terminal.raw_terminal(), own_terminal.signals() as signals:
        console = _RawConsole(inventory, domain, name, key_bytes(key), key_label(key), company, signals)
        console.session.may_type = may_type
        status = console.run()
    return _complain(console.complaint, status) if console.complaint else status


def _complain(sentence: str, status: int) -> int:
    print(f"xentui: {printable(sentence)}", file=sys.stderr)
    return status


class _RawConsole:
    """The loop between two terminals."""

    def __init__(
        self,
        inventory: Inventory,
        domain: _Domain | None,
        name: str,
        key: bytes,
        label: str,
        company: Company | None,
        signals: Signals,
    ) -> None:
        self.inventory, self.found, self.key, self.label = inventory, domain, key, label
        self.domain_key = domain.key if domain is not None else name
        self.known = domain is not None
        columns, rows = own_terminal.size()
        self.session = ConsoleSession(
            inventory.host, name, self._argv, columns=columns, rows=rows, scrollback=0, replies=False, company=company
        )
        self.session.taps.append(self._printed)
        if company is not None:
            company.changed, company.say = self._company_changed, self._company_says
        self.complaint = ""
        self.signals = signals
        self._painter: Painter | None = None
        self._out = bytearray()
        self._said_at = float("-inf")
        self._unsaid = ""
        self._news: object = None
        self._looker = ThreadPoolExecutor(1)
        self._looking: Future[_Snapshot] | None = None

    def _argv(self) -> list[str] | None:
        return None if self.found is None else console_argv(self.inventory.host, self.found)

    def _printed(self, data: bytes) -> None:
        if self._painter is None:
            self._out += data

    def run(self) -> int:
        self._say(f"Console of {self.session.name}; {self.label} detaches.")
        try:
            while self._attach() and self._pass_on() and self._wait():
                pass
        except PainterError as error:
            self.complaint = str(error)
        finally:
            if self.session.company is not None:
                self.session.company.end("it was left")
            self.session.detach()
            self._looker.shutdown(wait=False, cancel_futures=True)
            self._tidy()
        if self.complaint:
            return 1
        return 0 if self.signals.ended is None else 128 + self.signals.ended

    def _attach(self) -> bool:
        self.session.attach()
        self.session.feed_late()
        if self.session.watches and self._painter is None:
            self._painter = Painter(self.session.emulator, *own_terminal.size())
            self._out += self._painter.begin()
        if self.session.state is State.FAILED:
            self.complaint = self.session.sentence
        elif not self.known and not self.session.watches:
            self.complaint = f"the console of {self.session.name} is no longer shared"
        return not self.complaint

    def _pass_on(self) -> bool:
        """Between guest and user, until the client ends; False when the user leaves, or it must end."""
        session = self.session
        while (fd := session.fd) is not None:
            share = session.serve()
            # The user's terminal answers the guest's queries, but for those that come while others type, or are drawn.
            session.replies = self._painter is not None or not session.writes
            if self.signals.take_resized():
                self._resize()
            # The guest is read when the user's terminal has taken what came before: a slow line slows the guest.
            reading = [0] if self._out else [0, fd]
            reading += [share.fileno()] if share is not None else []
            starting = session.queued > 0 and not session.takes_input
            writing = ([1] if self._out else []) + ([fd] if session.queued and not starting else [])
            readable, writable, _ = select.select(reading, writing, [], 0.02 if starting else _TURN_SECONDS)
            if self.signals.ended is not None or (0 in readable and not self._typed()):
                return False
            if fd in writable:
                session.write_ready()
            if 1 in writable:
                own_terminal.write_some(self._out)
            if fd in readable:
                session.read_ready(budget=0)
            self._say_late()
            self._paint()
        while self._out:
            own_terminal.write_some(self._out)
        return True

    def _paint(self) -> None:
        if self._painter is not None and not self._out:
            self._out += self._painter.frame()

    def _resize(self) -> None:
        """The user's terminal has another size: so has the guest's, as far as anybody else sees it."""
        if self._painter is not None:
            self._painter.resize(*own_terminal.size())
        else:
            self.session.resized(*own_terminal.size())

    def _typed(self) -> bool:
        """Pass on what the user typed. False if the detach key is among it."""
        data = own_terminal.read()
        before, found, _ = data.partition(self.key)
        if self._painter is not None:
            self._painter.message = ""
        if before and self.session.takes_keys:
            self.session.send(before)
        elif before and self.session.state is State.ATTACHED and self.session.may_type:
            self._ask(before)
        return bool(data) and not found

    def _ask(self, typed: bytes) -> None:
        """Others write: Enter asks for the writing. Answers of the user's own terminal are not typed."""
        company = self.session.company
        if company is None:
            return
        if typed == b"\r":
            company.ask()
        elif not typed.startswith(b"\x1b"):
            self._tell(f"not sent: others write. Enter asks for the writing, {self.label} leaves")

    def _wait(self) -> bool:
        """The client has ended: whether there is something to attach to again, after a reboot."""
        session = self.session
        session.settle()
        if not self.known:
            self.complaint = f"the console of {session.name} is no longer shared"
            return False
        hopeful = self._hopeful()
        if session.state is State.WAITING:
            self._tell(f"{session.sentence}; {self.label} leaves.")
        while hopeful and self.signals.ended is None:
            share = session.serve()
            watched = [0] if share is None else [0, share.fileno()]
            self._paint()
            while self._out:
                own_terminal.write_some(self._out)
            if 0 in select.select(watched, [], [], _TURN_SECONDS if share is not None else _LOOK_SECONDS)[0]:
                data = own_terminal.read()
                if not data or self.key in data or b"\x03" in data:
                    return False
            self._look()
            gone = session.state is State.WAITING
            if session.look():
                if gone and self._painter is None:
                    self._say(f"{session.name} is back.")
                return True
            hopeful = self._hopeful()
        if self.signals.ended is None:
            self.complaint = session.sentence
        return False

    def _hopeful(self) -> bool:
        """Whether the console may still be had: the guest comes back, or who has the console shares it."""
        session = self.session
        if session.state is State.BUSY:
            return session.company is not None and session.company.hopeful
        return session.state is State.WAITING

    def _look(self) -> None:
        """Keep the id of the domain as new as can be without waiting for it: xl may hang."""
        if self._looking is None:
            self._looking = self._looker.submit(self.inventory.snapshot)
        elif self._looking.done():
            looked, self._looking = self._looking, None
            if looked.exception() is None:
                self.found = looked.result().domain(self.domain_key)

    # What is said to the user.

    def _say(self, sentence: str) -> None:
        own_terminal.write(f"\r\n[{printable(sentence)}]\r\n".encode())

    def _tell(self, sentence: str) -> None:
        """Over the last row while the console is drawn; else as a line of its own among what the guest prints."""
        if self._painter is not None:
            self._painter.message = sentence
        else:
            self._say(sentence)

    def _company_says(self, sentence: str) -> None:
        self._unsaid = sentence
        self._say_late()

    def _say_late(self) -> None:
        """Say the newest of what was said, but not often: anybody can come and go a hundred times."""
        now = time.monotonic()
        if self._unsaid and now - self._said_at >= _SAY_SECONDS:
            sentence, self._unsaid, self._said_at = self._unsaid, "", now
            self._tell(sentence)

    def _company_changed(self) -> None:
        """For who has joined: say why nothing moves, and whose turn it is, when that is news."""
        joined = self.session.company.joined if self.session.company is not None else None
        if joined is None:
            return
        writer = next((person for person in joined.people if person.writes), None)
        asker = next((person for person in joined.people if person.asks), None)
        news = joined.sentence, writer, asker
        if news == self._news:
            return
        self._news = news
        if joined.sentence:
            self._tell(f"{joined.sentence}; {self.label} leaves")
        elif asker is not None and joined.writes:
            self._tell(f"{asker} asks for the writing; {self.label} leaves it to them")
        elif writer is None or not writer.you:
            turn = f"{writer} writes" if writer is not None else "nobody writes"
            asks = "Enter asks for the writing, " if self.session.may_type else ""
            self._tell(f"you watch, {turn}; {asks}{self.label} leaves")
        else:
            self._tell(f"you write; {self.label} leaves")

    def _tidy(self) -> None:
        """Take back what the guest did to the user's terminal."""
        if self._painter is not None:
            while self._out and self.signals.ended is None:
                own_terminal.write_some(self._out)
            own_terminal.write(self._painter.end())
            return
        self._out.clear()
        modes = self.session.emulator.modes
        undo = b"\x1b[?1049l" if modes.alternate_screen else b""
        undo += b"" if modes.cursor_visible else b"\x1b[?25h"
        undo += b"\x1b[?1l" if modes.application_cursor else b""
        undo += b"\x1b[?2004l" if modes.bracketed_paste else b""
        undo += f"\x1b[?{modes.mouse}l".encode() if modes.mouse else b""
        own_terminal.write(undo + b"\x1b[m\r\n")
