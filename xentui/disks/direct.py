"""What is read from devices and files themselves, on this machine: their first bytes, and whether the kernel lets go.

A device that died, or an NFS server that went away, keeps a reader waiting for ever: `within` bounds that.
"""

from __future__ import annotations

import errno
import os
import queue
import stat
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from xentui.disks.read_table import read_table, reader
from xentui.disks.signatures import Signature, read_signature
from xentui.disks.table import Table

T = TypeVar("T")

#: Bytes that are read at once, at the beginning: a GPT, or what most file systems begin with; and at the end: the
#: GPT's second copy. Each reading of a device costs more than all that is done with it.
_START = _END = 32 << 10


def within(seconds: float, work: Callable[[], T]) -> T:
    """What `work` gives, or raises; TimeoutError if it takes longer. Then its thread is left behind."""
    answer: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            answer.put((work(), None))
        except BaseException as error:
            answer.put((None, error))

    threading.Thread(target=run, name="disks-direct", daemon=True).start()
    try:
        done, error = answer.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None
    if error is not None:
        raise error
    return done  # type: ignore[return-value]


def drop_cache(handle: int) -> None:
    """Let the next reading of a block device come from the device. What the kernel keeps in memory of a disk it
    keeps apart from that of its partitions: what was written to one of those, or by a guest, is not in there."""
    if stat.S_ISBLK(os.fstat(handle).st_mode):
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)


@dataclass(frozen=True, slots=True)
class Content:
    """What the bytes say: a table, with what lies in each of its partitions by number, or a file system."""

    table: Table | None = None
    signature: Signature | None = None
    inside: tuple[tuple[int, Signature], ...] = ()


def read_content(path: str, size: int, sector: int = 512, *, inside: bool = False) -> Content:
    """Look at a device or a raw image. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        ends = _Ends(handle, size)
        table = read_table(ends.all_of, sector, size // sector)
        if table.label is None:
            return Content(signature=read_signature(ends.some))
        found = []
        for slot in table.slots if inside else ():
            signature = None if slot.kind == "extended" else read_signature(ends.some, slot.start * sector)
            if signature is not None:
                found.append((slot.number, signature))
        return Content(table, None, tuple(found))
    finally:
        os.close(handle)


def read_idle_file_system(path: str) -> Signature | None:
    """Look at a block device that is known to hold no table, unless somebody has claimed it. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_EXCL | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        drop_cache(handle)
        return read_signature(lambda offset, length: os.pread(handle, length, offset))
    finally:
        os.close(handle)


class _Ends:
    """The bytes of an open device, of which the beginning and the end are read once."""

    def __init__(self, handle: int, size: int) -> None:
        drop_cache(handle)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_RANDOM)  # what comes next is not wanted
        self._handle, self._size = handle, size
        self._whole = reader(handle)
        self._start = os.pread(handle, _START, 0)
        self._tail = max(0, size - _END)
        self._end: bytes | None = None

    def some(self, offset: int, length: int) -> bytes:
        """As many of these bytes as there are."""
        kept = self._kept(offset, length)
        return os.pread(self._handle, length, offset) if kept is None else kept

    def all_of(self, offset: int, length: int) -> bytes:
        """These bytes. Raises OSError when there are fewer."""
        kept = self._kept(offset, length)
        return self._whole(offset, length) if kept is None else kept

    def _kept(self, offset: int, length: int) -> bytes | None:
        if offset + length <= len(self._start):
            return self._start[offset : offset + length]
        if offset < self._tail or offset + length > self._size:
            return None
        if self._end is None:
            self._end = self._whole(self._tail, self._size - self._tail)
        return self._end[offset - self._tail :][:length]


def claimed(paths: Iterable[str]) -> set[str]:
    """Those of the block devices that the kernel has given to somebody alone: mounted, in an array, exported.

    open(2) with O_EXCL, which never changes anything; a device that cannot be opened at all is left out.
    """
    found = set()
    for path in paths:
        try:
            os.close(os.open(path, os.O_RDONLY | os.O_EXCL | os.O_CLOEXEC | os.O_NONBLOCK))
        except OSError as error:
            if error.errno == errno.EBUSY:
                found.add(path)
    return found
