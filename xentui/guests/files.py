"""Files of the host where guests are made. This machine's or the demo's: guests are not made over ssh."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from pathlib import Path, PurePosixPath

from xentui.guests.errors import GuestError
from xentui.host import Host

#: What is always left free on a file system, in bytes.
RESERVE = 16 << 20

_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def local_only(host: Host) -> None:
    """Raises GuestError for a host whose files are elsewhere."""
    if host.is_remote:
        raise GuestError(f"Guests are made and changed on the host itself: run xentui on {host.name}.")


def parse_size(text: str) -> int:
    """Bytes of a size with its unit, as ``8G``, ``512MB``, ``2GiB``. Raises GuestError."""
    bare = text.strip().upper().removesuffix("IB").removesuffix("B")
    number, unit = bare[:-1], bare[-1:]
    if (
        unit not in _UNITS
        or not number.isascii()
        or not number.isdigit()
        or not 0 < len(number) < 10
        or not int(number)
    ):
        raise GuestError(f"{text!r} is no size: write it with its unit, as 512M or 8G.")
    return int(number) * _UNITS[unit]


def parse_memory(text: str) -> int:
    """MiB of an amount of memory: a number is MiB, as in xl.cfg(5); a unit may be given. Raises GuestError."""
    if text.isascii() and text.isdigit():
        return int(text)
    size = parse_size(text)
    if size % (1 << 20):
        raise GuestError(f"{text!r}: memory is given in whole MiB.")
    return size >> 20


def shown_size(size: int) -> str:
    """A size for people, in the largest unit that says it with at most one decimal."""
    for unit, factor in (("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20)):
        if size >= factor:
            return f"{size / factor:.1f}".removesuffix(".0") + f" {unit}"
    return f"{size / 1024:.0f} KiB"


def path_complaint(path: str) -> str | None:
    """Why `path` cannot be one of a guest's files; None if it can."""
    if not path.startswith("/"):
        return f"{path!r}: give the whole path, from /."
    if not path.isprintable():
        return f"{path!r}: a path cannot hold control characters."
    return None


def exists(host: Host, path: str) -> bool:
    """Whether something has that name, a dangling link included."""
    return os.path.lexists(host.path(path))


def write_file(host: Host, path: str, content: str | bytes, *, mode: int = 0o644) -> None:
    """Write a file, whole or not at all; its folder is made if need be. Raises GuestError."""
    data = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
    target = host.path(path)
    name: str | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:40]}.")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        os.replace(name, target)  # noqa: PTH105
        name = None
    except OSError as error:
        raise GuestError(f"{path}: cannot be written: {error.strerror}.{_advice(error)}") from error
    finally:
        if name is not None:
            with contextlib.suppress(OSError):
                Path(name).unlink()


def make_image(host: Host, path: str, size: int, *, full: bool = False) -> None:
    """Make a raw image of `size` bytes, empty; `full` takes its room now. Never over a file. Raises GuestError."""
    target = host.path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            if full:
                os.posix_fallocate(file.fileno(), 0, size)
            else:
                file.truncate(size)
        target.chmod(0o600)
    except OSError as error:
        elsewhere = ", or choose another with --dir"
        raise GuestError(f"{path}: cannot be made: {error.strerror}.{_advice(error, elsewhere)}") from error


def _advice(error: OSError, elsewhere: str = "") -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f" Its file system is full: free some room{elsewhere}."
    if error.errno in (errno.EACCES, errno.EPERM):
        return " Run xentui as root (sudo xentui)."
    return ""


def free_bytes(host: Host, path: str) -> tuple[int, int]:
    """Free bytes, and the device number, of the file system that `path` would be on."""
    folder = host.path(path)
    while not folder.exists():
        folder = folder.parent
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize, folder.stat().st_dev


def used_bytes(path: Path) -> int:
    """The room that a file takes, or a folder with all in it, on its own file system."""
    with contextlib.suppress(OSError):
        if not path.is_dir() or path.is_symlink():
            return path.lstat().st_blocks * 512
    total = 0
    for folder, _folders, names in os.walk(path):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(folder, name)).st_blocks * 512  # noqa: PTH118
    return total


def below(folder: str, name: str) -> str:
    """The path of `name` in `folder`."""
    return str(PurePosixPath(folder) / name)
