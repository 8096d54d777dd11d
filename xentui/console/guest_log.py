"""The log that xenconsoled keeps of a guest's console, where it was told to: followed when the console is not ours."""

from __future__ import annotations

from xentui.host import Host, HostError
from xentui.subprocesses import printable

#: Where xenconsoled writes what guests print, if it was told to (XENCONSOLED_TRACE=guest).
LOG_DIR = "/var/log/xen/console"
#: Bytes of the log that are shown at once when it is opened.
LOG_BYTES = 256 * 1024


def follow_argv(host: Host, name: str) -> list[str]:
    """The command that prints the end of the log of the guest `name`, and then whatever is added to it, also after
    the log was rotated; for a terminal. Blocks. Raises HostError, with what to do, if there is none.
    """
    if "/" in name:
        raise HostError(f"{printable(name)}: a domain of such a name has no log")
    path = f"{LOG_DIR}/guest-{name}.log"
    try:
        host.read(path, 1)
    except HostError as error:
        raise HostError(
            f"{error}. xenconsoled writes logs when XENCONSOLED_TRACE=guest is set in /etc/default/xen"
        ) from error
    here = path if host.is_remote else str(host.path(path))
    return host.terminal_argv(["tail", "-c", str(LOG_BYTES), "-F", "--", here])
