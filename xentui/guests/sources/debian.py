"""Debian, installed here by mmdebstrap into an image or a volume: no loop device, nothing mounted.

The tree is made in a folder beside the disk and copied into a new file system by ``mke2fs -d``, mke2fs(8). Its own
kernel is booted by GRUB for PVH; or it has none and dom0's is used.
"""

from __future__ import annotations

import os
import re
import secrets
import shlex
from dataclasses import dataclass
from typing import ClassVar

from xentui.guests.config import Settings
from xentui.guests.errors import GuestError
from xentui.guests.files import below, path_complaint
from xentui.guests.site import Site
from xentui.guests.sources import debian_tree
from xentui.guests.sources.boot import dom0_kernel, own_kernel
from xentui.guests.spec import Disk, Spec
from xentui.guests.work import Step, Work
from xentui.livecd.mirror import Mirror, own_mirror
from xentui.livecd.tools import BuildError

#: The room that the tree takes while it is being built, in bytes, beside the disk itself.
SCRATCH_BYTES = 1536 << 20
#: Seconds for an installation over a slow line.
_DEADLINE = 3600.0
_SUITE = re.compile(r"[a-z][a-z0-9-]{1,30}")
_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+(?::[a-z0-9]+)?")
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
_LOCALE = re.compile(r"[a-z]{2,3}_[A-Z]{2}(?:\.UTF-8)?(?:@[a-z]+)?")

PACKAGES = (
    "systemd-sysv", "systemd-resolved", "dbus", "udev", "kmod", "iproute2", "iputils-ping", "netbase", "procps",
    "openssh-server", "sudo", "ca-certificates", "nano", "less",
)  # fmt: skip
KERNEL_PACKAGES = ("linux-image-amd64", "initramfs-tools", "zstd")


