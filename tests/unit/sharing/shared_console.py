"""A console that is shared, without a guest: what is served stands in an emulator, what is typed in a list."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path

from xentui.console.emulator import Emulator
from xentui.console.sharing.joined import Joined
from xentui.console.sharing.place import Place
from xentui.console.sharing.protocol import Decoder, json_frame
from xentui.console.sharing.share import Share
from xentui.host import Host

DEADLINE = 180.0


class FolderHost(Host):
    """This machine, with the host's files below a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def path(self, path: str) -> Path:
        return self._folder / path.lstrip("/")


class Holder:
    """The console that is shared, and its share."""

    def __init__(self, folder: Path, *, holder_writes: bool = True, group: str | None = None) -> None:
        self.emulator = Emulator(80, 24)
        self.sentence = ""
        self.queued = 0
        self.typed: list[bytes] = []
        self.takes = True
        self.said: list[str] = []
        self.place = Place(FolderHost(folder), "server01", group)
        self.share = Share(self.place, self, holder_writes=holder_writes, say=self.said.append)

    def pass_on(self, data: bytes) -> bool:
        if self.takes:
            self.typed.append(data)
        return self.takes

    def resized(self, columns: int, rows: int) -> None:
        self.emulator.resize(columns, rows)
        self.share.resized()

    def prints(self, data: bytes) -> None:
        self.emulator.feed(data)
        self.share.output(data)

    def until(self, found: Callable[[], object]) -> None:
        """Turn as an event loop does, until `found`."""
        end = time.monotonic() + DEADLINE
        while not found():
            assert time.monotonic() < end, f"not within {DEADLINE} s; {self.share.people} {self.said}"
            self.share.turn()

    @property
    def rows(self) -> list[str]:
        return self.emulator.display()


class Watcher:
    """A joined console and its own emulator. Made in a thread: the holder must be turning."""

    def __init__(self, place: Place, scrollback: int = 0) -> None:
        self.emulator = Emulator(80, 24)
        self.said: list[str] = []
        self.joined = Joined(
            place, scrollback, resized=self.emulator.resize, changed=lambda: None, say=self.said.append
        )

    def reads(self) -> bool:
        """Take what came; True, to be part of a condition."""
        while data := self.joined.read():
            self.emulator.feed(data)
        self.joined.flush()
        return True

    def sees(self, words: str) -> bool:
        self.reads()
        kept = [self.emulator.scrollback_text(index) for index in range(self.emulator.scrollback_size)]
        return words in "\n".join([*kept, *self.emulator.display()])

    @property
    def rows(self) -> list[str]:
        return self.emulator.display()


def stranger(place: Place, hello: object | None = None) -> socket.socket:
    """A connection that speaks for itself, after a proper hello if there is one."""
    connection = place.connect(5)
    assert connection is not None
    connection.setblocking(False)
    if hello is not None:
        connection.send(json_frame(b"h", hello))
    return connection


HELLO = {"version": 1, "scrollback": 0}


def received(connection: socket.socket) -> tuple[list[tuple[bytes, bytes]], bool]:
    """The frames that came, and whether the other end has closed."""
    decoder, found = Decoder(1 << 20), []
    while True:
        try:
            data = connection.recv(1 << 16)
        except BlockingIOError:
            return found, False
        except ConnectionResetError:
            return found, True
        if not data:
            return found, True
        found.extend(decoder.feed(data))
