"""What sources share: kernels of dom0, GRUB for PVH, and the keys of xl.cfg(5) that go with them."""

from __future__ import annotations

import os

from xentui.guests.config import Settings
from xentui.guests.errors import GuestError
from xentui.guests.site import Site

#: GRUB as a PVH guest's kernel: it finds /boot/grub/grub.cfg on the guest's own disks. Package grub-xen-host.
PVH_GRUB = "/usr/lib/grub-xen/grub-i386-xen_pvh.bin"
#: Where a Live CD has its initrd, and only there: live-boot(7) in it does nothing unless it is asked to.
_LIVE_MEDIUM = "/run/live/medium/live"
_DEVICE_MODELS = (
    "/usr/libexec/xen-qemu-system-i386",
    "/usr/bin/qemu-system-i386",
    "/usr/lib/xen-4.17/bin/qemu-system-i386",
)


def own_kernel(site: Site, kind: str) -> Settings:
    """How a guest with kernel and boot loader on its own disk is booted. Raises GuestError."""
    if kind == "pvh":
        site.check_file(PVH_GRUB, "GRUB for PVH guests", "grub-xen-host")
        return {"kernel": PVH_GRUB}
    if kind == "hvm":
        check_device_model(site)
        return {}
    raise GuestError(
        "A PV guest cannot boot the kernel on its own disk here: pygrub, which did that, reads a stranger's file"
        " systems as root and is no longer given security support for it. Choose --type pvh, which boots it by GRUB, or"
        " --boot dom0, which boots dom0's kernel."
    )


def dom0_kernel(site: Site, *, initrd: bool, running: bool = False) -> Settings:
    """dom0's own kernel, and its initrd if that is wanted, by names that stay when it is upgraded; with `running` the
    one that runs now, whatever comes after it."""
    release = os.uname().release
    settings: Settings = {}
    wanted = [("kernel", "vmlinuz")] + ([("ramdisk", "initrd.img")] if initrd else [])
    for key, stem in wanted:
        exact = f"/boot/{stem}-{release}"
        names = [exact] if running else [f"/boot/{stem}", f"/{stem}", exact, f"{_LIVE_MEDIUM}/{stem}"]
        found = next((name for name in names if site.host.path(name).is_file()), None)
        if found is None:
            raise GuestError(f"dom0's {stem} is at none of {', '.join(names)}: name a kernel by --kernel.")
        settings[key] = found
    return settings


def check_device_model(site: Site) -> None:
    """Raises GuestError where there is no QEMU for HVM guests."""
    if not site.host.is_demo and not any(site.exists(path) for path in _DEVICE_MODELS):
        raise GuestError("An HVM guest needs QEMU as its device model. As root: apt-get install qemu-system-xen")


def vnc_words(name: str) -> list[str]:
    """How to come to the screen of an HVM guest, for the user."""
    return [
        f"Its screen is VNC on this host's 127.0.0.1; once it runs, its port: xentui info {name}",
        "From elsewhere: ssh -L 5900:127.0.0.1:PORT root@THIS-HOST, then a VNC viewer on localhost:5900.",
    ]
