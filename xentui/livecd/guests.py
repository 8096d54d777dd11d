"""The small guests of the Live CD: busybox on an initramfs, booted with dom0's own kernel, 128 MiB each."""

from __future__ import annotations

from pathlib import Path

from xentui.livecd.base import Base
from xentui.livecd.cpio import Initramfs

_FILES = Path(__file__).with_name("guest")

#: The guide's four machines; the first two start with dom0.
NAMES = ("server01", "client01", "server02", "client02")
AUTOSTARTED = ("server01", "client01")
#: Less than 96 MiB a Debian 13 kernel does not boot in.
MEMORY_MIB = 128
INITRAMFS = "usr/lib/xentui/guest.img"

# "live", salted and hashed with MD5: the one hash that every busybox knows.
_HASH = "$1$xentui$uHgh2q3.A5rqMOTq31uZ/1"


def add_guests(root: Path, base: Base) -> None:
    """Write the guests' initramfs, their config files and the autostart links below `root`."""
    image = root / INITRAMFS
    image.parent.mkdir(parents=True, exist_ok=True)
    image.write_bytes(initramfs(base.guest))
    auto = root / "etc/xen/auto"
    auto.mkdir(parents=True)
    for number, name in enumerate(NAMES, 1):
        (root / f"etc/xen/{name}.cfg").write_text(config(name, number))
    for name in AUTOSTARTED:
        (auto / f"{name}.cfg").symlink_to(f"../{name}.cfg")


def config(name: str, number: int) -> str:
    """The xl.cfg(5) file of one guest."""
    return f"""# {name}: busybox on dom0's own kernel. Log in as livexen, password live.
name = "{name}"
type = "pv"
kernel = "/boot/vmlinuz"
ramdisk = "/{INITRAMFS}"
cmdline = "console=hvc0 quiet guest={name}"
memory = {MEMORY_MIB}
vcpus = 1
vif = [ "mac=00:16:3e:00:00:{number:02x},bridge=xenbr0" ]
on_poweroff = "destroy"
on_reboot = "restart"
on_crash = "destroy"
"""


def initramfs(parts: Path) -> bytes:
    """The guests' one initramfs, of the busybox and the kernel modules in the folder `parts`."""
    image = Initramfs()
    for folder in ("bin", "dev", "etc", "home", "lib", "lib/modules", "proc", "sys"):
        image.folder(folder)
    image.folder("root", 0o700)
    image.folder("home/livexen", owner=1000)
    image.folder("tmp", 0o1777)
    image.file("bin/busybox", (parts / "busybox").read_bytes(), 0o4755)
    for module in sorted(parts.glob("*.ko")):
        image.file(f"lib/modules/{module.name}", module.read_bytes())
    image.file("init", (_FILES / "init").read_bytes(), 0o755)
    for name, mode in (("inittab", 0o644), ("network", 0o755), ("udhcpc", 0o755), ("issue", 0o644)):
        image.file(f"etc/{name}", (_FILES / name).read_bytes(), mode)
    users = "root:x:0:0:root:/root:/bin/sh\nlivexen:x:1000:1000:livexen:/home/livexen:/bin/sh\n"
    image.file("etc/passwd", users.encode())
    image.file("etc/group", b"root:x:0:\nlivexen:x:1000:\n")
    image.file("etc/shadow", f"root:{_HASH}:1::::::\nlivexen:{_HASH}:1::::::\n".encode(), 0o600)
    image.file("etc/profile", b"PS1='\\u@\\h:\\w\\$ '\nexport PS1\n")
    image.link("linuxrc", "bin/busybox")
    return image.packed()
