"""A recording played on the user's own terminal, in real time or faster: through the emulator's cells, so that
nothing of what a guest printed reaches the terminal as it was.
"""

from __future__ import annotations

import select
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from xentui.console import own_terminal
from xentui.console.emulator import Emulator
from xentui.console.own_terminal import Signals
from xentui.console.painter import Painter
from xentui.console.replay import Event, Recording, show

#: Bytes a second of a recording that has no times: a serial line of 9600 baud.
UNTIMED_RATE = 960
#: Bytes of such a recording that are one event.
_UNTIMED_PIECE = 32
#: Seconds between two frames, and between two looks at the keys.
_FRAME_SECONDS, _LOOK_SECONDS = 1 / 25, 0.2
#: The slowest and the fastest.
SLOWEST, FASTEST = 0.01, 1000.0
_KEYS = "space pauses, Enter skips a silence, q leaves"


def play(path: Path, size: tuple[int, int] | None = None, speed: float = 1.0) -> int:
    """Play the recording `speed` times as fast as it was; gives the exit status, 128 + N after a signal N.

    Standard input and output must be a terminal. Raises OSError, RecordingError and PainterError.
    """
    with closing(Recording(path, size)) as recording:
        player = _Player(recording, speed)
        with own_terminal.raw_terminal(), own_terminal.signals() as signals:
            player.run(signals)
    return 0 if signals.ended is None else 128 + signals.ended


class _Player:
    def __init__(self, recording: Recording, speed: float) -> None:
        self._events = _timed(recording)
        self._speed = speed
        self._emulator = Emulator(*recording.size, scrollback=0)
        self._painter = Painter(self._emulator, *own_terminal.size())
        self._next: Event | None = None
        self._at = 0.0  # seconds of the recording that have been played
        self._paused = False
        self._ended = False
        self._left = False
        self._out = bytearray()

    def run(self, signals: Signals) -> None:
        self._out += self._painter.begin()
        try:
            self._advance()
            clock, drawn = time.monotonic(), float("-inf")
            while not self._left and signals.ended is None:
                before, clock = clock, time.monotonic()
                if not (self._paused or self._ended):
                    self._play(self._at + (clock - before) * self._speed)
                if signals.take_resized():
                    self._painter.resize(*own_terminal.size())
                if not self._out and clock - drawn >= _FRAME_SECONDS:
                    drawn = clock
                    self._say()
                    self._out += self._painter.frame()
                self._wait()
        finally:
            # What waits may be half a sequence: it goes out whole, or the terminal is given back in the middle of it.
            while self._out and signals.ended is None:
                own_terminal.write_some(self._out)
            own_terminal.write(self._painter.end())

    def _play(self, until: float) -> None:
        """Show all that happened up to then; not more than a frame's time of work."""
        end = time.monotonic() + _FRAME_SECONDS
        while self._next is not None and self._next.seconds <= until:
            show(self._emulator, self._next)
            self._at = max(self._at, self._next.seconds)
            self._advance()
            if time.monotonic() > end:
                return  # it is behind; the rest comes next
        self._at = until
        self._ended = self._next is None

    def _advance(self) -> None:
        self._next = next(self._events, None)

    def _wait(self) -> None:
        """Until a key, or the next thing to do."""
        seconds = _LOOK_SECONDS
        if self._next is not None and not self._paused:
            seconds = min(seconds, max(_FRAME_SECONDS / 2, (self._next.seconds - self._at) / self._speed))
        readable, writable, _ = select.select([0], [1] if self._out else [], [], seconds)
        if writable:
            own_terminal.write_some(self._out)
        if readable:
            keys = own_terminal.read()
            if not keys:
                self._left = True  # the terminal has hung up
            for key in keys:
                self._key(key)

    def _key(self, key: int) -> None:
        if key in b"qQ\x03\x04":
            self._left = True
        elif key in b" ":
            self._paused = not self._paused
        elif key in b"\r\n" and self._next is not None:
            self._play(self._next.seconds)

    def _say(self) -> None:
        minutes, seconds = divmod(int(self._at), 60)
        where = f"{minutes}:{seconds:02}"
        if self._ended:
            self._painter.message = f"the end, {where}; q leaves"
        elif self._paused:
            self._painter.message = f"paused at {where}; space goes on, q leaves"
        else:
            speed = f"  {self._speed:g}x" if self._speed != 1 else ""
            self._painter.message = f"{where}{speed}  {_KEYS}" if self._painter.spare else ""


def _timed(recording: Recording) -> Iterator[Event]:
    """The events with times that do not go back; a recording without any gets those of a slow line."""
    sent = 0
    latest = 0.0
    for event in recording:
        if recording.timed:
            latest = max(latest, event.seconds)
            yield event._replace(seconds=latest)
            continue
        for start in range(0, len(event.data), _UNTIMED_PIECE):
            piece = event.data[start : start + _UNTIMED_PIECE]
            sent += len(piece)
            yield Event(sent / UNTIMED_RATE, piece)
