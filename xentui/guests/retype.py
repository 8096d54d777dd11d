"""Making an HVM guest a PVH or PV one, and back (the guide's 3.3): the same disks, another way to boot them.

What decides whether the system within will boot so is looked at first: its fstab, its initrd's drivers, GRUB's menu.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from xentui.domains.domain import State
from xentui.guests.change import changed, parsed, read_config
from xentui.guests.errors import GuestError
from xentui.guests.files import write_file
from xentui.guests.look import System, look
from xentui.guests.site import Site
from xentui.guests.sources.boot import PVH_GRUB, dom0_kernel, own_kernel
from xentui.guests.spec import TYPES
from xentui.xlcfg.diskspec import DiskSpec, DiskSpecError, parse_disk
from xentui.xlcfg.diskwriter import modern_disk

#: Keys that only an emulated machine has a use for.
_HVM_KEYS = (
    "acpi_firmware", "acpi_laptop_slate", "acpi_s3", "acpi_s4", "bios", "bios_path_override", "boot", "builder",
    "device_model", "device_model_override", "device_model_version", "firmware", "gfx_passthru", "hdtype", "hpet",
    "keymap", "nographic", "opengl", "pae", "sdl", "serial", "smbios_firmware", "soundhw", "spice", "stdvga", "usb",
    "usbdevice", "usbversion", "vga", "videoram", "viridian", "vkb_device", "vnc", "vncdisplay", "vnclisten",
    "vncpasswd",
    "vncunused", "vpt_align", "xen_platform_pci",
)  # fmt: skip
#: Keys that say what a PV or PVH guest boots.
_BOOT_KEYS = ("bootargs", "bootloader", "bootloader_args", "bootloader_restrict", "bootloader_user", "cmdline", "extra",
              "kernel", "pvshim", "ramdisk", "root")  # fmt: skip
Settings = dict[str, str | int | list[str] | None]

_DEVICE_NAME = re.compile(r"/dev/(?:[hs]d[a-z]|xvd[a-z])\d*")


@dataclass(frozen=True, slots=True)
class Retyping:
    """A guest's configuration as another type. `problems` are reasons why it may not boot, `remarks` what to know."""

    name: str
    path: str
    before: str
    text: str
    kind: str
    problems: tuple[str, ...]
    remarks: tuple[str, ...]

    @property
    def kept(self) -> str:
        """Where the configuration before is kept."""
        return f"{self.path}.before-{self.kind}"


def plan(site: Site, name: str, kind: str) -> Retyping:
    """Think it through. Raises GuestError for what cannot be."""
    site.check_local()
    domain = site.snapshot.domain(name)
    if domain is None or domain.config_file is None:
        raise GuestError(f"There is no guest {name} with a configuration file: see xentui list")
    if domain.state.alive:
        raise GuestError(f"{name} is {domain.state.said}: shut it down first. Two of it on one disk would ruin it.")
    if domain.state is State.SAVED:
        raise GuestError(f"{name} is saved, and comes back as what it was: restore it and shut it down first.")
    site.check_xls(domain)
    if kind not in TYPES:
        raise GuestError(f"{kind!r} is no type of guest; there are {', '.join(TYPES)}.")
    if kind in ("pvh", "hvm") and not site.has_hvm:
        raise GuestError(f"This machine runs no {kind.upper()} guests: Xen finds no hardware virtualisation to use.")
    text = read_config(site.host, domain.config_file)
    config = parsed(text, domain.config_file)
    now = config.string("type") or ("hvm" if config.string("builder") == "hvm" else "pv")
    if now == kind:
        raise GuestError(f"{name} is {a_guest(kind)} already.")
    disks = _disks(config.strings("disk"))
    if all(disk.cdrom or not disk.target for disk in disks) and "hvm" in (kind, now):
        raise GuestError(f"{name} has no disk: as {a_guest(kind)} there would be nothing that it could boot.")
    root = next((disk for disk in disks if not disk.cdrom and disk.target and disk.format == "raw"), None)
    system = look(site, root.target) if root is not None and root.target else None
    settings: Settings = {"type": kind, "builder": None}
    if kind == "hvm":
        settings.update(dict.fromkeys(_BOOT_KEYS))
        settings.update(own_kernel(site, kind))
        settings.update({"boot": "c", "vnc": 1, "vnclisten": "127.0.0.1", "serial": "pty"})
    elif now == "hvm" or config.string("kernel") in (None, PVH_GRUB):
        settings.update(dict.fromkeys((*_BOOT_KEYS, *_HVM_KEYS)))
        settings.update({"type": kind, **_booted(site, kind, system)})
    # Else it boots a kernel of dom0's: as PV and as PVH the same.
    if disks:
        settings["disk"] = [modern_disk(_renamed(disk, kind)) for disk in disks]
    after = changed(text, settings, f"{name} as {a_guest(kind)}")
    return Retyping(
        name, domain.config_file, text, after, kind, tuple(_problems(kind, system)), tuple(_remarks(kind, now, system))
    )


