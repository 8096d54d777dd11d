"""A connection to libvirt whose calls cannot freeze the caller.

libvirt's calls block, some for ever. Those of a connection are made one after the other on a thread of
its own; the caller waits with a deadline. A connection that hangs is left behind with its thread, and
the next call gets a new one. All of it is imported only when a connection is wanted.
"""

from __future__ import annotations

import contextlib
import functools
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any, TypeVar

from xentui.domains.backoff import Backoff
from xentui.domains.toolstack import ToolstackError, ToolstackHungError, ToolstackMissingError

T = TypeVar("T")
Connection = Any  # libvirt.virConnect: libvirt-python has no type annotations
Work = Callable[[Connection], T]

#: Seconds for a call that only reads.
READ_DEADLINE = 10.0
#: Seconds more for the first one, which opens the connection: ssh, and a libvirtd that has to start.
OPEN_DEADLINE = 45.0

_start_lock = threading.Lock()


def import_libvirt() -> Any:
    """The libvirt module, quiet and with its event loop running. Raises ToolstackMissingError."""
    try:
        import libvirt
    except ImportError as error:
        raise ToolstackMissingError(
            f"libvirt's Python module cannot be loaded ({error}): install python3-libvirt or pip's libvirt-python."
        ) from error
    with _start_lock:
        _start_event_loop(libvirt)
    return libvirt


@functools.cache
def _start_event_loop(libvirt: Any) -> None:
    # Or it would write to stderr, which is the screen.
    libvirt.registerErrorHandler(_say_nothing, None)
    libvirt.virEventRegisterDefaultImpl()
    threading.Thread(target=_run_events, args=(libvirt,), name="libvirt-events", daemon=True).start()


def _say_nothing(_context: object, _error: object) -> None:
    return


def _run_events(libvirt: Any) -> None:
    while True:
        with contextlib.suppress(libvirt.libvirtError):
            libvirt.virEventRunDefaultImpl()


def explained(error: Exception) -> str:
    """The sentence of a libvirtError."""
    message = getattr(error, "get_error_message", lambda: None)()
    return str(message or error)


class LibvirtConnection:
    """A URI and the way to it; opened by the first call, and again when it was lost.

    `changed` is called, in any thread, when a domain or the connection changed; with a domain's UUID
    where it is about one.
    """

    def __init__(
        self,
        uri: str,
        changed: Callable[[str | None], None] = lambda _uuid: None,
        open_deadline: float = OPEN_DEADLINE,
    ) -> None:
        self.uri = uri
        self._changed = changed
        self._open_deadline = open_deadline
        self._lock = threading.Lock()
        self._worker: _Worker | None = None
        self._backoff = Backoff(first=2.0)
        self._why = ""

    def read(self, work: Work[T], deadline: float = READ_DEADLINE) -> T:
        """Make a call that changes nothing: once more over a new connection if the old one was lost.

        Raises ToolstackError and its kin, at once while a connection that failed is left alone.
        """
        if self._backoff.remaining > 0:
            raise ToolstackHungError(self._why)
        try:
            return self.call(work, deadline)
        except _LostError:
            return self.call(work, deadline)

    def call(self, work: Work[T], deadline: float) -> T:
        """Make a call. Raises ToolstackError and its kin."""
        worker = self._get_worker()
        future: Future[T] = worker.submit(work)
        if not worker.is_open:
            deadline += self._open_deadline
        try:
            result = future.result(deadline)
        except FutureTimeoutError as error:
            self._give_up(worker)
            raise self._failed(
                ToolstackHungError(f"libvirt ({self.uri}) gave no answer within {deadline:g} s.")
            ) from error
        except _OpenError as error:
            raise self._failed(ToolstackMissingError(str(error))) from error
        self._backoff.succeeded()
        return result

    def retry(self) -> None:
        """Let the next call try, however long a connection that failed is to be left alone."""
        self._backoff.cut_short()

    def close(self) -> None:
        """Close the connection, unless it hangs."""
        with self._lock:
            worker, self._worker = self._worker, None
        if worker is not None:
            worker.end()

    def _get_worker(self) -> _Worker:
        libvirt = import_libvirt()
        with self._lock:
            if self._worker is None:
                self._worker = _Worker(libvirt, self.uri, self._changed)
            return self._worker

    def _give_up(self, worker: _Worker) -> None:
        worker.abandon()
        with self._lock:
            if self._worker is worker:
                self._worker = None

    def _failed(self, error: ToolstackError) -> ToolstackError:
        self._why = str(error)
        self._backoff.failed()
        return error


