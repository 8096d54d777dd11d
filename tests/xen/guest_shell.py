"""A shell in a guest, at its console: `at_guest` logs in, and what it gives runs one command after the other."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import pexpect
from livemachine import Dom0

#: Seconds for a command in an emulated machine's guest, at most.
COMMAND_DEADLINE = 120
#: A shell that edits its line tells the terminal when it can be pasted to.
_PASTE = re.compile(r"\x1b\[\?2004[hl]")


class GuestShell:
    """A logged-in shell; its prompt need not be known."""

    def __init__(self, child: pexpect.spawn[str]) -> None:
        self.child = child

    def run(self, command: str, deadline: float = COMMAND_DEADLINE, *, check: bool = True) -> str:
        """What the command prints. Raises AssertionError with it if the command fails and `check` is set."""
        self.child.send(f"{command}; echo status=$?\r")
        self.child.expect(r"status=(\d+)\r\n", timeout=deadline)
        said = _PASTE.sub("", (self.child.before or "").partition("\r\n")[2]).replace("\r", "").strip()
        assert self.child.match is not None
        assert not check or self.child.match[1] == "0", f"{command}: {said}"
        return said


@contextlib.contextmanager
def at_guest(
    dom0: Dom0, host: str, password: str, deadline: float, *, domain: str = "", options: tuple[str, ...] = ()
) -> Iterator[GuestShell]:
    """Log in as root within `deadline` seconds, which may be those of a boot; log out afterwards.

    `host` is its host name, and its domain's if `domain` is not given; `options` are those of ``xl console``. Raises
    pexpect.TIMEOUT.
    """
    argv = dom0.host.terminal_argv(["xl", "console", *options, domain or host])
    child = pexpect.spawn(argv[0], argv[1:], encoding="utf-8", codec_errors="replace", dimensions=(24, 80))
    try:
        child.send("\r")
        child.expect(f"{host} login: ", timeout=deadline)
        child.send("root\r")
        child.expect("Password: ", timeout=COMMAND_DEADLINE)
        child.send(f"{password}\r")
        child.expect("# ", timeout=COMMAND_DEADLINE)
        try:
            yield GuestShell(child)
        except BaseException:
            child.send("\x03exit\r")  # whoever logs in next waits for the prompt
            raise
        child.send("exit\r")
        child.expect("login: ", timeout=COMMAND_DEADLINE)
    finally:
        child.close(force=True)
