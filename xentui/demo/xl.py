"""`xl`: its subcommands, as tools/xl has them. Each is ``async (session, words) -> status``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from xentui.demo import listing, xl_change, xl_devices, xl_lifecycle, xl_migrate, xl_show
from xentui.demo.session import Exit, Session

LIST_HEADER = listing.HEADER + "\n"
Command = Callable[[Session, list[str]], Awaitable[int]]

COMMANDS: dict[str, Command] = {
    **xl_lifecycle.COMMANDS,
    **xl_change.COMMANDS,
    **xl_devices.COMMANDS,
    **xl_migrate.COMMANDS,
    **xl_show.COMMANDS,
}
#: Those that `xl -N` tries without doing.
_DRY = {"create"}
#: What real xl has besides. The demo says so instead of pretending.
_NOT_HERE = frozenset(
    """
    button-press channel-list claims config-update cpupool-cpu-add
    cpupool-cpu-remove cpupool-create cpupool-destroy cpupool-list cpupool-migrate cpupool-numa-split cpupool-rename
    debug-keys devd dump-core migrate-receive pci-assignable-list pci-attach
    pci-detach pci-list psr-hwinfo qemu-monitor-command remus sched-credit sched-rtds set-parameters sharing
    suspend trigger usb-list usbctrl-attach usbctrl-detach usbdev-attach usbdev-detach vcpu-pin vkb-list vtpm-list
    """.split()  # noqa: SIM905 - a column of words reads better than a column of quotes
)


async def run(session: Session) -> int:
    words = list(session.words)
    while words and words[0].startswith("-") and len(words[0]) > 1:
        option = words.pop(0)
        if any(letter not in "vftN" for letter in option[1:]):
            raise Exit(1, "unknown global option\n")
        session.dry_run = session.dry_run or "N" in option
    if not words:
        await session.out(_help())
        return 1
    name = words.pop(0)
    if name == "help":
        await session.out(_help())
        return 0
    command = _lookup(name)
    if command is None:
        if name in _NOT_HERE:
            raise Exit(1, f"xl {name}: the demo dom0 cannot do this; a real Xen can\n")
        raise Exit(1, "command not implemented\n")
    if session.dry_run and command not in _DRY:
        raise Exit(1, "command does not implement -N (dryrun) option\n")
    return await COMMANDS[command](session, words)


def _lookup(name: str) -> str | None:
    """A command, or its beginning where that is clear (cmdtable_lookup)."""
    if name in COMMANDS or name in _NOT_HERE:
        return name if name in COMMANDS else None
    found = [command for command in COMMANDS if command.startswith(name)]
    return found[0] if len(found) == 1 else None


def _help() -> str:
    lines = ["Usage xl [-vfNtT] <subcommand> [args]", "", "xl full list of subcommands:", ""]
    lines += [f" {name:<19} {_first_line(function)}" for name, function in sorted(COMMANDS.items())]
    return "\n".join([*lines, "", "This is the demo dom0 of xentui: nothing here is a real Xen.", ""])


def _first_line(function: Command) -> str:
    return (function.__doc__ or "").strip().split("\n")[0].rstrip(".")
