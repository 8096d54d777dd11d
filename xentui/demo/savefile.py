"""The head of a file that `xl save` writes: which domain is in it.

Source: ``struct save_file_header`` in tools/xl/xl.h. Behind the head stands the memory: here the guest's
state as JSON, where a real file has libxl's stream.
"""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path
from typing import Any

MAGIC = b"Xen saved domain, xl format\n \0 \r"
_HEADER = struct.Struct("=32sIIII")
_BYTE_ORDER = 0x01020304
#: The configuration is JSON, the stream is of version 2.
FLAGS = 0x3
_MARK = b"\nxentui demo guest\n"
_LONGEST = 1 << 22


class SaveFileError(Exception):
    """Not a file that `xl restore` would take. The text is xl's own."""


def write(path: Path, config: str, memory: dict[str, Any] | None, size: int = 0) -> int:
    """Write `path`, as long (sparse) as a guest of `size` bytes would make it; without `memory` only its head,
    as a save that fails leaves it. Gives the length that xl reports. Raises OSError."""
    text = config.encode("utf-8", "surrogateescape") + b"\0"
    optional = struct.pack("=I", len(text)) + text
    with path.open("wb") as file:
        file.write(_HEADER.pack(MAGIC.ljust(32, b"\0"), _BYTE_ORDER, FLAGS, 0, len(optional)) + optional)
        if memory is not None:
            body = json.dumps(memory).encode()
            file.write(_MARK + struct.pack("=I", len(body)) + body)
            file.truncate(max(file.tell(), size))
    return len(optional)


def read(path: Path) -> tuple[int, dict[str, Any], dict[str, Any] | None]:
    """Length of the head's data, configuration, memory (None if there is none of the demo's).

    Raises OSError, SaveFileError.
    """
    with path.open("rb") as file:
        length = _read_head(path, file.read(_HEADER.size))
        optional = file.read(length)
        if len(optional) < max(4, length):
            raise SaveFileError("Savefile truncated.")
        size = struct.unpack_from("=I", optional)[0]
        memory = None
        try:
            config = json.loads(optional[4 : 4 + size].rstrip(b"\0").decode("utf-8", "surrogateescape"))
            if file.read(len(_MARK)) == _MARK:
                memory = json.loads(file.read(int.from_bytes(file.read(4), sys.byteorder)))
        except ValueError as error:
            raise SaveFileError("Savefile truncated.") from error
    return length, config, memory


def _read_head(path: Path, data: bytes) -> int:
    """The length of what follows the head."""
    if len(data) < _HEADER.size:
        raise SaveFileError(f"{path}: file/stream truncated reading header")
    magic, order, flags, _, length = _HEADER.unpack(data)
    if magic != MAGIC.ljust(32, b"\0"):
        raise SaveFileError("File has wrong magic number - corrupt or for a different tool?")
    if order != _BYTE_ORDER:
        raise SaveFileError("File has wrong byte order")
    if flags & ~FLAGS:
        raise SaveFileError(
            f"Savefile has mandatory flag(s) 0x{flags & ~FLAGS:x} which are not supported; need newer xl"
        )
    return min(int(length), _LONGEST)
