"""Who is at a shared console: what the kernel says of the other end of a socket, for people to read."""

from __future__ import annotations

import os
import pwd
import socket
import struct
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from xentui.subprocesses import printable

#: Most people that a list may name, and characters of a name or a terminal.
MOST_PEOPLE, LONGEST = 64, 40
_CREDENTIALS = struct.Struct("3i")
#: /proc/PID/loginuid of a process that nobody logged in for.
_NOBODY = 4294967295


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at the console. `id` is of this share only, 0 being the holder; `terminal` as ps names it."""

    id: int
    user: str
    pid: int
    terminal: str
    writes: bool = False
    asks: bool = False
    you: bool = False

    def __str__(self) -> str:
        return f"{self.user} ({self.terminal or f'process {self.pid}'})"

    def json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Credentials:
    """SO_PEERCRED of a connected socket (unix(7)): nobody can lie about these."""

    pid: int
    uid: int
    gid: int


def credentials(connection: socket.socket) -> Credentials:
    """Who opened the other end. Raises OSError."""
    return Credentials(*_CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)))


def person(number: int, pid: int, uid: int) -> Person:
    """The person behind a process: its user, who logged in for it, and its terminal."""
    name = user_name(uid)
    login = _login_uid(pid)
    if login not in (None, uid):
        name = f"{user_name(login or 0)} as {name}"
    return Person(number, _short(name), pid, _terminal_of(pid))


def this_person(number: int) -> Person:
    """The user of this process."""
    return replace(person(number, os.getpid(), os.geteuid()), you=True)


def people_of(value: Any) -> tuple[Person, ...]:
    """A list of people as it came over the socket; what makes no sense in it is left out."""
    found = []
    for entry in value[:MOST_PEOPLE] if isinstance(value, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get("id"), int) and isinstance(entry.get("pid"), int):
            texts = (_short(str(entry.get(key, ""))) for key in ("user", "terminal"))
            marks = (entry.get(key) is True for key in ("writes", "asks", "you"))
            user, terminal = texts
            found.append(Person(entry["id"], user, entry["pid"], terminal, *marks))
    return tuple(found)


@lru_cache(maxsize=256)
def user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except (KeyError, OverflowError):
        return f"uid {uid}"


def _short(text: str) -> str:
    return printable(text)[:LONGEST]


def _login_uid(pid: int) -> int | None:
    """Whose login the process goes back to, through su and sudo (kernel audit); None if nobody's, or not kept."""
    try:
        uid = int(Path(f"/proc/{pid}/loginuid").read_text("ascii"))
    except (OSError, ValueError):
        return None
    return None if uid == _NOBODY else uid


def _terminal_of(pid: int) -> str:
    """The controlling terminal, as "pts/3" (proc_pid_stat(5), tty_nr); empty if it has none or cannot be seen."""
    try:
        device = int(Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()[4])
    except (OSError, ValueError, IndexError):
        return ""
    major, minor = os.major(device), os.minor(device)
    if 136 <= major <= 143:  # Unix98 pseudoterminals (admin-guide/devices.txt)
        return f"pts/{minor + 256 * (major - 136)}"
    if major == 4:
        return f"tty{minor}" if minor < 64 else f"ttyS{minor - 64}"
    return {229: f"hvc{minor}", 204: f"ttyAMA{minor - 64}"}.get(major, "")
