"""The guests' configuration files, /etc/xen/*.cfg and what stands in /etc/xen/auto itself."""

from __future__ import annotations

from dataclasses import dataclass, replace

from xentui.domains import autostart
from xentui.domains.domain import Disk, Interface
from xentui.host import FileInfo, Host, HostError
from xentui.subprocesses import printable
from xentui.xlcfg.diskspec import DiskSpecError, parse_disk
from xentui.xlcfg.grammar import read
from xentui.xlcfg.note import note_of
from xentui.xlcfg.parser import Config, ConfigError, parse
from xentui.xlcfg.vifspec import parse_vif

FOLDER = "/etc/xen"


@dataclass(frozen=True, slots=True)
class GuestConfig:
    """What a configuration file says of a guest; None where it says nothing."""

    path: str
    name: str
    uuid: str | None
    type: str
    vcpus: int | None
    memory_mib: int | None
    max_memory_mib: int | None
    disks: tuple[Disk, ...]
    interfaces: tuple[Interface, ...]
    note: str = ""
    serial: bool | None = None  # whether an HVM guest has a serial line


@dataclass(frozen=True, slots=True)
class _Read:
    """A file as it was when it was read: its guest, or what is wrong with it."""

    mtime: float
    size: int
    guest: GuestConfig | None
    problem: str | None


class ConfigFiles:
    """The configuration files of a host. A file is read again only when its time or size changed."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._files: dict[str, _Read] = {}

    def read(self) -> tuple[list[GuestConfig], list[str]]:
        """All guests, in the order of their files' names, and a sentence on each file that xl would refuse. Its
        guest is among them, too, and last: as far as it can be read, it is there to be mended."""
        found = [info for info in self._host.scan(FOLDER) if info.path.endswith(".cfg")]
        found += [info for info in self._host.scan(autostart.FOLDER) if info.link is None]
        files = {}
        for info in found:
            known = self._files.get(info.path)
            fresh = known is not None and (known.mtime, known.size) == (info.mtime, info.size)
            files[info.path] = known if known is not None and fresh else self._read(info)
        self._files = files
        known_guests = sorted(
            (file for file in files.values() if file.guest), key=lambda file: file.problem is not None
        )
        guests = [file.guest for file in known_guests if file.guest is not None]
        return guests, [file.problem for file in files.values() if file.problem is not None]

    def _read(self, info: FileInfo) -> _Read:
        shown, problem = printable(info.path), None
        try:
            text = self._host.read(info.path).decode("utf-8", "surrogateescape")
        except HostError as error:
            return _Read(info.mtime, info.size, None, str(error))
        try:
            config = parse(text, shown)
            if not config.string("name"):
                problem = f'{shown}: it has no name = "...", so xl would not start it'
        except ConfigError as error:
            config, findings = read(text)
            python = next((f"{shown}:{f.line}: {f.message}" for f in findings if f.code == "python"), None)
            problem = python or str(error)
        guest = guest_config(info.path, config)
        if guest is None and info.path.endswith(".cfg"):
            stem = info.path.rpartition("/")[2].removesuffix(".cfg")
            guest = GuestConfig(info.path, stem, None, "", None, None, None, (), ())
        return _Read(info.mtime, info.size, replace(guest, note=note_of(text)) if guest is not None else None, problem)


def guest_config(path: str, config: Config) -> GuestConfig | None:
    """What `config` says of its guest, or None if it names none."""
    name = config.string("name")
    if not name:
        return None
    kind = config.string("type") or ("hvm" if config.string("builder") == "hvm" else "pv")
    memory = config.number("memory")
    return GuestConfig(
        path=path,
        name=name,
        uuid=config.string("uuid"),
        type=kind if kind in ("pv", "pvh", "hvm") else "pv",
        vcpus=config.number("vcpus") or 1,
        memory_mib=memory,
        max_memory_mib=config.number("maxmem") or memory,
        disks=tuple(_disk(spec) for spec in config.strings("disk")),
        interfaces=tuple(_interface(spec) for spec in config.strings("vif")),
        serial=config.value("serial") is not None if kind == "hvm" else None,
    )


def _disk(text: str) -> Disk:
    try:
        spec = parse_disk(text)
    except DiskSpecError:
        return Disk(vdev="?", target=text)  # shown as written; checking files is another's work
    return Disk(spec.vdev or "?", spec.target or None, spec.format or "raw", spec.writable, spec.cdrom)


def _interface(text: str) -> Interface:
    spec = parse_vif(text)
    return Interface(spec.get("mac"), spec.get("bridge"), spec.get("model"))
