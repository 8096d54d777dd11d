"""The screen of a guest, HVM or with a vfb: libxl notes the port of its VNC server in xenstore (libxl_dm.c)."""

from __future__ import annotations

from xentui.domains.domain import Domain
from xentui.host import Host, HostError
from xentui.subprocesses import CommandError

_DEADLINE = 8.0


def vnc_port(host: Host, domain: Domain) -> int | None:
    """The TCP port on the guest's host; None where it has no such screen, or it cannot be told."""
    if domain.id is None or host.is_demo:
        return None
    argv = ["xenstore-read", f"/local/domain/{domain.id}/console/vnc-port"]
    try:
        said = host.run(argv, deadline=_DEADLINE, record=False).stdout.strip()
    except (CommandError, HostError):
        return None
    return int(said) if said.isdecimal() else None
