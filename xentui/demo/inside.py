"""Being inside the demo dom0: all who are see its files at their real names, and what the others wrote there.

One process holds the namespaces for as long as the demo is used from here; everybody else joins it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence

from xentui.demo.paths import Layout

#: Seconds that the one who holds the namespaces gets to end.
_END_SECONDS = 2.0
#: Tells a xentui that is started inside.
_MARK = "XENTUI_DEMO_INSIDE"


class Inside:
    """The namespaces of one demo, made when they are first asked for."""

    def __init__(self, layout: Layout, environment: Mapping[str, str]) -> None:
        self._layout, self._environment = layout, environment
        self._holder: subprocess.Popen[bytes] | None = None
        self._join: list[str] | None = None

    def argv(self, argv: Sequence[str]) -> list[str]:
        """How `argv` is started so that it is inside. Blocks at first."""
        if self._join is None or self._holder is None or self._holder.poll() is not None:
            self._join = self._open()
        if not self._join and not self._are_inside:
            # Nobody can be inside here: at least whoever is given a path finds the demo's file.
            return [self._mapped(word) for word in argv]
        return [*self._join, *argv]

    @property
    def _are_inside(self) -> bool:
        """Whether we were started inside ourselves."""
        return os.environ.get(_MARK) == str(self._layout.directory)

    def _mapped(self, word: str) -> str:
        path = self._layout.path(word) if word.startswith("/") else None
        return str(path) if path is not None and path.is_relative_to(self._layout.root) else word

    def _open(self) -> list[str]:
        self.close()
        if self._are_inside:
            return []
        # It lives as long as its input is open: it ends with us, however we end.
        self._holder = subprocess.Popen(
            [str(self._layout.lib / "demo-shell"), "sh", "-c", "echo $$; exec cat >/dev/null"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(self._environment),
            start_new_session=True,
        )
        said = self._holder.stdout.readline().strip() if self._holder.stdout is not None else b""
        if not said.isdigit() or shutil.which("nsenter") is None:
            return []
        pid = int(said)
        spaces = [name for name in ("user", "mnt") if not _shared(pid, name)]
        if not spaces:
            return []
        user = ["--user", "--preserve-credentials"] if "user" in spaces else []
        mark = f"{_MARK}={self._layout.directory}"
        return ["nsenter", "--target", str(pid), *user, "--mount", "--", "env", mark]

    @property
    def possible(self) -> bool:
        """Whether namespaces can be made here; asked after `argv`."""
        return bool(self._join) or self._are_inside

    def close(self) -> None:
        """Let go of them: who is inside may stay until it ends."""
        holder, self._holder = self._holder, None
        if holder is None:
            return
        for pipe in (holder.stdin, holder.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
        try:
            holder.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            holder.kill()
            holder.wait()


def _shared(pid: int, name: str) -> bool:
    """Whether the process is in our own namespace."""
    try:
        return os.readlink(f"/proc/{pid}/ns/{name}") == os.readlink(f"/proc/self/ns/{name}")  # noqa: PTH115
    except OSError:
        return True
