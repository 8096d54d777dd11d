"""xl: everything on a dom0. Also xm, where that is what answers.

Calls that only read have a short deadline and do not stand in the command log; those that change
something are kept there, as they could be typed.
"""

from __future__ import annotations

import re
import shlex
import threading
import time
from collections.abc import Sequence
from pathlib import PurePosixPath

from xentui.domains import savefiles
from xentui.domains.autostart import Autostart
from xentui.domains.domain import Domain, State
from xentui.domains.savefiles import SavedGuests, SaveFileError
from xentui.domains.toolstack import (
    ToolstackCancelledError,
    ToolstackError,
    ToolstackHungError,
    ToolstackMissingError,
)
from xentui.domains.xl_output import (
    Details,
    ListRow,
    Share,
    headline,
    parse_info,
    parse_list,
    parse_long_list,
    parse_shares,
    parse_uptime,
)
from xentui.host import Host, HostError
from xentui.subprocesses import CancelledError, CommandError, CommandRecord, DeadlineError, ProgramMissingError
from xentui.waiting import wait_until

#: Seconds for a call that only reads. With xenstored dead, xl waits for ever.
READ_DEADLINE = 8.0
#: Seconds for a call that changes something at once.
CHANGE_DEADLINE = 30.0
#: Seconds to build a guest, boot loader included.
CREATE_DEADLINE = 180.0
#: Seconds that a guest gets to shut down.
SHUTDOWN_DEADLINE = 180.0
#: Seconds that a guest gets to bring its vCPUs on line or off.
VCPU_DEADLINE = 10.0
#: No guest, however small, runs in less.
SMALLEST_MIB = 4
#: The slowest disk that a guest is saved to, MiB a second.
SLOWEST_DISK = 4.0
#: Seconds for which the output of the first ``xl info`` counts as new.
_FRESH = 2.0

Argv = list[str]