class _OpenError(ToolstackError):
    """The connection cannot be opened."""


class _LostError(ToolstackError):
    """The connection broke during the call."""


class _Worker:
    """A thread with a connection."""

    def __init__(self, libvirt: Any, uri: str, changed: Callable[[str | None], None]) -> None:
        self._libvirt = libvirt
        self._uri = uri
        self._changed = changed
        self._calls: queue.SimpleQueue[tuple[Work[Any], Future[Any]] | None] = queue.SimpleQueue()
        self._abandoned = threading.Event()
        self._lost = threading.Event()
        self.is_open = False
        threading.Thread(target=self._run, name=f"libvirt {uri}", daemon=True).start()

    def submit(self, work: Work[T]) -> Future[T]:
        future: Future[T] = Future()
        self._calls.put((work, future))
        return future

    def abandon(self) -> None:
        """It hangs: when it wakes up, it is to do nothing more."""
        self._abandoned.set()
        self._calls.put(None)

    def end(self) -> None:
        self._calls.put(None)

    def _run(self) -> None:
        connection: Connection = None
        while (call := self._calls.get()) is not None and not self._abandoned.is_set():
            work, future = call
            if self._lost.is_set() and connection is not None:
                self._close(connection)
                connection, self.is_open = None, False
            try:
                if connection is None:
                    self._lost.clear()
                    connection = self._open()
                    self.is_open = True
                future.set_result(work(connection))
            except self._libvirt.libvirtError as error:
                alive = connection is not None and self._is_alive(connection)
                if not alive:
                    self._lost.set()
                kind = ToolstackError if alive else _LostError
                future.set_exception(kind(f"libvirt: {explained(error)}", str(error)))
            except BaseException as error:  # whoever called is to hear of it, not this thread
                future.set_exception(error)
        if connection is not None:
            self._close(connection)

    def _open(self) -> Connection:
        libvirt = self._libvirt
        try:
            connection = libvirt.open(_without_tty(self._uri))
        except libvirt.libvirtError as error:
            raise _OpenError(f"libvirt ({self._uri}) cannot be reached: {explained(error)}", str(error)) from error
        # Not every driver has these.
        with contextlib.suppress(libvirt.libvirtError):
            connection.setKeepAlive(5, 3)
        with contextlib.suppress(libvirt.libvirtError):
            connection.registerCloseCallback(self._closed, None)
        with contextlib.suppress(libvirt.libvirtError):
            connection.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, self._lifecycle, None)
        return connection

    def _is_alive(self, connection: Connection) -> bool:
        try:
            return bool(connection.isAlive())
        except self._libvirt.libvirtError:
            return False

    def _close(self, connection: Connection) -> None:
        with contextlib.suppress(self._libvirt.libvirtError):
            connection.unregisterCloseCallback()
        with contextlib.suppress(self._libvirt.libvirtError):
            connection.close()

    # Called in the event loop's thread.

    def _closed(self, _connection: Connection, _reason: int, _opaque: object) -> None:
        self._lost.set()
        self._changed(None)

    def _lifecycle(self, _connection: Connection, domain: Any, *_event: object) -> None:
        if not self._abandoned.is_set():
            self._changed(domain.UUIDString())


def _without_tty(uri: str) -> str:
    """`uri` so that ssh asks nothing on the terminal, which is the screen."""
    scheme = uri.partition(":")[0]
    if "+ssh" not in scheme or "no_tty=" in uri:
        return uri
    return f"{uri}{'&' if '?' in uri else '?'}no_tty=1"
