"""What only the host can tell about a configuration: missing files and bridges, disks in use, memory, a name taken.

An error is what xl refuses here and now whatever else runs; what may be otherwise at the next start is a warning.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, field

from xentui.disks.device import GuestDisk, UseKind
from xentui.domains.configs import guest_config
from xentui.domains.domain import Domain, Snapshot
from xentui.guest_disks import guest_disks, read_disks
from xentui.host import READ_DEADLINE, Host, HostError
from xentui.subprocesses import CommandError, printable
from xentui.xlcfg.cli import LONGEST, HostView
from xentui.xlcfg.cpu_rules import nowhere
from xentui.xlcfg.diskspec import DiskSpec, DiskSpecError, parse_disk
from xentui.xlcfg.findings import Finding
from xentui.xlcfg.grammar import read
from xentui.xlcfg.parser import Value
from xentui.xlcfg.sheet import ERROR, WARNING, Sheet
from xentui.xlcfg.vifspec import parse_vif

#: Keys that name a file of dom0.
_FILES = ("kernel", "ramdisk", "firmware_override", "bios_path_override", "device_model_override", "smbios_firmware",
          "acpi_firmware")  # fmt: skip
#: Uses of a device that are dom0's own.
_DOM0S_OWN = (UseKind.MOUNTED, UseKind.LIVE_MEDIUM, UseKind.SWAP, UseKind.LVM, UseKind.MD)
#: Bridge scripts; a vif with another one needs no bridge.
_BRIDGE_SCRIPTS = ("", "vif-bridge")
#: test(1) of each path, one answer a line: f(ile or device), d(irectory), - (nothing).
_LOOK = 'for path; do if [ -d "$path" ]; then echo d; elif [ -e "$path" ]; then echo f; else echo -; fi; done'


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What was seen of a host for judging one file: its own path there, what runs, which disks are whose, and for each
    path that the file names whether there is a file (``f``), a folder (``d``) or nothing (``-``)."""

    path: str
    snapshot: Snapshot | None = None
    disks: Sequence[GuestDisk] = ()
    there: dict[str, str] = field(default_factory=dict)
    #: What dom0 itself does with a device, by its path: ``/dev/sda1 is mounted on /boot``.
    busy: dict[str, str] = field(default_factory=dict)


class HostOfConfigs(HostView):
    """A host for `xentui config check`: what its files, and what runs there, mean for a configuration."""

    def __init__(self, host: Host, snapshot: Snapshot | None) -> None:
        self._host, self._snapshot = host, snapshot
        self._own: set[str] = set()  # files that were read there

    def read(self, filename: str) -> bytes | None:
        if not filename.startswith("/"):
            return None
        try:
            data = self._host.read(filename, LONGEST + 1)
        except HostError:
            return None
        self._own.add(filename)
        return data

    def findings(self, text: str, filename: str) -> list[Finding]:
        local = not self._host.is_remote and not self._host.is_demo and filename != "-"
        path = filename if filename in self._own else os.path.abspath(filename) if local else ""  # noqa: PTH100
        return check_on_host(text, look(self._host, text, path, self._snapshot))


def look(host: Host, text: str, path: str, snapshot: Snapshot | None) -> Surroundings:
    """See what is asked of the host for this text. Blocks; never raises."""
    wanted = sorted(_wanted(Sheet(text, read(text)[0])))
    there: dict[str, str] = {}
    try:
        if host.is_demo:
            there = {name: _kind(host, name) for name in wanted}
        elif wanted:
            done = host.run(["sh", "-c", _LOOK, "sh", *wanted], deadline=READ_DEADLINE, record=False)
            there = dict(zip(wanted, done.stdout.split(), strict=False))
    except (CommandError, HostError):
        there = {}
    return Surroundings(path, snapshot, guest_disks(host).disks, there, _busy(host, text))


def _busy(host: Host, text: str) -> dict[str, str]:
    """The devices among the guest's disks that dom0 uses itself. Blocks; never raises."""
    disks = _disks(Sheet(text, read(text)[0]))
    devices = {spec.target for _value, spec in disks if spec.writable and (spec.target or "").startswith("/dev/")}
    if not devices or host.is_demo:
        return {}
    found, busy = read_disks(host), {}
    for path in devices:
        device = found.find(path) if path else None
        for conflict in found.conflicts(device) if device is not None else ():
            if path and conflict.use.kind in _DOM0S_OWN:
                busy[path] = conflict.sentence
    return busy


def unseen(text: str, around: Surroundings) -> bool:
    """Whether the text names a file or bridge that was not looked for."""
    return not _wanted(Sheet(text, read(text)[0])) <= set(around.there)


def _kind(host: Host, name: str) -> str:
    """The demo's own files; it has a bridge as its guests say, and boots no kernel file."""
    if not name.startswith("/srv/"):
        return "f"
    where = host.path(name)
    return "d" if where.is_dir() else "f" if where.exists() else "-"


def _wanted(sheet: Sheet) -> set[str]:
    """The paths that have to be there; a bridge is one in /sys."""
    found = {path for key in _FILES if (path := sheet.config.string(key) or "").startswith("/")}
    found |= {spec.target for _value, spec in _disks(sheet) if spec.target and spec.target.startswith("/")}
    return found | {_sys(bridge) for _value, bridge in _bridges(sheet)}


def _sys(bridge: str) -> str:
    return f"/sys/class/net/{bridge}/bridge"


def _disks(sheet: Sheet) -> list[tuple[Value, DiskSpec]]:
    found = []
    for value in sheet.items("disk"):
        try:
            spec = parse_disk(str(value.content))
        except DiskSpecError:
            continue
        if not spec.script and spec.options.get("backend", "0") == "0":
            found.append((value, spec))
    return found


