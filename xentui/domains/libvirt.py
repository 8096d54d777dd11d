"""libvirt, on any URI: persistent definitions, lifecycle, and the XML. Implements `Toolstack`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from xentui.domains.domain import Domain, State
from xentui.domains.libvirt_connection import OPEN_DEADLINE, Connection, LibvirtConnection, import_libvirt
from xentui.domains.toolstack import ToolstackCancelledError, ToolstackError, ToolstackHungError
from xentui.domains.xl import SLOWEST_DISK, Xl
from xentui.subprocesses import CommandLog, CommandRecord
from xentui.waiting import wait_until

#: Seconds for a call that changes something. libxl makes others wait while a guest shuts down.
CHANGE_DEADLINE = 90.0
START_DEADLINE = 180.0
SHUTDOWN_DEADLINE = 180.0
#: Seconds that writing or reading a guest's memory may take.
SAVE_DEADLINE = 600.0


class Libvirt:
    """A connection's domains. Every call blocks and raises ToolstackError.

    What changes something is kept in `log` as the virsh command that does the same. `xl`, where it sees the
    same domains, sends them a SysRq: libvirt has no call for it, and keeps nothing that would change by it.
    """

    name = "libvirt"

    def __init__(
        self,
        uri: str,
        log: CommandLog | None = None,
        xl: Xl | None = None,
        open_deadline: float = OPEN_DEADLINE,
    ) -> None:
        self.uri = uri
        self.log = log
        self._xl = xl
        self._saved_guests = xl.saved_guests if xl is not None else None  # its files stand where we can read them
        self._listeners: list[Callable[[str | None], None]] = []
        self.connection = LibvirtConnection(uri, self._changed, open_deadline)

    def listen(self, listener: Callable[[str | None], None]) -> None:
        """Call `listener`, in any thread, with the UUID of a domain that changed; None if all may have."""
        self._listeners.append(listener)

    def _changed(self, uuid: str | None) -> None:
        for listener in list(self._listeners):
            listener(uuid)

    def close(self) -> None:
        self._listeners.clear()
        self.connection.close()

    # What only reads.

    def list(self) -> Sequence[str]:
        """The names of all domains, running or not."""
        return self.connection.read(lambda c: [domain.name() for domain in c.listAllDomains(0)])

    def dumpxml(self, domain: Domain) -> str:
        """Its XML; the persistent one if it does not run."""
        return self.connection.read(lambda c: str(_find(c, domain).XMLDesc(0)))

    def native_to_xml(self, config: str) -> str:
        """An xl.cfg as libvirt's XML (``virsh domxml-from-native xen-xl``); only on Xen."""
        return self.connection.read(lambda c: str(c.domainXMLFromNative("xen-xl", config, 0)))

    # Definitions.

    def define(self, xml: str) -> str:
        """Make a domain known for good; its name."""

        def work(connection: Connection) -> str:
            return str(connection.defineXML(xml).name())

        name: str = self._do(["define", "/dev/stdin"], work, CHANGE_DEADLINE)
        return name

    def undefine(self, domain: Domain) -> None:
        """Forget its definition; its disks stay. What of it runs, runs on."""
        self._do(["undefine", domain.name], lambda c: _find(c, domain).undefine(), CHANGE_DEADLINE)

    def set_autostart(self, domain: Domain, on: bool) -> None:
        argv = ["autostart", *([] if on else ["--disable"]), domain.name]
        self._do(argv, lambda c: _find(c, domain).setAutostart(int(on)), CHANGE_DEADLINE)
        self._changed(domain.uuid)  # no event tells of it

    # Lifecycle.

    def start(self, domain: Domain, *, paused: bool = False, cancel: threading.Event | None = None) -> None:
        flags = import_libvirt().VIR_DOMAIN_START_PAUSED if paused else 0
        argv = ["start", *(["--paused"] if paused else []), domain.name]
        self._do(argv, lambda c: _find(c, domain).createWithFlags(flags), START_DEADLINE)

    def shutdown(self, domain: Domain, *, wait: bool = False, cancel: threading.Event | None = None) -> None:
        self._not_dom0(domain)
        self._do(["shutdown", domain.name], lambda c: _find(c, domain).shutdown(), CHANGE_DEADLINE)
        if not wait:
            return

        def gone() -> bool:
            return not self.connection.read(lambda c: _find(c, domain).isActive())

        if not wait_until(gone, SHUTDOWN_DEADLINE, every=0.5, cancel=cancel):
            if cancel is not None and cancel.is_set():
                raise ToolstackCancelledError(f"{domain.name} was asked to shut down; it was not waited for.")
            raise ToolstackHungError(
                f"{domain.name} was asked to shut down and has not within {SHUTDOWN_DEADLINE:g} s."
                " Look at its console; if it does not react at all, destroy it."
            )

    def reboot(self, domain: Domain, *, cancel: threading.Event | None = None) -> None:
        self._not_dom0(domain)
        self._do(["reboot", domain.name], lambda c: _find(c, domain).reboot(0), CHANGE_DEADLINE)

    def pause(self, domain: Domain) -> None:
        self._not_dom0(domain)
        self._do(["suspend", domain.name], lambda c: _find(c, domain).suspend(), CHANGE_DEADLINE)

    def unpause(self, domain: Domain) -> None:
        self._do(["resume", domain.name], lambda c: _find(c, domain).resume(), CHANGE_DEADLINE)

    def destroy(self, domain: Domain) -> None:
        self._not_dom0(domain)
        self._do(["destroy", domain.name], lambda c: _find(c, domain).destroy(), CHANGE_DEADLINE)

    # Memory and CPUs, saved and live.

    def save(self, domain: Domain, file: str, *, cancel: threading.Event | None = None) -> None:
        self._not_dom0(domain)
        libvirt = import_libvirt()

        def work(connection: Connection) -> None:
            found = _find(connection, domain)
            if found.state()[0] == libvirt.VIR_DOMAIN_PAUSED:
                raise ToolstackError(f"{domain.name} is paused and would not answer: unpause it, then save it.")
            found.save(file)

        if self._xl is not None:
            self._xl.make_place(file)  # libvirt writes over whatever is there
        try:
            self._do(["save", domain.name, file], work, SAVE_DEADLINE + (domain.memory_mib or 0) / SLOWEST_DISK)
        except ToolstackError as error:
            if isinstance(error, ToolstackHungError) or not self._still_runs(domain):
                self._remember_saved(file)  # it may be, or become, all that is left of the guest's memory
            raise
        self._remember_saved(file)

    def _still_runs(self, domain: Domain) -> bool:
        try:
            return self.connection.read(lambda c: bool(_find(c, domain).isActive()))
        except ToolstackError:
            return False

    def _remember_saved(self, file: str) -> None:
        if self._saved_guests is not None:
            self._saved_guests.saved(file)

    def restore(self, file: str, *, cancel: threading.Event | None = None) -> None:
        self._do(["restore", file], lambda c: c.restore(file), SAVE_DEADLINE)
        if self._saved_guests is not None:
            self._saved_guests.restored(file)

    def rename(self, domain: Domain, name: str) -> None:
        self._do(["domrename", domain.name, name], lambda c: _find(c, domain).rename(name, 0), CHANGE_DEADLINE)

    def set_memory(self, domain: Domain, mib: int) -> None:
        live = import_libvirt().VIR_DOMAIN_AFFECT_LIVE
        self._do(
            ["setmem", domain.name, f"{mib}MiB", "--live"],
            lambda c: _find(c, domain).setMemoryFlags(mib * 1024, live),
            CHANGE_DEADLINE,
        )

    def set_vcpus(self, domain: Domain, count: int) -> None:
        live = import_libvirt().VIR_DOMAIN_AFFECT_LIVE
        self._do(
            ["setvcpus", domain.name, str(count), "--live"],
            lambda c: _find(c, domain).setVcpusFlags(count, live),
            CHANGE_DEADLINE,
        )

    # What it has no call for that Xen's driver would carry out; the registry says so before.

    def sysrq(self, domain: Domain, letter: str) -> None:
        if self._xl is not None:
            self._xl.sysrq(domain, letter)
            return
        raise ToolstackError(f"libvirt sends no SysRq to Xen's guests: xl sysrq {domain.reference} {letter} does.")

    def insert_cd(self, domain: Domain, drive: str, image: str) -> None:
        raise ToolstackError(f"libvirt has {domain.name}: virsh change-media changes its CD.")

    def eject_cd(self, domain: Domain, drive: str) -> None:
        raise ToolstackError(f"libvirt has {domain.name}: virsh change-media changes its CD.")

    @staticmethod
    def _not_dom0(domain: Domain) -> None:
        if domain.name == "Domain-0":
            raise ToolstackError("Domain-0 is this machine itself; this cannot be done to it.")

    def _do(self, virsh: Sequence[str], work: Callable[[Connection], Any], deadline: float) -> Any:
        """Make a call that changes something, and keep it in the log as virsh's command."""
        started, clock = time.time(), time.monotonic()
        status: int | None = 1
        said = ""
        try:
            result = self.connection.call(work, deadline)
            status = 0
            return result
        except ToolstackHungError as error:
            status, said = None, str(error)
            raise
        except ToolstackError as error:
            said = error.details
            raise
        finally:
            if self.log is not None:
                argv = ("virsh", "-c", self.uri, *virsh)
                self.log.add(CommandRecord(argv, started, time.monotonic() - clock, status, "", said))


def _find(connection: Connection, domain: Domain) -> Any:
    return connection.lookupByUUIDString(domain.uuid) if domain.uuid else connection.lookupByName(domain.name)


def state_of(number: int, active: bool) -> State:
    """Our word for a virDomainState."""
    if not active:
        return State.OFF
    # VIR_DOMAIN_BLOCKED, PAUSED, SHUTOFF, CRASHED, PMSUSPENDED; one that is being shut down still runs.
    named = {2: State.BLOCKED, 3: State.PAUSED, 5: State.SHUTDOWN, 6: State.CRASHED, 7: State.PAUSED}
    return named.get(number, State.RUNNING)