class Xl:
    """The toolstack of a dom0. Implements `Toolstack`; every call blocks and raises ToolstackError.

    With `patience`, on a slow dom0, a call that only reads has so many times its seconds.
    """

    name = "xl"

    def __init__(self, host: Host, *, patience: float = 1.0) -> None:
        self.host = host
        self._patience = patience
        self._probed = False
        self._probe_read: tuple[float, str] | None = None
        self.saved_guests = SavedGuests(host)
        self.autostart = Autostart(host)
        #: Counts what xentui changed in the host's files: links for start-up, saved guests.
        self.files_version = 0

    @property
    def program(self) -> str:
        """Which of xl and xm answers. The host keeps it, for its consoles too."""
        return self.host.toolstack_program

    # What only reads.

    @property
    def _read_deadline(self) -> float:
        return READ_DEADLINE * self._patience

    def probe(self) -> None:
        """Find out, once, which of xl and xm answers. Raises xl's own error if neither does."""
        if self._probed:
            return
        try:
            text = self._run(["xl", "info"], self._read_deadline, record=False).stdout
            self._probe_read = (time.monotonic(), text)
        except ToolstackHungError:
            raise
        except ToolstackError:
            if not self._xm_answers():
                raise
            self.host.toolstack_program = "xm"
        self._probed = True

    def _xm_answers(self) -> bool:
        try:
            self.host.run(["xm", "info"], deadline=self._read_deadline, record=False)
        except (CommandError, HostError):
            return False
        return True

    def list(self) -> list[ListRow]:
        """The domains that Xen has."""
        return parse_list(self._read("list"))

    def long_list(self) -> dict[int, Details]:
        """More about them, by domain id; without those whose configuration xl cannot get."""
        return parse_long_list(self._read("list", "-l"))

    def info(self) -> dict[str, str]:
        """``xl info``, in its order."""
        self.probe()
        # What the probe read just now is as good: on a slow host each xl counts.
        read, self._probe_read = self._probe_read, None
        fresh = read is not None and time.monotonic() - read[0] < _FRESH
        return parse_info(read[1] if read is not None and fresh else self._read("info"))

    def uptime(self) -> dict[int, float]:
        """Seconds since each domain was started, by id."""
        return parse_uptime(self._read("uptime"))

    def dmesg(self) -> str:
        """The hypervisor's messages."""
        return self._read("dmesg")

    def sched(self) -> Sequence[Share]:
        """Each domain's share of the CPUs, where the scheduler has weights."""
        scheduler = self.info().get("xen_scheduler", "")
        if scheduler not in ("credit", "credit2"):
            raise ToolstackError(f"The scheduler {scheduler or '(unknown)'} has no weights and caps.")
        return parse_shares(self._read("sched-credit2" if scheduler == "credit2" else "sched-credit"))

    def log_path(self, name: str) -> str:
        """Where the monitor process of the domain writes."""
        return f"/var/log/xen/xl-{name}.log"

    def row(self, domain: Domain) -> ListRow | None:
        """How the domain is now, or None if it is gone."""
        rows = self.list()
        if domain.id is not None and (row := next((r for r in rows if r.id == domain.id), None)):
            return row
        return next((r for r in rows if r.name == domain.name), None)

    # What changes something.

    def start(self, domain: Domain, *, paused: bool = False, cancel: threading.Event | None = None) -> None:
        if domain.config_file is None:
            raise ToolstackError(f"No configuration file of {domain.name} is known: xl has nothing to start it from.")
        pause = ["-p"] if paused else []
        self._change("create", *pause, domain.config_file, deadline=CREATE_DEADLINE, cancel=cancel)

    def shutdown(self, domain: Domain, *, wait: bool = False, cancel: threading.Event | None = None) -> None:
        self._not_dom0(domain, "shut down")
        flags = ["-F"] if self.program == "xl" else []
        if not wait:
            self._change("shutdown", *flags, domain.reference, cancel=cancel)
            return
        try:
            self._change("shutdown", *flags, "-w", domain.reference, deadline=SHUTDOWN_DEADLINE, cancel=cancel)
        except ToolstackHungError as error:
            raise ToolstackHungError(
                f"{domain.name} was asked to shut down and has not within {SHUTDOWN_DEADLINE:g} s."
                " Look at its console; if it does not react at all, destroy it.",
                error.details,
            ) from error

    def reboot(self, domain: Domain, *, cancel: threading.Event | None = None) -> None:
        self._not_dom0(domain, "rebooted")
        flags = ["-F"] if self.program == "xl" else []
        self._change("reboot", *flags, domain.reference, cancel=cancel)

    def pause(self, domain: Domain) -> None:
        self._not_dom0(domain, "paused")
        self._change("pause", domain.reference)

    def unpause(self, domain: Domain) -> None:
        self._change("unpause", domain.reference)

    def destroy(self, domain: Domain) -> None:
        self._not_dom0(domain, "destroyed")
        self._change("destroy", domain.reference, deadline=60)

    def save(self, domain: Domain, file: str, *, cancel: threading.Event | None = None) -> None:
        """Save it to `file`, check what was written, and leave no useless file behind."""
        self._not_dom0(domain, "saved")
        row = self.row(domain)
        if row is None:
            raise ToolstackError(f"{domain.name} is not running any more: there is nothing to save.")
        if row.state is State.PAUSED:
            raise ToolstackError(f"{domain.name} is paused and would not answer: unpause it, then save it.")
        self.make_place(file)
        deadline = 60 + row.memory_mib / SLOWEST_DISK
        try:
            self._change("save", domain.reference, file, deadline=deadline, cancel=cancel)
        except ToolstackError as error:
            error.headline = f"{error.headline.rstrip('.')}. {self._after_failed_save(domain, file)}"
            error.args = (error.headline,)
            raise
        self.saved_guests.saved(file)
        self.files_version += 1
        self._check_saved(domain, file)

    def make_place(self, file: str) -> None:
        """See to it that a guest can be saved to `file`, and that nothing is written over but what was restored."""
        if not PurePosixPath(file).is_absolute() or file.endswith("/"):
            raise ToolstackError(f"{file}: give the whole path of a file, from /.")
        there = savefiles.stat(self.host, file)
        if there is not None and not self.saved_guests.is_used(there):
            raise ToolstackError(f"{file} exists already: choose another name, or remove it first.")
        try:
            if PurePosixPath(file).parent == PurePosixPath(savefiles.FOLDER):
                savefiles.make_folder(self.host)
        except HostError as error:
            raise ToolstackError(str(error)) from error

    def _check_saved(self, domain: Domain, file: str) -> None:
        """xl says that it saved the guest: whatever the file holds, it may be all that is left of it."""
        try:
            savefiles.read_file(self.host, file)
            info = savefiles.stat(self.host, file)
            wrong = None if info and info.size >= savefiles.SMALLEST else "it is too small to hold a guest's memory"
        except (SaveFileError, HostError) as error:
            wrong = str(error)
        if wrong is not None:
            raise ToolstackError(
                f"{domain.name} was saved, but {file} does not look right: {wrong}. It was left alone."
            )

    def _after_failed_save(self, domain: Domain, file: str) -> str:
        """Tidy up after xl could not save, and say how things stand."""
        try:
            row = self.row(domain)
        except ToolstackError:
            return f"How {domain.name} is now cannot be said; {file} was left alone."
        if row is None or row.state is State.DYING:
            # The only copy of its memory, if it is one: not ours to delete.
            return f"{domain.name} does not run any more; {file} was left alone."
        if row.state is State.SHUTDOWN:
            return f"{domain.name} is shut down ({row.shutdown_reason}); {file} was left alone."
        left = ""
        try:
            if savefiles.stat(self.host, file) is not None:
                savefiles.remove(self.host, file)
        except HostError as error:
            left = f" {error}."
        return (
            f"{domain.name} still runs ({row.state}).{left}" if row.state.up else f"{domain.name} is {row.state}.{left}"
        )

    def restore(self, file: str, *, cancel: threading.Event | None = None) -> None:
        try:
            details = savefiles.read_file(self.host, file)
        except SaveFileError as error:
            raise ToolstackError(f"{file} is no saved guest: {error}.") from error
        except HostError as error:
            raise ToolstackError(str(error)) from error
        if details.name is not None and any(row.name == details.name for row in self.list()):
            raise ToolstackError(f"{details.name} is running: restoring its old memory beside it would ruin its disks.")
        info = savefiles.stat(self.host, file)
        size_mib = info.size / (1 << 20) if info else 0
        deadline = CREATE_DEADLINE + size_mib / SLOWEST_DISK
        self._change("restore", file, deadline=deadline, cancel=cancel)
        self.saved_guests.restored(file)
        self.files_version += 1

    def rename(self, domain: Domain, name: str) -> None:
        self._not_dom0(domain, "renamed")
        if domain.state is State.SAVED:
            raise ToolstackError(f"{domain.name} is saved, under its name: restore it first, or rename it on its host.")
        if any(row.name == name for row in self.list()):
            raise ToolstackError(f"There is a domain {name} already.")
        self._change("rename", domain.reference, name)

    def set_memory(self, domain: Domain, mib: int) -> None:
        if mib < SMALLEST_MIB:
            raise ToolstackError(f"{domain.name} cannot live with {mib} MiB; give it at least {SMALLEST_MIB} MiB.")
        # Always with its unit: xl's manual and its code do not agree on what a bare number is.
        self._change("mem-set", domain.reference, f"{mib}m" if self.program == "xl" else str(mib))

    def set_vcpus(self, domain: Domain, count: int) -> None:
        try:
            self._change("vcpu-set", domain.reference, str(count))
        except ToolstackError as error:
            if "--ignore-host" not in error.details + error.headline:
                raise
            by_hand = shlex.join(["xl", "vcpu-set", "--ignore-host", domain.reference, str(count)])
            raise ToolstackError(
                f"This host has fewer than {count} CPUs, and {domain.name} would only get slower; xl does it if it has"
                f" to: {by_hand}",
                error.details,
            ) from error
        online = domain.vcpus

        def reached() -> bool:
            nonlocal online
            row = self.row(domain)
            online = row.vcpus if row else None
            return online in (count, None)

        if domain.state.up and not wait_until(reached, VCPU_DEADLINE):
            raise ToolstackError(
                f"{domain.name} was told to use {count} vCPUs and uses {online}:"
                " it has no more (maxvcpus in its configuration), or its kernel waits for a word (in Linux: echo 1 >"
                " /sys/devices/system/cpu/cpuN/online)."
            )

    def set_autostart(self, domain: Domain, on: bool) -> None:
        if domain.config_file is None:
            raise ToolstackError(
                f"No configuration file of {domain.name} is known, so none can be linked for start-up."
            )
        self.autostart.set(domain.config_file, on)
        self.files_version += 1

    def sysrq(self, domain: Domain, letter: str) -> None:
        self._not_dom0(domain, "sent a SysRq")
        self._change("sysrq", domain.reference, letter)

    def insert_cd(self, domain: Domain, drive: str, image: str) -> None:
        # The image's name is a part of a disk's specification: what stands behind a comma would be another part.
        if "," in image or not PurePosixPath(image).is_absolute():
            raise ToolstackError(f"{image}: give the whole path of an image, from /, and without a comma.")
        self._change("cd-insert", domain.reference, drive, image)

    def eject_cd(self, domain: Domain, drive: str) -> None:
        self._change("cd-eject", domain.reference, drive)

    # How xl is called.

    @staticmethod
    def _not_dom0(domain: Domain, done: str) -> None:
        if domain.is_dom0 or domain.name == "Domain-0":
            raise ToolstackError(f"Domain-0 is this machine itself and cannot be {done} here.")

    def _read(self, *arguments: str) -> str:
        self.probe()
        return self._run([self.program, *arguments], self._read_deadline, record=False).stdout

    def _change(
        self, *arguments: str, deadline: float = CHANGE_DEADLINE, cancel: threading.Event | None = None
    ) -> CommandRecord:
        self.probe()
        return self._run([self.program, *arguments], deadline, record=True, cancel=cancel)

    def _run(
        self, argv: Argv, deadline: float, *, record: bool, cancel: threading.Event | None = None
    ) -> CommandRecord:
        try:
            return self.host.run(argv, deadline=deadline, record=record, cancel=cancel)
        except CancelledError as error:
            raise ToolstackCancelledError(error.headline, error.details) from error
        except DeadlineError as error:
            raise ToolstackHungError(
                f"{shown(argv)} gave no answer within {deadline:g} s and was ended. Is xenstored running?",
                error.details,
            ) from error
        except ProgramMissingError as error:
            raise ToolstackMissingError(
                f"{error.headline}. If this is no Xen dom0, use --host or --demo.", error.details
            ) from error
        except CommandError as error:
            raise ToolstackError(_explained(argv, error.record), error.details) from error
        except HostError as error:
            raise ToolstackMissingError(str(error)) from error


def shown(argv: Argv) -> str:
    """The first two words of a command: enough for a sentence."""
    return " ".join(argv[:2])


def _explained(argv: Argv, record: CommandRecord) -> str:
    """The headline of a failed command, in words that say what to do where that is known."""
    said = record.stderr + record.stdout
    if found := re.search(r"^(.*) is an invalid domain identifier", said, re.MULTILINE):
        return f"There is no domain {found[1]} any more: it ended, or was renamed, since the list was read."
    if "privileged command interface" in said or "cannot init xl context" in said:
        if "Permission denied" in said:
            return f"{argv[0]} may not speak to Xen: run xentui as root (sudo xentui)."
        if "No such file" in said or "No such device" in said:
            return "This kernel does not run on Xen: boot the Xen entry of the boot menu, or use --host or --demo."
    line = headline(record.stderr) or headline(record.stdout)
    return f"{shown(argv)}: {line}" if line else f"{shown(argv)}: ended with status {record.status} and said nothing"
