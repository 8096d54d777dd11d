"""What xentui knows about a domain, and about the dom0 it runs on. Immutable records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum


class State(StrEnum):
    """The state of a domain. The first six are Xen's; a saved or switched-off guest is in no list of Xen's."""

    RUNNING = "running"
    BLOCKED = "blocked"  # runs, and waits for something: idle
    PAUSED = "paused"
    SHUTDOWN = "shutdown"
    CRASHED = "crashed"
    DYING = "dying"
    SAVED = "saved"
    OFF = "off"

    @property
    def said(self) -> str:
        """In sentences: a domain that waits (blocked) is one that runs, and is both many times a second."""
        return State.RUNNING.value if self is State.BLOCKED else self.value

    @property
    def alive(self) -> bool:
        """Xen has this domain."""
        return self not in (State.SAVED, State.OFF)

    @property
    def up(self) -> bool:
        """Its kernel can run: it answers a shutdown request, has a console worth opening."""
        return self in (State.RUNNING, State.BLOCKED)


@dataclass(frozen=True, slots=True)
class Disk:
    """A disk of a domain, from the running configuration or its file. `vdev` is the guest's name for it."""

    vdev: str
    target: str | None
    format: str | None = None
    writable: bool = True
    cdrom: bool = False


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface of a domain."""

    mac: str | None
    bridge: str | None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Domain:
    """One row of the table. None means unknown; rates are bytes per second, memory is MiB.

    `name` is as Xen has it, any characters in it: `xentui.subprocesses.printable` before drawing.
    """

    name: str
    id: int | None = None
    uuid: str | None = None
    state: State = State.OFF
    type: str | None = None  # pv, pvh, hvm
    vcpus: int | None = None
    max_vcpus: int | None = None  # with how many it was started; known of what runs under xl
    memory_mib: int | None = None
    max_memory_mib: int | None = None  # None also for dom0's "no limit"
    cpu_percent: float | None = None  # of one CPU; two busy vCPUs are 200
    cpu_seconds: float | None = None
    managed_by: tuple[str, ...] = ()  # of "xl", "libvirt", "file"
    config_file: str | None = None
    save_file: str | None = None
    autostart: bool | None = None
    stale_seconds: float | None = None  # age of this row when the toolstack stopped answering
    shutdown_reason: str | None = None
    uptime_seconds: float | None = None
    disk_read: float | None = None
    disk_write: float | None = None
    net_receive: float | None = None
    net_transmit: float | None = None
    disks: tuple[Disk, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    serial: bool | None = None  # whether an HVM guest has a serial line, which is all that its console shows
    note: str = ""  # words of the user's, from its configuration file
    in_xl: bool = False  # xl lists it, whoever started it: what only xl can do reaches it

    @property
    def key(self) -> str:
        """What identifies the row from one refresh to the next. A reboot changes the id, not the key."""
        return self.name if self.name and self.name != "(null)" else f"(null)#{self.id}"

    @property
    def reference(self) -> str:
        """How xl's command line is to name it: by its name, where xl would not take that for something else."""
        misread = self.name in ("", "(null)") or self.name.isdigit() or self.name.startswith("-")
        if self.id is not None and (misread or not self.name.isprintable()):
            return str(self.id)
        return self.name

    @property
    def is_dom0(self) -> bool:
        return self.id == 0

    @property
    def libvirt_owns(self) -> bool:
        """libvirt started it, or would: its calls go through libvirt."""
        return "libvirt" in self.managed_by

    @property
    def leave_to_xl(self) -> str:
        """What makes libvirt's guest xl's, as a sentence."""
        if self.config_file is None:
            return f"libvirt has {self.name}, and xl knows no configuration file of it."
        return f"libvirt has it: virsh undefine {self.reference} leaves it to xl."


@dataclass(frozen=True, slots=True)
class HostInfo:
    """The dom0's machine. Memory in MiB; `free_memory_mib` is what Xen can still give to guests."""

    name: str
    xen_version: str | None = None
    total_memory_mib: int | None = None
    free_memory_mib: int | None = None
    cpus: int | None = None
    load: float | None = None  # dom0's 1-minute load average
    virt_caps: tuple[str, ...] = ()
    scheduler: str | None = None
    values: tuple[tuple[str, str], ...] = ()  # all of `xl info`, in its order


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that was known at `taken` (epoch seconds). `problems` are sentences for the user. A `partial` one comes
    before libvirt was asked, too.
    """

    host: HostInfo
    domains: tuple[Domain, ...]
    taken: float
    problems: tuple[str, ...] = field(default=())
    partial: bool = False

    def domain(self, key: str) -> Domain | None:
        """The domain with this key or name, or None."""
        return next((d for d in self.domains if key in (d.key, d.name)), None)


def aged(domains: Iterable[Domain], seconds: float) -> tuple[Domain, ...]:
    """The same, with every one that Xen had marked as `seconds` old: nothing answers any more."""
    return tuple(
        replace(domain, stale_seconds=max(seconds, domain.stale_seconds or 0.0)) if domain.state.alive else domain
        for domain in domains
    )
