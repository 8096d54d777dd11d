"""Programs that get the whole terminal for a while: a shell on the host."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xentui.screens.app import XentuiApp


def shell(app: XentuiApp) -> None:
    """A shell on the host, until it ends. The screen stands still meanwhile. Raises HostError, OSError."""
    argv = app.host.shell_argv()
    with app.suspend():
        print(f"\nA shell on {app.host.name}; exit brings you back to xentui.\n", flush=True)
        with _interrupts_are_not_ours():
            subprocess.run(argv, env=dict(app.host.environment()), check=False)


@contextmanager
def _interrupts_are_not_ours() -> Iterator[None]:
    """^C and ^\\ go to whoever has the terminal; that we are in the same process group shall not end us, as in
    system(3). A handler and not SIG_IGN, which the program would inherit."""
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGQUIT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
