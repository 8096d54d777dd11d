"""The small guests of the Live CD: busybox, booted with dom0's own kernel, 128 MiB each.

libvirt has them: `start-domUs` defines and starts them at boot, as the guide's script of that name did; or, where the
recipe says so, xl alone, by /etc/xen/auto. With disks, the two servers share one read-only disk and the two clients
another; what a guest writes lies in a layer of its own memory above it and ends with it. Without, each has all of it
in its memory.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

from xentui.livecd.base import Base
from xentui.livecd.choices import enable
from xentui.livecd.cpio import Initramfs
from xentui.livecd.tools import Builder

_FILES = Path(__file__).with_name("guest")

#: The guide's four machines; the first two start with dom0.
NAMES = ("server01", "client01", "server02", "client02")
AUTOSTARTED = ("server01", "client01")
#: Less than 96 MiB a Debian 13 kernel does not boot in.
MEMORY_MIB = 128
INITRAMFS = "usr/lib/xentui/guest.img"

# "live", salted and hashed with MD5: the one hash that every busybox knows.
_HASH = "$1$xentui$uHgh2q3.A5rqMOTq31uZ/1"

#: A folder, file or link: its path, its mode (with the type left out), its data or a link's target, its owner.
_Entry = tuple[str, int, bytes | str | None, int]


def role_of(name: str) -> str:
    """``server`` or ``client``: which of the two disks the guest has."""
    return name.rstrip("0123456789")


def disk_of(role: str) -> str:
    """Where the disk of this role lies in dom0, without the first slash."""
    return f"usr/lib/xentui/{role}.img"


def add_guests(
    builder: Builder, root: Path, base: Base, *, disks: bool = True, screens: bool = False, xl_alone: bool = False
) -> None:
    """Write the guests' initramfs, their disks, their config files, and what starts them, below `root`.

    With `screens`, which take QEMU in dom0, the clients have one each, for VNC. With `xl_alone` libvirt is not told.
    """
    image = root / INITRAMFS
    image.parent.mkdir(parents=True, exist_ok=True)
    image.write_bytes(initramfs(base.guest))
    for role in sorted({role_of(name) for name in NAMES}) if disks else ():
        _disk(builder, base.guest, role, root / disk_of(role))
    auto = root / "etc/xen/auto"
    auto.mkdir(parents=True)
    for number, name in enumerate(NAMES, 1):
        (root / f"etc/xen/{name}.cfg").write_text(
            config(name, number, disks=disks, screen=screens and role_of(name) == "client")
        )
    if not xl_alone:
        enable(root, "xenlive-guests.service", "../xenlive-guests.service")
        return
    for name in AUTOSTARTED:
        (auto / f"{name}.cfg").symlink_to(f"../{name}.cfg")


def config(name: str, number: int, *, disks: bool = True, screen: bool = False) -> str:
    """The xl.cfg(5) file of one guest."""
    word = " disk=xvda" if disks else ""
    # libvirt would take a disk for QEMU's, which is not there, if it were not told the backend.
    options = "format=raw, vdev=xvda, access=r, backendtype=phy"
    disk = f'disk = [ "{options}, target=/{disk_of(role_of(name))}" ]\n' if disks else ""
    # Only from dom0 itself, or by a tunnel of ssh: it has no password.
    vfb = 'vfb = [ "vnc=1,vnclisten=127.0.0.1" ]\n' if screen else ""
    return f"""# {name}: busybox on dom0's own kernel. Log in as livexen, password live.
# What it writes is gone when it ends.
name = "{name}"
uuid = "00163e00-0000-4000-8000-0000000000{number:02x}"
type = "pv"
kernel = "/boot/vmlinuz"
ramdisk = "/{INITRAMFS}"
cmdline = "console=hvc0 quiet guest={name}{word}"
memory = {MEMORY_MIB}
vcpus = 1
{disk}{vfb}vif = [ "mac=00:16:3e:00:00:{number:02x},bridge=xenbr0" ]
on_poweroff = "destroy"
on_reboot = "restart"
on_crash = "destroy"
"""


def initramfs(parts: Path) -> bytes:
    """The guests' one initramfs, of the busybox and the kernel modules in the folder `parts`."""
    image = Initramfs()
    for path, mode, data, owner in _tree(parts):
        if data is None:
            image.folder(path, mode, owner=owner)
        elif isinstance(data, bytes):
            image.file(path, data, mode)
        else:
            image.link(path, data)
    for module in sorted(parts.glob("*.ko")):
        image.file(f"lib/modules/{module.name}", module.read_bytes())
    image.file("init", (_FILES / "init").read_bytes(), 0o755)
    return image.packed()


def _disk(builder: Builder, parts: Path, role: str, image: Path) -> None:
    """A role's disk: a squashfs."""
    archive = image.with_suffix(".tar")
    with tarfile.open(archive, "w") as tar:
        for path, mode, data, owner in [*_tree(parts), *_of_role(role)]:
            entry = tarfile.TarInfo(path)
            entry.mode, entry.uid, entry.gid = mode, owner, owner
            if data is None:
                entry.type = tarfile.DIRTYPE
            elif isinstance(data, str):
                entry.type, entry.linkname = tarfile.SYMTYPE, data
            else:
                entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data) if isinstance(data, bytes) else None)
    builder.run(["tar2sqfs", "--quiet", "--compressor", "gzip", image], stdin=archive, deadline=60)
    archive.unlink()


def _tree(parts: Path) -> Iterator[_Entry]:
    """What every guest's root has."""
    for folder in ("bin", "dev", "etc", "home", "lib", "lib/modules", "proc", "sbin", "sys", "usr", "usr/bin"):
        yield folder, 0o755, None, 0
    yield "root", 0o700, None, 0
    yield "home/livexen", 0o755, None, 1000
    yield "tmp", 0o1777, None, 0
    yield "bin/busybox", 0o4755, (parts / "busybox").read_bytes(), 0
    for name, mode in (("inittab", 0o644), ("network", 0o755), ("udhcpc", 0o755), ("issue", 0o644),
                       ("watch-memory", 0o755), ("screen", 0o755)):  # fmt: skip
        yield f"etc/{name}", mode, (_FILES / name).read_bytes(), 0
    users = "root:x:0:0:root:/root:/bin/sh\nlivexen:x:1000:1000:livexen:/home/livexen:/bin/sh\n"
    yield "etc/passwd", 0o644, users.encode(), 0
    yield "etc/group", 0o644, b"root:x:0:\nlivexen:x:1000:\n", 0
    yield "etc/shadow", 0o600, f"root:{_HASH}:1::::::\nlivexen:{_HASH}:1::::::\n".encode(), 0
    yield "etc/profile", 0o644, b"PS1='\\u@\\h:\\w\\$ '\nexport PS1\n", 0
    yield "linuxrc", 0o777, "bin/busybox", 0


def _of_role(role: str) -> Iterator[_Entry]:
    """What only the disks have. Busybox's links are made at the start; only what starts must be there before."""
    for folder in ("memory", "usr/sbin", "var", "var/run"):
        yield folder, 0o755, None, 0
    yield "sbin/init", 0o777, "/bin/busybox", 0
    yield "bin/sh", 0o777, "busybox", 0
    if role == "client":
        yield "usr/bin/look", 0o755, (_FILES / "look").read_bytes(), 0
