"""The simulated machine: its memory, its domains, and what befalls them.

What a real machine splits between Xen, libxl and the `xl` that waits for a domain's end (which restarts
it and writes /var/log/xen/xl-NAME.log) is here one object, on one asyncio loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from xentui.demo.configuration import vdev_number
from xentui.demo.console import Console
from xentui.demo.domain import Domain, Reason
from xentui.demo.guest.kernel import Kernel
from xentui.demo.paths import Layout

TOTAL_MIB = 2047
#: MiB that Xen keeps for itself, and for each domain beside its memory.
XEN_MIB = 46
OVERHEAD_MIB = 1
DOM0_MIB = 640
#: With less no kernel can be loaded.
SMALLEST_MIB = 4
CPUS = 2
#: Where the Debian Installer's kernels stand, which simulated guests boot as any other.
_INSTALLER = "/usr/lib/debian-installer/"

_ON = {
    Reason.POWEROFF: "on_poweroff",
    Reason.REBOOT: "on_reboot",
    Reason.CRASH: "on_crash",
    Reason.WATCHDOG: "on_watchdog",
}


class LibxlError(Exception):
    """libxl refuses. `lines` is what it prints, `code` its (positive) error number."""

    def __init__(self, *lines: str, code: int = 3) -> None:
        super().__init__(lines[0] if lines else "")
        self.lines = lines
        self.code = code


class Machine:
    """The machine. `speed` divides every time that a person would wait; infinite means at once."""

    def __init__(self, layout: Layout, speed: float = 1.0) -> None:
        self.layout = layout
        self.speed = speed
        self.domains: dict[int, Domain] = {}
        self.next_id = 1
        self.next_pid = 1200
        self.booted = time.time()
        self.extra_mib = 0  # more memory, for a machine with a thousand domains
        self.messages: list[str] = []
        #: What the network to the other demo dom0 waits for to break: see `neighbours.Link`.
        self.link = "up"
        #: Sees to it that the other demo dom0 runs. Blocks; raises HostError.
        self.wake_neighbour: Callable[[Layout], None] = lambda _layout: None
        self.on_change: Callable[[], None] = lambda: None
        self._gone: dict[int, asyncio.Event] = {}
        build = {"max_vcpus": CPUS, "max_memkb": DOM0_MIB << 10, "target_memkb": DOM0_MIB << 10}
        dom0 = {"c_info": {"type": "pv", "name": "Domain-0"}, "b_info": build}
        self.domains[0] = Domain(0, dom0, self.booted, "Domain-0", DOM0_MIB << 10, None, CPUS)

    # Time

    def delay(self, seconds: float) -> float:
        return 0.0 if math.isinf(self.speed) else seconds / self.speed

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(self.delay(seconds))

    def account(self) -> None:
        now = time.monotonic()
        for domain in self.domains.values():
            domain.account(now)

    # What there is

    @property
    def total_mib(self) -> int:
        return TOTAL_MIB + self.extra_mib

    @property
    def free_mib(self) -> int:
        used = sum(domain.memory_kb // 1024 + (OVERHEAD_MIB if domain.id else 0) for domain in self.domains.values())
        return max(0, self.total_mib - XEN_MIB - used)

    def all(self) -> list[Domain]:
        self.account()
        return [self.domains[number] for number in sorted(self.domains)]

    def find(self, qualifier: str) -> Domain | None:
        """By id if it is a number, else by name, as libxl_domain_qualifier_to_domid does."""
        if qualifier.isascii() and qualifier.isdigit():
            return self.domains.get(int(qualifier))
        return self.named(qualifier)

    def named(self, name: str) -> Domain | None:
        return next((domain for domain in self.domains.values() if domain.name == name), None)

    # Making and ending

    def create(self, config: dict[str, Any], *, paused: bool = False, memory: dict[str, Any] | None = None) -> Domain:
        """Make a domain; with `memory` its guest goes on from there. Raises LibxlError."""
        number = self.next_id
        self.next_id += 1
        name = str(config["c_info"]["name"])
        self._check(number, name, config)
        build = config["b_info"]
        domain = Domain(number, copy.deepcopy(config), time.time(), name)
        domain.memory_kb = int(build["target_memkb"])
        domain.max_memory_kb = int(build["max_memkb"])
        domain.vcpus = max(1, len(build.get("avail_vcpus", [0])))
        domain.weight = int(build.get("sched_params", {}).get("weight", 256))
        domain.cap = int(build.get("sched_params", {}).get("cap", 0))
        domain.paused = True
        domain.pid = self.next_pid
        self.next_pid += 7
        guest = self._give_guest(domain)
        self.domains[number] = domain
        self.log(domain, f"Waiting for domain {name} (domid {number}) to die [pid {domain.pid}]")
        if memory is None:
            guest.power_on()
        else:
            guest.restore(memory)
        if not paused:
            self.unpause(domain)
        self.on_change()
        return domain

    def _check(self, number: int, name: str, config: dict[str, Any]) -> None:
        undone = (
            f"libxl: error: libxl_domain.c:1183:libxl__destroy_domid: Domain {number}:Non-existent domain",
            f"libxl: error: libxl_domain.c:1137:domain_destroy_callback: Domain {number}:Unable to destroy guest",
            f"libxl: error: libxl_domain.c:1064:domain_destroy_cb: Domain {number}:Destruction of domain failed",
        )
        if self.named(name) is not None:
            raise LibxlError(
                f"libxl: error: libxl_domain.c:89:libxl__domain_rename: Domain {number}:"
                f'Domain with name "{name}" already exists.',
                "libxl: error: libxl_create.c:1296:initiate_domain_create: cannot make domain: -6",
                code=6,
            )
        for position, disk in enumerate(config.get("disks", [])):
            if vdev_number(str(disk["vdev"])) is None:
                raise LibxlError(
                    f"libxl: error: libxl_disk.c:213:libxl__device_from_disk: Domain {number}:"
                    f"Invalid or unsupported virtual disk identifier {disk['vdev']}",
                    *undone,
                    code=6,
                )
            target = disk.get("pdev_path")
            if target and not self.layout.path(target).exists():
                raise LibxlError(
                    f"libxl: error: libxl_device.c:286:libxl__device_disk_set_backend: Domain {number}:"
                    f"Disk vdev={disk['vdev']} failed to stat: {target}: No such file or directory",
                    f"libxl: error: libxl_create.c:1364:initiate_domain_create: Domain {number}:"
                    f"Unable to set disk defaults for disk {position}",
                    *undone,
                    code=6,
                )
        memory = config["b_info"]["target_memkb"] // 1024
        if memory < SMALLEST_MIB or memory + OVERHEAD_MIB > self.free_mib:
            raise LibxlError(
                "xc: error: panic: xg_dom_boot.c:119: xc_dom_boot_mem_init: "
                "can't allocate low memory for domain: Out of memory",
                "libxl: error: libxl_dom.c:581:libxl__build_dom: xc_dom_boot_mem_init failed: Cannot allocate memory",
                f"libxl: error: libxl_create.c:1753:domcreate_rebuild_done: Domain {number}:"
                "cannot (re-)build domain: -3",
                *undone,
            )

    def _give_guest(self, domain: Domain) -> Kernel:
        guest = Kernel(domain, self.delay, lambda reason: self.ended(domain, reason))
        domain.guest = guest
        domain.console = guest.console = Console(guest.receive, self._console_log(domain.shown_name))
        return guest

    def _console_log(self, name: str) -> Path | None:
        """Where xenconsoled keeps what a guest prints."""
        return None if "/" in name else self.layout.path(f"/var/log/xen/console/guest-{name}.log")

    def pause(self, domain: Domain) -> None:
        domain.account(time.monotonic())
        domain.paused = True
        if domain.guest is not None:
            domain.guest.stop()
        self.on_change()

    def unpause(self, domain: Domain) -> None:
        domain.account(time.monotonic())
        domain.paused = False
        if domain.guest is not None and domain.up:
            domain.guest.go()
        self.on_change()

    def destroy(self, domain: Domain, *, linger: float = 0.25) -> None:
        """Its name goes at once, it itself a moment later: until then `xl list` calls it ``(null)``."""
        if domain.dying:
            return
        domain.account(time.monotonic())
        if domain.guest is not None:
            domain.guest.power_off()
        if domain.console is not None:
            domain.console.close()
        domain.dying = True
        domain.name = None
        domain.memory_kb = 0
        if math.isfinite(linger):
            asyncio.get_running_loop().call_later(self.delay(linger), self._remove, domain)
        self.on_change()

    def _remove(self, domain: Domain) -> None:
        self.domains.pop(domain.id, None)
        if (gone := self._gone.pop(domain.id, None)) is not None:
            gone.set()
        self.on_change()

    async def until_gone(self, domain: Domain) -> None:
        if domain.id in self.domains:
            await self._gone.setdefault(domain.id, asyncio.Event()).wait()

    def refill(self, domain: Domain, name: str, memory: dict[str, Any]) -> None:
        """Give a domain that was only a place for it the memory of the guest `name`."""
        if domain.guest is not None:
            domain.guest.power_off()
        domain.config["c_info"]["name"] = name
        self._give_guest(domain).restore(memory)

    def suspend(self, domain: Domain) -> None:
        """Its guest has suspended itself: it stands still until it is resumed, or destroyed."""
        domain.account(time.monotonic())
        domain.shutdown = Reason.SUSPEND
        if domain.guest is not None:
            domain.guest.stop()
        self.on_change()

    def go_on(self, domain: Domain) -> None:
        """Resume it from its suspension."""
        domain.shutdown = None
        if domain.guest is not None and domain.up:
            domain.guest.go()
        self.on_change()

    # What the waiting xl does when its domain ends

    def ended(self, domain: Domain, reason: Reason) -> None:
        """The guest has shut down, or crashed."""
        domain.account(time.monotonic())
        domain.shutdown = reason
        self.on_change()
        self.log(domain, f"Domain {domain.id} has shut down, reason code {int(reason)} {hex(reason)}")
        if reason is Reason.SUSPEND:
            self.log(domain, "Domain has suspended.")
            return
        if reason is Reason.POWEROFF:
            self._leave_a_system(domain)
        asyncio.get_running_loop().call_later(self.delay(0.5), self._clean_up, domain, reason)

    def _leave_a_system(self, domain: Domain) -> None:
        """Where it was the Debian Installer, its disk has something on it now: the mark of a boot sector, in place."""
        disk = next((disk for disk in domain.config.get("disks", []) if disk.get("readwrite")), None)
        if disk is None or not str(domain.config["b_info"].get("kernel", "")).startswith(_INSTALLER):
            return
        with contextlib.suppress(OSError), self.layout.path(disk["pdev_path"]).open("r+b") as file:
            file.seek(510)
            file.write(b"\x55\xaa")

    def _clean_up(self, domain: Domain, reason: Reason) -> None:
        if domain.dying:
            return
        action = domain.config.get(_ON[reason], "destroy")
        self.log(domain, f"Action for shutdown reason code {int(reason)} is {action}")
        name = domain.name or ""
        if action.startswith("coredump"):
            self.log(domain, f"dumping core to /var/lib/xen/dump/{name}")
            action = action.removeprefix("coredump-")
        if action == "preserve":
            self.log(domain, "Done. Exiting now")
            return
        if action == "rename-restart":
            suffix = time.strftime("-%Y%m%dT%H%MZ", time.gmtime())
            self.log(domain, f"Preserving domain {domain.id} {name} with suffix{suffix}")
            domain.name = name + suffix
            if domain.console is not None:
                domain.console.close()
        else:
            self.log(domain, f"Domain {domain.id} needs to be cleaned up: destroying the domain")
            self.destroy(domain)
        if action == "destroy":
            self.log_name(name, "Done. Exiting now")
            return
        self.log_name(name, "Done. Rebooting now")
        asyncio.get_running_loop().call_later(self.delay(1.0), self._restart, domain, name)

    def _restart(self, domain: Domain, name: str) -> None:
        config = copy.deepcopy(domain.config)
        config["c_info"]["name"] = name
        try:
            self.create(config)
        except LibxlError as error:
            for line in error.lines:
                self.log_name(name, line)

    # Logs

    def log(self, domain: Domain, line: str) -> None:
        self.log_name(domain.name or str(domain.config["c_info"]["name"]), line)

    def log_name(self, name: str, line: str) -> None:
        """Append to the log of the xl that waits for this domain. A name that fits no file has none."""
        safe = name.replace("/", "_").encode("utf-8", "surrogateescape")
        folder = bytes(self.layout.path("/var/log/xen"))
        with contextlib.suppress(OSError, ValueError), open(folder + b"/xl-" + safe + b".log", "ab") as file:  # noqa: PTH123
            file.write(line.encode("utf-8", "surrogateescape") + b"\n")

    # Keeping it

    def snapshot(self) -> dict[str, Any]:
        self.account()
        kept = [
            {"domain": domain.snapshot(), "guest": domain.guest.snapshot() if domain.guest else None}
            for domain in self.all()
            if not domain.dying
        ]
        return {"format": 1, "next_id": self.next_id, "extra_mib": self.extra_mib, "domains": kept}

    def resume(self, state: dict[str, Any]) -> None:
        """Go on from a snapshot: the machine was asleep in between."""
        self.next_id = int(state["next_id"])
        self.extra_mib = int(state["extra_mib"])
        for kept in state["domains"]:
            domain = Domain.restored(kept["domain"])
            self.domains[domain.id] = domain
            if domain.id == 0:
                continue
            guest = self._give_guest(domain)
            guest.restore(kept["guest"])
            if domain.up:
                guest.go()
            elif domain.shutdown is not None and domain.shutdown is not Reason.SUSPEND:
                asyncio.get_running_loop().call_soon(self._clean_up, domain, domain.shutdown)
