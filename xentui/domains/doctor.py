"""What works here, and what to do about what does not. Every question has a deadline; nothing is changed."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from xentui.domains import libvirt_local
from xentui.domains.configs import ConfigFiles
from xentui.domains.libvirt import Libvirt
from xentui.domains.toolstack import ToolstackError, ToolstackHungError, ToolstackMissingError
from xentui.domains.xl import Xl
from xentui.domains.xl_output import OutputError
from xentui.host import Host, HostError, LibvirtHost, is_dom0
from xentui.subprocesses import CommandError

#: Seconds for each question to the host.
DEADLINE = 5.0
#: What a small guest needs, MiB.
SMALL_GUEST = 64


@dataclass(frozen=True, slots=True)
class Finding:
    """One question: `ok` is None where it does not apply or cannot be known; `advice` is what to do."""

    name: str
    ok: bool | None
    says: str
    advice: str = ""

    def json(self) -> dict[str, Any]:
        return asdict(self)


def doctor(host: Host) -> list[Finding]:
    """All findings about an open `host`, in the order in which to read them. Never raises."""
    if isinstance(host, LibvirtHost) or not host.has_toolstack:
        checks: list[Callable[[], Iterator[Finding]]] = [lambda: _libvirt(host)]
    else:
        dom0 = _Dom0(host)
        checks = [dom0.where, dom0.privileges, dom0.toolstack, dom0.daemons, dom0.hypervisor, dom0.files]
        checks.append(lambda: _libvirt(host))
    checks += [_terminal, _python]
    findings = []
    for check in checks:
        try:
            findings += list(check())
        except Exception as error:  # a doctor who dies helps nobody
            findings.append(Finding(getattr(check, "__name__", "doctor"), None, f"could not be found out: {error}"))
    return findings


class _Dom0:
    """The questions to a dom0; later ones use the answers to earlier ones."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._xl = Xl(host)
        self._info: dict[str, str] = {}

    def where(self) -> Iterator[Finding]:
        if self._host.is_demo:
            yield Finding("host", True, "the demo dom0: a simulation, nothing of this machine is touched")
        elif self._host.is_remote:
            yield Finding("host", True, f"{self._host.name}, over ssh")
        elif is_dom0():
            yield Finding("host", True, f"this machine, {self._host.name}, is a Xen dom0")
        else:
            advice = "Boot the Xen entry of the boot menu, manage another host with --host, or try --demo."
            yield Finding("host", False, f"this machine, {self._host.name}, is no Xen dom0", advice)

    def privileges(self) -> Iterator[Finding]:
        if self._host.is_demo:
            yield Finding("privileges", True, "the demo needs none")
            return
        uid = self._output(["id", "-u"])
        if uid is None:
            yield Finding("privileges", None, "cannot be found out")
        elif uid.strip() == "0":
            yield Finding("privileges", True, "root")
        else:
            yield Finding("privileges", False, f"user id {uid.strip()}, not root", "Run it as root: sudo xentui")

    def toolstack(self) -> Iterator[Finding]:
        try:
            self._info = self._xl.info()
        except ToolstackHungError as error:
            yield Finding("toolstack", None, f"{self._xl.program} does not answer within its deadline")
            yield Finding("xenstored", False, str(error), "Start it: systemctl restart xen (or xencommons)")
        except ToolstackMissingError as error:
            yield Finding("toolstack", False, str(error), "On a Debian dom0: apt install xen-system-amd64")
        except (ToolstackError, OutputError) as error:
            yield Finding("toolstack", False, str(error), _all_of(error))
        else:
            version = self._info.get("xen_version", "of unknown version")
            yield Finding("toolstack", True, f"{self._xl.program} answers; Xen {version}")
            yield from self._xenstored()

    def _xenstored(self) -> Iterator[Finding]:
        """`xl info` may do without xenstored; the list cannot."""
        try:
            count = len(self._xl.list())
        except ToolstackHungError:
            yield Finding("xenstored", False, "xl list hangs", "Start it: systemctl restart xen (or xencommons)")
        except (ToolstackError, OutputError) as error:
            yield Finding("xenstored", False, str(error), _all_of(error))
        else:
            yield Finding("xenstored", True, f"answers; {count} domain{'s' if count != 1 else ''}")

    def daemons(self) -> Iterator[Finding]:
        if self._host.is_demo:
            yield Finding("xenconsoled", True, "the demo's consoles are its own")
            return
        found = self._output(["pidof", "xenconsoled"])
        if found is None:
            advice = "Without it guests have no console: systemctl restart xen (or xencommons)"
            yield Finding("xenconsoled", False if self._info else None, "does not run", advice if self._info else "")
        else:
            yield Finding("xenconsoled", True, f"runs, process {found.strip()}")

    def hypervisor(self) -> Iterator[Finding]:
        if not self._info:
            return
        caps = self._info.get("virt_caps", "").split()
        if "hvm" not in caps:
            says = "PV guests only: the processor's virtualization is absent or switched off"
            yield Finding("guests", None, says, "For HVM and PVH guests, switch on VT-x or AMD-V in the firmware.")
        elif "hap" not in caps:
            says = "HVM without hardware assisted paging (hap)"
            yield Finding("guests", None, says, "Debian's Xen has no shadow paging: only PV guests will start.")
        else:
            yield Finding("guests", True, "PV, PVH and HVM")
        free = self._info.get("free_memory", "")
        total = self._info.get("total_memory", "?")
        if free.isdigit():
            enough = int(free) >= SMALL_GUEST
            advice = "" if enough else "Shut a guest down, or give dom0 less: xl mem-set Domain-0 640m"
            yield Finding("memory", enough, f"{free} MiB of {total} MiB are free for guests", advice)

    def files(self) -> Iterator[Finding]:
        guests, problems = ConfigFiles(self._host).read()
        for problem in problems:
            yield Finding("configuration", False, problem, "xl refuses such a file: mend it in an editor.")
        seen: dict[str, str] = {}
        for guest in guests:
            first = seen.setdefault(guest.name, guest.path)
            if first != guest.path:
                says = f"{guest.path} has the name {guest.name}, too; {first} is the one that is shown"
                yield Finding("configuration", False, says, "Give one of them another name.")
        if not problems:
            yield Finding("configuration", True, f"{len(guests)} guests have a configuration file in /etc/xen")

    def _output(self, argv: list[str]) -> str | None:
        """What a program prints, or None if it fails."""
        try:
            return self._host.run(argv, deadline=DEADLINE, record=False).stdout
        except (CommandError, HostError):
            return None


