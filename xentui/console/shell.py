"""A shell on the host in the place of a guest's console: what shows the one can show the other."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from xentui.console.client import Client, ClientError, Leave
from xentui.console.session import ConsoleSession, State
from xentui.console.sharing.company import company_for
from xentui.console.sharing.share import Share
from xentui.host import Host, HostError

#: What the emulator understands, by the name that programs know it by.
TERM = "xterm-256color"
#: The smallest size that a shell is told.
LEAST_COLUMNS, LEAST_ROWS = 20, 5
#: Programs behind which commands can be typed: shells, and what only stands before one.
SHELLS = ("bash", "sh", "dash", "zsh", "fish", "ash", "ksh", "mksh", "busybox", "su", "sudo", "ssh")
#: Seconds that a shell gets to end when its terminal has gone.
_HANGUP_SECONDS = 0.5


#: Where it is shared; no guest can have this name.
_PLACE = "walkthrough/shell"


class ShellSession(ConsoleSession):
    """Begins a shell when it is attached, hangs up on it when it is left; a shell that ended is not begun again by
    itself. While it is `presented` others can watch it, as far as `share` lets them (as in the settings)."""

    def __init__(
        self, host: Host, name: str = "shell", *, columns: int = 80, rows: int = 24, share: bool | str = False
    ) -> None:
        company = company_for(host, _PLACE, share)
        super().__init__(host, name, lambda: None, columns=columns, rows=rows, company=company)
        self.presented = False

    def attach(self) -> None:
        with self._lock:
            if self._client is not None:
                return
            try:
                self._client = Client(
                    self.host.shell_argv(),
                    environment={**self.host.environment(), "TERM": TERM},
                    columns=self.emulator.columns,
                    rows=self.emulator.rows,
                    escape=None,
                    echo=True,
                )
            except (ClientError, HostError) as error:
                self._fail(str(error))
                return
            self._attached_at = time.monotonic()
            self._set(State.ATTACHED, "")

    def settle(self) -> None:
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None
        self._set(State.WAITING, "the shell has ended; R begins another")

    def look(self) -> bool:
        return False

    def follow_log(self, on: bool = True) -> None:
        """A shell has none."""

    def detach(self) -> Leave:
        with self._lock:
            client, self._client = self._client, None
            self._set(State.DETACHED, "")
            if client is None:
                return Leave.ENDED
            client.close()  # hangs up on all that run there
            client.wait(_HANGUP_SECONDS)
            return Leave.TERM

    def pass_on(self, data: bytes) -> bool:
        client = self._client
        return client is not None and self.state is State.ATTACHED and client.send(data)

    def serve(self) -> Share | None:
        if self.company is not None and not self.presented:
            self.company.end("it is presented no longer")
            return None
        return super().serve()

    def send_size(self, columns: int, rows: int) -> bool:
        self.fit(columns, rows)
        return True

    def fit(self, columns: int, rows: int) -> None:
        """Have the room that there is. In the event loop."""
        columns, rows = max(LEAST_COLUMNS, columns), max(LEAST_ROWS, rows)
        if (columns, rows) != (self.emulator.columns, self.emulator.rows):
            self.resized(columns, rows)
            if isinstance(self._client, Client):
                self._client.set_size(columns, rows)

    @property
    def busy(self) -> str | None:
        """The program that has the terminal now and takes what is typed, unless it is a shell; None otherwise."""
        name = self._about_foreground("comm").strip()
        return None if name in SHELLS else name or None

    def at_console_of(self, id: int | None) -> bool:
        """Whether that program is a console client, and what it shows the console of this domain."""
        words = self._about_foreground("cmdline").split("\0")
        return any("xenconsole" in word for word in words) and str(id) in words

    def _about_foreground(self, file: str) -> str:
        client = self._client
        group = client.foreground if isinstance(client, Client) else None
        with contextlib.suppress(OSError):
            return Path(f"/proc/{group}/{file}").read_text(encoding="utf-8", errors="replace") if group else ""
        return ""


def presented_shell(host: Host) -> ConsoleSession:
    """The shell that somebody presents on this dom0, to be watched: nothing can be typed in it."""
    company = company_for(host, _PLACE, True, may_write=False)
    session = ConsoleSession(host, "a presented shell", lambda: None, company=company)
    session.may_type = False
    return session
