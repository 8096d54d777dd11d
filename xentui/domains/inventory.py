"""All domains of a host, whoever manages them: xl, libvirt and the files, merged."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from xentui.domains import libvirt_local
from xentui.domains.configs import ConfigFiles, GuestConfig
from xentui.domains.domain import Domain, HostInfo, Snapshot, State
from xentui.domains.follow import Follower
from xentui.domains.libvirt import Libvirt
from xentui.domains.libvirt_source import BESIDE_DEADLINE, LibvirtSource
from xentui.domains.merge import Sources, merge
from xentui.domains.savefiles import SavedGuest
from xentui.domains.statistics import Statistics
from xentui.domains.toolstack import Toolstack, ToolstackError
from xentui.domains.xl import Xl
from xentui.domains.xl_source import XlSource, XlState
from xentui.host import Host, HostError

#: Seconds between two looks at the files of a remote host, where each look is a program.
REMOTE_FILES_AGE = 15.0
#: Seconds between two looks at the load of a remote host.
REMOTE_LOAD_AGE = 10.0
#: Seconds after which a file is surely older than what was read just now.
_LONG_AGO = 10.0


@dataclass(frozen=True, slots=True)
class _Files:
    """What stands in files."""

    configs: Sequence[GuestConfig] = ()
    problems: Sequence[str] = ()
    autostart: Mapping[str, str] = field(default_factory=dict)
    saved: Sequence[SavedGuest] = ()


class Inventory:
    """Gives snapshots of a host's domains. Blocking calls, for worker threads; none of them raises."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.xl: Xl | None = Xl(host) if host.has_toolstack else None
        self.libvirt: Libvirt | None = None
        self._xl_source = XlSource(self.xl) if self.xl is not None else None
        self._libvirt_source: LibvirtSource | None = None
        uri, self._libvirt_problem = _choose_libvirt(host)
        if uri is not None:
            if self.xl is None:
                self.libvirt = Libvirt(uri, host.log)
            else:  # beside xl it is not waited for as long
                self.libvirt = Libvirt(uri, host.log, self.xl, BESIDE_DEADLINE)
            self._libvirt_source = LibvirtSource(self.libvirt, full=not host.has_toolstack)
        self._statistics = Statistics(host) if host.has_toolstack else None
        self._watchers: list[Callable[[], None]] = []
        self._xenstore: Follower | None = None
        self._configs = ConfigFiles(host)
        self._files: tuple[float, int, _Files] | None = None
        #: The saved files of the last snapshot, with their times; None before the first.
        self._saves_seen: set[tuple[str, float]] | None = None
        self._load: tuple[float, float | None] | None = None
        self._libvirt_asked = False
        self._lock = threading.Lock()

    def open(self) -> None:
        """Start what runs along: the statistics. Problems go into the snapshots."""
        if self._statistics is not None:
            self._statistics.start()

    def close(self) -> None:
        """End what was started."""
        if self._xenstore is not None:
            self._xenstore.stop()
        if self._statistics is not None:
            self._statistics.stop()
        if self.libvirt is not None:
            self.libvirt.close()

    def watch(self, callback: Callable[[], None]) -> None:
        """Call `callback`, in any thread, when something changed and a new snapshot is worth taking. That is so after
        the first one, which does not wait for libvirt where xl has answered: libvirtd may have to be started.
        """
        self._watchers.append(callback)
        if len(self._watchers) > 1:
            return
        if self.libvirt is not None:
            self.libvirt.listen(lambda _uuid: self._changed())
        if self.host.has_toolstack and not self.host.is_demo:
            # xenstored tells of each domain that comes and goes; where it cannot, the clock has to do.
            argv = ["xenstore-watch", "@introduceDomain", "@releaseDomain"]
            self._xenstore = Follower(self.host, argv, lambda _line: self._changed())
            self._xenstore.start()

    def _changed(self) -> None:
        for callback in list(self._watchers):
            callback()

    def toolstack(self, domain: Domain) -> Toolstack:
        """Who carries out what is done to `domain`. Raises ToolstackError if nobody can."""
        if self.libvirt is not None and (self.xl is None or domain.libvirt_owns):
            return self.libvirt
        if self.xl is None:
            raise ToolstackError(f"Nothing here can manage {domain.name}.")
        return self.xl

    def retry(self) -> None:
        """Let the next snapshot ask even who did not answer and is left alone for a while: the user says so."""
        if self._xl_source is not None:
            self._xl_source.retry()
        if self.libvirt is not None:
            self.libvirt.connection.retry()

    def snapshot(self) -> Snapshot:
        """All that is known now; with stale rows and a sentence where something does not answer."""
        with self._lock:
            return self._snapshot()

    def _snapshot(self) -> Snapshot:
        now = time.time()
        problems = [self._libvirt_problem] if self._libvirt_problem is not None else []
        sources = Sources(now)
        state = self._xl_source.read() if self._xl_source is not None else XlState()
        sources.rows, sources.details, sources.started = state.rows, state.details, state.started
        sources.xl_stale = state.stale_seconds
        if state.problem is not None:
            problems.append(state.problem)
        if self._statistics is not None:
            sources.rates = self._statistics.rates(state.rows)
        host = None
        partial = self._libvirt_source is not None and not self._libvirt_asked and bool(self._watchers and state.rows)
        self._libvirt_asked = True
        if self._libvirt_source is not None and not partial:
            virt = self._libvirt_source.read()
            sources.libvirt, sources.libvirt_stale, host = virt.rows, virt.stale_seconds, virt.host
            # A dom0's own libvirt is a guest here: it matters only once it was seen to work.
            if virt.problem is not None and (self.xl is None or virt.stale_seconds is not None):
                problems.append(virt.problem)
        files = self._read_files()
        sources.configs, sources.autostart, sources.saved = files.configs, files.autostart, files.saved
        self._note_what_ran_on(state, files.saved, now)
        problems += files.problems
        if partial:
            self._changed()
        return Snapshot(host or self._host_info(state.info), merge(sources), now, tuple(problems), partial)

    def _note_what_ran_on(self, state: XlState, saved: Sequence[SavedGuest], now: float) -> None:
        """A guest that runs, whoever started it, has other disks than when it was saved: once it ends it is off, not
        saved. Said only of a file that was there before the guest was seen to run."""
        seen, self._saves_seen = self._saves_seen, {(save.path, save.mtime) for save in saved}
        if self.xl is None or state.stale_seconds is not None:
            return
        runs = {row.name: row.id for row in state.rows if row.state in (State.RUNNING, State.BLOCKED)}
        for save in saved:
            details = state.details.get(runs.get(save.name) or 0)
            if save.name not in runs or (details and details.uuid and save.details.uuid not in (None, details.uuid)):
                continue
            if self.host.is_remote:  # its clock may be another
                was_there = seen is not None and (save.path, save.mtime) in seen
            else:
                was_there = save.mtime + _LONG_AGO < now
            if was_there:
                self.xl.saved_guests.ran_since(save)

    def _read_files(self) -> _Files:
        if self.xl is None:
            return _Files()
        # Read before the files are: what xentui changes meanwhile counts as new.
        version = self.xl.files_version
        if self._files is not None and self.host.is_remote:
            at, known, files = self._files
            if time.monotonic() - at < REMOTE_FILES_AGE and known == version:
                return files
        configs, problems = self._configs.read()
        files = _Files(configs, problems, self.xl.autostart.entries(), self.xl.saved_guests.list())
        self._files = (time.monotonic(), version, files)
        return files

    def _host_info(self, info: Mapping[str, str]) -> HostInfo:
        return HostInfo(
            name=info.get("host") or self.host.name,
            xen_version=info.get("xen_version"),
            total_memory_mib=_number(info.get("total_memory")),
            free_memory_mib=_number(info.get("free_memory")),
            cpus=_number(info.get("nr_cpus")),
            load=self._read_load(),
            virt_caps=tuple(info.get("virt_caps", "").split()),
            scheduler=info.get("xen_scheduler"),
            values=tuple(info.items()),
        )

    def _read_load(self) -> float | None:
        age = REMOTE_LOAD_AGE if self.host.is_remote else 0.0
        if self._load is None or time.monotonic() - self._load[0] >= age:
            load = None
            with contextlib.suppress(HostError, ValueError, IndexError):
                load = float(self.host.read("/proc/loadavg", 64).split()[0])
            self._load = (time.monotonic(), load)
        return self._load[1]


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() else None


def _choose_libvirt(host: Host) -> tuple[str | None, str | None]:
    """Which libvirt to speak to: the one that was asked for, else a dom0's own if it is there; and what
    the user is to know if it is left alone."""
    asked_for = host.libvirt_uri
    if asked_for is None:
        if host.is_demo or host.is_remote or not any(host.path(path).exists() for path in libvirt_local.SOCKETS):
            return None, None
        return (None, None) if libvirt_local.harmful(host) else (libvirt_local.URI, None)
    if libvirt_local.is_local_xen(asked_for) and libvirt_local.harmful(Host()):
        return None, f"{libvirt_local.HARM} {libvirt_local.ADVICE}"
    return asked_for, None
