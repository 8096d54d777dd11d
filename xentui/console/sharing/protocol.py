"""What goes over the socket of a shared console, version 1.

A unix stream socket (place.py says where). Whoever connects is a *watcher*, who serves is the *holder*. Both send
frames: one byte that says the kind, four bytes of length (big endian), and so many bytes of payload. A payload has
at most 64 KiB towards watchers and 4 KiB towards the holder; a longer one, or a first frame that is not a hello,
ends the connection. A frame of a kind that the reader does not know is passed over.

Towards the holder:

====  =========================================================================================================
h     hello, first of all: ``{"version": 1, "scrollback": LINES}``, the lines of scrollback that are wanted
i     input, typed for the guest; passed over unless the sender has the writing
a     asks for the writing
g     gives the writing to the one who asks, or back to the holder
k     keeps the writing: refuses the one who asks
z     the guest's terminal has another size now: ``COLSxROWS``; passed over unless the sender has the writing
====  =========================================================================================================

Towards a watcher:

====  =========================================================================================================
w     welcome, the answer to a hello: ``{"version": 1}``
s     a screen begins: ``COLSxROWS``, then `` gap`` if output was left out, for the watcher did not keep up. The
      output that follows starts with a reset and paints the screen as it is (xentui.console.repaint)
o     output of the guest
z     the terminal has another size now: ``COLSxROWS``
p     people: ``{"people": [...], "sentence": "..."}``, who is there and who writes, as `people.Person` has it, and
      why the holder is not attached, if it is not
n     a note: one sentence for the user
e     the end: why the holder leaves
====  =========================================================================================================

Version 1 is all there is; a holder ends the connection of whoever says another one, with a sentence.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any

VERSION = 1
#: Bytes of a payload towards a watcher, and towards the holder.
LARGEST_DOWN, LARGEST_UP = 64 * 1024, 4 * 1024
#: The largest terminal there can be: columns or rows, and cells.
LARGEST_SIDE, MOST_CELLS = 1000, 250_000
_HEAD = struct.Struct(">cI")


class ProtocolError(Exception):
    """The other end does not speak the protocol. One sentence."""


def frame(kind: bytes, payload: bytes = b"") -> bytes:
    """One frame; the payload must not be longer than the direction allows."""
    return _HEAD.pack(kind, len(payload)) + payload


def frames(kind: bytes, payload: bytes, largest: int) -> Iterator[bytes]:
    """A payload of any length as frames."""
    for start in range(0, len(payload), largest):
        yield frame(kind, payload[start : start + largest])


def json_frame(kind: bytes, value: object) -> bytes:
    return frame(kind, json.dumps(value).encode())


def value_of(payload: bytes) -> dict[str, Any]:
    """The object that a payload holds. Raises ProtocolError."""
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ProtocolError("the other end sent something that is no object")
    return value


def size_frame(kind: bytes, columns: int, rows: int, more: str = "") -> bytes:
    return frame(kind, f"{columns}x{rows}{more}".encode())


def size_of(payload: bytes) -> tuple[int, int]:
    """Columns and rows. Raises ProtocolError."""
    columns, _, rows = payload.partition(b" ")[0].partition(b"x")
    if columns.isdigit() and rows.isdigit() and len(payload) < 20:
        size = int(columns), int(rows)
        if all(1 <= side <= LARGEST_SIDE for side in size) and size[0] * size[1] <= MOST_CELLS:
            return size
    raise ProtocolError(f"the other end named a size of {payload[:20]!r}")


class Decoder:
    """Bytes as they come to frames; keeps no more than one frame of the `largest` payload."""

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._buffer = bytearray()

    @property
    def missing(self) -> int:
        """Bytes that may be read and are none of the next frame's; at least one. Raises ProtocolError."""
        if len(self._buffer) < _HEAD.size:
            return _HEAD.size - len(self._buffer)
        length: int = _HEAD.unpack_from(self._buffer)[1]
        if length > self._largest:
            raise ProtocolError(f"the other end sent a frame of {length} bytes")
        return _HEAD.size + length - len(self._buffer)

    def feed(self, data: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Kind and payload of each frame that is whole now. Raises ProtocolError."""
        self._buffer += data
        start = 0
        try:
            while len(self._buffer) - start >= _HEAD.size:
                kind, length = _HEAD.unpack_from(self._buffer, start)
                if length > self._largest:
                    raise ProtocolError(f"the other end sent a frame of {length} bytes")
                end = start + _HEAD.size + length
                if end > len(self._buffer):
                    return
                payload = bytes(self._buffer[start + _HEAD.size : end])
                start = end
                yield kind, payload
        finally:
            del self._buffer[:start]
