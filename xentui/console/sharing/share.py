"""The holder's end of a shared console: serves it to whoever connects, and lets nobody hold it up.

A share belongs to no event loop: `fileno` becomes readable when there is something to do, `turn` does it and
never blocks; call it then, and every TICK seconds. A watcher that does not keep up costs a bounded queue: when
that is full, what waits is thrown away, and the screen as it is then goes out when the watcher has read the rest.
"""

from __future__ import annotations

import contextlib
import os
import select
import selectors
import socket
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from xentui.console.emulator import Emulator
from xentui.console.sharing import people, protocol
from xentui.console.sharing.people import Person
from xentui.console.sharing.place import Place
from xentui.console.sharing.protocol import Decoder, ProtocolError, frame, frames, json_frame, size_frame
from xentui.console.sharing.writing import Writing

#: Seconds between two turns at most.
TICK = 0.25
#: Bytes of output that may wait for a watcher. They are the same for all, so that many cost little more than one.
QUEUE_LIMIT = 1024 * 1024
#: Lines of scrollback for who comes late.
SCROLLBACK = 2000
#: Watchers at the same time, and those of one user who is neither root nor the holder's own.
MOST_WATCHERS, MOST_OF_ONE = 32, 4
#: Seconds to say hello in.
HELLO_SECONDS = 5.0
#: Bytes read of one watcher in one turn.
READ_SIZE = 16 * 1024
#: Bytes that may wait for the guest before the writer is no longer read.
INPUT_LIMIT = 64 * 1024
#: Frames that mean nothing, or ask for something: so many at once, so many a second. Beyond, the watcher is put out.
PATIENCE, PATIENCE_A_SECOND = 200.0, 20.0
#: Characters of the holder's sentence that watchers get.
LONGEST_SENTENCE = 500
#: Connections taken at once, and in a second.
ACCEPTS, ACCEPTS_A_SECOND = 16.0, 8.0


class Console(Protocol):
    """What is shared; a `ConsoleSession` is."""

    emulator: Emulator
    sentence: str

    @property
    def queued(self) -> int: ...
    def pass_on(self, data: bytes) -> bool:
        """Type for the guest, whoever did."""

    def resized(self, columns: int, rows: int) -> None:
        """The terminal has another size."""


