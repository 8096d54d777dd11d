"""The guest's full-screen programs: top, and an editor in the manner of nano."""

from __future__ import annotations

import posixpath
from typing import Any

from xentui.demo.guest import commands
from xentui.demo.guest.program import Program

#: Seconds between two pictures of `top`.
_REFRESH = 2.0


class Top(Program):
    name = "top"

    def start(self) -> None:
        self.kernel.write("\x1b[?1h\x1b[H\x1b[2J")
        self._draw()

    wake = start

    def _draw(self) -> None:
        if not self.active:
            return
        rows, columns = self.kernel.screen
        lines = self._lines()[: rows - 1]
        text = "\x1b[?25l\x1b[H"
        for number, line in enumerate(lines):
            shown = line[:columns]
            text += f"\x1b[7m{shown.ljust(columns)}\x1b[0m\r\n" if number == 6 else f"{shown}\x1b[K\r\n"
        self.kernel.write(text.replace("\r\n", "\n") + "\x1b[J\x1b[6;1H\x1b[?25h")
        self.kernel.after(_REFRESH, self._draw, scaled=False)

    def _lines(self) -> list[str]:
        from xentui.demo.guest.shell import Shell

        shell = next(program for program in self.kernel.programs if isinstance(program, Shell))
        total = self.kernel.domain.memory_kb / 1024 - 21
        running = commands.processes(shell)
        lines = [
            "top -" + commands.uptime_line(shell),
            f"Tasks: {len(running):3d} total,   1 running, {len(running) - 1:3d} sleeping,   0 stopped,   0 zombie",
            f"%Cpu(s): {self.kernel.busy * 100:4.1f} us,  0.3 sy,  0.0 ni, {99.7 - self.kernel.busy * 100:4.1f} id",
            f"MiB Mem : {total:8.1f} total, {total - 76:8.1f} free, {46.2:8.1f} used, {29.8:8.1f} buff/cache",
            f"MiB Swap: {0:8.1f} total, {0:8.1f} free, {0:8.1f} used. {total - 47:8.1f} avail Mem",
            "",
            "    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND",
        ]
        for number, user, command, share in running:
            state = "R" if command == "top" else "S"
            lines.append(
                f"{number:7d} {user:9} 20   0 {number * 7:7d} {number * 3:6d} {number * 2:6d} {state} "
                f"{share * 100:5.1f} {0.4:5.1f} {'0:00.01':>9} {command}"
            )
        return lines

    def feed(self, data: bytes) -> None:
        if data in (b"q", b"Q", b"\x03"):
            rows, _ = self.kernel.screen
            self.kernel.write(f"\x1b[?1l\x1b[{rows};1H\x1b[K\n")
            self.end()
        elif data in (b" ", b"\r", b"\x0c"):
            self.start()


class Nano(Program):
    """Edits one file: ^O writes it, ^X leaves, ^K takes a line away."""

    name = "nano"

    def take(self, state: dict[str, Any]) -> None:
        arguments = [word for word in state.get("arguments", []) if not word.startswith("-")]
        self.path = str(state.get("path") or posixpath.normpath(
            posixpath.join(state.get("folder", "/"), arguments[0] if arguments else "new.txt")
        ))  # fmt: skip
        text = state.get("lines")
        self.lines: list[str] = list(text) if text else (self.kernel.files.read(self.path) or "").split("\n")
        self.row, self.column = state.get("cursor", (0, 0))
        self.changed = bool(state.get("changed"))
        self.message = ""
        self.asking = False
        self._escape = ""

    def snapshot(self) -> dict[str, Any]:
        return {
            "program": self.name,
            "path": self.path,
            "lines": self.lines,
            "cursor": [self.row, self.column],
            "changed": self.changed,
        }

    def start(self) -> None:
        self.kernel.write("\x1b[?1049h\x1b[2J")
        self._draw()

    wake = start

    def _draw(self) -> None:
        rows, columns = self.kernel.screen
        body = max(1, rows - 4)
        first = max(0, min(self.row - body // 2, len(self.lines) - body))
        title = f"  GNU nano (demo)   {self.path}{'  Modified' if self.changed else ''}"
        text = f"\x1b[H\x1b[7m{title[:columns].ljust(columns)}\x1b[0m"
        for number in range(body):
            line = self.lines[first + number] if first + number < len(self.lines) else ""
            text += f"\x1b[{number + 2};1H{line[:columns]}\x1b[K"
        text += f"\x1b[{rows - 2};1H\x1b[K\x1b[7m{self.message[:columns]}\x1b[0m"
        text += f"\x1b[{rows - 1};1H\x1b[7m^O\x1b[0m Write Out   \x1b[7m^K\x1b[0m Cut\x1b[K"
        text += f"\x1b[{rows};1H\x1b[7m^X\x1b[0m Exit\x1b[K"
        text += f"\x1b[{self.row - first + 2};{min(self.column, columns - 1) + 1}H"
        self.kernel.write(text)

    def feed(self, data: bytes) -> None:
        char = data.decode("latin-1")
        if self.asking:
            self._answer(char)
        elif self._escape:
            self._sequence(char)
        elif char == "\x1b":
            self._escape = char
            return
        else:
            self._key(char)
        if self.active and not self._escape:
            self._draw()

    def _answer(self, char: str) -> None:
        if (char in "yY" and self._write()) or char in "nN":
            self._leave()
        elif char == "\x03":
            self.message = ""
        else:
            return
        self.asking = False

    def _key(self, char: str) -> None:
        self.message = ""
        line = self.lines[self.row]
        if char == "\x18":
            if self.changed:
                self.asking, self.message = True, "Save modified buffer? (Y/N, ^C to go on)"
            else:
                self._leave()
        elif char == "\x0f":
            if self._write():
                self.message = f"[ Wrote {len(self.lines)} lines ]"
        elif char == "\x0b":
            self._edit([], self.row, 0)
        elif char in "\r\n":
            self._edit([line[: self.column], line[self.column :]], self.row + 1, 0)
        elif char in "\x7f\x08":
            if self.column:
                self._edit([line[: self.column - 1] + line[self.column :]], self.row, self.column - 1)
            elif self.row:
                before = self.lines[self.row - 1]
                del self.lines[self.row]
                self.row -= 1
                self._edit([before + line], self.row, len(before))
        elif char >= " ":
            self._edit([line[: self.column] + char + line[self.column :]], self.row, self.column + 1)

    def _edit(self, replacement: list[str], row: int, column: int) -> None:
        self.lines[self.row : self.row + 1] = replacement
        self.lines = self.lines or [""]
        self.row = min(row, len(self.lines) - 1)
        self.column = min(column, len(self.lines[self.row]))
        self.changed = True

    def _sequence(self, char: str) -> None:
        self._escape += char
        if self._escape in ("\x1b[", "\x1bO") or (self._escape[1] == "[" and not "@" <= char <= "~"):
            return
        move, self._escape = self._escape[-1], ""
        if move == "A":
            self.row = max(0, self.row - 1)
        elif move == "B":
            self.row = min(len(self.lines) - 1, self.row + 1)
        elif move == "C":
            self.column += 1
        elif move == "D":
            self.column = max(0, self.column - 1)
        self.column = min(self.column, len(self.lines[self.row]))

    def _write(self) -> bool:
        if not self.kernel.files.write(self.path, "\n".join(self.lines)):
            self.message = f"[ Error writing {self.path}: No such directory ]"
            return False
        self.changed = False
        return True

    def _leave(self) -> None:
        self.kernel.write("\x1b[2J\x1b[?1049l")
        self.end()
