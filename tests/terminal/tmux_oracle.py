"""tmux as the judge of what a stream of output looks like: feed it bytes, read back its cells.

Run as a program, this file is the feeder: it sits in tmux's pane, prints what comes through one pipe, and says
through another when tmux has taken it all in (tmux answers a status query in its turn).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import tty
from pathlib import Path
from types import TracebackType

from xentui.console.attributes import Attributes
from xentui.console.emulator import Emulator

Cell = tuple[str, Attributes]


class Tmux:
    """A pane of this size that shows what it is fed."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        self.columns, self.rows = columns, rows
        self._directory = tempfile.TemporaryDirectory(prefix="xentui-tmux")
        directory = Path(self._directory.name)
        self._pipes = directory / "bytes", directory / "done"
        for pipe in self._pipes:
            os.mkfifo(pipe)
        self._tmux = ["tmux", "-u", "-S", str(directory / "socket"), "-f", "/dev/null"]

    def __enter__(self) -> Tmux:
        feeder = [sys.executable, str(Path(__file__)), *map(str, self._pipes)]
        size = ["-x", str(self.columns), "-y", str(self.rows)]
        self._run("new-session", "-d", *size, *feeder, ";", "set", "-g", "status", "off")
        self._bytes = self._pipes[0].open("wb", buffering=0)
        self._done = self._pipes[1].open("rb", buffering=0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run("kill-server")
        self._bytes.close()
        self._done.close()
        self._directory.cleanup()

    def _run(self, *command: str) -> str:
        done = subprocess.run([*self._tmux, *command], check=True, capture_output=True, timeout=180)
        return done.stdout.decode()

    def feed(self, data: bytes) -> None:
        """Show the data; returns when all of it is on the screen."""
        self._bytes.write(len(data).to_bytes(4, "big") + data)
        assert self._done.read(1) == b"."

    def reset(self) -> None:
        """An empty primary screen."""
        # RIS forgets neither which screen is shown nor what DECSC and 1049 saved.
        self.feed(b"\x1b[?1049l\x1bc\x0f\x1b(B\x1b)B\x1b[H\x1b[2J\x1b[?1049h\x1b[?1049l\x1b7")

    def look(self) -> tuple[list[list[Cell]], tuple[int, int]]:
        """The cells of the screen, and the cursor as row, column."""
        shown, _, cursor = self._run(
            "capture-pane", "-p", "-e", "-N", ";", "display-message", "-p", "#{cursor_y},#{cursor_x}"
        ).rpartition("\n")[0].rpartition("\n")  # fmt: skip
        # What tmux prints of itself are characters, SGR and SO/SI for line drawing: our own emulator reads it.
        reader = Emulator(self.columns, self.rows)
        reader.feed(b"\x1b)0" + shown.replace("\n", "\r\n").encode())
        row, column = re.fullmatch(r"(\d+),(\d+)", cursor).groups()  # type: ignore[union-attr]
        return cells(reader), (int(row), int(column))


def cells(emulator: Emulator) -> list[list[Cell]]:
    """The characters of each row with their attributes."""
    return [
        [(character, attributes) for text, attributes in emulator.runs(row) for character in text]
        for row in range(emulator.rows)
    ]


def _feeder(source: str, done: str) -> None:
    tty.setraw(0)
    with Path(source).open("rb") as bytes_in, Path(done).open("wb", buffering=0) as out:
        while size := bytes_in.read(4):
            os.write(1, bytes_in.read(int.from_bytes(size, "big")) + b"\x1b[5n")
            answers = b""
            while not answers.endswith(b"\x1b[0n"):
                answers += os.read(0, 1000)
            out.write(b".")


if __name__ == "__main__":
    _feeder(*sys.argv[1:])
