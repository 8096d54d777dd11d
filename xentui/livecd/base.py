"""The Debian under the Live CD: installed by mmdebstrap, packed as a squashfs, kept for the next build.

It holds packages and accounts, nothing of xentui, so that only a change of the package list, the suite
or the hook makes it anew. Built as plain file operations, without a mount: mmdebstrap writes a tar
archive, tar2sqfs turns it into the squashfs.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import os
import shlex
import shutil
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from xentui.livecd.mirror import Mirror
from xentui.livecd.tools import Builder, BuildError

HOOK = Path(__file__).with_name("base-hook.sh")

PACKAGES = (
    # the hypervisor, its tools, its kernel
    "xen-system-amd64", "xen-utils-common", "linux-image-amd64", "live-boot", "zstd",
    # a system to log in to
    "systemd-sysv", "systemd-resolved", "dbus", "udev", "kmod", "login", "passwd", "sudo", "procps",
    "iproute2", "iputils-ping", "netbase", "ca-certificates", "openssh-server", "bridge-utils",
    "dnsmasq-base", "nftables", "tmux", "less", "nano", "vim-tiny", "psmisc",
    # what xentui stands on
    "python3", "python3-libvirt", "python3-parted",
    "libvirt-clients", "libvirt-daemon-system", "libvirt-daemon-driver-xen", "libvirt-daemon-driver-network",
    # disks
    "lvm2", "parted", "kpartx", "fdisk", "e2fsprogs", "dosfstools", "ntfs-3g",
    # boot loaders for a disk that all of this is installed to
    "grub2-common", "grub-pc-bin", "grub-efi-amd64-bin",
    # the small guests; what makes larger ones (xen-tools is not in Debian 13)
    "busybox-static", "virtinst", "mmdebstrap",
)  # fmt: skip

#: Full virtualisation: QEMU as the device model, some 100 MB more.
HVM_PACKAGES = ("qemu-system-xen", "qemu-utils", "ovmf")

#: Left out when packages are unpacked: what the Live CD has no reader for.
_EXCLUDED = (
    "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/info/*", "/usr/share/lintian/*",
    "/usr/share/man/??/*", "/usr/share/man/??_*", "/usr/share/bug/*", "/boot/xen-*.efi",
    # libvirt's KVM driver, which libvirt-daemon-system insists on, brings these 60 MB; Xen's own
    # device model is another file (qemu-system-xen).
    "/usr/bin/qemu-system-*", "/usr/bin/kvm",
)  # fmt: skip
_KEPT = ("/usr/share/doc/*/copyright",)

#: Kernel modules that the small guests load.
GUEST_MODULES = ("overlay", "squashfs", "xen-blkfront", "xen-netfront")


@dataclass(frozen=True, slots=True)
class Base:
    """A finished base: a folder with its squashfs, the files to boot it, and what later steps need."""

    folder: Path

    @property
    def squashfs(self) -> Path:
        return self.folder / "filesystem.squashfs"

    @property
    def boot(self) -> Path:
        """Has ``xen.gz``, ``vmlinuz`` and ``initrd.img``."""
        return self.folder / "boot"

    @property
    def guest(self) -> Path:
        """Has ``busybox`` and the modules of `GUEST_MODULES`, unpacked, as ``NAME.ko``."""
        return self.folder / "guest"

    @property
    def python(self) -> Path:
        """A root folder with the Python of the suite, only good for compiling byte code."""
        return self.folder / "python"

    @property
    def kernel_version(self) -> str:
        version: str = json.loads((self.folder / "base.json").read_text())["kernel"]
        return version

    @property
    def python_version(self) -> str:
        """Such as ``3.13``."""
        version: str = json.loads((self.folder / "base.json").read_text())["python"]
        return version


def build_base(
    builder: Builder,
    cache: Path,
    suite: str,
    mirror: Mirror,
    *,
    extra: tuple[str, ...] = (),
    locale: str | None = None,
    mode: str,
    fresh: bool,
) -> Base:
    """Give the base for these inputs, from `cache` unless it is not there yet or `fresh` is asked for.

    `extra` are packages beside `PACKAGES`; `locale` one that is generated.
    """
    packages = PACKAGES + tuple(dict.fromkeys(package for package in extra if package not in PACKAGES))
    inputs = [suite, locale or "", *packages, *_EXCLUDED, *_KEPT, *GUEST_MODULES, HOOK.read_text()]
    inputs.append(Path(__file__).read_text())
    key = hashlib.sha256("\0".join(inputs).encode()).hexdigest()[:16]
    base = Base(cache / f"base-{suite}-{key}")
    if base.folder.exists() and not fresh:
        builder.say(f"  Debian {suite} with Xen: kept from an earlier build ({base.folder})")
        return base
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="base-", dir=cache) as scratch:
        work = Path(scratch)
        made = Base(work / "base")
        for folder in (made.boot, made.guest, made.python):
            folder.mkdir(parents=True)
        tar = work / "root.tar"
        with builder.step(f"Installing Debian {suite} with Xen ({len(packages)} packages named)"):
            _install(builder, tar, made.boot / "initrd.img", suite, mirror, packages, locale, mode)
        with builder.step("Taking out kernel, hypervisor and what the guests need"):
            _take_out(tar, made)
        with builder.step("Packing it as a squashfs (zstd)"):
            builder.run(
                ["tar2sqfs", "--quiet", "--num-jobs", str(os.cpu_count() or 1),
                 "--compressor", "zstd", "--comp-extra", "level=15", made.squashfs],
                stdin=tar, deadline=900,
            )  # fmt: skip
        if base.folder.exists():
            shutil.rmtree(base.folder)
        made.folder.rename(base.folder)
    return base


def _install(
    builder: Builder,
    tar: Path,
    initrd: Path,
    suite: str,
    mirror: Mirror,
    packages: tuple[str, ...],
    locale: str | None,
    mode: str,
) -> None:
    """Install Debian into the archive `tar`; its initrd comes beside it."""
    options = [f"--dpkgopt=path-exclude={pattern}" for pattern in _EXCLUDED]
    options += [f"--dpkgopt=path-include={pattern}" for pattern in _KEPT]
    builder.run(
        ["mmdebstrap", f"--mode={mode}", "--variant=apt", "--architectures=amd64", "--format=tar",
         *options, f"--include={','.join(packages)}",
         f"--customize-hook=download /initrd.img {shlex.quote(str(initrd))}",
         f'--customize-hook=sh {shlex.quote(str(HOOK))} "$1" {shlex.quote(locale or "")}',
         suite, tar, *mirror.sources(suite)],
        deadline=1800,
    )  # fmt: skip


def _take_out(tar: Path, base: Base) -> None:
    """Copy what the ISO and the guests need out of the root's archive."""
    found: dict[str, str] = {}
    with tarfile.open(tar) as archive:
        for member in archive:
            name = member.name.removeprefix("./")
            if name.endswith("sbin/start-stop-daemon.REAL"):
                # mmdebstrap's stand-in, left behind, would keep xenstored from starting.
                raise BuildError("start-stop-daemon is still diverted in the installed Debian")
            if member.isfile() and (target := _wanted(name)):
                source = archive.extractfile(member)
                if source is None:
                    continue
                data = source.read()
                (base.folder / target).write_bytes(lzma.decompress(data) if name.endswith(".xz") else data)
                found[target] = member.name
            elif _of_python(name):
                archive.extract(member, base.python)
    modules = [f"guest/{module}.ko" for module in GUEST_MODULES]
    for target in ("boot/xen.gz", "boot/vmlinuz", "guest/busybox", *modules):
        if target not in found:
            raise BuildError(f"The installed Debian has no file for {target}: was a package renamed?")
    python = next((path.name for path in (base.python / "usr/bin").glob("python3.*")), None)
    if python is None:
        raise BuildError("The installed Debian has no /usr/bin/python3.*")
    facts = {
        "kernel": Path(found["boot/vmlinuz"]).name.removeprefix("vmlinuz-"),
        "python": python.removeprefix("python"),
    }
    (base.folder / "base.json").write_text(json.dumps(facts) + "\n")


def _wanted(name: str) -> str | None:
    """Where a file of the root goes in the base's folder, if it is wanted there."""
    path = Path(name)
    if path.parent == Path("boot"):
        if path.name.startswith("vmlinuz-"):
            return "boot/vmlinuz"
        if path.name.startswith("xen-") and path.suffix == ".gz":
            return "boot/xen.gz"
    if name in ("bin/busybox", "usr/bin/busybox"):
        return "guest/busybox"
    module = path.name.removesuffix(".xz").removesuffix(".ko")
    if "/modules/" in name and module in GUEST_MODULES:
        return f"guest/{module}.ko"
    return None


def _of_python(name: str) -> bool:
    path = Path(name)
    if path.parent == Path("usr/bin"):
        return path.name.startswith("python3.") and path.name.count(".") == 1
    if path.parent == Path("usr/lib/x86_64-linux-gnu"):
        return path.name.startswith(("ld-linux", "libc.so", "libm.so", "libz.so", "libexpat.so"))
    return name.startswith("usr/lib/python3.") and "/__pycache__" not in name