def _bridges(sheet: Sheet) -> list[tuple[Value, str]]:
    found = []
    for value in sheet.items("vif"):
        spec = parse_vif(str(value.content))
        if posixpath.basename(spec.get("script", "")) in _BRIDGE_SCRIPTS and "backend" not in spec:
            bridge = spec.get("bridge", "xenbr0")
            if bridge and "/" not in bridge and bridge.isprintable():
                found.append((value, bridge))
    return found


def check_on_host(text: str, around: Surroundings) -> list[Finding]:
    """The findings of the host, in the order of the lines."""
    config, _problems = read(text)
    sheet = Sheet(text, config)
    _check_files(sheet, around)
    _check_disks(sheet, around)
    _check_bridges(sheet, around)
    if around.snapshot is not None:
        _check_machine(sheet, around.snapshot, around.path)
    return sorted(sheet.findings, key=lambda finding: (finding.line, finding.column))


def _check_files(sheet: Sheet, around: Surroundings) -> None:
    for key in _FILES:
        path = sheet.config.string(key) or ""
        setting = sheet.setting(key)
        if setting is not None and around.there.get(path) in ("-", "d"):
            what = "is not there" if around.there[path] == "-" else "is a folder"
            sheet.report(ERROR, "missing-file", key, f"{path} {what}: the guest does not start", at=setting.value)


def _check_disks(sheet: Sheet, around: Surroundings) -> None:
    own = sheet.config.string("name") or ""
    for value, spec in _disks(sheet):
        target = spec.target or ""
        if around.there.get(target) in ("-", "d"):
            what = "is not there" if around.there[target] == "-" else "is a folder, no disk"
            sheet.report(ERROR, "missing-file", "disk", f"{target} {what}: the guest does not start", at=value)
        if spec.writable and target in around.busy:
            says = f"{around.busy[target]}: a guest that writes to it destroys what is there"
            sheet.report(WARNING, "host-disk", "disk", says, at=value)
        others = [d for d in around.disks if _same(d.target, target) and d.guest != own and d.source != around.path]
        for disk in sorted(others, key=lambda disk: disk.state != "running"):
            if not (disk.writable or spec.writable):
                continue
            what = "runs with it" if disk.state == "running" else f"({disk.state}) has it too"
            says = f"{target}: {disk.guest} {what}, and one of both writes; two at once destroy what is on it"
            sheet.report(WARNING, "disk-in-use", "disk", says, at=value)
            break


def _same(one: str, other: str) -> bool:
    return bool(other) and posixpath.normpath(one) == posixpath.normpath(other)


def _check_bridges(sheet: Sheet, around: Surroundings) -> None:
    for value, bridge in _bridges(sheet):
        if around.there.get(_sys(bridge)) == "-":
            says = f"there is no bridge {bridge} on this host: the guest does not start"
            sheet.report(ERROR, "missing-bridge", "vif", says, at=value)


def _check_machine(sheet: Sheet, snapshot: Snapshot, path: str) -> None:
    host, guest = snapshot.host, guest_config(path, sheet.config)
    at = sheet.setting("type") or sheet.setting("builder") or sheet.setting("name")
    if sheet.guest != "pv" and host.virt_caps and "hvm" not in host.virt_caps:
        says = f"this machine cannot run {sheet.guest.upper()} guests: Xen has no hardware virtualisation here"
        sheet.report(ERROR, "no-hvm", "type", says, at=at)
    if guest is None:
        return
    memory = guest.memory_mib or 0
    running = _itself(snapshot, guest.name, path)
    if running is None or not running.state.alive:
        total, free = host.total_memory_mib, host.free_memory_mib
        if total is not None and memory > total:
            says = f"{memory} MiB is more than this machine has ({total} MiB)"
            sheet.report(WARNING, "host-memory", "memory", says)
        elif free is not None and memory > free:
            says = f"{memory} MiB is more than is free now ({free} MiB); xl may take the rest from dom0, if it may"
            sheet.report(WARNING, "host-memory", "memory", says)
    if host.cpus is not None and guest.vcpus is not None and guest.vcpus > host.cpus:
        says = f"{guest.vcpus} vCPUs on {host.cpus} CPUs: it runs, but slower than with {host.cpus}"
        sheet.report(WARNING, "host-cpus", "vcpus", says)
    highest = dict(host.values).get("max_cpu_id", "")
    for value in nowhere(sheet, int(highest) + 1) if highest.isascii() and highest.isdigit() else ():
        says = f"{str(value.content)[:40]!r} is none of this host's CPUs, 0 to {highest}: the guest does not start"
        sheet.report(ERROR, "host-cpus", "cpus", says, at=value)
    for domain in snapshot.domains:
        if domain is running:
            continue
        where = f" ({printable(domain.config_file)})" if domain.config_file else ""
        if domain.name == guest.name:
            sheet.report(WARNING, "name-taken", "name", f"another guest is called {printable(domain.name)}{where}")
        elif guest.uuid and domain.uuid == guest.uuid.lower():
            sheet.report(WARNING, "name-taken", "uuid", f"{printable(domain.name)}{where} has the same UUID")


def _itself(snapshot: Snapshot, name: str, path: str) -> Domain | None:
    """The row of the guest that the file is of: by its path, else by its name if no other file has it. Of a file that
    is not the host's own (no path) the name has to do."""
    rows = snapshot.domains
    found = next((domain for domain in rows if path and domain.config_file == path), None)
    return found or next((d for d in rows if d.name == name and (not path or d.config_file in (None, path))), None)
