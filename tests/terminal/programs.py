"""How a program ends that pexpect has on a pseudo terminal: waited for, not torn away.

pexpect's own `close` hangs up on it, gives it a tenth of a second to go, and raises when it takes longer.
"""

from __future__ import annotations

import signal
from typing import Any

import pexpect

from xentui.waiting import wait_until

DEADLINE = 180.0


def ended(child: Any) -> int | None:
    """Wait until it has ended by itself; its exit status, None if it was a signal."""
    child.expect(pexpect.EOF)
    _let_go(child)
    status: int | None = child.exitstatus
    return status


def put_an_end_to(child: Any) -> None:
    """Whatever it is doing."""
    if child.isalive():
        child.kill(signal.SIGKILL)
    _let_go(child)


def _let_go(child: Any) -> None:
    assert wait_until(lambda: not child.isalive(), DEADLINE, every=0.01)
    child.ptyproc.delayafterclose = 0
    child.close()
