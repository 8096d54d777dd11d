"""What stands behind a path of the host: a block device by its number, or a file by its inode."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass

from xentui.host import READ_DEADLINE, Host, HostError
from xentui.subprocesses import CommandError

#: Paths that one stat(1) is asked about.
_MANY = 200
_FORMAT = "%n\\0%f\\0%t\\0%T\\0%d\\0%i\\0%s\\0"


@dataclass(frozen=True, slots=True)
class Place:
    """`number` is ``MAJOR:MINOR``: of the block device itself, or of the device that a file's file system lies on.

    `path` is where it stands once symbolic links are followed (on a remote host: as it was asked for);
    `size` is a file's in bytes.
    """

    path: str
    is_block: bool
    number: str
    inode: int = 0
    size: int = 0

    @property
    def identity(self) -> tuple[str, int]:
        """The same for all paths that lead to the same."""
        return self.number, self.inode


def look_up(host: Host, paths: Iterable[str]) -> dict[str, Place]:
    """What stands behind each of `paths`; those that lead nowhere, or to something else, are left out."""
    wanted = list(dict.fromkeys(path for path in paths if path.startswith("/") and "\0" not in path))
    if host.is_remote:
        found = {}
        for start in range(0, len(wanted), _MANY):
            found.update(_remote(host, wanted[start : start + _MANY]))
        return found
    return {path: place for path in wanted if (place := _local(host, path)) is not None}


def _local(host: Host, path: str) -> Place | None:
    try:
        real = os.path.realpath(host.path(path))
        info = os.stat(real)  # noqa: PTH116
    except (OSError, ValueError):
        return None
    return _place(real, info.st_mode, info.st_rdev, info.st_dev, info.st_ino, info.st_size)


def _remote(host: Host, paths: list[str]) -> dict[str, Place]:
    try:
        argv = ["stat", "-L", "--printf", _FORMAT, "--", *paths]
        said = host.run(argv, deadline=READ_DEADLINE, record=False, check=False).stdout
    except (CommandError, HostError):
        return {}
    found = {}
    words = said.split("\0")
    for path, mode, major, minor, device, inode, size in zip(*(iter(words),) * 7, strict=False):
        place = _place(
            path, int(mode, 16), os.makedev(int(major, 16), int(minor, 16)), int(device), int(inode), int(size)
        )
        if place is not None:
            found[path] = place
    return found


def _place(path: str, mode: int, rdev: int, dev: int, inode: int, size: int) -> Place | None:
    if stat.S_ISBLK(mode):
        return Place(path, True, f"{os.major(rdev)}:{os.minor(rdev)}")
    if stat.S_ISREG(mode):
        return Place(path, False, f"{os.major(dev)}:{os.minor(dev)}", inode, size)
    return None
