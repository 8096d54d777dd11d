"""Programs that get the whole terminal for a while: a shell on the host, xentui itself on another one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from xentui.screens.glyphs import SETS
from xentui.screens.terminal import size
from xentui.subprocesses import package_path, printable

if TYPE_CHECKING:
    from xentui.screens.app import XentuiApp


def shell(app: XentuiApp) -> None:
    """A shell on the host, until it ends. The screen stands still meanwhile. Raises HostError, OSError."""
    argv = app.host.shell_argv()
    with _terminal_of(app):
        _run(f"A shell on {app.host.name}; exit brings you back to xentui.", argv, app.host.environment())


def visit(app: XentuiApp, name: str, target: str) -> None:
    """xentui on another host, until it is left. It has the terminal: ssh may ask for a password. Raises OSError."""
    argv = [sys.executable, "-P", "-m", "xentui.cli", *app.host.way_to(target)]
    argv += ["--theme", app.palette.name, *(["--read-only"] if app.read_only else [])]
    for glyphs in ("ascii", "unicode"):
        argv += ["--glyphs", glyphs] if app.glyphs is SETS[glyphs] else []
    with _terminal_of(app):
        environment = {**os.environ, "PYTHONPATH": package_path()}
        if _run(f"xentui on {printable(name)}; q brings you back.", argv, environment) != 0:
            print("\nEnter brings you back. ", end="", flush=True)
            sys.stdin.readline()


@contextmanager
def _terminal_of(app: XentuiApp) -> Iterator[None]:
    had = (app.size.width, app.size.height)
    with app.suspend():
        if size.of_tty(1) is None:  # a serial line: what is started now need not ask again
            size.tell_tty(1, had)
        yield


def _run(words: str, argv: Sequence[str], environment: Mapping[str, str]) -> int:
    print(f"\n{words}\n", flush=True)
    with subprocess.Popen(argv, env=dict(environment)) as process, _signals_for(process):
        return process.wait()


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
