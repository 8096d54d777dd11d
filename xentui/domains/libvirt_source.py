"""What libvirt says: all its domains, with statistics where nothing else has them."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xentui.domains.domain import HostInfo
from xentui.domains.libvirt import Libvirt, state_of
from xentui.domains.libvirt_connection import READ_DEADLINE, Connection, import_libvirt
from xentui.domains.libvirt_xml import NOTHING, Description, parse_domain
from xentui.domains.merge import LibvirtRow, Rates
from xentui.domains.toolstack import ToolstackError

#: Seconds after which what rarely changes (XML, autostart) is read again, where no event told of it.
FACTS_AGE = 30.0
#: Seconds that libvirt gets where xl has shown the domains already: libxl's driver makes everybody wait
#: while one guest shuts down.
BESIDE_DEADLINE = 3.0


@dataclass(slots=True)
class LibvirtState:
    """The last that libvirt said. `stale_seconds` is its age when it does not answer now."""

    rows: Sequence[LibvirtRow] = ()
    host: HostInfo | None = None
    stale_seconds: float | None = None
    problem: str | None = None


@dataclass(slots=True)
class _Facts:
    """What rarely changes of a domain."""

    read: float
    id: int
    autostart: bool
    persistent: bool
    saved: bool
    description: Description


@dataclass(slots=True)
class _Counters:
    """Counters of a domain, in bytes and seconds, and when they were read (monotonic)."""

    at: float
    cpu: float | None = None
    receive: int | None = None
    transmit: int | None = None
    read: int | None = None
    write: int | None = None


class LibvirtSource:
    """Reads a connection's domains. Never raises. `full` asks for statistics and devices of those that run, too."""

    def __init__(self, libvirt: Libvirt, *, full: bool) -> None:
        self._libvirt = libvirt
        self._full = full
        self._state = LibvirtState()
        self._answered: float | None = None
        self._facts: dict[str, _Facts] = {}
        self._before: dict[str, _Counters] = {}
        self._bulk = full
        self._lock = threading.Lock()
        libvirt.listen(self._forget)

    def read(self) -> LibvirtState:
        try:
            rows, host = self._libvirt.connection.read(self._read, READ_DEADLINE if self._full else BESIDE_DEADLINE)
        except ToolstackError as error:
            age = time.monotonic() - self._answered if self._answered is not None else None
            self._state = LibvirtState(self._state.rows, self._state.host, age, str(error))
            return self._state
        self._answered = time.monotonic()
        self._state = LibvirtState(rows, host)
        return self._state

    def _forget(self, uuid: str | None) -> None:
        with self._lock:
            if uuid is None:
                self._facts.clear()
            else:
                self._facts.pop(uuid, None)

    # In the connection's thread.

    def _read(self, connection: Connection) -> tuple[list[LibvirtRow], HostInfo | None]:
        stats = self._bulk_stats(connection) if self._full else {}
        rows = []
        gone = import_libvirt()
        for domain in connection.listAllDomains(0):
            try:
                rows.append(self._row(domain, stats.get(domain.UUIDString(), {})))
            except gone.libvirtError as error:
                if error.get_error_code() != gone.VIR_ERR_NO_DOMAIN:  # it vanished meanwhile
                    raise
        present = {row.uuid for row in rows}
        for known in (self._facts, self._before):
            for uuid in known.keys() - present:
                known.pop(uuid, None)
        return rows, self._host(connection) if self._full else None

    def _bulk_stats(self, connection: Connection) -> dict[str, dict[str, Any]]:
        """All domains' statistics in one call, where the driver has it."""
        if not self._bulk:
            return {}
        libvirt = import_libvirt()
        try:
            return {domain.UUIDString(): stats for domain, stats in connection.getAllDomainStats(0, 0)}
        except libvirt.libvirtError as error:
            if error.get_error_code() != libvirt.VIR_ERR_NO_SUPPORT:
                raise
            self._bulk = False
            return {}

    def _row(self, domain: Any, stats: dict[str, Any]) -> LibvirtRow:
        uuid, number = domain.UUIDString(), domain.ID()
        active = number >= 0
        facts = self._get_facts(domain, uuid, number)
        if active and not self._full:  # xl says the rest
            return LibvirtRow(
                domain.name(), uuid, number, state_of(1, active),
                autostart=facts.autostart, persistent=facts.persistent, saved=facts.saved,
            )  # fmt: skip
        state_number, max_kib, kib, vcpus, nanoseconds = domain.info()
        counters = self._counters(domain, stats, facts.description, nanoseconds) if active else None
        rates = Rates()
        if counters is not None:
            rates = _rates(self._before.get(uuid), counters)
            self._before[uuid] = counters
        return LibvirtRow(
            name=domain.name(),
            uuid=uuid,
            id=number if active else None,
            state=state_of(state_number, active),
            type=facts.description.type,
            vcpus=vcpus,
            memory_mib=kib // 1024,
            max_memory_mib=max_kib // 1024,
            cpu_seconds=nanoseconds / 1e9 if active else None,
            autostart=facts.autostart,
            persistent=facts.persistent,
            saved=facts.saved,
            disks=facts.description.disks,
            interfaces=facts.description.interfaces,
            rates=rates,
        )

    def _get_facts(self, domain: Any, uuid: str, number: int) -> _Facts:
        with self._lock:
            facts = self._facts.get(uuid)
        now = time.monotonic()
        if facts is not None and facts.id == number and now - facts.read < FACTS_AGE:
            return facts
        persistent = bool(domain.isPersistent())
        facts = _Facts(
            read=now,
            id=number,
            autostart=persistent and number != 0 and bool(_supported(domain.autostart, 0)),
            persistent=persistent,
            saved=number < 0 and bool(_supported(domain.hasManagedSaveImage, 0)),
            description=parse_domain(domain.XMLDesc(0)) if self._full or number < 0 else NOTHING,
        )
        with self._lock:
            self._facts[uuid] = facts
        return facts

    def _counters(self, domain: Any, stats: dict[str, Any], description: Description, nanoseconds: int) -> _Counters:
        counters = _Counters(time.monotonic(), nanoseconds / 1e9)
        if "net.count" in stats or "block.count" in stats:
            counters.receive = _total(stats, "net", "rx.bytes")
            counters.transmit = _total(stats, "net", "tx.bytes")
            counters.read = _total(stats, "block", "rd.bytes")
            counters.write = _total(stats, "block", "wr.bytes")
            return counters
        nets = [_supported_stats(domain.interfaceStats, name) for name in description.interface_names]
        blocks = [_supported_stats(domain.blockStats, disk.vdev) for disk in description.disks]
        # interfaceStats: received bytes, packets, errors, drops, then the same sent; blockStats: reads,
        # bytes read, writes, bytes written, errors.
        counters.receive = sum(net[0] for net in nets if net)
        counters.transmit = sum(net[4] for net in nets if net)
        counters.read = sum(block[1] for block in blocks if block)
        counters.write = sum(block[3] for block in blocks if block)
        return counters

    def _host(self, connection: Connection) -> HostInfo:
        _model, memory_mib, cpus, *_rest = connection.getInfo()
        free = _supported(connection.getFreeMemory, None)
        kind = connection.getType()
        version = _version(_supported(connection.getVersion, None))
        values = [("libvirt_uri", self._libvirt.uri), ("driver", kind), ("hypervisor_version", version or "")]
        return HostInfo(
            name=connection.getHostname(),
            xen_version=version if kind == "Xen" else None,
            total_memory_mib=memory_mib,
            free_memory_mib=free // (1 << 20) if free is not None else None,
            cpus=cpus,
            values=tuple(values),
        )


