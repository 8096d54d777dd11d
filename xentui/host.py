"""A dom0 and how it is reached: this machine, another by ssh, or the demo.

All that xentui asks of a dom0 goes through a `Host`: programs (`run`, `argv`), files (`read`, `scan`)
and terminals (`terminal_argv`, for consoles and shells). Nothing else knows where the dom0 is.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import stat
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from xentui.subprocesses import CommandError, CommandLog, CommandRecord, Runner, printable

#: Seconds for a call that only looks at a file or a folder.
READ_DEADLINE = 10.0
#: Seconds after which the folder of a connection that is no more is nobody's.
_LEFT_BEHIND = 600.0
#: Seconds for a connection that nobody is asked about.
_CONNECT_SECONDS = 10.0
#: Bytes of a file that are read at most, unless more is asked for.
READ_LIMIT = 1 << 20


class HostError(Exception):
    """The host cannot be reached, or a file of it cannot be read. One sentence for the user."""


@dataclass(frozen=True, slots=True)
class FileInfo:
    """A file of the host: its path there, when it was changed (epoch seconds), its size in bytes, and
    where it leads if it is a symbolic link."""

    path: str
    mtime: float
    size: int
    link: str | None = None


class Host:
    """This machine's dom0. `name` stands in the header; `is_demo` is said on screen all the time."""

    is_demo = False
    is_remote = False
    #: A libvirt URI to manage, or None for the dom0's own (`xen:///system` where libvirt is there).
    libvirt_uri: str | None = None
    #: False where there is only libvirt to speak to (``--host qemu:///system``).
    has_toolstack = True
    #: What answers for the toolstack: xl, until `Xl` finds that it is xm.
    toolstack_program = "xl"

    def __init__(self, runner: Runner | None = None) -> None:
        self.runner = runner or Runner()
        self.name = os.uname().nodename

    @property
    def log(self) -> CommandLog:
        return self.runner.log

    @property
    def address(self) -> str:
        """How another host's ssh is to call it."""
        return self.name

    def open(self) -> None:
        """Reach the host, before the screen opens: may ask for a password. Raises HostError."""

    def close(self) -> None:
        """Let go of it."""

    def others(self) -> tuple[str, ...]:
        """The other hosts that it knows by itself."""
        return ()

    def other(self, target: str, *, ask: bool = True) -> Host:
        """Another dom0 beside this one, as ``--host`` names it; not opened yet. With `ask` false nobody is there to
        give a password. Raises HostError."""
        return SshHost(target, Runner(self.log), ask=ask)

    def way_to(self, target: str) -> list[str]:
        """The options with which xentui opens on the other host."""
        return ["--host", target]

    def argv(self, argv: Sequence[str]) -> list[str]:
        """How `argv`, meant for the host, is started from here."""
        return list(argv)

    def terminal_argv(self, argv: Sequence[str]) -> list[str]:
        """The same for a program that needs a terminal: a console, a shell."""
        return list(argv)

    def inside_argv(self, argv: Sequence[str]) -> list[str]:
        """The same for a program that is to see the files as the user's shell there (`shell_argv`) does."""
        return self.argv(argv)

    def environment(self) -> Mapping[str, str]:
        """The environment for programs on a terminal."""
        return self.runner.child_environment()

    def shell_argv(self) -> list[str]:
        """A shell for the user on the host, to be run on a terminal with `environment`."""
        return [os.environ.get("SHELL") or "/bin/sh", "-l"]

    def run(
        self,
        argv: Sequence[str],
        *,
        deadline: float,
        record: bool = True,
        check: bool = True,
        text_in: str | None = None,
        cancel: threading.Event | None = None,
    ) -> CommandRecord:
        """`Runner.run` on the host; the log shows the command as it would be typed there."""
        return self.runner.run(
            self.argv(argv),
            deadline=deadline,
            shown=argv,
            record=record,
            check=check,
            text_in=text_in,
            cancel=cancel,
        )

    def stream(self, argv: Sequence[str]) -> subprocess.Popen[str]:
        """`Runner.stream` on the host."""
        return self.runner.stream(self.argv(argv))

    def path(self, path: str) -> Path:
        """Where a path of the host stands in this machine's file system. Only for hosts that are not remote."""
        return Path(path)

    def read(self, path: str, limit: int = READ_LIMIT, *, tail: bool = False) -> bytes:
        """The first (with `tail`, the last) `limit` bytes of a file of the host. Raises HostError."""
        try:
            with self.path(path).open("rb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise HostError(f"{path}: not a plain file")
                if tail:
                    size = file.seek(0, os.SEEK_END)
                    file.seek(max(0, size - limit))
                return file.read(limit)
        except OSError as error:
            raise HostError(f"{path}: {error.strerror}") from error

    def scan(self, folder: str) -> list[FileInfo]:
        """The plain files and links of a folder of the host, by name; none if there is no such folder."""
        found = []
        with contextlib.suppress(OSError), os.scandir(self.path(folder)) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    info = entry.stat()
                    if stat.S_ISREG(info.st_mode):
                        link = str(Path(entry.path).readlink()) if entry.is_symlink() else None
                        path = str(PurePosixPath(folder) / entry.name)
                        found.append(FileInfo(path, info.st_mtime, info.st_size, link))
        return sorted(found, key=lambda file: file.path)


class SshHost(Host):
    """A dom0 reached by ssh, over one multiplexed connection that is opened before the screen is."""

    is_remote = True

    def __init__(
        self, target: str, runner: Runner | None = None, options: Sequence[str] = (), *, ask: bool = True
    ) -> None:
        super().__init__(runner)
        if target.startswith("-") or not target or any(c.isspace() for c in target):
            raise HostError(f"--host {target!r}: give USER@HOST, HOST or ssh://USER@HOST:PORT")
        self.target = target
        self.name = target.removeprefix("ssh://").rpartition("@")[2]
        # Of this run only, and short: a socket's path has at most 107 bytes, and ssh adds 17 of its own.
        self._control = Path(tempfile.gettempdir()) / f"xentui-{os.urandom(6).hex()}" / "ssh"
        self._options = list(options)
        self._ask = ask

    @property
    def address(self) -> str:
        return self.target

    def _ssh(self, *options: str) -> list[str]:
        return [
            "ssh",
            "-o", f"ControlPath={self._control}",
            *self._options,  # the first value that ssh is given for an option counts
            "-o", "ServerAliveInterval=5",
            "-o", "ServerAliveCountMax=3",
            *options,
        ]  # fmt: skip

    def open(self) -> None:
        _sweep(self._control.parent.parent)
        self._control.parent.mkdir(mode=0o700)
        if not self._ask:
            self._open_silently()
            return
        # The one call with the user's terminal: ssh may ask for a password or about a new host key.
        opened = subprocess.run(self._master(), timeout=120, check=False)
        if opened.returncode != 0:
            self.close()
            raise HostError(f"ssh {self.target}: no connection. Try: ssh {shlex.quote(self.target)} xl info")

    def _master(self, *options: str) -> list[str]:
        """The connection that stays in the background for all the others."""
        return [*self._ssh("-o", "ControlMaster=auto", "-o", "ControlPersist=60", *options), "-fN", "--", self.target]

    def _open_silently(self) -> None:
        argv = self._master("-o", "BatchMode=yes", "-o", f"ConnectTimeout={_CONNECT_SECONDS:g}")
        # No pipes: the connection that stays in the background would keep them open.
        with tempfile.TemporaryFile() as said:
            try:
                opened = subprocess.run(
                    argv, stdin=subprocess.DEVNULL, stdout=said, stderr=said, timeout=2 * _CONNECT_SECONDS, check=False,
                    start_new_session=True,
                )  # fmt: skip
                done = opened.returncode == 0
            except subprocess.TimeoutExpired:
                done = False
            said.seek(0)
            lines = said.read().decode("utf-8", "replace").strip().splitlines()
        if not done:
            self.close()
            why = printable(lines[-1].strip()) if lines else f"no answer within {2 * _CONNECT_SECONDS:g} s"
            raise HostError(f"ssh {self.target}: no connection: {why}")

    def close(self) -> None:
        with contextlib.suppress(CommandError):
            self.runner.run([*self._ssh("-O", "exit"), "--", self.target], deadline=5, record=False)
        shutil.rmtree(self._control.parent, ignore_errors=True)

    def argv(self, argv: Sequence[str]) -> list[str]:
        return [*self._ssh("-T", "-o", "BatchMode=yes"), "--", self.target, shlex.join(argv)]

    def terminal_argv(self, argv: Sequence[str]) -> list[str]:
        # -e none: the console's own detach key is the only one that means anything.
        return [*self._ssh("-tt", "-e", "none", "-o", "BatchMode=yes"), "--", self.target, shlex.join(argv)]

    def shell_argv(self) -> list[str]:
        return [*self._ssh("-tt"), "--", self.target]

    def path(self, path: str) -> Path:
        raise HostError(f"{path}: stands on {self.name}, not here")

    def read(self, path: str, limit: int = READ_LIMIT, *, tail: bool = False) -> bytes:
        program = "tail" if tail else "head"
        try:
            done = self.run([program, "-c", str(limit), "--", path], deadline=READ_DEADLINE, record=False)
        except CommandError as error:
            raise HostError(error.headline) from error
        return done.stdout.encode("utf-8", "surrogateescape")

    def scan(self, folder: str) -> list[FileInfo]:
        try:
            found = self.run(
                ["find", "-L", folder, "-maxdepth", "1", "-type", "f", "-printf", "%T@ %s %p\\0"],
                deadline=READ_DEADLINE,
                record=False,
            )
            links = self.run(
                ["find", folder, "-maxdepth", "1", "-type", "l", "-printf", "%p\\0%l\\0"],
                deadline=READ_DEADLINE,
                record=False,
            )
        except CommandError:
            return []
        words = links.stdout.split("\0")
        leads = dict(zip(words[::2], words[1::2], strict=False))
        files = []
        for line in found.stdout.split("\0"):
            if line:
                mtime, size, path = line.split(" ", 2)
                files.append(FileInfo(path, float(mtime), int(size), leads.get(path)))
        return sorted(files, key=lambda file: file.path)


def _sweep(folder: Path) -> None:
    """Remove the empty folders of runs that were killed; their connections have ended by themselves."""
    for left in folder.glob("xentui-" + "[0-9a-f]" * 12):
        with contextlib.suppress(OSError):  # in use, or somebody else's
            if time.time() - left.stat().st_mtime > _LEFT_BEHIND:
                left.rmdir()


class LibvirtHost(Host):
    """A hypervisor reached through libvirt only: ``xen+ssh://root@other/``, ``qemu:///system``, ``test:///default``."""

    is_remote = True
    has_toolstack = False

    def __init__(self, uri: str, runner: Runner | None = None) -> None:
        super().__init__(runner)
        self.libvirt_uri = uri
        self.name = uri

    def other(self, target: str, *, ask: bool = True) -> Host:
        raise HostError(f"{self.name}: only libvirt can be reached there, no programs")

    def argv(self, argv: Sequence[str]) -> list[str]:
        raise HostError(f"{self.name}: only libvirt can be reached there, no programs")

    terminal_argv = argv

    def shell_argv(self) -> list[str]:
        raise HostError(f"{self.name}: only libvirt can be reached there, no shell")

    def path(self, path: str) -> Path:
        raise HostError(f"{path}: files of {self.name} cannot be reached through libvirt")

    def read(self, path: str, limit: int = READ_LIMIT, *, tail: bool = False) -> bytes:
        raise HostError(f"{path}: files of {self.name} cannot be reached through libvirt")

    def scan(self, folder: str) -> list[FileInfo]:
        return []


def is_dom0() -> bool:
    """Whether this machine is a Xen dom0: Xen says so itself, whoever asks."""
    try:
        return "control_d" in Path("/proc/xen/capabilities").read_text(encoding="ascii")
    except OSError:
        # xenfs may not be mounted; the hypervisor's own list is in sysfs since Linux 6.0.
        with contextlib.suppress(OSError):
            guest_type = Path("/sys/hypervisor/type").read_text(encoding="ascii").strip()
            uuid = Path("/sys/hypervisor/uuid").read_text(encoding="ascii").strip()
            return guest_type == "xen" and uuid == "00000000-0000-0000-0000-000000000000"
        return False


def choose_host(target: str | None, *, demo: bool, demo_dir: str | None = None, runner: Runner | None = None) -> Host:
    """The host for ``--host`` and ``--demo``; without either, this dom0, or the demo where there is none."""
    if target is not None:
        if demo:
            raise HostError("--demo and --host exclude each other")
        libvirt = "://" in target and not target.startswith("ssh://")
        return LibvirtHost(target, runner) if libvirt else SshHost(target, runner)
    if demo or demo_dir is not None or not is_dom0():
        from xentui.demo.host import DemoHost

        return DemoHost(demo_dir, runner)
    return Host(runner)
