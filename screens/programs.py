"""Programs that get the whole terminal for a while: a shell on the host."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xentui.screens.app import XentuiApp


def shell(app: XentuiApp) -> None:
    """A shell on the host, until it ends. The screen stands still meanwhile. Raises HostError, OSError."""
    argv = app.host.shell_argv()
    with app.suspend():
        print(f"\nA shell on {app.host.name}; exit brings you back to xentui.\n", flush=True)
        subprocess.run(argv, env=dict(app.host.environment()), check=False)
