"""Which guests start with the host: the links in /etc/xen/auto, which xendomains(8) starts in order."""

from __future__ import annotations

import contextlib
import os
import posixpath
import re
import shlex
import time
from pathlib import PurePosixPath

from xentui.domains.toolstack import ToolstackError
from xentui.host import FileInfo, Host, HostError
from xentui.subprocesses import CommandError, CommandRecord

FOLDER = "/etc/xen/auto"
#: What stands before a link's name to give it its place.
_NUMBER = re.compile(r"\d{2,}-")


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

    def order(self) -> list[str]:
        """The configuration files in the order in which they are started: that of their entries' names."""
        return [target(info) for info in sorted(self._host.scan(FOLDER), key=lambda info: info.path)]

    def place(self, config_file: str, number: int) -> None:
        """Have `config_file` started as the `number`-th, from 1 on; the last if there are not so many. The links get
        names with a number, ``01-NAME.cfg``. Raises ToolstackError."""
        infos = sorted(self._host.scan(FOLDER), key=lambda info: info.path)
        entries = {target(info): info.path for info in infos}
        if config_file not in entries:
            raise ToolstackError(f"{config_file} does not start with the host, so it has no place among those that do.")
        for file in (info.path for info in infos if info.link is None):
            raise ToolstackError(f"{file} is a file and not a link, so its place cannot be changed: move it yourself.")
        if len(infos) > len(entries):
            raise ToolstackError(f"Two links of {FOLDER} lead to one configuration: remove one of them.")
        order = [config for config in entries if config != config_file]
        order.insert(max(0, number - 1), config_file)
        wanted = {}
        for place, config in enumerate(order, 1):
            name = _NUMBER.sub("", PurePosixPath(entries[config]).name)
            wanted[entries[config]] = str(PurePosixPath(FOLDER) / f"{place:02}-{name}")
        # A name that is taken by a link which goes on to another one is free after that.
        moves = {old: new for old, new in wanted.items() if old != new}
        while moves:
            free = next((old for old, new in moves.items() if new not in moves), None)
            if free is None:
                raise ToolstackError(f"The links of {FOLDER} stand in each other's way: rename one of them.")
            self._rename(free, moves.pop(free))

    def renamed(self, config_file: str, new: str) -> None:
        """The configuration file has another name now: its link, if there is one, leads there and keeps its place.
        Raises ToolstackError."""
        entry = self.entries().get(config_file)
        if entry is not None:
            number = _NUMBER.match(PurePosixPath(entry).name)
            self._link(new, number[0] if number else "")
            self.set(config_file, False)

    def _link(self, config_file: str, number: str = "") -> None:
        entry = str(PurePosixPath(FOLDER) / f"{number}{PurePosixPath(config_file).name}")
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

    def _rename(self, entry: str, new: str) -> None:
        argv = ["mv", "-n", "-T", "--", entry, new]
        if self._host.is_remote:
            self._run(argv)
            return
        started = time.time()
        try:
            if self._host.path(new).exists():
                raise ToolstackError(f"{new} is there already.")
            self._host.path(entry).rename(self._host.path(new))
        except OSError as error:
            raise ToolstackError(f"{entry}: cannot be renamed {new}: {error.strerror}") from error
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
