"""A host and an inventory that say what a test wants; everything above them is the real thing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from xentui.domains.domain import Disk, Domain, HostInfo, Interface, Snapshot, State
from xentui.host import Host, HostError

#: 2026-11-23 05:00:00 UTC
NOW = 1795410000.0

HOST_INFO = HostInfo(
    "xenlive",
    xen_version="4.20.2",
    total_memory_mib=4096,
    free_memory_mib=2784,
    cpus=4,
    load=0.31,
    values=(("host", "xenlive"), ("release", "6.12"), ("xen_version", "4.20.2")),
)


def domain(name: str, id: int | None = None, **more: object) -> Domain:
    """A domain; one with an id runs."""
    values: dict[str, object] = {
        "state": State.BLOCKED if id is not None else State.OFF,
        "type": "pvh",
        "vcpus": 1,
        "memory_mib": 256,
        "managed_by": ("xl", "file"),
        "config_file": f"/etc/xen/{name}.cfg",
        "autostart": False,
    }
    if id is not None:
        values |= {"cpu_percent": 0.3, "uptime_seconds": 3700.0, "disk_read": 0.0, "net_receive": 120.0}
    return Domain(name, id, **{**values, **more})  # type: ignore[arg-type]


def guide() -> list[Domain]:
    """The domains of the guide's machine."""
    dom0 = domain("Domain-0", 0, memory_mib=640, vcpus=4, type="pv", state=State.RUNNING, config_file=None,
                  managed_by=("xl",), autostart=None, cpu_percent=12.5)  # fmt: skip
    server01 = domain("server01", 1, autostart=True, disks=(Disk("xvda", "/srv/xen/server01.img", "raw"),),
                      interfaces=(Interface("00:16:3e:00:00:01", "xenbr0", "vif"),))  # fmt: skip
    return [dom0, server01, domain("client01", 2), domain("server02"), domain("client02")]


class FakeHost(Host):
    """Reads files from a dict, and runs nothing."""

    def __init__(self, *, demo: bool = False) -> None:
        super().__init__()
        self.name = "xenlive"
        self.is_demo = demo
        self.files: dict[str, bytes] = {}

    def read(self, path: str, limit: int = 1 << 20, *, tail: bool = False) -> bytes:
        if path not in self.files:
            raise HostError(f"{path}: No such file or directory")
        return self.files[path][-limit:] if tail else self.files[path][:limit]


class FakeToolstack:
    """Keeps what it was asked for; fails or hangs when told to."""

    name = "fake"

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []
        self.failure: Exception | None = None
        self.hang: threading.Event | None = None

    def __getattr__(self, call: str) -> Callable[..., None]:
        if call.startswith("_"):
            raise AttributeError(call)

        def record(domain: Domain, *arguments: object, cancel: threading.Event | None = None, **more: object) -> None:
            self.calls.append((call, getattr(domain, "name", domain), *arguments, *more.values()))
            while self.hang is not None and not self.hang.wait(0.01):
                if cancel is not None and cancel.is_set():
                    raise RuntimeError("cancelled")
            if self.failure is not None:
                raise self.failure

        return record


class FakeInventory:
    """Gives the domains that a test puts into it."""

    def __init__(self, domains: Sequence[Domain] | None = None) -> None:
        self.domains: list[Domain] = list(domains if domains is not None else guide())
        self.host_info = HOST_INFO
        self.problems: tuple[str, ...] = ()
        self.fake = FakeToolstack()
        self.taken = NOW
        self.readings = 0
        self.gate = threading.Event()
        self.gate.set()
        self.closed = False
        self.callback: Callable[[], None] = lambda: None

    def open(self) -> None:
        pass

    def snapshot(self) -> Snapshot:
        self.gate.wait(60)
        self.readings += 1
        return Snapshot(self.host_info, tuple(self.domains), self.taken, self.problems)

    def retry(self) -> None:
        pass

    def toolstack(self, domain: Domain) -> FakeToolstack:
        return self.fake

    def watch(self, callback: Callable[[], None]) -> None:
        self.callback = callback

    def close(self) -> None:
        self.closed = True

    def change(self, name: str, **changes: object) -> None:
        """Give the domain of this name other values."""
        self.domains = [replace(d, **changes) if d.name == name else d for d in self.domains]  # type: ignore[arg-type]
