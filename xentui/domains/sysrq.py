"""The SysRq letters that a guest's Linux kernel takes from `xl sysrq` (admin-guide/sysrq.rst of the kernel).

The guest decides: Debian's kernel does only what ``kernel.sysrq`` = 438 allows, and says in its console what it did.
"""

from __future__ import annotations

from typing import NamedTuple

_LOST = "What the guest has not written to its disks is lost."


class SysRq(NamedTuple):
    """A letter; what it does; what is lost by it; whether Debian's kernel does it unless told otherwise."""

    letter: str
    does: str
    lost: str = ""
    in_debian: bool = True


LETTERS: tuple[SysRq, ...] = (
    SysRq("s", "write all disks (sync)"),
    SysRq("u", "mount all file systems read-only", "What runs in the guest cannot write any more."),
    SysRq("b", "reboot at once", _LOST),
    SysRq("o", "power off at once", _LOST),
    SysRq("e", "ask all processes to end (SIGTERM)", "All that runs in the guest is ended.", in_debian=False),
    SysRq("i", "kill all processes (SIGKILL)", "All that runs in the guest is killed.", in_debian=False),
    SysRq("f", "kill what takes most memory (OOM)", "That program's data is lost.", in_debian=False),
    SysRq("c", "crash, for a dump", _LOST, in_debian=False),
    SysRq("t", "show all tasks", in_debian=False),
    SysRq("w", "show tasks that are blocked", in_debian=False),
    SysRq("m", "show its memory", in_debian=False),
    SysRq("l", "show what its CPUs do", in_debian=False),
    SysRq("p", "show registers", in_debian=False),
    SysRq("9", "show all kernel messages in the console"),
    SysRq("4", "show warnings and worse only"),
    SysRq("h", "list the letters"),
)

BY_LETTER = {entry.letter: entry for entry in LETTERS}
