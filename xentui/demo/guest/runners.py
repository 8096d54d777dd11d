"""Programs that hold the terminal until they end or ^C comes: yes, a loop, sleep, cat, resize."""

from __future__ import annotations

import re
from typing import Any

from xentui.demo.guest.line_editor import END, INTERRUPT, LineEditor
from xentui.demo.guest.program import Program

#: xenconsoled takes at most 30 bursts in 200 ms from a domain, each a ring of 2 KiB.
_BURST = 2048
_BURST_SECONDS = 0.2 / 30


class Runner(Program):
    """Ends on ^C. `step` is called again and again while it runs; what it gives is printed."""

    busy = 0.0
    arguments: list[str]

    def take(self, state: dict[str, Any]) -> None:
        self.arguments = list(state.get("arguments", []))

    def snapshot(self) -> dict[str, Any]:
        return {"program": self.name, "arguments": self.arguments}

    def start(self) -> None:
        self.kernel.busy = self.busy
        self._again()

    wake = start

    def _again(self) -> None:
        if self.active:
            self.kernel.write(self.step())
        if self.active:
            self.kernel.after(_BURST_SECONDS, self._again, scaled=False)

    def step(self) -> str:
        return ""

    def end(self) -> None:
        self.kernel.busy = 0.0
        super().end()

    def feed(self, data: bytes) -> None:
        if data == b"\x03":
            self.kernel.write("^C\n")
            self.end()


class Yes(Runner):
    name = "yes"
    busy = 0.8

    def step(self) -> str:
        line = (" ".join(self.arguments) or "y") + "\n"
        return line * max(1, _BURST // len(line))


class Loop(Runner):
    """``while true; do BODY; done``."""

    name = "loop"
    busy = 0.6

    def take(self, state: dict[str, Any]) -> None:
        super().take(state)
        self.body = str(state["body"])

    def snapshot(self) -> dict[str, Any]:
        return {**super().snapshot(), "body": self.body}

    def step(self) -> str:
        from xentui.demo.guest.shell import Shell

        below = self.kernel.programs[self.kernel.programs.index(self) - 1]
        if isinstance(below, Shell):
            # The body runs as if it stood at the prompt: take our place on top away meanwhile.
            self.kernel.programs.remove(self)
            below.execute(self.body)
            if below.active:
                self.kernel.programs.append(self)
        return ""


class Sleep(Runner):
    name = "sleep"

    def start(self) -> None:
        text = (self.arguments or ["1"])[0]
        self.kernel.after(float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else 0.0, self._over)

    wake = start

    def _over(self) -> None:
        if self.alive:
            self.end()


class Cat(Runner):
    """Without a file: says again what is typed, until ^D."""

    name = "cat"

    def __init__(self, kernel: Any) -> None:
        super().__init__(kernel)
        self.editor = LineEditor(kernel.write, self._line)

    def start(self) -> None:
        """It waits for a line."""

    wake = start

    def feed(self, data: bytes) -> None:
        self.editor.feed(data)

    def _line(self, line: str) -> None:
        if line in (INTERRUPT, END):
            self.end()
        else:
            self.kernel.write(line + "\n")


class ShowKey(Runner):
    """Shows each byte that arrives, in hexadecimal, until ^D: what a key really sends."""

    name = "showkey"

    def start(self) -> None:
        self.kernel.write("Press any keys - Ctrl-D will terminate this program\n\n")

    def wake(self) -> None:
        """It waits for a key."""

    def feed(self, data: bytes) -> None:
        self.kernel.write(f"0x{data.hex()} ")
        if data == b"\x04":
            self.kernel.write("\n")
            self.end()


class Resize(Runner):
    """Asks the terminal for its size, as xterm's resize(1) does: go to the far corner, report the place."""

    name = "resize"

    def __init__(self, kernel: Any) -> None:
        super().__init__(kernel)
        self._answer = ""

    def start(self) -> None:
        self._answer = ""
        self.kernel.write("\x1b7\x1b[r\x1b[999;999H\x1b[6n")

    wake = start

    def feed(self, data: bytes) -> None:
        if data == b"\x03":
            super().feed(data)
            return
        self._answer = (self._answer + data.decode("latin-1"))[-32:]
        found = re.search(r"\x1b\[(\d{1,4});(\d{1,4})R", self._answer)
        if found:
            self.kernel.rows, self.kernel.columns = int(found[1]), int(found[2])
            self.kernel.write(f"\x1b8COLUMNS={found[2]};\nLINES={found[1]};\nexport COLUMNS LINES;\n")
            self.end()
