"""Whether a dom0's own libvirt may be spoken to without harm.

Debian's and upstream's libvirtd.service says ``Conflicts=xendomains.service``. With socket activation the
first connection starts libvirtd, systemd then stops xendomains, and that saves or shuts down every guest.
So a libvirtd that does not run yet is left alone where that would happen.
"""

from __future__ import annotations

from xentui.host import Host, HostError
from xentui.subprocesses import CommandError, DeadlineError

URI = "xen:///system"
SOCKETS = ("/run/libvirt/libvirt-sock", "/run/libvirt/virtxend-sock")
_DAEMONS = ("libvirtd", "virtxend")
_DEADLINE = 5.0

HARM = (
    "libvirt is left alone: it does not run, and starting it would stop xendomains.service and with it all guests"
    " (Conflicts= in its unit)."
)
ADVICE = (
    "Take the line out, with a copy of the unit in /etc/systemd/system; or start libvirtd yourself while no guest runs."
)


def harmful(host: Host) -> bool:
    """Whether connecting to the libvirt of `host` would make systemd stop the guests."""
    try:
        if host.run(["pidof", *_DAEMONS], deadline=_DEADLINE, record=False, check=False).ok:
            return False  # it runs: whatever its start did is done
        units = [f"{daemon}.service" for daemon in _DAEMONS]
        shown = host.run(
            ["systemctl", "show", "--property=Conflicts", "--value", *units],
            deadline=_DEADLINE, record=False, check=False,
        )  # fmt: skip
        if "xendomains.service" not in shown.stdout.split():
            return False
        active = ["systemctl", "is-active", "--quiet", "xendomains.service"]
        return host.run(active, deadline=_DEADLINE, record=False, check=False).ok
    except DeadlineError:
        return True  # a systemd that does not answer may do anything
    except (CommandError, HostError):
        return False  # no systemd: then no socket starts anything


def is_local_xen(uri: str) -> bool:
    """Whether `uri` names this machine's own Xen, by way of libvirtd's socket."""
    scheme, _, rest = uri.partition("://")
    return scheme in ("xen", "xen+unix") and rest.startswith("/")
