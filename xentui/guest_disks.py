"""The disks of all guests of a host, from everything that knows of any: xl, configurations, libvirt's definitions,
saved guests.

The merged inventory shows one row a guest, from whoever knows it best. Here each source counts: a saved
guest's disks are those in its file, even if its configuration names others by now.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from xentui.disks.device import Disks, GuestDisk
from xentui.disks.probe import probe
from xentui.domains.configs import ConfigFiles
from xentui.domains.domain import Disk
from xentui.domains.libvirt_xml import parse_domain
from xentui.domains.savefiles import SavedGuest, SaveFileError, read_file
from xentui.domains.toolstack import ToolstackError, ToolstackMissingError
from xentui.domains.xl import Xl
from xentui.domains.xl_output import ListRow, OutputError
from xentui.host import Host, HostError
from xentui.subprocesses import CommandError, printable

#: Where libvirt's Xen driver keeps its definitions, and the guests it saved by itself (its src/libxl/libxl_conf.c).
_LIBVIRT, _LIBVIRT_SAVED = "/etc/libvirt/libxl", "/var/lib/libvirt/libxl/save"
_BACKENDS = "/local/domain/0/backend"
_BACKEND_LINE = re.compile(rf'^{_BACKENDS}/(?:vbd|vbd3|qdisk)/(\d+)/(\d+)/(\w[\w-]*) = "(.*)"$', re.MULTILINE)
#: How a backend names the program that opens the file: tools/libs/light/libxl_disk.c.
_PREFIX = re.compile(r"^(?:aio|raw|qcow2?|vhd|qed|phy|file|tap):(?=/)")
_DEADLINE = 10.0
_DEMO_IMAGES, _IMAGE_ENDINGS = "/srv/xen", (".img", ".qcow2", ".raw")


@dataclass(slots=True)
class GuestDisks:
    """`problems` and `blind` as in `xentui.disks.device.Disks`."""

    disks: list[GuestDisk] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    blind: list[str] = field(default_factory=list)

    def add(self, guest: str, state: str, disks: Iterable[Disk], source: str = "") -> None:
        """Note the disks of a guest."""
        for disk in disks:
            if disk.target:
                form = disk.format or "raw"
                self.disks.append(GuestDisk(guest, state, disk.target, disk.vdev, form, disk.writable, source))


def guest_disks(host: Host) -> GuestDisks:
    """All of them. Blocks; never raises."""
    found = GuestDisks()
    if not host.has_toolstack:
        return found
    xl = Xl(host)
    running = _add_running(found, host, xl)
    states = dict.fromkeys(running, "running")
    for saved in _saved(host, xl):
        found.add(saved.name, "saved", saved.details.disks, saved.path)
        states.setdefault(saved.name, "saved")
    configs, problems = ConfigFiles(host).read()
    for config in configs:
        found.add(config.name, states.get(config.name, "off"), config.disks, config.path)
    found.problems += [f"{problem} Its disks are not known." for problem in problems]
    for name, disks, path in _libvirt_definitions(host):
        found.add(name, states.get(name, "off"), disks, path)
    return found


def read_disks(host: Host, images: Iterable[str] = ()) -> Disks:
    """All disks of a host with all their uses: `probe` with the guests of the host. Blocks; never raises.

    The demo has practice disks: the images in its /srv/xen.
    """
    guests = guest_disks(host)
    if host.is_demo:
        images = [*images, *(info.path for info in host.scan(_DEMO_IMAGES) if info.path.endswith(_IMAGE_ENDINGS))]
    disks = probe(host, guests.disks, images)
    problems, blind = (*guests.blind, *guests.problems, *disks.problems), (*guests.blind, *disks.blind)
    return Disks(disks.devices, disks.used, problems, blind)


def _add_running(found: GuestDisks, host: Host, xl: Xl) -> frozenset[str]:
    """The guests that Xen has; gives their names."""
    try:
        xl.probe()
        rows = xl.list()
        details = xl.long_list() if xl.program == "xl" and len(rows) > 0 else {}
    except (ToolstackError, OutputError) as error:
        if not isinstance(error, ToolstackMissingError) or _runs_xen(host):
            found.blind.append(f"Nobody tells which disks the running guests use: {error}")
        return frozenset()
    untold = []
    for row in rows:
        if row.id in details:
            found.add(row.name, row.state.said, details[row.id].disks)
        elif row.id:  # of dom0 itself xl may say nothing
            untold.append(row)
    if untold:
        _add_from_xenstore(found, host, untold)
    return frozenset(row.name for row in rows if row.id is not None)


def _runs_xen(host: Host) -> bool:
    try:
        return host.read("/sys/hypervisor/type", 16).strip() == b"xen"
    except HostError:
        return False


def _add_from_xenstore(found: GuestDisks, host: Host, rows: Sequence[ListRow]) -> None:
    """Of a domain that is dying or was started by somebody else xl knows no configuration, but its disks are there."""
    try:
        text = host.run(["xenstore-ls", "-f", _BACKENDS], deadline=_DEADLINE, record=False).stdout
    except (CommandError, HostError) as error:
        names = ", ".join(printable(row.name) for row in rows)
        found.blind.append(f"xl does not tell which disks {names} uses, and xenstore cannot be read: {error}")
        return
    backends: dict[tuple[int, str], dict[str, str]] = {}
    for domid, device, key, value in _BACKEND_LINE.findall(text):
        backends.setdefault((int(domid), device), {})[key] = value
    for row in rows:
        disks = [_backend(keys) for (domid, _), keys in backends.items() if domid == row.id]
        found.add(row.name, row.state.said, disks, "xenstore")


def _backend(keys: dict[str, str]) -> Disk:
    params = _PREFIX.sub("", keys.get("params", ""))
    form = "raw" if keys.get("type", "phy") == "phy" else "qcow2"  # looked at to be sure
    return Disk(keys.get("dev", "?"), params or None, form, keys.get("mode", "w").startswith("w"))


def _saved(host: Host, xl: Xl) -> Iterator[SavedGuest]:
    yield from xl.saved_guests.list()
    for info in () if host.is_demo else host.scan(_LIBVIRT_SAVED):
        with contextlib.suppress(HostError, SaveFileError):
            yield SavedGuest(info.path, info.mtime, info.size, read_file(host, info.path), by_libvirt=True)


def _libvirt_definitions(host: Host) -> Iterator[tuple[str, tuple[Disk, ...], str]]:
    """What libvirt has defined, from its files: it need not be running for that."""
    for info in () if host.is_demo else host.scan(_LIBVIRT):
        if info.path.endswith(".xml"):
            with contextlib.suppress(HostError):
                xml = host.read(info.path).decode("utf-8", "replace")
                yield PurePosixPath(info.path).stem, parse_domain(xml).disks, info.path