@dataclass(frozen=True, slots=True)
class Debian:
    """`boot` is "own" (the guest's kernel) or "dom0". `address` is IP/PREFIX, "" for DHCP. Paths are dom0's."""

    suite: str = "trixie"
    mirror: str = ""
    packages: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    ssh_keys: tuple[str, ...] = ()
    locale: str = ""
    boot: str = "own"
    swap: int = 0
    address: str = ""
    gateway: str = ""
    nameservers: tuple[str, ...] = ()

    name: ClassVar[str] = "debian"
    disk_bytes: ClassVar[int] = 4 << 30

    @property
    def types(self) -> tuple[str, ...]:
        """dom0's kernel runs as PV, too; the guest's own needs GRUB for PVH."""
        return ("pvh", "pv") if self.boot == "dom0" else ("pvh",)

    @property
    def memory_mib(self) -> int:
        """Enough for what is installed here."""
        return 512 if self.boot == "dom0" else 1024

    @property
    def least_mib(self) -> int:
        """GRUB for PVH, and the kernel after it, need room to unpack a whole initrd."""
        return 192 if self.boot == "dom0" else 512

    def check(self, site: Site, spec: Spec) -> None:
        self._check_words()
        site.check_tools("mmdebstrap", "mke2fs", *(["mkswap"] if self.swap else []))
        if not site.host.is_demo and os.geteuid() != 0:
            raise GuestError("Installing Debian needs root: its files belong to many users. Run sudo xentui.")
        for path, what in [(p, "the role, a script of yours,") for p in self.roles] + [
            (p, "the ssh key") for p in self.ssh_keys
        ]:
            if (wrong := path_complaint(path)) is not None:
                raise GuestError(wrong)
            site.check_file(path, what)
        for key in self.ssh_keys:
            self._check_key(site, key)
        self.settings(site, spec)
        self._mirror(site)
        root = _root_wish(spec)
        if root.format != "raw" or not root.is_new:
            raise GuestError("Debian is installed on a new raw file or a new volume as the guest's first disk.")
        site.check_room([(_scratch(spec), SCRATCH_BYTES)])

    def _check_words(self) -> None:
        checks = [(_SUITE, "suite", (self.suite,)), (_PACKAGE, "package", self.packages), (_USER, "user", self.users)]
        checks.append((_LOCALE, "locale (as de_DE.UTF-8)", (self.locale,) if self.locale else ()))
        for pattern, what, words in checks:
            for word in words:
                if pattern.fullmatch(word) is None:
                    raise GuestError(f"{word!r} is no name of a {what}.")
        if "root" in self.users:
            raise GuestError("root is there anyway; name other users.")
        if self.mirror and not self.mirror.startswith(("http://", "https://", "file:/")):
            raise GuestError(f"{self.mirror!r} is no mirror: give its address, http://HOST/debian.")
        if self.mirror.split() != [self.mirror] and self.mirror:
            raise GuestError(f"{self.mirror!r}: the mirror's address has blanks in it.")
        if (wrong := self._network.complaint()) is not None:
            raise GuestError(wrong)

    @property
    def _network(self) -> debian_tree.Network:
        return debian_tree.Network(self.address, self.gateway, self.nameservers)

    @staticmethod
    def _check_key(site: Site, path: str) -> None:
        text = site.host.path(path).read_text(encoding="utf-8", errors="replace")
        if "PRIVATE KEY" in text:
            raise GuestError(f"{path}: is a private key; name the public one, which ends in .pub.")
        if not text.startswith(("ssh-", "ecdsa-", "sk-")):
            raise GuestError(f"{path}: is no public ssh key.")

    def _mirror(self, site: Site) -> Mirror:
        if self.mirror:
            return Mirror(self.mirror)
        if site.host.is_demo:
            return Mirror("(the mirror of this machine)")
        try:
            return own_mirror()
        except BuildError as error:
            raise GuestError(str(error).partition(" Name one")[0] + " Name one: --mirror URI") from error

    def settings(self, site: Site, spec: Spec) -> Settings:
        if self.boot == "dom0":
            return {**dom0_kernel(site, initrd=True), "cmdline": "root=/dev/xvda ro console=hvc0"}
        return own_kernel(site, spec.type)

    def disks(self, site: Site, spec: Spec) -> tuple[Disk, ...]:
        if not self.swap:
            return ()
        group = spec.disks[0].volume_group
        place = f"/dev/{group}/{spec.name}-swap" if group else below(spec.folder, f"{spec.name}-swap.img")
        return (Disk(place, self.swap, volume_group=group),)

    def steps(self, site: Site, spec: Spec) -> list[Step]:
        # Known by its whole path: a disk that the user names may be called so, too.
        own = [disk.path for disk in self.disks(site, spec)]
        root, swap = spec.disks[0], next((disk for disk in spec.disks if disk.path in own), None)
        install = self._argv(site, _scratch(spec))
        format_root = ["mke2fs", "-q", "-F", "-t", "ext4", "-L", "root", "-d", f"{_scratch(spec)}/root", root.path]
        steps = [
            Step(f"Install Debian {self.suite}{f', and {len(self.packages)} packages more' if self.packages else ''}",
                 lambda work: self._install(work, spec, install), (shlex.join(install),)),
            Step("Give it its name, network, users and boot menu", lambda work: self._finish(work, spec, swap)),
            Step("Make the file system and copy it there", lambda work: _copy(work, spec, format_root),
                 (shlex.join(format_root),)),
        ]  # fmt: skip
        if swap is not None:
            argv = ["mkswap", "-q", "-L", "swap", swap.path]
            steps.append(Step("Make the swap", lambda work: _format_swap(work, argv), (shlex.join(argv),)))
        return steps

    def _argv(self, site: Site, scratch: str) -> list[str]:
        packages = [*PACKAGES, *(KERNEL_PACKAGES if self.boot == "own" else ()), *self.packages]
        if self.locale:
            packages.append("locales")
        hooks = [f"--customize-hook={scratch}/hooks/role-{number}" for number in range(1, len(self.roles) + 1)]
        # In a mount namespace of its own: killed, it leaves nothing mounted in the tree that is then removed.
        return [
            "unshare", "--mount", "--propagation", "private", "--fork", "--kill-child", "--",
            "mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory",
            f"--include={','.join(dict.fromkeys(packages))}", f"--customize-hook={scratch}/hooks/accounts", *hooks,
            self.suite, f"{scratch}/root", *self._mirror(site).sources(self.suite),
        ]  # fmt: skip

    def _install(self, work: Work, spec: Spec, argv: list[str]) -> None:
        scratch = _scratch(spec)
        work.makes("folder", scratch)
        password = "".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(12))
        debian_tree.write_hooks(work.host, scratch, self.users, self.ssh_keys, self.roles, self.locale, password)
        work.run(argv, deadline=_DEADLINE, growing=f"{scratch}/root")
        accounts = " and ".join(["root", *self.users])
        if work.host.is_demo:
            work.remarks.append(
                "Nothing was installed: all guests of the demo are the same, livexen with password live."
            )
            return
        work.remarks.append(f"The password of {accounts} is {password} (it stands nowhere else).")

    def _finish(self, work: Work, spec: Spec, swap: Disk | None) -> None:
        if work.host.is_demo:
            return
        tree = work.host.path(f"{_scratch(spec)}/root")
        debian_tree.check(tree)
        debian_tree.furnish(tree, spec.name, self._network, swap.vdev if swap else "", own_kernel=self.boot == "own")
        if self.boot == "dom0":
            work.run(["cp", "-a", f"/lib/modules/{os.uname().release}", f"{tree}/usr/lib/modules/"], deadline=300)

    def afterwards(self, spec: Spec) -> list[str]:
        return [f"Its console is: xentui console {spec.name}"]


def _root_wish(spec: Spec) -> Disk:
    return spec.disks[0] if spec.disks else Disk(size=Debian.disk_bytes)


def _scratch(spec: Spec) -> str:
    """Where the tree is built. Its name is made of letters that no shell knows: mmdebstrap's hooks stand in it."""
    folder = spec.folder if re.fullmatch(r"[A-Za-z0-9._/+-]+", spec.folder) else "/var/tmp"  # noqa: S108
    return below(folder, f".{spec.name}.build")


def _copy(work: Work, spec: Spec, argv: list[str]) -> None:
    target = [str(work.host.path(word)) if word == spec.disks[0].path else word for word in argv]
    work.run(target, deadline=1800, growing=None)
    work.unmake("folder", _scratch(spec))


def _format_swap(work: Work, argv: list[str]) -> None:
    work.run([*argv[:-1], str(work.host.path(argv[-1]))], deadline=120)
