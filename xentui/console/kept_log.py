"""Logs of consoles that `xentui console --log` keeps: lines of text with the time, bounded, rotated, one per guest.

``NAME.log`` is the newest part; ``NAME.log.1`` to ``NAME.log.3`` are older. What a line is, and that nothing printed
is lost: log_lines.py. A line that waits to be continued is written after a while, too, and again when it is whole.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import time
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, quote_from_bytes

from xentui.console.log_lines import Line, Lines
from xentui.host import Host, HostError
from xentui.subprocesses import printable

FOLDER = "/var/log/xentui"
#: Older parts that are kept beside the newest.
OLDER = 3
#: Bytes of the smallest part.
_SMALLEST_PART = 4096
#: Seconds after which a line that waits to be continued is written as it is.
UNFINISHED_SECONDS = 5.0
#: Lines and bytes of the end of a log that a pane shows.
SHOWN_LINES, SHOWN_BYTES = 2000, 512 * 1024
_STAMP = "%Y-%m-%d %H:%M:%S"
_STAMPED = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_LONGEST_NAME = 200


class LogError(Exception):
    """A log cannot be kept. One sentence."""


def log_folder(host: Host) -> Path:
    """Where logs of this host's consoles are kept: ``/var/log/xentui`` for root on a dom0 (for the demo's, below its
    folder), else below ``$XDG_STATE_HOME/xentui``.
    """
    if host.is_demo or (not host.is_remote and os.geteuid() == 0):
        with contextlib.suppress(HostError):
            return host.path(FOLDER)
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state")
    return state / "xentui" / "consoles" / quote(host.name, safe="")


def log_file(folder: Path, name: str) -> Path:
    """The newest part of the log of the guest `name`."""
    encoded = name.encode("utf-8", "surrogateescape")
    file = quote_from_bytes(encoded, safe=" ")
    return folder / f"{file if len(file) <= _LONGEST_NAME else hashlib.sha256(encoded).hexdigest()}.log"


def _parts(path: Path) -> list[Path]:
    """All parts of a log, the newest first."""
    return [path, *(path.with_name(f"{path.name}.{number}") for number in range(1, OLDER + 1))]


class KeptLog:
    """The log of one console, while it is kept. `lines` are those that it got, `lost` those that it could not take."""

    def __init__(self, folder: Path, name: str, limit: int) -> None:
        """Of all parts together at most about `limit` bytes are kept. Raises LogError, also when another keeps it."""
        self.path = log_file(folder, name)
        self.lines = self.lost = 0
        #: Why lines could not be written; empty again when they can.
        self.problem = ""
        self._part = max(limit // (OLDER + 1), _SMALLEST_PART)
        self._assembled = Lines()
        self._rested: Line | None = None  # what was written before it was whole
        self._fed_at = 0.0
        self._stamped = (-1, "")
        self._dirty = False
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._fd = self._open()
        except OSError as error:
            raise LogError(f"{self.path}: {error.strerror}") from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._fd)
            raise LogError(f"{self.path}: another xentui keeps this log already") from None
        self._size = os.fstat(self._fd).st_size

    def _open(self) -> int:
        """No link that somebody put there is followed."""
        return os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)

    def feed(self, data: bytes, now: float) -> None:
        """Write the lines that the guest has printed by `now` (epoch seconds). On a bad disk, some are `lost`."""
        self._fed_at = now
        self._write(*self._assembled.feed(data, now))

    def rest(self, now: float, *, at_once: bool = False) -> None:
        """Write the line that waits to be continued, if it has waited for long, or `at_once`."""
        line = self._assembled.rest()
        if line is None or line == self._rested or not (at_once or now - self._fed_at > UNFINISHED_SECONDS):
            return
        self._write(line)
        self._rested = line

    def note(self, sentence: str, now: float) -> None:
        """Write something about the console itself, on a line of its own."""
        self._write(*self._assembled.end(), Line(f"-- {sentence} --", now))

    def _write(self, *lines: Line) -> None:
        fresh = [line for line in lines if line != self._rested]
        if lines:
            self._rested = None
        if not fresh:
            return
        data = "".join(f"{self._stamp(line.began)} {printable(line.text)}".rstrip() + "\n" for line in fresh)
        wire = data.encode("utf-8", "replace")
        try:
            if self._size and self._size + len(wire) > self._part:
                self._rotate()
            self._put(wire)
        except OSError as error:
            self.lost += len(fresh)
            self.problem = f"{self.path}: {error.strerror}"
        else:
            self.lines += len(fresh)
            self.problem = ""

    def _put(self, wire: bytes) -> None:
        """Raises OSError."""
        while wire:
            written = os.write(self._fd, wire)
            self._size += written
            self._dirty = True
            wire = wire[written:]

    def _stamp(self, when: float) -> str:
        if int(when) != self._stamped[0]:
            self._stamped = int(when), time.strftime(_STAMP, time.localtime(when))
        return self._stamped[1]

    def _rotate(self) -> None:
        """Begin a new part. Raises OSError."""
        parts = _parts(self.path)
        for older, newer in zip(reversed(parts), list(reversed(parts))[1:], strict=False):
            with contextlib.suppress(FileNotFoundError):
                newer.replace(older)
        fd = self._open()
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(self._fd)
        self._fd, self._size = fd, os.fstat(fd).st_size

    def sync(self) -> None:
        """Have what was written on the disk, for when the dom0 itself dies. Blocks."""
        if self._dirty:
            self._dirty = False
            with contextlib.suppress(OSError):
                os.fdatasync(self._fd)

    def close(self) -> None:
        self.sync()
        os.close(self._fd)


class History(NamedTuple):
    """The end of a kept log, as bytes for an emulator; and whether somebody keeps it just now."""

    data: bytes
    live: bool


def history_of(host: Host, name: str) -> History:
    """What was kept of the console of the guest `name`, labelled, for a pane that opens. Blocks; never raises."""
    path = log_file(log_folder(host), name)
    lines: list[bytes] = []
    left = SHOWN_BYTES
    for part in _parts(path):
        read = _end_of(part, left)
        lines = (read.splitlines() + lines)[-SHOWN_LINES:]
        left -= len(read)
        if left <= 0 or len(lines) >= SHOWN_LINES:
            break
    if not lines:
        return History(b"", False)
    first, last = (line[:19].decode() if _STAMPED.match(line) else "?" for line in (lines[0], lines[-1]))
    texts = [
        f"-- kept by xentui console --log, {first} to {last} --",
        *(printable(line.decode("utf-8", "replace")) for line in lines),
        "-- the end of what was kept; the console follows --",
    ]
    # Erasing the screen puts all of it into the scrollback.
    return History("\r\n".join([*texts, "\x1b[2J\x1b[H"]).encode("utf-8", "replace"), _is_kept(path))


def _end_of(path: Path, limit: int) -> bytes:
    """The last whole lines of a file, at most `limit` bytes; nothing if it cannot be read."""
    try:
        with path.open("rb") as file:
            start = max(0, file.seek(0, os.SEEK_END) - limit)
            file.seek(start)
            data = file.read(limit)
    except OSError:
        return b""
    return data.partition(b"\n")[2] if start else data


def _is_kept(path: Path) -> bool:
    """Whether somebody holds the lock of a log."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
