"""A guest's console as xenconsoled keeps it: a buffer while nobody looks, and one reader."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

#: Bytes kept for the next reader; older ones are thrown away (xenconsoled's --overflow-data=discard).
LIMIT = 1 << 20
#: Bytes remembered of what was last shown, for a domain that is saved.
_RECENT = 4096
#: Bytes of a guest's log, after which it begins anew.
_LOG_LIMIT = 4 << 20


class Console:
    """Output of a guest on its way to whoever is attached, and into its log; `on_input` gets what comes back."""

    def __init__(self, on_input: Callable[[bytes], None], log: Path | None = None) -> None:
        self.on_input = on_input
        self._log = log
        self.buffer = bytearray()
        self._recent = bytearray()
        self._reader: asyncio.StreamWriter | None = None
        self._more = asyncio.Event()
        self._closed = False

    def write(self, data: bytes) -> None:
        self._write_log(data)
        self.buffer += data
        if len(self.buffer) > LIMIT:
            del self.buffer[: len(self.buffer) - LIMIT]
        self._recent += data
        if len(self._recent) > 2 * _RECENT:
            del self._recent[:-_RECENT]
        self._more.set()

    def _write_log(self, data: bytes) -> None:
        """As xenconsoled does with XENCONSOLED_TRACE=guest; a log that cannot be written is none."""
        if self._log is not None:
            try:
                with self._log.open("ab") as file:
                    if file.tell() > _LOG_LIMIT:
                        file.truncate(0)
                    file.write(data)
            except OSError:
                self._log = None

    @property
    def recent(self) -> bytes:
        """What was last written, from the start of a line on."""
        tail = bytes(self._recent[-_RECENT:])
        return tail if len(self._recent) <= _RECENT else tail.partition(b"\n")[2]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Let a client be attached, until it leaves or the domain does."""
        if self._reader is not None:  # its lock is gone, so it is dead and we have not noticed yet
            self._reader.close()
        self._reader = writer
        pump = asyncio.ensure_future(self._pump(writer))
        typed = asyncio.ensure_future(self._listen(reader))
        try:
            await asyncio.wait((pump, typed), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (pump, typed):
                task.cancel()
            for result in await asyncio.gather(pump, typed, return_exceptions=True):
                if isinstance(result, Exception) and not isinstance(result, ConnectionError):
                    print(f"console: {result!r}", file=sys.stderr, flush=True)
            if self._reader is writer:
                self._reader = None

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(4096):
            self.on_input(data)

    async def _pump(self, writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing():
            while self.buffer and not writer.is_closing():
                chunk = bytes(self.buffer[:4096])
                del self.buffer[:4096]
                writer.write(chunk)
                await writer.drain()
            if self._closed:
                return
            self._more.clear()
            await self._more.wait()

    def close(self) -> None:
        """The domain is gone: whoever is attached gets what is left, then the end."""
        self._closed = True
        self._more.set()
