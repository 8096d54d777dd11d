"""Writing an initramfs: a cpio archive in the "newc" format, as the kernel unpacks it.

Format: linux, Documentation/driver-api/early-userspace/buffer-format.rst.
"""

from __future__ import annotations

import gzip
import io
import stat

_MAGIC = b"070701"


class Initramfs:
    """A cpio archive in the making. Times are 0, so that bytes repeat."""

    def __init__(self) -> None:
        self._out = io.BytesIO()
        self._inode = 0

    def folder(self, path: str, mode: int = 0o755, *, owner: int = 0) -> None:
        """A folder; `owner` is both its user and its group. All else belongs to root."""
        self._entry(path, stat.S_IFDIR | mode, b"", owner)

    def file(self, path: str, data: bytes, mode: int = 0o644) -> None:
        self._entry(path, stat.S_IFREG | mode, data)

    def link(self, path: str, target: str) -> None:
        self._entry(path, stat.S_IFLNK | 0o777, target.encode())

    def packed(self) -> bytes:
        """The finished archive, compressed with gzip."""
        self._inode = -1
        self._entry("TRAILER!!!", 0, b"")
        return gzip.compress(self._out.getvalue(), mtime=0)

    def _entry(self, path: str, mode: int, data: bytes, owner: int = 0) -> None:
        self._inode += 1
        name = path.lstrip("/").encode() + b"\0"
        links = 2 if stat.S_ISDIR(mode) else 1
        fields = (self._inode, mode, owner, owner, links, 0, len(data), 0, 0, 0, 0, len(name), 0)
        self._out.write(_MAGIC + b"".join(b"%08x" % field for field in fields) + name)
        self._pad()
        self._out.write(data)
        self._pad()

    def _pad(self) -> None:
        self._out.write(b"\0" * (-self._out.tell() % 4))
