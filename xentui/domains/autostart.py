"""Which guests start with the host: the links in /etc/xen/auto, which xendomains(8) starts in order."""

from __future__ import annotations

import contextlib
import os
import posixpath
import shlex
import time
from pathlib import PurePosixPath

from xentui.domains.toolstack import ToolstackError
from xentui.host import FileInfo, Host, HostError
from xentui.subprocesses import CommandError, CommandRecord

FOLDER = "/etc/xen/auto"


class Autostart:
    """The folder of a host. Its entries are links to configuration files; a plain file is one itself."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def entries(self) -> dict[str, str]:
        """The configuration files that are started with the host: each with its entry in the folder."""
        return {target(info): info.path for info in self._host.scan(FOLDER)}

    def set(self, config_file: str, on: bool) -> None:
        """Link `config_file` or take its links away. Raises ToolstackError."""
        links = [info for info in self._host.scan(FOLDER) if target(info) == config_file]
        if on and not links:
            self._link(config_file)
        if not on:
            for info in links:
                if info.link is None:
                    raise ToolstackError(f"{info.path} is a file and not a link: move it away yourself.")
                self._unlink(info.path)

    def _link(self, config_file: str) -> None:
        entry = str(PurePosixPath(FOLDER) / PurePosixPath(config_file).name)
        inside = config_file.startswith("/etc/xen/")
        leads = posixpath.relpath(config_file, FOLDER) if inside else config_file
        argv = ["ln", "-s", "--", leads, entry]
        if self._host.is_remote:
            self._run(["mkdir", "-p", FOLDER])
            self._run(argv)
            return
        started = time.time()
        try:
            path = self._host.path(entry)
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh = path.with_name(f".{path.name}.{os.getpid()}")
            with contextlib.suppress(FileNotFoundError):
                fresh.unlink()
            fresh.symlink_to(leads)
            if os.path.lexists(path) and path.exists():
                fresh.unlink()
                raise ToolstackError(f"{entry} is there already and starts something else.")
            os.replace(fresh, path)  # noqa: PTH105
        except OSError as error:
            raise ToolstackError(f"{entry}: cannot be linked: {error.strerror}") from error
        self._record(argv, started)

    def _unlink(self, entry: str) -> None:
        argv = ["rm", "--", entry]
        if self._host.is_remote:
            self._run(argv)
            return
        started = time.time()
        try:
            self._host.path(entry).unlink()
        except OSError as error:
            raise ToolstackError(f"{entry}: cannot be removed: {error.strerror}") from error
        self._record(argv, started)

    def _run(self, argv: list[str]) -> None:
        try:
            self._host.run(argv, deadline=10)
        except (CommandError, HostError) as error:
            raise ToolstackError(f"{shlex.join(argv)}: {error}") from error

    def _record(self, argv: list[str], started: float) -> None:
        # Done without a program, and shown as the command that does the same.
        self._host.log.add(CommandRecord(tuple(argv), started, time.time() - started, 0, "", ""))


def target(info: FileInfo) -> str:
    """The configuration file that an entry leads to."""
    if info.link is None:
        return info.path
    return posixpath.normpath(posixpath.join(posixpath.dirname(info.path), info.link))
