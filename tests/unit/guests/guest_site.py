"""A host whose files stand in a folder of the test, on which guests are made; tools are this machine's or scripts."""

from __future__ import annotations

from pathlib import Path

from xentui.domains.configs import ConfigFiles
from xentui.domains.domain import Domain, HostInfo, Snapshot, State
from xentui.guests.make import make, plan
from xentui.guests.site import Site
from xentui.guests.wishes import spec_of
from xentui.host import Host

PVH_GRUB = "/usr/lib/grub-xen/grub-i386-xen_pvh.bin"


class GuestHost(Host):
    """Its free memory is 1 GiB and its CPU runs HVM, unless `hvm` says otherwise."""

    def __init__(self, folder: Path, *, hvm: bool = True) -> None:
        super().__init__()
        self.folder, self.hvm = folder, hvm
        self.running: list[Domain] = []
        self.bin = folder / "bin"
        self.bin.mkdir(parents=True)
        self.runner.environment["PATH"] = f"{self.bin}:/usr/sbin:/usr/bin:/sbin:/bin"
        for path in ("/boot/vmlinuz", "/boot/initrd.img", "/usr/lib/xentui/guest.img", PVH_GRUB):
            self.write(path, "x")
        self.write("/usr/libexec/xen-qemu-system-i386", "x")
        self.path("/srv/xen").mkdir(parents=True)
        self.path("/etc/xen").mkdir(parents=True)

    def path(self, path: str) -> Path:
        return (
            Path(path)
            if path.startswith((str(self.folder), "/proc/", "/sys/"))
            else self.folder / "root" / path.lstrip("/")
        )

    def write(self, path: str, data: str | bytes) -> Path:
        where = self.path(path)
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_bytes(data.encode() if isinstance(data, str) else data)
        return where

    def program(self, name: str, script: str) -> None:
        """A program on the host's PATH: a shell script. What it was called with is appended to NAME.calls."""
        file = self.bin / name
        file.write_text(f'#!/bin/sh\necho "$@" >> {self.bin}/{name}.calls\n{script}\n')
        file.chmod(0o755)

    def calls(self, name: str) -> list[str]:
        log = self.bin / f"{name}.calls"
        return log.read_text().splitlines() if log.exists() else []

    def argv(self, argv: list[str]) -> list[str]:  # type: ignore[override]
        own = self.bin / argv[0]
        return [str(own), *argv[1:]] if own.exists() else list(argv)

    @property
    def site(self) -> Site:
        """The site as it is now: what runs, and what stands in /etc/xen."""
        configs, _problems = ConfigFiles(self).read()
        known = {domain.name for domain in self.running}
        off = [
            Domain(c.name, state=State.OFF, type=c.type, disks=c.disks, config_file=c.path, managed_by=("file",))
            for c in configs
            if c.name not in known
        ]
        caps = ("pv", "hvm", "hap") if self.hvm else ("pv",)
        return Site(self, Snapshot(HostInfo("test", free_memory_mib=1024, virt_caps=caps), (*self.running, *off), 0.0))

    def create(self, name: str, **wish: str | bool | list[str]) -> list[str]:
        """Make a guest as the command line would; ``ssh_key`` stands for ``ssh-key``."""
        words = {key.replace("_", "-"): value for key, value in wish.items()}
        site = self.site
        return make(site, plan(site, spec_of(site, name, words)))

    def config(self, name: str) -> str:
        return self.path(f"/etc/xen/{name}.cfg").read_text()

    def files(self) -> set[str]:
        """Everything that was made, by its path."""
        root = self.folder / "root"
        return {
            str(path.relative_to(root))
            for folder in ("etc/xen", "srv/xen", "var/lib/xentui")
            for path in (root / folder).rglob("*")
            if path.is_symlink() or not path.is_dir()
        }