class Bucket:
    """So many at once, and so many more a second."""

    def __init__(self, size: float, rate: float) -> None:
        self._size, self._rate = size, rate
        self._left, self._at = size, time.monotonic()

    def take(self) -> bool:
        """Whether there is one left."""
        now = time.monotonic()
        self._left = min(self._size, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class _Watcher:
    """One connection."""

    def __init__(self, connection: socket.socket, who: Person, trusted: bool, uid: int) -> None:
        self.socket, self.who, self.trusted, self.uid = connection, who, trusted, uid
        self.decoder = Decoder(protocol.LARGEST_UP)
        self.patience = Bucket(PATIENCE, PATIENCE_A_SECOND)
        self.since = time.monotonic()
        self.welcome = False
        self.behind = False
        self.paint_at = 0.0
        self.queue: deque[bytes] = deque()
        self.queued = 0  # bytes
        self.begun = 0  # bytes of the first frame that are written
        self.gone = False

    def put(self, *wire: bytes) -> None:
        """Send these frames, at once or behind what waits."""
        self.queue.extend(wire)
        self.queued += sum(map(len, wire))
        self.flush()

    def give_up(self) -> None:
        """Throw away what waits, but for a frame that is half written."""
        first = [self.queue[0]] if self.queue and self.begun else []
        self.queue = deque(first)
        self.queued = sum(map(len, first)) - self.begun
        self.behind = True

    def has_room(self) -> bool:
        """Whether it reads again: all that waited is with the kernel, and that takes more."""
        poll = select.poll()
        poll.register(self.socket, select.POLLOUT)
        return not self.queue and bool(poll.poll(0))

    def flush(self) -> None:
        while self.queue and not self.gone:
            try:
                written = self.socket.send(self.queue[0][self.begun :] if self.begun else self.queue[0])
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                self.gone = True
                return
            self.queued -= written
            self.begun += written
            if self.begun >= len(self.queue[0]):
                self.queue.popleft()
                self.begun = 0


class Share:
    """Serves `console`. `changed` is called when the people or their turns are others, `say` with a word about it."""

    def __init__(
        self,
        place: Place,
        console: Console,
        *,
        holder_writes: bool = True,
        changed: Callable[[], None] = lambda: None,
        say: Callable[[str], None] = lambda _sentence: None,
    ) -> None:
        """Begin to serve. Raises PlaceError."""
        self._place, self._console = place, console
        self._changed, self._say = changed, say
        self.writing = Writing(holder_writes=holder_writes)
        self._holder = people.this_person(0)
        self._listener = place.listen()
        self._selector = selectors.EpollSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._accepts = Bucket(ACCEPTS, ACCEPTS_A_SECOND)
        self._listening = True
        self._watchers: dict[int, _Watcher] = {}
        self._numbers = 0
        self._wrote = self.writing.writer
        self._told: object = None
        self._tell_at = 0.0
        self._held_back = False  # something was so that nobody was told, though the holder's screen may show it

    def fileno(self) -> int:
        """To be watched for reading."""
        return self._selector.fileno()

    # What the holder does.

    @property
    def people(self) -> tuple[Person, ...]:
        """The holder first, then who watches."""
        return self._people(0)

    @property
    def alone(self) -> bool:
        """Whether nobody watches."""
        return not self._watchers

    @property
    def holder_writes(self) -> bool:
        return self.writing.writer == 0

    def typed(self) -> None:
        """The holder has typed something."""
        self.writing.typed(time.monotonic())

    def ask(self) -> str:
        """The holder wants to write: what to tell the user; empty if that is said otherwise."""
        return self._ask(0, trusted=True)

    def give(self) -> bool:
        """The holder gives the writing to the one who asks."""
        return self._after(self.writing.request is not None and self.writing.give(0, time.monotonic()))

    def keep(self) -> bool:
        return self._keep(0)

    def output(self, data: bytes) -> None:
        """The guest has printed `data`, and the emulator has got it."""
        if not self._watchers:
            return
        wire = list(frames(b"o", data, protocol.LARGEST_DOWN))
        size = sum(map(len, wire))
        for watcher in self._watchers.values():
            if not watcher.welcome or watcher.behind:
                continue
            if watcher.queued + size > QUEUE_LIMIT:
                watcher.give_up()
            else:
                watcher.put(*wire)
            self._watch(watcher)

    def resized(self) -> None:
        """The terminal has another size."""
        emulator = self._console.emulator
        for watcher in self._watchers.values():
            if watcher.welcome and not watcher.behind:
                self._put(watcher, size_frame(b"z", emulator.columns, emulator.rows))

    def close(self, why: str) -> None:
        """Serve no longer, and say why to those who watch. They have it, or lose it: nobody is waited for."""
        self._place.withdraw()
        for watcher in self._watchers.values():
            watcher.give_up()
            watcher.put(frame(b"e", why.encode("utf-8", "replace")[: protocol.LARGEST_UP]))
            watcher.socket.close()
        self._watchers.clear()
        self._selector.close()
        self._listener.close()

    # A turn.

    def turn(self) -> None:
        """Do what there is to do; a few milliseconds at most."""
        for key, events in self._selector.select(0):
            watcher = self._watchers.get(key.fd)
            if watcher is None:
                if key.fileobj is self._listener:
                    self._accept()
                continue
            if events & selectors.EVENT_WRITE:
                watcher.flush()
            if events & selectors.EVENT_READ and not watcher.gone:
                self._read(watcher)
        now = time.monotonic()
        if self.writing.tick(now):
            self._after(True)
        for watcher in list(self._watchers.values()):
            if not watcher.welcome and now - watcher.since > HELLO_SECONDS:
                watcher.gone = True
            if watcher.gone:
                self._part_with(watcher)
            else:
                if watcher.behind and now >= watcher.paint_at and watcher.has_room():
                    watcher.paint_at = now + TICK
                    self._paint(watcher, 0, " gap")
                self._watch(watcher)
        if not self._listening:
            self._listen(self._accepts.take())
        self._tell(now)

    def _listen(self, on: bool) -> None:
        if on != self._listening:
            self._listening = on
            if on:
                self._selector.register(self._listener, selectors.EVENT_READ)
            else:
                self._selector.unregister(self._listener)

    def _accept(self) -> None:
        if not self._accepts.take():
            self._listen(False)
            return
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        try:
            connection.setblocking(False)
            who = people.credentials(connection)
        except OSError:
            connection.close()
            return
        trusted = who.uid in (0, os.geteuid())
        same = sum(watcher.uid == who.uid for watcher in self._watchers.values())
        if len(self._watchers) >= MOST_WATCHERS or (not trusted and same >= MOST_OF_ONE):
            with contextlib.suppress(OSError):
                connection.send(frame(b"e", b"too many watch this console"))
            connection.close()
            return
        self._numbers += 1
        watcher = _Watcher(connection, people.person(self._numbers, who.pid, who.uid), trusted, who.uid)
        self._watchers[connection.fileno()] = watcher
        self._selector.register(connection, selectors.EVENT_READ)

    def _watch(self, watcher: _Watcher) -> None:
        """Wait for room to write what waits; and for input, unless the guest does not keep up with it."""
        events = selectors.EVENT_WRITE if watcher.queue else 0
        if self.writing.writer != watcher.who.id or self._console.queued < INPUT_LIMIT:
            events |= selectors.EVENT_READ
        if watcher.gone:
            return
        registered = self._selector.get_map().get(watcher.socket)
        if registered is None:
            if events:
                self._selector.register(watcher.socket, events)
        elif not events:
            self._selector.unregister(watcher.socket)
        elif events != registered.events:
            self._selector.modify(watcher.socket, events)

    def _put(self, watcher: _Watcher, *wire: bytes) -> None:
        if watcher.queued + sum(map(len, wire)) > QUEUE_LIMIT:
            watcher.give_up()
        else:
            watcher.put(*wire)
        self._watch(watcher)

    def _part_with(self, watcher: _Watcher) -> None:
        number = next(number for number, other in self._watchers.items() if other is watcher)
        del self._watchers[number]
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(watcher.socket)
        watcher.socket.close()
        self.writing.gone(watcher.who.id, time.monotonic())
        if watcher.welcome:
            self._say(f"{watcher.who} has left")
        self._after(False)

    # What watchers send.

    def _read(self, watcher: _Watcher) -> None:
        try:
            data = watcher.socket.recv(READ_SIZE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            watcher.gone = True
            return
        typed = bytearray()
        try:
            for kind, payload in watcher.decoder.feed(data):
                if kind == b"i" and self.writing.writer == watcher.who.id:
                    typed += payload
                else:
                    self._type(watcher, typed)
                    self._serve(watcher, kind, payload)
            self._type(watcher, typed)
        except ProtocolError as error:
            self._put_out(watcher, str(error))

    def _type(self, watcher: _Watcher, typed: bytearray) -> None:
        if typed:
            self.writing.typed(time.monotonic())
            if not self._console.pass_on(bytes(typed)):
                self._put(watcher, frame(b"n", b"not sent: the guest does not take it"))
            typed.clear()

    def _serve(self, watcher: _Watcher, kind: bytes, payload: bytes) -> None:
        if not watcher.patience.take():
            raise ProtocolError("the watcher asks too much")
        if not watcher.welcome:
            self._hello(watcher, kind, payload)
            return
        who, now = watcher.who.id, time.monotonic()
        if kind == b"a":
            if answer := self._ask(who, trusted=watcher.trusted):
                self._put(watcher, frame(b"n", answer.encode()))
        elif kind == b"g":
            self._after(self.writing.give(who, now))
        elif kind == b"k":
            self._keep(who)
        elif kind == b"z" and self.writing.writer == who:
            self._console.resized(*protocol.size_of(payload))

    def _hello(self, watcher: _Watcher, kind: bytes, payload: bytes) -> None:
        if kind != b"h":
            raise ProtocolError("the watcher did not say hello")
        hello = protocol.value_of(payload)
        if hello.get("version") != protocol.VERSION:
            raise ProtocolError(f"this xentui shares consoles by version {protocol.VERSION} of its protocol only")
        lines = hello.get("scrollback")
        watcher.welcome = True
        watcher.put(json_frame(b"w", {"version": protocol.VERSION}))
        self._paint(watcher, min(lines, SCROLLBACK) if isinstance(lines, int) and lines > 0 else 0)
        self._say(f"{watcher.who} watches")

    def _paint(self, watcher: _Watcher, scrollback: int, gap: str = "") -> None:
        """Send the screen as it is, whatever its size: it is bounded by that of the terminal."""
        emulator = self._console.emulator
        watcher.behind = False
        painted = frames(b"o", emulator.repaint(scrollback), protocol.LARGEST_DOWN)
        watcher.put(size_frame(b"s", emulator.columns, emulator.rows, gap), *painted)
        self._told = None

    def _put_out(self, watcher: _Watcher, why: str) -> None:
        watcher.give_up()
        watcher.put(frame(b"e", why.encode("utf-8", "replace")))
        watcher.gone = True

    # Turns and people.

    def _ask(self, who: int, *, trusted: bool) -> str:
        before = self.writing.request
        answer = self.writing.ask(who, time.monotonic(), trusted=trusted)
        request = self.writing.request
        if request is not None and request is not before and self.writing.writer == 0:
            self._say(f"{self._name(request.asker)} asks for the writing")
        self._after(True)
        return answer

    def _keep(self, who: int) -> bool:
        request = self.writing.request
        kept = self.writing.keep(who, time.monotonic())
        if kept and request is not None:
            self._note(request.asker, "the writer keeps the writing")
        return self._after(kept)

    def _after(self, done: bool) -> bool:
        writer = self.writing.writer
        if writer != self._wrote:
            before, self._wrote = self._wrote, writer
            self._tell_at = 0.0  # whoever is told that it is theirs must know it before
            self._tell(time.monotonic())
            self._note(before, f"{self._name(writer)} writes now" if writer is not None else "nobody writes now")
            self._note(writer, "the writing is yours")
        if done:
            for watcher in self._watchers.values():
                self._watch(watcher)
            self._tell(time.monotonic())
        return done

    def _note(self, who: int | None, sentence: str) -> None:
        if who == 0:
            self._say(sentence)
        for watcher in self._watchers.values():
            if watcher.who.id == who:
                self._put(watcher, frame(b"n", sentence.encode()))

    def _name(self, who: int | None) -> str:
        return next((str(person) for person in self.people if person.id == who), "somebody")

    def _people(self, you: int) -> tuple[Person, ...]:
        writer = self.writing.writer
        asker = self.writing.request.asker if self.writing.request is not None else None
        everybody = [self._holder, *(watcher.who for watcher in self._watchers.values() if watcher.welcome)]
        return tuple(
            replace(person, writes=person.id == writer, asks=person.id == asker, you=person.id == you)
            for person in everybody
        )

    def _tell(self, now: float) -> None:
        """Tell everybody who is there, if that has changed; at most once in a TICK."""
        state = self._people(0), self._console.sentence
        if state == self._told:
            if self._held_back:  # asked and kept, in one TICK
                self._held_back = False
                self._changed()
            return
        if now < self._tell_at:
            self._held_back = True
            return
        self._told, self._tell_at, self._held_back = state, now + TICK / 2, False
        for watcher in self._watchers.values():
            if watcher.welcome and not watcher.behind:
                everybody = [person.json() for person in self._people(watcher.who.id)]
                self._put(watcher, json_frame(b"p", {"people": everybody, "sentence": state[1][:LONGEST_SENTENCE]}))
        self._changed()
