"""Programs that get the whole terminal for a while: a shell on the host."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from xentui.screens.terminal import size

if TYPE_CHECKING:
    from xentui.screens.app import XentuiApp


def shell(app: XentuiApp) -> None:
    """A shell on the host, until it ends. The screen stands still meanwhile. Raises HostError, OSError."""
    argv = app.host.shell_argv()
    had = (app.size.width, app.size.height)
    with app.suspend():
        if size.of_tty(1) is None:  # a serial line: what is started now need not ask again
            size.tell_tty(1, had)
        print(f"\nA shell on {app.host.name}; exit brings you back to xentui.\n", flush=True)
        with subprocess.Popen(argv, env=dict(app.host.environment())) as process, _signals_for(process):
            process.wait()


@contextmanager
def _signals_for(program: subprocess.Popen[bytes]) -> Iterator[None]:
    """While `program` has the terminal, signals mean it.

    ^C and ^\\ go to whoever has the terminal; that we are in the same process group shall not end us, as in
    system(3). A handler and not SIG_IGN, which the program would inherit. Who ends xentui ends the program first.
    """
    ended_by: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        program.send_signal(signal.SIGKILL if ended_by else signal.SIGHUP)
        ended_by.append(number)

    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGQUIT)}
    before |= {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if ended_by:
            os.kill(os.getpid(), ended_by[0])
