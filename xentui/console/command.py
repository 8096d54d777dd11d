"""The command that opens a guest's console, as the guest is now."""

from __future__ import annotations

from typing import Protocol

from xentui.host import Host


class Console(Protocol):
    """What a console's command is made of; a `Domain` has it."""

    @property
    def name(self) -> str: ...
    @property
    def id(self) -> int | None: ...


def console_argv(host: Host, domain: Console) -> list[str] | None:
    """The command for the console of a domain as it is now, by its present id; None while it does not run."""
    if not host.has_toolstack and host.libvirt_uri:
        return ["virsh", "-c", host.libvirt_uri, "console", "--", domain.name]
    return [host.toolstack_program, "console", str(domain.id)] if domain.id is not None else None
