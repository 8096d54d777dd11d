"""The Live CD's small guest: busybox on an initramfs, booted with dom0's own kernel, in 128 MiB."""

from __future__ import annotations

import gzip
import lzma
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from xentui.guests.config import Settings
from xentui.guests.errors import GuestError
from xentui.guests.files import below, write_file
from xentui.guests.site import Site
from xentui.guests.sources.boot import dom0_kernel
from xentui.guests.spec import Disk, Spec
from xentui.guests.work import Step, Work

#: On the Live CD all small guests share one initramfs.
SHARED = "/usr/lib/xentui/guest.img"
BUSYBOX = ("/bin/busybox", "/usr/bin/busybox")
#: The small guest is told its name on its command line.
_WORD = "guest="
MODULES = ("xen-blkfront", "xen-netfront")
_OPENERS: dict[str, Callable[[bytes], bytes]] = {"": bytes, ".xz": lzma.decompress, ".gz": gzip.decompress}


@dataclass(frozen=True, slots=True)
class Busybox:
    """User livexen, password live; no ssh server in it."""

    name: ClassVar[str] = "busybox"
    types: ClassVar[tuple[str, ...]] = ("pvh", "pv")
    memory_mib: ClassVar[int] = 128
    least_mib: ClassVar[int] = 96
    disk_bytes: ClassVar[int] = 0

    def check(self, site: Site, spec: Spec) -> None:
        self.settings(site, spec)
        if not site.exists(SHARED):
            _parts(site)

    def settings(self, site: Site, spec: Spec) -> Settings:
        # Drivers packed here are of the running kernel, and go with no other.
        shared = site.exists(SHARED)
        return {
            **dom0_kernel(site, initrd=False, running=not shared),
            "ramdisk": SHARED if shared else _own(spec),
            "cmdline": f"console=hvc0 quiet {_WORD}{spec.name}",
        }

    def disks(self, site: Site, spec: Spec) -> tuple[Disk, ...]:
        return ()

    def steps(self, site: Site, spec: Spec) -> list[Step]:
        if site.exists(SHARED):
            return []

        def do(work: Work) -> None:
            work.makes("file", _own(spec))
            write_file(work.host, _own(spec), _packed(_parts(site)))

        return [Step(f"Pack busybox and dom0's network and disk drivers as {_own(spec)}", do)]

    def afterwards(self, spec: Spec) -> list[str]:
        return [f"Log in at its console (xentui console {spec.name}) as livexen, password live."]


def renamed(cmdline: str, name: str, new: str) -> str:
    """A command line for the guest `new` instead of `name`, if that is a small guest's."""
    return " ".join(f"{_WORD}{new}" if word == f"{_WORD}{name}" else word for word in cmdline.split(" "))


def _own(spec: Spec) -> str:
    return below(spec.folder, f"{spec.name}-initrd.img")


def _parts(site: Site) -> dict[str, Path]:
    """busybox and the modules, by the names that they have in the initramfs. Raises GuestError."""
    binary = next((path for name in BUSYBOX if (path := site.host.path(name)).is_file()), None)
    if binary is None:
        raise GuestError("busybox is not installed. As root: apt-get install busybox-static")
    if not _is_static(binary):
        raise GuestError(
            f"{binary}: is linked with libraries, which the small guest has not."
            " As root: apt-get install busybox-static"
        )
    parts = {"busybox": binary}
    folder = site.host.path(f"/lib/modules/{os.uname().release}/kernel/drivers")
    for module in MODULES:
        built_in = f"{module}.ko" in _built_in(folder)
        found = next((path for path in sorted(folder.rglob(f"{module}.ko*")) if path.suffix in (".ko", ".xz", ".gz")),
                     None)  # fmt: skip
        if found is None and not built_in:
            raise GuestError(f"{folder}: has no module {module} that could be unpacked, for dom0's running kernel.")
        if found is not None:
            parts[f"{module}.ko"] = found
    return parts


def _built_in(drivers: Path) -> str:
    try:
        return (drivers.parents[1] / "modules.builtin").read_text()
    except OSError:
        return ""


def _is_static(binary: Path) -> bool:
    """Whether an ELF program asks for no dynamic loader (a program header of type PT_INTERP)."""
    data = binary.read_bytes()[:4096]
    if data[:5] != b"\x7fELF\x02":
        return False
    offset, size, count = (int.from_bytes(data[a:b], "little") for a, b in ((32, 40), (54, 56), (56, 58)))
    kinds = [int.from_bytes(data[offset + n * size :][:4], "little") for n in range(count)]
    return 3 not in kinds


def _packed(parts: dict[str, Path]) -> bytes:
    from xentui.livecd.guests import initramfs

    with tempfile.TemporaryDirectory(prefix="xentui-") as scratch:
        for name, path in parts.items():
            if name == "busybox":
                shutil.copyfile(path, Path(scratch, name))
            else:
                Path(scratch, name).write_bytes(
                    _OPENERS[path.suffix if path.suffix != ".ko" else ""](path.read_bytes())
                )
        return initramfs(Path(scratch))
