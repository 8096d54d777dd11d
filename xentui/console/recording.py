"""Recordings of a console: asciicast v2 (docs.asciinema.org/manual/asciicast/v2), which `xentui replay` reads.

Only what the guest printed is recorded, never what was typed: passwords are typed. A recording is bounded.
"""

from __future__ import annotations

import codecs
import json
import os
import time
from pathlib import Path

#: Bytes of a recording; it ends there by itself.
LIMIT = 64 * 1024 * 1024


def recordings_folder() -> Path:
    """Where recordings go: ``$XDG_STATE_HOME/xentui/recordings``."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "xentui" / "recordings"


class Recorder:
    """Writes one recording. `output` is a tap of a `ConsoleSession`; the file is readable by its owner only."""

    def __init__(self, name: str, columns: int, rows: int, folder: Path | None = None) -> None:
        """Start a recording of the guest `name` in `folder`. Raises OSError."""
        folder = folder or recordings_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        safe = "".join(c if c.isalnum() or c in "._-" else "_" for c in name)[:100].lstrip(".") or "_"
        stamp = time.strftime("%Y%m%d-%H%M%S")
        self.path = folder / f"{safe}-{stamp}.cast"
        # A new file: nothing is overwritten, and no link that somebody put there is followed.
        fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        # Line by line: whoever crashes, the file has what came before.
        self._file = os.fdopen(fd, "w", buffering=1, encoding="utf-8")
        self._start = time.monotonic()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._bytes = 0
        self.full = False
        self._write({"version": 2, "width": columns, "height": rows, "timestamp": int(time.time()), "title": name})

    def _write(self, value: object) -> None:
        line = json.dumps(value) + "\n"
        if self._bytes + len(line) > LIMIT:
            self.full = True
        if not self.full:
            self._bytes += len(line)
            self._file.write(line)

    def _event(self, kind: str, text: str) -> None:
        self._write([round(time.monotonic() - self._start, 6), kind, text])

    def output(self, data: bytes) -> None:
        """Record what the guest printed. Raises OSError when the disk is full."""
        text = self._decoder.decode(data)
        if text and not self.full:
            self._event("o", text)

    def resized(self, columns: int, rows: int) -> None:
        self._event("r", f"{columns}x{rows}")

    def close(self) -> None:
        """End the recording. Raises OSError."""
        self._file.close()