def _all_of(error: Exception) -> str:
    return getattr(error, "details", "").strip()


def _libvirt(host: Host) -> Iterator[Finding]:
    needed = host.libvirt_uri is not None
    if host.is_demo:
        yield Finding("libvirt", None, "not part of the demo")
        return
    if host.is_remote and not needed:
        yield Finding("libvirt", None, "not asked for", f"To manage it through libvirt: --host xen+ssh://{host.name}/")
        return
    uri = host.libvirt_uri or libvirt_local.URI
    if libvirt_local.is_local_xen(uri) and libvirt_local.harmful(Host()):
        yield Finding("libvirt", False if needed else None, libvirt_local.HARM, libvirt_local.ADVICE)
        return
    libvirt = Libvirt(uri)
    try:
        count = len(libvirt.list())
    except ToolstackError as error:
        optional = "" if needed else "xentui works without it. For it: apt install libvirt-daemon-system"
        yield Finding("libvirt", False if needed else None, str(error), optional)
    else:
        yield Finding("libvirt", True, f"{libvirt.uri} answers; {count} domain{'s' if count != 1 else ''}")
    finally:
        libvirt.close()


def _terminal() -> Iterator[Finding]:
    term = os.environ.get("TERM", "")
    if term in ("", "dumb", "unknown"):
        advice = "Say what it is, for example: export TERM=vt220"
        yield Finding("terminal", False, f"TERM is {term or 'not set'}", advice)
    else:
        yield Finding("terminal", True, f"TERM is {term}")
    columns, lines = shutil.get_terminal_size((0, 0))
    if not sys.stdout.isatty() or not columns:
        yield Finding("size", None, "the output is no terminal, or it does not know its size")
    elif columns < 80 or lines < 24:
        advice = "80x24 shows everything. On a serial line: stty cols 80 rows 24, or resize"
        yield Finding("size", False, f"{columns}x{lines}", advice)
    else:
        yield Finding("size", True, f"{columns}x{lines}")
    locale = next((value for name in ("LC_ALL", "LC_CTYPE", "LANG") if (value := os.environ.get(name))), "")
    if re.search(r"utf-?8", locale, re.IGNORECASE):
        yield Finding("characters", True, f"UTF-8 ({locale})")
    else:
        yield Finding("characters", None, f"the locale {locale or '(none)'} is not UTF-8: drawn in ASCII")


def _python() -> Iterator[Finding]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    # Looked for and not imported: that takes a while, and the core knows no Textual.
    needed = {"textual": "textual", "pexpect": "pexpect", "parted": "pyparted"}
    missing = [package for module, package in needed.items() if importlib.util.find_spec(module) is None]
    if missing:
        advice = f"Install them: pip install {' '.join(missing)}"
        yield Finding("python", False, f"{version}, without {', '.join(missing)}", advice)
    else:
        yield Finding("python", True, f"{version}, with all that xentui needs")
