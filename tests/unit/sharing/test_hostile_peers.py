"""Whoever connects to a shared console, or serves one, may be broken or mean: the others must not notice."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shared_console import DEADLINE, HELLO, FolderHost, Holder, Watcher, received, stranger

from xentui.console.session import ConsoleSession as Console
from xentui.console.sharing import company as company_module
from xentui.console.sharing import joined, share
from xentui.console.sharing.company import Company
from xentui.console.sharing.place import Place, PlaceError
from xentui.console.sharing.protocol import LARGEST_UP, Decoder, ProtocolError, frame, json_frame
from xentui.console.sharing.share import QUEUE_LIMIT

Join = Callable[..., Watcher]


def settled(holder: Holder, connection: socket.socket, found: Callable[[list[tuple[bytes, bytes]]], bool]) -> bool:
    """Turn until the frames that came on `connection` are those that are looked for; whether it was closed then."""
    frames: list[tuple[bytes, bytes]] = []
    closed = False

    def done() -> bool:
        nonlocal closed
        more, ended = received(connection)
        frames.extend(more)
        closed = closed or ended
        return found(frames)

    holder.until(done)
    return closed


def put_out(holder: Holder, connection: socket.socket) -> None:
    """The holder ends the connection."""
    holder.until(lambda: received(connection)[1])
    connection.close()


def test_a_stuck_watcher_costs_a_bounded_queue_and_catches_up(holder: Holder, join: Join) -> None:
    quick = join()
    stuck = stranger(holder.place, HELLO)
    holder.until(lambda: len(holder.share.people) == 3)
    chunk = b"".join(b"%07d a line of a flood\r\n" % number for number in range(500))
    for _ in range(200):  # 6 MB that the one never reads
        holder.prints(chunk)
        holder.share.turn()
        quick.reads()
    slow = next(w for w in holder.share._watchers.values() if w.behind)
    assert slow.queued <= QUEUE_LIMIT
    assert sum(map(len, slow.queue)) <= QUEUE_LIMIT + 70_000
    holder.prints(b"\x1b[2J\x1b[Hthe newest screen")
    holder.until(lambda: quick.sees("the newest screen"))
    # It reads again: what is old is left out, what is now is shown.
    seen: list[tuple[bytes, bytes]] = []

    def caught_up() -> bool:
        seen.extend(received(stuck)[0])
        return any(b"the newest screen" in payload for _, payload in seen)

    holder.until(caught_up)
    assert (b"s", b"80x24 gap") in seen
    assert sum(len(payload) for _, payload in seen) < 2_000_000
    stuck.close()


def test_the_watcher_says_that_something_was_left_out(holder: Holder, join: Join) -> None:
    watcher = join()
    holder.prints(b"before\r\n")
    holder.until(lambda: watcher.sees("before"))
    for number in range(2 * QUEUE_LIMIT // 10_000):
        holder.prints(b"%07d %s\r\n" % (number, b"x" * 10_000))
    holder.share.turn()
    holder.prints(b"\x1b[2J\x1b[Hat the end")
    holder.until(lambda: watcher.sees("at the end"))
    assert watcher.sees("left out here")
    assert watcher.sees("before")
    assert watcher.rows == holder.rows


def test_a_turn_is_short_whatever_the_watchers_do(holder: Holder, join: Join) -> None:
    """Not by the clock: a turn reads a bounded number of bytes of each."""
    noisy = stranger(holder.place, HELLO)
    settled(holder, noisy, lambda frames: any(kind == b"w" for kind, _ in frames))
    before = holder.share._watchers[next(iter(holder.share._watchers))]
    sent = noisy.send(frame(b"i", b"y" * LARGEST_UP) * 30)
    assert sent > 2 * share.READ_SIZE
    reads: list[int] = []
    original = before.decoder.feed
    before.decoder.feed = lambda data: reads.append(len(data)) or original(data)  # type: ignore[func-returns-value]
    holder.share.turn()
    assert sum(reads) <= share.READ_SIZE
    assert holder.typed == []
    noisy.close()


@pytest.mark.parametrize(
    "wire",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        frame(b"a"),
        frame(b"h", b"no json"),
        frame(b"h", b"[1]"),
        frame(b"h", b"[" * 4000),
        json_frame(b"h", {"version": 2}),
        b"h\xff\xff\xff\xff",
        json_frame(b"h", HELLO) + b"i\x7f\xff\xff\xff",
        json_frame(b"h", HELLO) + frame(b"a") * 1000,
        json_frame(b"h", HELLO) + frame(b"?", b"unknown") * 1000,
        json_frame(b"h", HELLO) + frame(b"i", b"rm -rf /\r") * 1000,
    ],
    ids=range(11),
)
def test_who_does_not_keep_to_the_protocol_is_put_out(holder: Holder, join: Join, wire: bytes) -> None:
    honest = join()
    holder.share.typed()
    put_out_one = stranger(holder.place)
    put_out_one.send(wire)
    put_out(holder, put_out_one)
    assert holder.typed == []
    holder.prints(b"all is well")
    holder.until(lambda: honest.sees("all is well"))
    assert holder.share.holder_writes


def test_an_unknown_frame_is_passed_over(holder: Holder) -> None:
    newer = stranger(holder.place, {**HELLO, "colour": "green"})
    newer.send(frame(b"?", b"new in 1.1") + frame(b"a"))
    assert not settled(holder, newer, lambda frames: any(kind == b"n" for kind, _ in frames))
    newer.close()


def test_who_says_nothing_is_put_out(holder: Holder, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = stranger(holder.place)
    holder.until(lambda: holder.share._watchers)
    assert len(holder.share.people) == 1, "who has not said hello is nobody"
    monkeypatch.setattr(share, "HELLO_SECONDS", 0.0)
    put_out(holder, silent)


def test_there_are_only_so_many(holder: Holder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(share, "MOST_WATCHERS", 3)
    inside = []
    for number in range(3):
        inside.append(stranger(holder.place, HELLO))
        holder.until(lambda count=number: len(holder.share.people) == count + 2)
    late = stranger(holder.place, HELLO)
    assert settled(holder, late, lambda frames: (b"e", b"too many watch this console") in frames)
    for connection in (*inside, late):
        connection.close()
    holder.until(lambda: len(holder.share.people) == 1)


def test_of_a_member_of_the_group_there_are_fewer(holder: Holder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4242)  # the holder is somebody else, and not trusted by the kernel
    if os.getuid() == 0:
        monkeypatch.setattr(
            share.people, "credentials", lambda _connection: share.people.Credentials(os.getpid(), 1000, 1000)
        )
    monkeypatch.setattr(Place, "connect", lambda self, seconds: _connected(holder))
    inside = [_connected(holder) for _ in range(share.MOST_OF_ONE)]
    holder.until(lambda: len(holder.share._watchers) == share.MOST_OF_ONE)
    one_more = _connected(holder)
    assert settled(holder, one_more, lambda frames: (b"e", b"too many watch this console") in frames)
    # What they ask for is given, or not: silence is no.
    inside[0].send(json_frame(b"h", HELLO) + frame(b"a"))
    assert not settled(holder, inside[0], lambda frames: (b"n", b"asked; the writer may give it to you") in frames)
    for connection in (*inside, one_more):
        connection.close()


def _connected(holder: Holder) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    folder = os.open(holder.place.folder, os.O_PATH)
    connection.connect(f"/proc/self/fd/{folder}/{holder.place._file}")
    os.close(folder)
    connection.setblocking(False)
    return connection


def test_connecting_again_and_again_is_slowed_down(holder: Holder) -> None:
    taken = 0
    end = time.monotonic() + 0.5
    while time.monotonic() < end:
        connection = holder.place.connect(0)
        if connection is not None:
            connection.close()
        holder.share.turn()
        taken = max(taken, holder.share._numbers)
    assert taken <= share.ACCEPTS + 8 * share.ACCEPTS_A_SECOND


def test_a_guest_that_takes_nothing_stops_the_reading_of_the_writer(holder: Holder, join: Join) -> None:
    watcher = join()
    watcher.joined.ask()
    holder.until(lambda: watcher.reads() and watcher.joined.writes)
    holder.queued = share.INPUT_LIMIT
    holder.share.turn()
    watcher.joined.send(b"x" * 200_000)
    for _ in range(50):
        watcher.joined.flush()
        holder.share.turn()
    assert len(b"".join(holder.typed)) <= share.READ_SIZE
    holder.queued = 0
    holder.until(lambda: watcher.reads() and len(b"".join(holder.typed)) == 200_000)
    holder.takes = False
    watcher.joined.send(b"y")
    holder.until(lambda: watcher.reads() and any("does not take it" in sentence for sentence in watcher.said))


@given(st.lists(st.binary(max_size=200) | st.just(frame(b"p", b"{}")), max_size=20), st.integers(1, 64))
def test_the_decoder_takes_anything(pieces: list[bytes], largest: int) -> None:
    decoder = Decoder(largest)
    try:
        for piece in pieces:
            for kind, payload in decoder.feed(piece):
                assert len(kind) == 1
                assert len(payload) <= largest
            assert len(decoder._buffer) <= largest + 5
    except ProtocolError:
        pass


class Impostor:
    """Serves a console by its own rules, in a thread."""

    def __init__(self, folder: Path, answer: bytes) -> None:
        self.place = Place(FolderHost(folder), "server01")
        self._listener = self.place.listen()
        self._listener.setblocking(True)
        self._listener.settimeout(DEADLINE)
        self._thread = threading.Thread(target=self._serve, args=(answer,))
        self._thread.start()

    def _serve(self, answer: bytes) -> None:
        connection, _ = self._listener.accept()
        connection.settimeout(DEADLINE)
        with connection, contextlib.suppress(OSError):  # the other end may leave at any byte
            connection.sendall(answer)
            while connection.recv(4096):
                pass

    def close(self) -> None:
        self._thread.join()
        self._listener.close()


WELCOME = json_frame(b"w", {"version": 1})


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"", "nothing within"),
        (b"\0" * 100, "speaks another protocol"),
        (json_frame(b"w", {"version": 7}), "another protocol"),
        (frame(b"e", b"no\x1b[2J"), r"no\\x1b\[2J"),
        (b"w\xff\xff\xff\xff", "frame of"),
    ],
    ids=["silent", "noise", "version", "refused", "endless"],
)
def test_who_serves_nonsense_is_not_joined(
    tmp_path: Path, answer: bytes, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not answer:
        monkeypatch.setattr(joined, "WELCOME_SECONDS", 0.3)
    impostor = Impostor(tmp_path, answer)
    with pytest.raises(PlaceError, match=says):
        Watcher(impostor.place)
    impostor.close()


@pytest.mark.parametrize(
    "wire",
    [
        frame(b"s", b"0x0"),
        frame(b"s", b"99999x99999"),
        frame(b"z", b"x"),
        frame(b"p", b"nonsense"),
        frame(b"p", b'{"people": ' + b"[" * 30_000),
        b"o\x7f\xff\xff\xff",
    ],
    ids=range(6),
)
def test_a_holder_that_goes_wrong_is_left(tmp_path: Path, wire: bytes) -> None:
    impostor = Impostor(tmp_path, WELCOME + wire)
    watcher = Watcher(impostor.place)
    end = time.monotonic() + DEADLINE
    while not watcher.joined.ended:
        assert time.monotonic() < end
        watcher.reads()
    assert watcher.joined.last_words
    watcher.joined.close()
    impostor.close()


def test_what_a_holder_says_of_people_is_bounded_and_printable(tmp_path: Path) -> None:
    people = [{"id": n, "pid": n, "user": "\x1b[2J" * 20, "terminal": 7, "writes": "yes"} for n in range(200)]
    wire = json_frame(b"p", {"people": [None, {"id": "x"}, *people], "sentence": "\x9b" * 2000})
    impostor = Impostor(tmp_path, WELCOME + wire)
    watcher = Watcher(impostor.place)
    end = time.monotonic() + DEADLINE
    while not watcher.joined.people:
        assert time.monotonic() < end
        watcher.reads()
    assert len(watcher.joined.people) <= 64
    assert all(str(person).isprintable() and len(str(person)) < 100 for person in watcher.joined.people)
    assert watcher.joined.sentence.isprintable()
    assert len(watcher.joined.sentence) <= 500
    assert not watcher.joined.writes
    assert json.dumps([person.json() for person in watcher.joined.people])
    watcher.joined.close()
    impostor.close()


def test_a_holder_that_hangs_is_not_asked_again_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joined, "WELCOME_SECONDS", 0.1)
    place = Place(FolderHost(tmp_path), "server01")
    listener = place.listen()  # and nobody who accepts
    company = Company(Place(FolderHost(tmp_path), "server01"))
    console = Console(FolderHost(tmp_path), "server01", lambda: None)
    assert company.hopeful
    assert company.join(console, 0) is None
    assert "does not answer" in company.problem
    assert not company.hopeful
    monkeypatch.setattr(company_module, "DEAF_SECONDS", 0.0)
    assert company.join(console, 0) is None
    assert company.hopeful
    place.withdraw()
    listener.close()
    assert company.join(console, 0) is None
    assert company.problem == ""
