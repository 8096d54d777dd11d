"""A guest's kernel: boot and shutdown messages, time that stops while it is paused, and its programs.

Programs stand on a stack; the top one has the terminal. Everything a guest does is driven by input and
by timers, so that its whole state can be put into a save file and taken up again.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from xentui.demo.guest import boot
from xentui.demo.guest.files import Files
from xentui.demo.guest.program import Program, program_from

if TYPE_CHECKING:
    from xentui.demo.console import Console
    from xentui.demo.domain import Domain, Reason


class Kernel:
    """`delay` scales a time that a person would wait; `ended` is told when the guest shuts down."""

    console: Console

    def __init__(self, domain: Domain, delay: Callable[[float], float], ended: Callable[[Reason], None]) -> None:
        self.domain = domain
        self.delay = delay
        self._ended = ended
        self.name: str = "".join(c for c in str(domain.config["c_info"]["name"]) if c.isalnum() or c in ".-") or "guest"
        self.files = Files(self.name)
        self.started = time.time()
        self.rows = self.columns = 0  # as the kernel has it until somebody says `stty`
        self.programs: list[Program] = []
        self.phase = "off"  # off, booting, up, stopping
        self.messages: list[str] = []  # of boot and shutdown that are still to come
        self.reason: int | None = None
        self.busy = 0.0
        self._running = False
        self._timers: set[asyncio.TimerHandle] = set()
        self._missed: list[Callable[[], None]] = []
        self._input = bytearray()

    @property
    def screen(self) -> tuple[int, int]:
        """Rows and columns that a full-screen program would take."""
        return self.rows or 24, self.columns or 80

    # Power

    def power_on(self) -> None:
        self.phase = "booting"
        self.busy = 0.7
        self.started = time.time()
        self.messages = boot.messages(self.domain, self.name)
        self.after(0.02, self._next_message)

    def power_off(self) -> None:
        self.phase = "off"
        self._running = False
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self._missed.clear()
        self.programs.clear()
        self.busy = 0.0

    def stop(self) -> None:
        """The domain is paused: no timer fires, nothing is read."""
        self._running = False

    def go(self) -> None:
        self._running = True
        missed, self._missed = self._missed, []
        for function in missed:
            function()
        data, self._input = bytes(self._input), bytearray()
        if data:
            self.receive(data)

    def after(self, seconds: float, function: Callable[[], None], *, scaled: bool = True) -> None:
        """Call `function` in `seconds` of the guest's time."""

        def fire() -> None:
            self._timers.discard(timer)
            if self._running:
                function()
            else:
                self._missed.append(function)

        timer = asyncio.get_running_loop().call_later(self.delay(seconds) if scaled else seconds, fire)
        self._timers.add(timer)

    # Shutting down, as xenstore's control/shutdown asks

    def shut_down(self, reason: Reason) -> None:
        if self.phase in ("off", "stopping"):
            return
        self.phase = "stopping"
        self.reason = int(reason)
        self.programs.clear()
        self.busy = 0.3
        self.messages = boot.farewell(int(reason))
        self.after(0.05, self._next_message)

    def crash(self, reason: Reason) -> None:
        self.write(boot.panic(self.uptime))
        self.power_off()
        self._ended(reason)

    def sysrq(self, letter: str) -> None:
        """As xenstore's control/sysrq asks; what Debian's kernel.sysrq = 438 lets the kernel do."""
        from xentui.demo.domain import Reason

        for line in boot.sysrq(letter):
            self.write(f"[{self.uptime:12.6f}] {line}\n")
        if letter in ("b", "o"):
            self.power_off()
            self._ended(Reason.REBOOT if letter == "b" else Reason.POWEROFF)

    def _next_message(self) -> None:
        if self.messages:
            self.write(self.messages.pop(0))
            self.after(2.0 / 30 if self.phase == "booting" else 0.1, self._next_message)
        elif self.phase == "booting":
            self.phase = "up"
            self.busy = 0.0
            self.run(program_from(self, {"program": "login"}))
        elif self.phase == "stopping" and self.reason is not None:
            from xentui.demo.domain import Reason

            reason = Reason(self.reason)
            self.power_off()
            self._ended(reason)

    @property
    def uptime(self) -> float:
        return time.time() - self.started

    # Programs

    def run(self, program: Program) -> None:
        self.programs.append(program)
        program.start()

    def finish(self, program: Program) -> None:
        """`program` has ended: the one below has the terminal again."""
        if program in self.programs:
            del self.programs[self.programs.index(program) :]
            if self.programs:
                self.programs[-1].resume()

    def restart(self) -> None:
        """Back to the login: its programs are ended, as by a hang-up."""
        self.programs.clear()
        self.busy = 0.0
        self.run(program_from(self, {"program": "login"}))

    def top(self) -> Program | None:
        return self.programs[-1] if self.programs else None

    def receive(self, data: bytes) -> None:
        """Bytes that were typed at the console."""
        if not self._running:
            self._input += data[: 4096 - len(self._input)]  # what fits in the ring
            return
        for position in range(len(data)):
            program = self.top()
            if program is None:
                break
            try:
                program.feed(data[position : position + 1])
            except Exception:
                # A fault of ours in a guest's program: it ends as a program would, and the daemon's log says why.
                traceback.print_exc()
                self.write("Segmentation fault\n")
                self.restart()

    def write(self, text: str) -> None:
        self.console.write(text.replace("\n", "\r\n").encode("utf-8", "surrogateescape"))

    # Save and restore

    def snapshot(self) -> dict[str, Any]:
        return {
            "phase": self.phase,
            "messages": self.messages,
            "reason": self.reason,
            "uptime": self.uptime,
            "size": [self.rows, self.columns],
            "files": self.files.changed,
            "programs": [program.snapshot() for program in self.programs],
            "screen": self.console.recent.decode("latin-1"),
            "unread": len(self.console.buffer),
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.phase = state["phase"]
        self.messages = list(state["messages"])
        self.reason = state["reason"]
        self.started = time.time() - state["uptime"]
        self.rows, self.columns = state["size"]
        self.files.changed = dict(state["files"])
        self.console.write(state["screen"].encode("latin-1"))
        self.programs = [program_from(self, kept) for kept in state["programs"]]
        if self.phase in ("booting", "stopping"):
            self.after(0.02, self._next_message)
        elif self.programs:
            self.after(0.0, self._wake)

    def _wake(self) -> None:
        if (program := self.top()) is not None:
            program.wake()
