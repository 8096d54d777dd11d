"""The head of a file that `xl save` writes: which domain is in it.

Source: ``struct save_file_header`` in tools/xl/xl.h. Behind the head stands the memory: here the guest's
state as JSON, where a real file has libxl's stream.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

MAGIC = b"Xen saved domain, xl format\n \0 \r"
_HEADER = struct.Struct("=32sIIII")
_BYTE_ORDER = 0x01020304
#: The configuration is JSON, the stream is of version 2.
FLAGS = 0x3
_MARK = b"\nxentui demo guest\n"
#: A guest's memory is never so small that its file could be taken for the 2 kB of a failed save.
_SMALLEST = 128 << 10


class SaveFileError(Exception):
    """Not a file that `xl restore` would take. The text is xl's own."""


def write(path: Path, config: str, memory: dict[str, Any] | None) -> int:
    """Write `path`; without `memory` only its head, as a save that fails leaves it. Gives the length that
    xl reports. Raises OSError."""
    text = config.encode("utf-8", "surrogateescape") + b"\0"
    optional = struct.pack("=I", len(text)) + text
    head = _HEADER.pack(MAGIC.ljust(32, b"\0"), _BYTE_ORDER, FLAGS, 0, len(optional))
    body = b"" if memory is None else (_MARK + json.dumps(memory).encode()).ljust(_SMALLEST)
    path.write_bytes(head + optional + body)
    return len(optional)


def read(path: Path) -> tuple[int, dict[str, Any], dict[str, Any] | None]:
    """Length of the head's data, configuration, memory (None if there is none of the demo's).

    Raises OSError, SaveFileError.
    """
    data = path.read_bytes()
    if len(data) < _HEADER.size:
        raise SaveFileError(f"{path}: file/stream truncated reading header")
    magic, order, flags, _, length = _HEADER.unpack_from(data)
    if magic != MAGIC.ljust(32, b"\0"):
        raise SaveFileError("File has wrong magic number - corrupt or for a different tool?")
    if order != _BYTE_ORDER:
        raise SaveFileError("File has wrong byte order")
    if flags & ~FLAGS:
        raise SaveFileError(
            f"Savefile has mandatory flag(s) 0x{flags & ~FLAGS:x} which are not supported; need newer xl"
        )
    optional = data[_HEADER.size : _HEADER.size + length]
    if len(optional) < max(4, length):
        raise SaveFileError("Savefile truncated.")
    size = struct.unpack_from("=I", optional)[0]
    try:
        config = json.loads(optional[4 : 4 + size].rstrip(b"\0").decode("utf-8", "surrogateescape"))
        rest = data[_HEADER.size + length :]
        memory = json.loads(rest[len(_MARK) :]) if rest.startswith(_MARK) else None
    except ValueError as error:
        raise SaveFileError("Savefile truncated.") from error
    return length, config, memory
