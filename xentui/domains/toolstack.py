"""What a toolstack can do to a domain. `Xl` and `Libvirt` both do.

Every call blocks until done or until its deadline, raises `ToolstackError` with a sentence for the user,
and is made in a worker thread. `cancel` ends a long one (`ToolstackCancelledError`).
"""

from __future__ import annotations

import threading
from typing import Protocol

from xentui.domains.domain import Domain


class ToolstackError(Exception):
    """The toolstack refused or failed. `str()` is one sentence; `details` all that it said."""

    def __init__(self, headline: str, details: str = "") -> None:
        super().__init__(headline)
        self.headline = headline
        self.details = details or headline


class ToolstackMissingError(ToolstackError):
    """There is no such toolstack here."""


class ToolstackHungError(ToolstackError):
    """It did not answer within its deadline."""


class ToolstackCancelledError(ToolstackError):
    """The user cancelled the call."""


class Toolstack(Protocol):
    """The calls that actions are made of. Sizes in MiB, times in seconds."""

    name: str

    def start(self, domain: Domain, *, paused: bool = False, cancel: threading.Event | None = None) -> None:
        """Start a guest that is off, from its configuration."""

    def shutdown(self, domain: Domain, *, wait: bool = False, cancel: threading.Event | None = None) -> None:
        """Ask the guest to shut down, by ACPI where it has no PV drivers; with `wait`, until it is gone."""

    def reboot(self, domain: Domain, *, cancel: threading.Event | None = None) -> None: ...
    def pause(self, domain: Domain) -> None: ...
    def unpause(self, domain: Domain) -> None: ...
    def destroy(self, domain: Domain) -> None:
        """Take its power away. Refuses dom0."""

    def save(self, domain: Domain, file: str, *, cancel: threading.Event | None = None) -> None:
        """Write its memory to `file` on the host and end it. Refuses a paused guest (Xen would hang on it)."""

    def restore(self, file: str, *, cancel: threading.Event | None = None) -> None: ...
    def rename(self, domain: Domain, name: str) -> None: ...
    def set_memory(self, domain: Domain, mib: int) -> None: ...
    def set_vcpus(self, domain: Domain, count: int) -> None: ...
    def set_autostart(self, domain: Domain, on: bool) -> None: ...

    def sysrq(self, domain: Domain, letter: str) -> None:
        """Send a Linux guest a SysRq; whether it does what is asked is up to it, and said in its console."""

    def insert_cd(self, domain: Domain, drive: str, image: str) -> None:
        """Put the image, a path on the host, into the CD drive of an HVM guest."""

    def eject_cd(self, domain: Domain, drive: str) -> None: ...