def _supported(call: Any, otherwise: Any) -> Any:
    """What a call gives that not every driver has."""
    libvirt = import_libvirt()
    try:
        return call()
    except libvirt.libvirtError as error:
        if error.get_error_code() in (libvirt.VIR_ERR_NO_SUPPORT, libvirt.VIR_ERR_OPERATION_UNSUPPORTED):
            return otherwise
        raise


def _supported_stats(call: Any, device: str) -> Any:
    """Statistics of a device, or None where the driver has none of such a one."""
    libvirt = import_libvirt()
    try:
        return call(device)
    except libvirt.libvirtError:
        return None


def _total(stats: dict[str, Any], group: str, name: str) -> int:
    return sum(int(stats.get(f"{group}.{index}.{name}", 0)) for index in range(int(stats.get(f"{group}.count", 0))))


def _version(number: int | None) -> str | None:
    return f"{number // 1000000}.{number // 1000 % 1000}.{number % 1000}" if number else None


def _rates(before: _Counters | None, now: _Counters) -> Rates:
    if before is None or now.at <= before.at:
        return Rates()
    seconds = now.at - before.at

    def rate(old: float | None, new: float | None) -> float | None:
        return (new - old) / seconds if old is not None and new is not None and new >= old else None

    cpu = rate(before.cpu, now.cpu)
    return Rates(
        cpu_percent=cpu * 100 if cpu is not None else None,
        net_receive=rate(before.receive, now.receive),
        net_transmit=rate(before.transmit, now.transmit),
        disk_read=rate(before.read, now.read),
        disk_write=rate(before.write, now.write),
    )
