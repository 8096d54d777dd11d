"""All domains of a host, whoever manages them: xl, libvirt and the files, merged."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping

from xentui.domains.configs import ConfigFiles, GuestConfig
from xentui.domains.domain import Domain, HostInfo, Snapshot
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


class Inventory:
    """Gives snapshots of a host's domains. Blocking calls, for worker threads; none of them raises."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.xl: Xl | None = Xl(host) if host.has_toolstack else None
        self._xl_source = XlSource(self.xl) if self.xl is not None else None
        self._statistics = Statistics(host) if host.has_toolstack else None
        self._configs = ConfigFiles(host)
        self._files: tuple[float, list[GuestConfig], list[str], dict[str, str], list[SavedGuest]] | None = None
        self._load: tuple[float, float | None] | None = None
        self._lock = threading.Lock()

    def open(self) -> None:
        """Start what runs along: statistics, libvirt's connection. Problems go into the snapshots."""
        if self._statistics is not None:
            self._statistics.start()

    def close(self) -> None:
        """End what was started."""
        if self._statistics is not None:
            self._statistics.stop()

    def watch(self, callback: Callable[[], None]) -> None:
        """Call `callback`, in any thread, when something changed and a new snapshot is worth taking."""

    def toolstack(self, domain: Domain) -> Toolstack:
        """Who carries out what is done to `domain`. Raises ToolstackError if nobody can."""
        if self.xl is None:
            raise ToolstackError(f"Nothing here can manage {domain.name}.")
        return self.xl

    def snapshot(self) -> Snapshot:
        """All that is known now; with stale rows and a sentence where something does not answer."""
        with self._lock:
            return self._snapshot()

    def _snapshot(self) -> Snapshot:
        now = time.time()
        problems: list[str] = []
        sources = Sources(now)
        state = self._xl_source.read() if self._xl_source is not None else XlState()
        sources.rows, sources.details, sources.started = state.rows, state.details, state.started
        sources.xl_stale = state.stale_seconds
        if state.problem is not None:
            problems.append(state.problem)
        if self._statistics is not None:
            sources.rates = self._statistics.rates(state.rows)
        sources.configs, file_problems, auto, sources.saved = self._read_files()
        sources.autostart = auto
        problems += file_problems
        return Snapshot(self._host_info(state.info), merge(sources), now, tuple(problems))

    def _read_files(self) -> tuple[list[GuestConfig], list[str], dict[str, str], list[SavedGuest]]:
        if self._files is not None and self.host.is_remote and time.monotonic() - self._files[0] < REMOTE_FILES_AGE:
            return self._files[1:]
        if self.xl is None:
            return [], [], {}, []
        configs, problems = self._configs.read()
        auto = self.xl.autostart.entries()
        saved = self.xl.saved_guests.list()
        self._files = (time.monotonic(), configs, problems, auto, saved)
        return configs, problems, auto, saved

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
