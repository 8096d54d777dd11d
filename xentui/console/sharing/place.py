"""Where the socket of a shared console stands, and who may open it.

On a dom0 it is ``/run/xentui/NAME.console`` (on the demo's, below its folder). The folder belongs to whoever made
it first, which is root on a dom0, and nobody else may write there. The socket has mode 0600; with a group 0660.
A dom0 behind ssh is shared among the xentuis of this user on this machine, below ``$XDG_STATE_HOME/xentui``.
"""

from __future__ import annotations

import contextlib
import errno
import grp
import hashlib
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_from_bytes

from xentui.console.sharing.people import credentials, user_name
from xentui.host import Host, HostError
from xentui.subprocesses import printable

FOLDER = "/run/xentui"
#: Bytes of a socket's file name: with /proc/self/fd/N/ before it, it must fit into sun_path (unix(7)).
_LONGEST_NAME = 80
_BACKLOG = 8


class PlaceError(Exception):
    """A console cannot be shared here. One sentence."""


class NobodyError(PlaceError):
    """Nobody shares the console."""


class Place:
    """The place where the console of the guest `name` on `host` is shared; `group` may join, too."""

    def __init__(self, host: Host, name: str, group: str | None = None) -> None:
        self._host, self._group = host, group
        file = quote_from_bytes(name.encode("utf-8", "surrogateescape"), safe="") + ".console"
        if len(file) > _LONGEST_NAME:
            file = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest() + ".console"
        self._file = file
        self._made: tuple[int, int] | None = None

    @property
    def folder(self) -> Path:
        """Raises PlaceError."""
        if self._host.is_remote:
            state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state")
            return state / "xentui" / "shared" / quote(self._host.name, safe="")
        try:
            return self._host.path(FOLDER)
        except HostError as error:
            raise PlaceError(str(error)) from error

    def listen(self) -> socket.socket:
        """Begin to serve: a listening socket that does not block. Raises PlaceError, also when somebody serves."""
        if self.is_served():
            raise PlaceError("another xentui shares this console already")
        group = self._group_id()
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with self._opened(make=True) as folder:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(self._file, dir_fd=folder)  # of one that was killed
                # Linux takes the mode of the socket for its name: until all is set, nobody else gets in.
                os.fchmod(listener.fileno(), 0o600)
                listener.bind(_address(folder, self._file))
                if group is not None:
                    self.folder.chmod(0o755)  # whatever the umask was when it was made
                    os.chown(self._file, -1, group, dir_fd=folder, follow_symlinks=False)
                    os.chmod(self._file, 0o660, dir_fd=folder)
                listener.listen(_BACKLOG)
                self._made = _identity(folder, self._file)
                listener.setblocking(False)
        except OSError as error:
            listener.close()
            raise PlaceError(f"the console cannot be shared in {self.folder}: {error.strerror}") from error
        except PlaceError:
            listener.close()
            raise
        return listener

    def withdraw(self) -> None:
        """Serve no longer; the socket that another has put there meanwhile stays."""
        with contextlib.suppress(OSError, PlaceError), self._opened() as folder:
            if _identity(folder, self._file) == self._made:
                os.unlink(self._file, dir_fd=folder)

    def connect(self, seconds: float) -> socket.socket | None:
        """A connection to whoever serves; None if nobody does. Blocks for `seconds` at most.

        Raises PlaceError if one may not, or if it is not root or this user who serves: they get what is typed.
        """
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(seconds)
            with self._opened() as folder:
                connection.connect(_address(folder, self._file))
            server = credentials(connection)
        except OSError as error:
            connection.close()
            if error.errno in (errno.EACCES, errno.EPERM):
                raise PlaceError("another xentui shares this console, but not with you") from error
            return None
        except PlaceError:
            connection.close()
            return None
        if server.uid not in (0, os.geteuid()):
            connection.close()
            raise PlaceError(f"{user_name(server.uid)} shares a console of this name, and is not to be trusted with it")
        return connection

    def is_served(self) -> bool:
        """Whether somebody serves there now. Does not block."""
        try:
            connection = self.connect(0)
        except PlaceError:
            return False
        if connection is not None:
            connection.close()
        return connection is not None

    @contextlib.contextmanager
    def _opened(self, *, make: bool = False) -> Iterator[int]:
        """The folder; also its path may be longer than a socket's can be. Raises OSError and PlaceError."""
        folder = self.folder
        if make:
            folder.mkdir(mode=0o700 if self._host.is_remote else 0o755, parents=True, exist_ok=True)
        fd = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            status = os.fstat(fd)
            if status.st_uid not in (0, os.geteuid()) or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                raise PlaceError(f"not shared: others may write in {printable(str(folder))}")
            yield fd
        finally:
            os.close(fd)

    def _group_id(self) -> int | None:
        if self._group is None:
            return None
        try:
            return grp.getgrnam(self._group).gr_gid
        except KeyError:
            raise PlaceError(f"the console is not shared: there is no group {printable(self._group)!r}") from None


def _address(folder: int, file: str) -> str:
    return f"/proc/self/fd/{folder}/{file}"


def _identity(folder: int, file: str) -> tuple[int, int]:
    """What tells a file from another of the same name; inode numbers are used again."""
    status = os.stat(file, dir_fd=folder, follow_symlinks=False)
    return status.st_ino, status.st_ctime_ns
