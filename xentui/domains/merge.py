"""What xl, libvirt and the files know, made into one row a domain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from xentui.domains.configs import GuestConfig
from xentui.domains.domain import Disk, Domain, Interface, State
from xentui.domains.savefiles import SavedGuest
from xentui.domains.xl_output import Details, ListRow


@dataclass(frozen=True, slots=True)
class Rates:
    """What a domain does just now. None is unknown; `cpu_percent` of one CPU, the rest bytes a second."""

    cpu_percent: float | None = None
    net_receive: float | None = None
    net_transmit: float | None = None
    disk_read: float | None = None
    disk_write: float | None = None


_UNKNOWN = Rates()


@dataclass(frozen=True, slots=True)
class LibvirtRow:
    """A domain as libvirt knows it. `id` is None while it does not run."""

    name: str
    uuid: str
    id: int | None
    state: State
    type: str | None = None
    vcpus: int | None = None
    memory_mib: int | None = None
    max_memory_mib: int | None = None
    cpu_seconds: float | None = None
    autostart: bool | None = None
    persistent: bool = True
    saved: bool = False  # libvirt has a managed save of it
    disks: tuple[Disk, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    rates: Rates = field(default=_UNKNOWN)


@dataclass(slots=True)
class Sources:
    """All that is known at one moment. `started` are epoch seconds by domain id."""

    now: float
    rows: Sequence[ListRow] = ()
    details: Mapping[int, Details] = field(default_factory=dict)
    started: Mapping[int, float] = field(default_factory=dict)
    xl_stale: float | None = None
    rates: Mapping[str, Rates] = field(default_factory=dict)
    libvirt: Sequence[LibvirtRow] = ()
    libvirt_stale: float | None = None
    configs: Sequence[GuestConfig] = ()
    autostart: Iterable[str] = ()
    saved: Sequence[SavedGuest] = ()


def merge(sources: Sources) -> tuple[Domain, ...]:
    """One row for each domain: Xen's own in the order of their ids, then the rest by name.

    A configuration file, a saved guest or a libvirt definition belongs to a domain of its UUID, else
    of its name; of copies of a file, which have one UUID, each has its row. One that runs is managed by libvirt only
    where libvirt runs it, under the same id.
    """
    return _Merge(sources).domains()


class _Merge:
    def __init__(self, sources: Sources) -> None:
        self._from = sources
        self._auto = frozenset(sources.autostart)
        self._config_by_name: dict[str, GuestConfig] = {}
        self._config_by_uuid: dict[str, GuestConfig] = {}
        for config in sources.configs:
            self._config_by_name.setdefault(config.name, config)
            if config.uuid:
                self._config_by_uuid.setdefault(config.uuid.lower(), config)
        self._virt_by_uuid = {row.uuid.lower(): row for row in sources.libvirt}
        self._virt_by_name = {row.name: row for row in sources.libvirt}
        self._saved_by_uuid = {s.details.uuid.lower(): s for s in sources.saved if s.details.uuid}
        self._saved_by_name = {s.name: s for s in sources.saved}
        self._seen_names: set[str] = set()
        self._seen_uuids: set[str] = set()
        self._seen_configs: set[str | None] = set()

    def domains(self) -> tuple[Domain, ...]:
        alive = [self._of_xl(row) for row in self._from.rows]
        for domain in alive:
            # A dead domain that Xen cannot let go of yet has no name; its guest may be started anew.
            if domain.name != "(null)":
                self._see(domain)
        alive += self._unseen(self._of_libvirt(row) for row in self._from.libvirt if row.state.alive)
        idle = self._unseen(self._of_libvirt(row) for row in self._from.libvirt if not row.state.alive)
        others = (config for config in self._from.configs if config.path not in self._seen_configs)
        idle += self._unseen(self._of_config(config) for config in others)
        idle += self._unseen(self._of_saved(saved) for saved in reversed(self._from.saved))
        alive.sort(key=lambda domain: -1 if domain.id is None else domain.id)
        idle.sort(key=lambda domain: domain.name)
        return (*alive, *idle)

    def _unseen(self, domains: Iterable[Domain]) -> list[Domain]:
        new = []
        for domain in domains:
            if domain.name in self._seen_names or (domain.uuid or "") in self._seen_uuids:
                continue
            self._see(domain)
            new.append(domain)
        return new

    def _see(self, domain: Domain) -> None:
        self._seen_names.add(domain.name)
        self._seen_configs.add(domain.config_file)
        if domain.uuid:
            self._seen_uuids.add(domain.uuid)

    def _of_xl(self, row: ListRow) -> Domain:
        if row.id is None:  # xm keeps stopped domains itself
            return Domain(
                row.name, managed_by=("xl",), vcpus=row.vcpus, memory_mib=row.memory_mib, cpu_seconds=row.seconds
            )
        details = self._from.details.get(row.id)
        uuid = details.uuid.lower() if details and details.uuid else None
        config = self._config(uuid, row.name) if row.id else None
        virt = self._virt(uuid, row.name) if row.id else None
        by_libvirt = virt is not None and virt.id == row.id
        started = self._from.started.get(row.id)
        rates = self._from.rates.get(row.name, _UNKNOWN)
        return Domain(
            name=row.name,
            id=row.id,
            uuid=uuid or (virt.uuid if virt is not None and by_libvirt else None),
            state=row.state,
            type=(details.type if details else None) or ("pv" if row.id == 0 else None),
            vcpus=row.vcpus,
            max_vcpus=details.vcpus if details else None,
            memory_mib=row.memory_mib,
            max_memory_mib=details.max_memory_mib if details else None,
            cpu_percent=rates.cpu_percent,
            cpu_seconds=row.seconds,
            managed_by=("libvirt" if by_libvirt else "xl", *(("file",) if config else ())),
            config_file=config.path if config else None,
            note=config.note if config else "",
            autostart=self._autostart(config, virt if by_libvirt else None) if row.id else None,
            stale_seconds=self._from.xl_stale,
            shutdown_reason=row.shutdown_reason,
            uptime_seconds=max(0.0, self._from.now - started) if started is not None else None,
            disk_read=rates.disk_read,
            disk_write=rates.disk_write,
            net_receive=rates.net_receive,
            net_transmit=rates.net_transmit,
            disks=details.disks if details else (),
            serial=details.serial if details else None,
            interfaces=details.interfaces if details else (),
            in_xl=True,
        )

    def _of_libvirt(self, row: LibvirtRow) -> Domain:
        uuid = row.uuid.lower()
        config = self._config(uuid, row.name)
        saved = None if row.state.alive else self._saved(uuid, row.name)
        # What xl saved, only xl can restore.
        manager = "libvirt" if saved is None or saved.by_libvirt else "xl"
        return Domain(
            name=row.name,
            id=row.id,
            uuid=uuid,
            state=State.SAVED if not row.state.alive and (saved or row.saved) else row.state,
            type=row.type,
            vcpus=row.vcpus,
            memory_mib=row.memory_mib,
            max_memory_mib=row.max_memory_mib,
            cpu_percent=row.rates.cpu_percent,
            cpu_seconds=row.cpu_seconds,
            managed_by=(manager, *(("file",) if config else ())),
            config_file=config.path if config else None,
            note=config.note if config else "",
            save_file=saved.path if saved else None,
            autostart=self._autostart(config, row),
            stale_seconds=self._from.libvirt_stale,
            disk_read=row.rates.disk_read,
            disk_write=row.rates.disk_write,
            net_receive=row.rates.net_receive,
            net_transmit=row.rates.net_transmit,
            disks=row.disks,
            interfaces=row.interfaces,
        )

    def _of_config(self, config: GuestConfig) -> Domain:
        uuid = config.uuid.lower() if config.uuid else None
        if uuid in self._seen_uuids:  # a copy of another guest's file
            uuid = None
        saved = self._saved(uuid, config.name)
        return Domain(
            name=config.name,
            uuid=uuid or (saved.details.uuid if saved else None),
            state=State.SAVED if saved else State.OFF,
            type=config.type,
            vcpus=config.vcpus,
            memory_mib=config.memory_mib,
            max_memory_mib=config.max_memory_mib,
            managed_by=("file",),
            config_file=config.path,
            note=config.note,
            save_file=saved.path if saved else None,
            autostart=self._autostart(config, None),
            disks=config.disks,
            serial=config.serial,
            interfaces=config.interfaces,
        )

    def _of_saved(self, saved: SavedGuest) -> Domain:
        details = saved.details
        return Domain(
            name=saved.name,
            uuid=details.uuid.lower() if details.uuid else None,
            state=State.SAVED,
            type=details.type,
            vcpus=details.vcpus,
            memory_mib=details.memory_mib,
            max_memory_mib=details.max_memory_mib,
            managed_by=("file",),
            save_file=saved.path,
            disks=details.disks,
            serial=details.serial,
            interfaces=details.interfaces,
        )

    def _config(self, uuid: str | None, name: str) -> GuestConfig | None:
        named = self._config_by_name.get(name)
        if uuid is None or (named is not None and named.uuid and named.uuid.lower() == uuid):
            return named  # of several files with one UUID, copies of one, the one with the name
        return self._config_by_uuid.get(uuid) or named

    def _virt(self, uuid: str | None, name: str) -> LibvirtRow | None:
        return (self._virt_by_uuid.get(uuid) if uuid else None) or self._virt_by_name.get(name)

    def _saved(self, uuid: str | None, name: str) -> SavedGuest | None:
        return (self._saved_by_uuid.get(uuid) if uuid else None) or self._saved_by_name.get(name)

    def _autostart(self, config: GuestConfig | None, virt: LibvirtRow | None) -> bool | None:
        linked = config is not None and config.path in self._auto
        if virt is not None:
            return linked or bool(virt.autostart)
        return linked if config is not None else None
