"""The Live CD from its own inside: what live-boot(7) mounted, and folders mounted for a while."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from xentui.host import Host
from xentui.subprocesses import CancelledError, CommandError
from xentui.waiting import wait_until

#: Seconds for a mount, a look, a small file.
_SHORT = 60.0
#: Where folders to mount on are made.
_RUN = "/run"


class LiveError(Exception):
    """It cannot be done, or could not be finished. One sentence: what, where, what to do."""


@dataclass(frozen=True, slots=True)
class LiveSystem:
    """Where live-boot keeps the medium and, each mounted by itself, the layers of the system."""

    root: Path = Path("/run/live")
    #: What of the running system comes along: livexen's password and keys.
    shadow: Path = Path("/etc/shadow")
    home: Path = Path("/home/livexen")

    @property
    def is_running(self) -> bool:
        """Whether this machine was started from it."""
        return all(part.exists() for part in (self.initrd, *self.layers))

    @property
    def initrd(self) -> Path:
        return self.root / "medium/live/initrd.img"

    @property
    def layers(self) -> tuple[Path, ...]:
        """The system's layers, the upper one first."""
        return tuple(self.root / f"rootfs/{name}.squashfs" for name in ("xentui", "filesystem"))

    def check(self, host: Host) -> None:
        """Raises LiveError unless `host` is the running Live CD, and root's."""
        if host.is_demo:
            raise LiveError("The demo runs from no Live CD: boot one, and install it from its own disks screen")
        if host.is_remote:
            raise LiveError(f"The Live CD is installed from itself: ssh {host.name}, and xentui there")
        for part in (self.initrd, *self.layers):
            if not part.exists():
                raise LiveError(f"This only works on the running Live CD, and there is no {part}")
        if os.geteuid() != 0:
            raise LiveError("Only root may do this: sudo xentui livecd ...")


@contextmanager
def mounts(host: Host) -> Iterator[Mounts]:
    """A folder below which file systems are mounted until the end, whatever happens."""
    folder = Path(tempfile.mkdtemp(prefix="xentui-", dir=_RUN))
    with ExitStack() as stack:
        stack.callback(_remove, folder)
        yield Mounts(host, folder, stack)


def _remove(folder: Path) -> None:
    """An empty folder that stays behind in /run is no reason to hide why the work ended."""
    with suppress(OSError):
        folder.rmdir()


@dataclass(slots=True)
class Mounts:
    host: Host
    folder: Path
    stack: ExitStack

    def make(self, name: str) -> Path:
        """A folder of that name, taken away at the end."""
        path = self.folder / name
        path.mkdir()
        self.stack.callback(_remove, path)
        return path

    def mount(self, what: str, where: Path, *options: str) -> None:
        """mount(8). Raises LiveError. It waits for what is still written when it is taken down."""
        where.mkdir(parents=True, exist_ok=True)
        run(self.host, "mount", *options, what, str(where))
        self.stack.callback(self._unmount, str(where))

    def _unmount(self, where: str) -> None:
        def gone() -> bool:
            return self.host.run(["umount", where], deadline=600, check=False).ok

        if not wait_until(gone, 30.0, every=1.0):
            self.host.run(["umount", "--lazy", where], deadline=_SHORT, check=False)


def run(host: Host, *argv: str, deadline: float = _SHORT, cancel: threading.Event | None = None) -> str:
    """A program's output. Raises LiveError with what it said last."""
    try:
        return host.run(argv, deadline=deadline, cancel=cancel).stdout
    except CancelledError:
        raise LiveError("it was cancelled") from None
    except CommandError as error:
        raise LiveError(str(error)) from error


def copy(source: Path, target: Path) -> None:
    """One file with its mode."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)
