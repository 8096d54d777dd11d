"""The login on a guest's console: user livexen, password live."""

from __future__ import annotations

from typing import Any

from xentui.demo.guest.line_editor import END, INTERRUPT, LineEditor
from xentui.demo.guest.program import Program, program_from

USER, PASSWORD = "livexen", "live"


class Login(Program):
    name = "login"

    def __init__(self, kernel: Any) -> None:
        super().__init__(kernel)
        self.user: str | None = None
        self.editor = LineEditor(kernel.write, self._line)

    def start(self) -> None:
        self.user = None
        self.editor.echo = True
        self.kernel.write(f"\nDebian GNU/Linux 13 {self.kernel.name} hvc0\n\n{self.kernel.name} login: ")

    resume = start

    def feed(self, data: bytes) -> None:
        self.editor.feed(data)

    def _line(self, line: str) -> None:
        if line in (INTERRUPT, END):
            self.start()
        elif self.user is None:
            if not line.strip():
                self.kernel.write(f"{self.kernel.name} login: ")
                return
            self.user = line.strip()
            self.editor.echo = False
            self.kernel.write("Password: ")
        elif (self.user, line) == (USER, PASSWORD):
            self.editor.echo = True
            kernel = self.kernel
            kernel.write(f"Linux {kernel.name} 6.12.48+deb13-amd64 #1 SMP x86_64\n")
            kernel.write(kernel.files.read("/etc/motd") or "")
            kernel.run(program_from(kernel, {"program": "sh"}))
        else:
            self.user = None
            self.editor.echo = True
            self.kernel.after(1.0, self._refuse)

    def _refuse(self) -> None:
        if self.active:
            self.kernel.write(f"\nLogin incorrect\n{self.kernel.name} login: ")

    def snapshot(self) -> dict[str, Any]:
        return {"program": self.name, "user": self.user, "text": self.editor.text}

    def take(self, state: dict[str, Any]) -> None:
        self.user = state.get("user")
        self.editor.echo = self.user is None
        self.editor.reset(state.get("text", ""))
