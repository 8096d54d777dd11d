"""What makes an installed system of a copy of the Live CD: the files below its root that differ.

The copy is the Live CD as it was built; of the running one it takes livexen's password and keys along.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from xentui.livecd.recipe import DOM0_MEMORY_MIB

HOSTNAME = "hypervisor01"

#: Of the Live CD's own files, what only suits a medium that nobody keeps: nobody logs in without a password.
LIVE_ONLY = (
    "etc/issue.d/xenlive.issue",
    "etc/sudoers.d/livexen",
    "etc/systemd/system/getty@tty1.service.d/autologin.conf",
    "etc/systemd/system/xendomains.service.d/table.conf",
    "etc/systemd/journald.conf.d/volatile.conf",
)
#: What starts a Live CD: not needed on a disk, and not wanted in its initramfs.
LIVE_PACKAGES = ("live-boot", "live-boot-initramfs-tools")
#: Masked there, for there is nothing to maintain on a medium.
MASKED = (
    "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "e2scrub_reap.service",
    "fstrim.timer", "lvm2-monitor.service", "user@.service",
)  # fmt: skip

# GRUB's settings: Debian's 20_linux_xen reads them. As in the Live CD's own menu, on the screen and on the serial line.
_GRUB_DEFAULTS = f"""\
# Xen as it is started on this host: see /etc/default/grub.d/xen.cfg for what else there is. Then: update-grub
GRUB_DEFAULT=0
GRUB_TIMEOUT=5
GRUB_DISTRIBUTOR=Debian
GRUB_CMDLINE_LINUX_DEFAULT="loglevel=4"
GRUB_CMDLINE_LINUX="console=tty0 console=ttyS0,115200"
GRUB_CMDLINE_LINUX_XEN_REPLACE="console=tty0 console=hvc0"
GRUB_CMDLINE_XEN_DEFAULT="dom0_mem={DOM0_MEMORY_MIB}M,max:{DOM0_MEMORY_MIB}M ucode=scan loglvl=error guest_loglvl=error"
GRUB_CMDLINE_XEN="com1=115200,8n1 console=vga,com1"
GRUB_TERMINAL="console serial"
GRUB_SERIAL_COMMAND="serial --unit=0 --speed=115200"
GRUB_DISABLE_OS_PROBER=true
GRUB_DISABLE_RECOVERY=true
XEN_OVERRIDE_GRUB_DEFAULT=1
"""


def kernel_version(root: Path) -> str:
    """The version of the one kernel below `root`. Raises FileNotFoundError."""
    for kernel in sorted((root / "boot").glob("vmlinuz-*")):
        return kernel.name.removeprefix("vmlinuz-")
    raise FileNotFoundError(f"{root}/boot: there is no kernel")


def settle(root: Path, fstab: str, shadow: str, hostname: str = HOSTNAME) -> None:
    """Write the files below `root`; `shadow` is the running system's shadow(5). Raises OSError."""
    for name in LIVE_ONLY:
        (root / name).unlink(missing_ok=True)
    for unit in MASKED:
        link = root / "etc/systemd/system" / unit
        if link.is_symlink() and str(link.readlink()) == "/dev/null":
            link.unlink()
    (root / "etc/fstab").write_text(fstab)
    (root / "etc/hostname").write_text(f"{hostname}\n")
    hosts = root / "etc/hosts"
    hosts.write_text(re.sub(r"(?m)^(127\.0\.1\.1\s+).*$", rf"\g<1>{hostname}", hosts.read_text()))
    defaults = root / "etc/default/grub.d/00-xentui.cfg"
    defaults.parent.mkdir(parents=True, exist_ok=True)
    defaults.write_text(_GRUB_DEFAULTS)
    _take_password(root / "etc/shadow", shadow)


def fstab(group: str, system: str, boot: str, esp: str) -> str:
    """fstab(5); `boot` and `esp` are the UUIDs of the partitions for /boot and the EFI system."""
    return f"""\
# Made by xentui when this system was installed: fstab(5)
/dev/{group}/{system}-root  /          ext4  errors=remount-ro  0  1
UUID={boot}  /boot      ext4  defaults           0  2
UUID={esp}  /boot/efi  vfat  umask=0077,nofail  0  1
/dev/{group}/{system}-swap  none       swap  nofail             0  0
"""


def take_keys(home: Path, root: Path) -> None:
    """livexen's own keys from `home` of the running system. Raises OSError."""
    keys = home / ".ssh/authorized_keys"
    if keys.is_file():
        shutil.copytree(keys.parent, root / "home/livexen/.ssh", dirs_exist_ok=True)


def _take_password(file: Path, running: str) -> None:
    """The hash of livexen's password, the one field of shadow(5), as it is in the `running` system."""
    now = {line.split(":")[0]: line.split(":")[1] for line in running.splitlines() if line.count(":") >= 2}
    lines = file.read_text().splitlines()
    for number, line in enumerate(lines):
        name, _, rest = line.partition(":")
        if name == "livexen" and name in now:
            lines[number] = f"{name}:{now[name]}:{rest.partition(':')[2]}"
    file.write_text("\n".join(lines) + "\n")
