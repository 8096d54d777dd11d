"""A watcher's end of a shared console. For a session it is what a console client is (`xentui.console.client`): it
gives what the guest prints and takes what is typed, but the guest's console stays with the xentui that serves it.
"""

from __future__ import annotations

import contextlib
import select
import time
from collections import deque
from collections.abc import Callable

from xentui.console.client import Leave
from xentui.console.sharing import people, protocol
from xentui.console.sharing.people import Person
from xentui.console.sharing.place import NobodyError, Place, PlaceError
from xentui.console.sharing.protocol import Decoder, ProtocolError, frame, frames, json_frame, size_frame
from xentui.subprocesses import printable

#: Seconds that the holder has for its welcome: one that hangs must not keep anybody from asking xl.
WELCOME_SECONDS = 2.0
#: Bytes that may wait for the holder; what is beyond is refused.
QUEUE_LIMIT = 256 * 1024
#: Characters of a sentence of the holder's.
LONGEST_SENTENCE = 500
GAP = "-- some of the output was left out here: it came faster than it could be shown --"


class Joined:
    """A console that another xentui holds. Blocks only while it is made; single reader, in the event loop.

    `resized` is called when the terminal gets another size, before what is printed for that size is read; `changed`
    when the people or their turns are others; `say` with a sentence of the holder's.
    """

    #: It takes what is typed from the start on.
    takes_input = True

    def __init__(
        self,
        place: Place,
        scrollback: int,
        *,
        resized: Callable[[int, int], None],
        changed: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        """Join whoever serves at `place`; wants `scrollback` lines at most. Raises PlaceError if nobody does, or if it
        does not answer."""
        self._resized, self._changed, self._say = resized, changed, say
        connection = place.connect(WELCOME_SECONDS)
        if connection is None:
            raise NobodyError("nobody shares this console")
        self._socket = connection
        self._decoder = Decoder(protocol.LARGEST_DOWN)
        self._queue: deque[bytes] = deque()
        self.queued = 0  # bytes
        self.ended = False
        self.people: tuple[Person, ...] = ()
        self.sentence = ""  # why the holder is not attached
        self.last_words = ""  # why it left
        self.status: int | None = None
        self._rows = 24
        try:
            self.pid = people.credentials(connection).pid
            self._greet(scrollback)
        except (OSError, ProtocolError) as error:
            connection.close()
            raise PlaceError(f"the xentui that has the console does not answer: {error}") from error
        self.fd = connection.fileno()

    def _greet(self, scrollback: int) -> None:
        """Say hello. Nothing behind the welcome is read: the loop is to see that there is more."""
        self._socket.sendall(json_frame(b"h", {"version": protocol.VERSION, "scrollback": scrollback}))
        end = time.monotonic() + WELCOME_SECONDS
        answer: list[tuple[bytes, bytes]] = []
        while not answer:
            data = self._exactly(self._decoder.missing, end)
            answer.extend(self._decoder.feed(data))
        kind, payload = answer[0]
        if kind == b"e":
            raise ProtocolError(_text(payload))
        if kind != b"w" or protocol.value_of(payload).get("version") != protocol.VERSION:
            raise ProtocolError("it speaks another protocol")
        self._socket.setblocking(False)

    def _exactly(self, size: int, end: float) -> bytes:
        if not select.select([self._socket], [], [], max(0.0, end - time.monotonic()))[0]:
            raise ProtocolError(f"nothing within {WELCOME_SECONDS:g} seconds")
        data = self._socket.recv(size)
        if not data:
            raise ProtocolError("it ended the connection")
        return data

    # Reading.

    def read(self) -> bytes:
        """What the guest printed since; nothing if nothing came, or if the connection has `ended`."""
        while not self.ended:
            try:
                # One frame and no byte of the next: what is still to be read is seen by the loop.
                data = self._socket.recv(self._decoder.missing)
            except (BlockingIOError, InterruptedError):
                break
            except OSError:
                data = b""
            if not data:
                self.ended = True
                break
            try:
                for kind, payload in self._decoder.feed(data):
                    if output := self._take(kind, payload):
                        return output
            except ProtocolError as error:
                self.last_words, self.ended = str(error), True
        return b""

    def _take(self, kind: bytes, payload: bytes) -> bytes:
        """Do what a frame says; output of the guest is given."""
        try:
            if kind == b"o":
                return payload
            if kind in (b"s", b"z"):
                before = f"\x1b[!p\x1b[?1049l\x1b[{self._rows};1H\r\n{GAP}\r\n".encode() if b" gap" in payload else b""
                columns, self._rows = protocol.size_of(payload)
                self._resized(columns, self._rows)
                return before
            if kind == b"p":
                self._take_people(payload)
            elif kind == b"n":
                self._say(_text(payload))
            elif kind == b"e":
                self.last_words, self.ended = _text(payload), True
        except ProtocolError as error:
            self.last_words, self.ended = str(error), True
        return b""

    def _take_people(self, payload: bytes) -> None:
        value = protocol.value_of(payload)
        self.people = people.people_of(value.get("people"))
        self.sentence = printable(str(value.get("sentence") or ""))[:LONGEST_SENTENCE]
        self._changed()

    # Writing.

    @property
    def writes(self) -> bool:
        """Whether what is typed goes to the guest."""
        return any(person.you and person.writes for person in self.people)

    def send(self, data: bytes) -> bool:
        """Type `data`; False, and nothing sent, if others write, or if the holder does not take it."""
        if not self.writes or self.queued + len(data) > QUEUE_LIMIT:
            return False
        return self._put(*frames(b"i", data, protocol.LARGEST_UP))

    def send_size(self, columns: int, rows: int) -> bool:
        """The guest's terminal has another size now; False if others write."""
        return self.writes and self._put(size_frame(b"z", columns, rows))

    def ask(self) -> None:
        """Ask for the writing; the holder answers by a sentence, and by other `people`."""
        self._put(frame(b"a"))

    def give(self) -> bool:
        """Give the writing to the one who asks, or back to the holder. False if it is not ours."""
        return self.writes and self._put(frame(b"g"))

    def keep(self) -> bool:
        """Refuse the one who asks. False if there is none, or if it is not ours to refuse."""
        asked = any(person.asks for person in self.people)
        return self.writes and asked and self._put(frame(b"k"))

    def _put(self, *wire: bytes) -> bool:
        if self.ended:
            return False
        self._queue.extend(wire)
        self.queued += sum(map(len, wire))
        self.flush()
        return True

    def flush(self) -> None:
        """Write what waits, as far as it goes. Never blocks."""
        while self._queue and not self.ended:
            data = self._queue.popleft()
            try:
                written = self._socket.send(data)
            except (BlockingIOError, InterruptedError):
                written = 0
            except OSError:  # the reader will see the end
                self._queue.clear()
                self.queued = 0
                return
            self.queued -= written
            if written < len(data):
                self._queue.appendleft(data[written:])
                return

    # Leaving.

    def leave(self) -> tuple[Leave, bytes]:
        """The holder sees that the connection ends."""
        self.close()
        return Leave.ENDED, b""

    def close(self) -> None:
        self.ended = True
        self._queue.clear()
        self.queued = 0
        with contextlib.suppress(OSError):
            self._socket.close()

    def wait(self, seconds: float) -> bool:
        return True

    def alive(self) -> bool:
        return not self.ended


def _text(payload: bytes) -> str:
    return printable(payload.decode("utf-8", "replace"))[:LONGEST_SENTENCE]


def holder_name(joined: Joined) -> str:
    """Who holds the console, for people."""
    holder = next((person for person in joined.people if person.id == 0), None)
    return str(holder) if holder is not None else f"process {joined.pid}"
