"""The tty's attributes (termios(3)): as a full screen needs them, and as they were."""

from __future__ import annotations

import contextlib
import os
import select
import termios
from time import monotonic
from typing import TextIO

from xentui.screens.terminal.line import is_pseudo_terminal

_ANSWER_WITHIN = 1.0
_IFLAG, _OFLAG, _LFLAG, _CC = 0, 1, 3, 6


def descriptor(stream: TextIO | None) -> int:
    """Its file descriptor, or -1: a daemon has no streams."""
    try:
        return stream.fileno() if stream is not None else -1
    except (OSError, ValueError):
        return -1


class TtyAttributes:
    """Remembers the attributes of the tty on `fd` and restores them, any number of times."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._before: list[int | list[bytes | int]] | None = None

    def make_raw(self) -> None:
        """Keys one by one and unchanged, output unchanged. Does nothing to what is not a tty."""
        try:
            attributes = termios.tcgetattr(self._fd)
        except termios.error:
            return
        if self._before is None:
            self._before = termios.tcgetattr(self._fd)
        attributes[_LFLAG] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
        # BREAK would send SIGINT or a NUL; bytes that arrive damaged are better lost.
        attributes[_IFLAG] |= termios.IGNBRK | termios.IGNPAR
        attributes[_IFLAG] &= ~(
            termios.BRKINT | termios.PARMRK | termios.ISTRIP | termios.INLCR | termios.IGNCR | termios.ICRNL
        )
        if not self._flow_controlled():
            attributes[_IFLAG] &= ~(termios.IXON | termios.IXOFF)  # Ctrl+S and Ctrl+Q are keys
        attributes[_OFLAG] &= ~termios.OPOST
        attributes[_CC][termios.VMIN] = 1
        attributes[_CC][termios.VTIME] = 0
        with contextlib.suppress(termios.error):
            termios.tcsetattr(self._fd, termios.TCSANOW, attributes)

    def drop_input(self, *, answer_due: bool) -> None:
        """Forget what came in and was not read, so that no answer of the terminal ends up in the shell.

        answer_due: one is still on its way; wait for it, but not for long.
        """
        if self._before is None:
            return
        with contextlib.suppress(OSError, termios.error):
            until = monotonic() + _ANSWER_WITHIN
            while answer_due and (left := until - monotonic()) > 0 and select.select([self._fd], [], [], left)[0]:
                came = os.read(self._fd, 1024)
                answer_due = bool(came) and not came.endswith((b"n", b"R"))
            termios.tcflush(self._fd, termios.TCIFLUSH)

    def restore(self) -> None:
        """As it was before the first `make_raw`."""
        if self._before is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self._fd, termios.TCSANOW, self._before)
            self._before = None

    def _flow_controlled(self) -> bool:
        """Whether XON/XOFF is the line's: a terminal on a serial port stops us with it. A pty's end never does,
        and neither does the machine's own screen."""
        device = os.fstat(self._fd).st_rdev
        virtual_console = os.major(device) == 4 and os.minor(device) < 64
        return not (is_pseudo_terminal(self._fd) or virtual_console)