def retype(site: Site, plan: Retyping) -> None:
    """Write it; the configuration before is kept beside. Raises GuestError."""
    if read_config(site.host, plan.path) != plan.before:
        raise GuestError(f"{plan.path} was changed meanwhile; nothing was written. Begin again.")
    write_file(site.host, plan.kept, plan.before)
    write_file(site.host, plan.path, plan.text)


def a_guest(kind: str) -> str:
    """A guest of this type, in words."""
    return f"{'an' if kind == 'hvm' else 'a'} {kind.upper()} guest"


def _booted(site: Site, kind: str, system: System | None) -> Settings:
    if kind == "pvh":
        site.check_file(PVH_GRUB, "GRUB for PVH guests", "grub-xen-host")
        return {"kernel": PVH_GRUB}
    if system is None or not system.root:
        raise GuestError(
            "A PV guest boots dom0's kernel, which has to be told the guest's root; what is on its disk cannot be"
            " read here to find it. Make it a PVH guest, which boots by the disk's own GRUB."
        )
    root = system.root if not _DEVICE_NAME.fullmatch(system.root) else _pv_name(system.root)
    return {**dom0_kernel(site, initrd=True), "cmdline": f"root={root} ro console=hvc0"}


def _disks(items: list[str]) -> list[DiskSpec]:
    try:
        return [parse_disk(item) for item in items]
    except DiskSpecError as error:
        raise GuestError(f"A disk of its configuration: {error}") from error


def _renamed(disk: DiskSpec, kind: str) -> DiskSpec:
    """The same disk by the name that the other type gives it: hda is xvda."""
    vdev = disk.vdev or ""
    emulated = r"xvd[cd]" if disk.cdrom else r"xvd[ab]"
    if kind == "hvm" and re.fullmatch(emulated, vdev):
        disk.vdev = f"hd{vdev[3:]}"
    elif kind != "hvm":
        disk.vdev = re.sub(r"^(?:hd|sd)", "xvd", vdev)
    disk.prefixes.clear()
    return disk


def _pv_name(device: str) -> str:
    return re.sub(r"^/dev/(?:hd|sd|xvd)", "/dev/xvd", device)


def _problems(kind: str, system: System | None) -> Iterator[str]:
    if system is None:
        return
    for device, place in system.mounts:
        if _DEVICE_NAME.fullmatch(device):
            yield (
                f"fstab mounts {place} by the name {device}, and disks are named otherwise in {a_guest(kind)}:"
                " write UUID= or LABEL= there first."
            )
    if kind != "hvm" and re.search(r"^\s*MODULES\s*=\s*dep\b", system.initramfs, re.MULTILINE):
        yield (
            "The initrd has only the drivers of the machine it was made on (MODULES=dep): write MODULES=most into"
            " /etc/initramfs-tools/initramfs.conf within the guest and run update-initramfs -u first."
        )
    if kind == "pvh" and not system.grub_menu:
        yield "There is no /boot/grub/grub.cfg on its disk, so GRUB for PVH would have nothing to boot."


def _remarks(kind: str, now: str, system: System | None) -> Iterator[str]:
    if system is None:
        yield (
            "What is on its disk could not be looked at (only ext2, ext3 and ext4 on raw disks can): see yourself that"
            " fstab names no /dev/sda1, and that its initrd has xen-blkfront."
        )
    if kind != "hvm":
        yield (
            "systemd gives it a login at hvc0 by itself; for the kernel's own messages there, too, add console=hvc0 to"
            " GRUB_CMDLINE_LINUX within the guest."
        )
    else:
        yield "Its console is the serial line ttyS0 now (console=ttyS0 within the guest), its screen VNC on 127.0.0.1."
    if now == "hvm":
        yield "Only one of the two may run at a time: they are one guest with one disk."
