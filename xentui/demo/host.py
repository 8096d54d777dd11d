"""The demo dom0 as a `Host`: everything on this machine, but its programs are the demo's.

The demo ends when the last xentui that uses it has gone, however it went (killed ones included): each
keeps a connection to the daemon open. A demo of its own directory (``--demo-dir``) keeps its state there
and goes on from it the next time; any other is thrown away.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from xentui.demo.inside import Inside
from xentui.demo.install import install
from xentui.demo.paths import Layout, remove
from xentui.demo.tools.client import connect
from xentui.host import Host, HostError
from xentui.subprocesses import Runner, package_path

#: Seconds that the daemon gets to answer for the first time, and to end.
_START_SECONDS = 15.0
_END_SECONDS = 5.0


class DemoHost(Host):
    """A simulated dom0. Without `demo_dir` it joins the demo whose shell we are in (XENTUI_DEMO_DIR), or
    makes a new one that is gone afterwards. XENTUI_DEMO_SPEED is how much faster than life it is."""

    is_demo = True

    def __init__(self, demo_dir: str | None = None, runner: Runner | None = None) -> None:
        super().__init__(runner)
        self.name = "xenlive"
        self._asked_for = demo_dir
        self._temporary: Path | None = None
        self._daemon: subprocess.Popen[bytes] | None = None
        self._hold: socket.socket | None = None
        self._layout: Layout | None = None
        self._inside: Inside | None = None

    @property
    def layout(self) -> Layout:
        """The files of the demo. Raises HostError before `open`."""
        if self._layout is None:
            raise HostError("the demo dom0 is not open")
        return self._layout

    def others(self) -> tuple[str, ...]:
        from xentui.demo.neighbours import neighbours

        return tuple(neighbours(self.layout))

    def way_to(self, target: str) -> list[str]:
        from xentui.demo.neighbours import neighbours

        known = neighbours(self.layout).get(target)
        return ["--demo-dir", str(known.directory)] if known is not None else super().way_to(target)

    def other(self, target: str, *, ask: bool = True) -> Host:
        from xentui.demo.neighbours import Neighbour

        return Neighbour(self.layout, target, Runner(self.log))

    def open(self) -> None:
        """Join the demo in the directory, or start one. Raises HostError."""
        if self._hold is not None:
            return
        inherited = os.environ.get("XENTUI_DEMO_DIR")
        if self._asked_for is None and inherited and self._join(Layout(inherited)):
            return
        if self._asked_for is None:
            self._temporary = _temporary_directory()
        try:
            layout = Layout(self._temporary or Path(self._asked_for or "").expanduser())
            _check_directory(layout)
            with _alone(layout):
                if not self._join(layout):
                    self._start(layout)
        except OSError as error:
            self.close()
            raise HostError(f"the demo dom0 in {error.filename or self._asked_for}: {error.strerror}") from error
        except HostError:
            self.close()
            raise

    def _join(self, layout: Layout) -> bool:
        """Hold the daemon that answers there, if one does."""
        try:
            connection = connect(str(layout.directory))
        except OSError:
            return False
        try:
            connection.settimeout(_START_SECONDS)
            text = b"hold\0/\0000"
            connection.sendall(len(text).to_bytes(4, "big") + text)
            if connection.recv(1) != b"+":
                raise OSError
        except OSError:
            connection.close()
            return False
        self._hold = connection
        self._layout = layout
        self.name = layout.hostname
        self.runner.environment.update(
            PATH=f"{layout.bin}:{os.environ.get('PATH', '/usr/bin:/bin')}", XENTUI_DEMO_DIR=str(layout.directory)
        )
        return True

    def _start(self, layout: Layout) -> None:
        install(layout)
        words = [sys.executable, "-m", "xentui.demo.daemon", str(layout.directory)]
        words += ["--speed", os.environ.get("XENTUI_DEMO_SPEED") or "1"]
        words += [] if self._temporary else ["--keep"]
        ready, tell = os.pipe()
        try:
            with layout.log.open("ab") as log:
                self._daemon = subprocess.Popen(
                    [*words, "--ready", str(tell)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=(tell,),
                    start_new_session=True,
                    env={**os.environ, "PYTHONPATH": package_path()},
                )
            os.close(tell)
            tell = -1
            os.read(ready, 1)  # until it listens, or is dead: then the pipe ends
        finally:
            os.close(ready)
            if tell >= 0:
                os.close(tell)
        if not self._join(layout):
            said = layout.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise HostError(f"the demo dom0 did not start: {said[-1] if said else 'it said nothing'}")

    def close(self) -> None:
        """Let go of the demo. If nobody else holds it, it is gone when this returns."""
        if self._inside is not None:
            self._inside.close()
            self._inside = None
        last = self._release()
        if self._daemon is not None and (last or self._daemon.poll() is not None):
            try:
                self._daemon.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                self._daemon.send_signal(signal.SIGKILL)
                self._daemon.wait()
        if self._temporary is not None and (last or self._daemon is None):
            remove(self._temporary)
        self._daemon = self._temporary = self._layout = None

    def _release(self) -> bool:
        """Whether the demo ends now that we let go of it."""
        if self._hold is None:
            return True
        last = True
        with contextlib.suppress(OSError):
            self._hold.sendall(b"?")
            last = self._hold.recv(1) != b"+"
        self._hold.close()
        self._hold = None
        for name in ("PATH", "XENTUI_DEMO_DIR"):
            self.runner.environment.pop(name, None)
        return last

    def path(self, path: str) -> Path:
        return self.layout.path(path)

    def environment(self) -> Mapping[str, str]:
        return self.runner.child_environment()

    def argv(self, argv: Sequence[str]) -> list[str]:
        """A tool of the demo is named by its place: when it is taken away, no other of that name answers."""
        return self._placed(argv)

    def terminal_argv(self, argv: Sequence[str]) -> list[str]:
        return self._placed(argv)

    def _placed(self, argv: Sequence[str]) -> list[str]:
        if argv and argv[0] in ("xl", "xm", "xentop", "demo-control"):
            return [str(self.layout.bin / argv[0]), *argv[1:]]
        return list(argv)

    def shell_argv(self) -> list[str]:
        """A shell in the demo dom0: its tools first on PATH, its /etc/xen at that name where that can be."""
        argv = ["env", "-C", str(Path.cwd()), "bash", "--rcfile", str(self.layout.lib / "bashrc"), "-i"]
        inside = self.inside_argv(argv)
        possible = self._inside is not None and self._inside.possible
        return inside if possible else [str(self.layout.lib / "demo-shell")]

    def inside_argv(self, argv: Sequence[str]) -> list[str]:
        if self._inside is None:
            self._inside = Inside(self.layout, self.environment())
        return self._inside.argv(self._placed(argv))

    def control(self, *words: str) -> None:
        """Let something befall the demo: see `xentui.demo.control`. Raises HostError."""
        done = self.runner.run([str(self.layout.bin / "demo-control"), *words], deadline=60, record=False, check=False)
        if not done.ok:
            raise HostError((done.stderr or "demo-control failed").strip().splitlines()[0])


def _temporary_directory() -> Path:
    """A new folder in which programs may be started: some machines forbid that in /tmp."""
    home = Path.home() / ".cache"
    for place in (tempfile.gettempdir(), os.environ.get("XDG_RUNTIME_DIR") or "/run/shm", "/var/tmp", home):  # noqa: S108
        with contextlib.suppress(OSError):
            if place == home:
                home.mkdir(exist_ok=True)
            if not os.statvfs(place).f_flag & os.ST_NOEXEC:
                return Path(tempfile.mkdtemp(prefix="xentui-demo-", dir=place))
    raise HostError("the demo dom0 needs a folder where programs may be started: give one with --demo-dir")


def _check_directory(layout: Layout) -> None:
    """Make it. Raises HostError for one that holds something else: we would mix our files into it."""
    layout.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.statvfs(layout.directory).f_flag & os.ST_NOEXEC:
        raise HostError(f"--demo-dir {layout.directory}: no programs may be started there (mounted noexec)")
    foreign = [entry.name for entry in layout.directory.iterdir()]
    if foreign and not (layout.lib.exists() or layout.directory.joinpath("lock").exists()):
        raise HostError(f"--demo-dir {layout.directory}: is not empty and no demo; give an empty or new folder")


@contextlib.contextmanager
def _alone(layout: Layout) -> Iterator[None]:
    """One xentui at a time looks for a daemon there and starts it."""
    with layout.directory.joinpath("lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
