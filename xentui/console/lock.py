"""Who has the console. xenconsole locks /var/lock/xenconsole.ID (flock, since Xen 4.6), one client a domain.

A second client ends with status 11 and "Could not lock …". That helps only who knows whom to ask: this
finds the process, on this machine or, by the same three calls, on a dom0 behind ssh.
"""

from __future__ import annotations

import contextlib
import re
import time
from dataclasses import dataclass

from xentui.host import Host, HostError
from xentui.subprocesses import CommandError, printable

#: Where xenconsole puts its locks (XEN_LOCK_DIR).
LOCK_DIR = "/var/lock"
DEADLINE = 5.0
_MESSAGE = re.compile(r"[Cc]ould not lock (\S+?):")


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that holds a console's lock. `since` is epoch seconds; `terminal` as ps prints it."""

    pid: int
    user: str
    command: str
    since: float
    terminal: str = ""

    def __str__(self) -> str:
        when = time.strftime("%H:%M" if time.time() - self.since < 86400 else "%d %b %H:%M", time.localtime(self.since))
        place = f" on {self.terminal}" if self.terminal not in ("", "?") else ""
        return printable(f"process {self.pid} of {self.user}{place} since {when}: {self.command}")


def id_of(argv: list[str] | None) -> int | None:
    """The domain id at the end of a console's command; None if it ends with a name."""
    return int(argv[-1]) if argv and argv[-1].isdigit() else None


def lock_path(message: str, domain_id: int | None) -> str | None:
    """The lock's path on the host: named in xenconsole's `message`, or known by the domain's id."""
    if found := _MESSAGE.search(message):
        return found[1]
    return None if domain_id is None else f"{LOCK_DIR}/xenconsole.{domain_id}"


def holder_of(host: Host, path: str) -> Holder | None:
    """The process that holds the lock at `path` on the host; None if none does, or none that can be seen.

    Blocks; call it in a worker. Sources: proc(5) on /proc/locks, ps(1).
    """
    with contextlib.suppress(CommandError, HostError, ValueError, IndexError):
        here = path if host.is_remote else _mapped(host, path)
        inode = _run(host, "stat", "-L", "-c", "%i", "--", here).strip()
        for pid in _lockers(_run(host, "cat", "/proc/locks"), inode):
            with contextlib.suppress(CommandError):
                return _process(host, pid)
    return None


def _mapped(host: Host, path: str) -> str:
    """The lock's place in this machine's file system: the demo's files stand below a folder of its own."""
    mapped = host.path(path)
    return str(mapped if mapped.exists() else path)


def _run(host: Host, *argv: str) -> str:
    return host.run(argv, deadline=DEADLINE, record=False).stdout


def _lockers(locks: str, inode: str) -> list[int]:
    """The processes with a lock on `inode`. The device is not compared: overlayfs and btrfs show another there."""
    pids = []
    for line in locks.splitlines():
        words = line.split()  # 1: FLOCK  ADVISORY  WRITE 1234 00:19:5678 0 EOF
        if len(words) >= 6 and words[1] in ("FLOCK", "POSIX", "OFDLCK") and words[5].rpartition(":")[2] == inode:
            pid = int(words[4])
            if pid > 0:  # 0 or -1: in a container that we do not see into
                pids.append(pid)
    return pids


def _process(host: Host, pid: int) -> Holder:
    line = _run(host, "ps", "-o", "user:32=,tty=,etimes=,args=", "-p", str(pid))
    user, terminal, seconds, command = line.strip().split(maxsplit=3)
    return Holder(pid, user, command, time.time() - int(seconds), terminal)
