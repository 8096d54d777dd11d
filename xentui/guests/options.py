"""What a guest can be made with, by name: options of the command line, keys of a template, fields of the wizard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xentui.guests.spec import BRIDGE, IMAGES

SOURCES = ("busybox", "debian", "installer", "cd", "image", "kernel", "disk", "computer")


@dataclass(frozen=True, slots=True)
class Option:
    """Something that can be asked for: its name on the command line and in templates, and what it is.

    `kind` is text, flag, or list; `sources` are those that it is for, none of them for all.
    """

    name: str
    help: str
    kind: str = "text"
    metavar: str = ""
    sources: tuple[str, ...] = ()


#: Everything that can be asked for besides the name.
OPTIONS: tuple[Option, ...] = (
    Option("source", f"where its system comes from: {', '.join(SOURCES)}", metavar="SOURCE"),
    Option("type", "pvh (the default where the CPU can), pv or hvm", metavar="TYPE"),
    Option("memory", "MiB, or with a unit: 512M, 2G", metavar="MiB"),
    Option("vcpus", "virtual CPUs (1)", metavar="N"),
    Option("disk", "8G: a new file of that size; size=8G,vg=GROUP: a new volume; /PATH[,ro]: what is there; also"
           " size=8G,path=/FILE,format=qcow2,full", kind="list", metavar="DISK"),
    Option("size", "the size of a new first disk, as --disk SIZE", metavar="SIZE"),
    Option("dir", f"the folder for new files ({IMAGES})", metavar="DIR"),
    Option("lvm", "the volume group for new disks instead of files", metavar="GROUP"),
    Option("full", "new files take their whole room at once", kind="flag"),
    Option("overcommit", "new files may grow to more than there is room for now", kind="flag"),
    Option("bridge", f"the bridge of its network interface ({BRIDGE})", metavar="BRIDGE"),
    Option("no-network", "no network interface", kind="flag"),
    Option("mac", "its MAC address (a new one of Xen's)", metavar="MAC"),
    Option("autostart", "start it with the host", kind="flag"),
    Option("suite", "Debian's release (trixie)", metavar="SUITE", sources=("debian",)),
    Option("mirror", "Debian's mirror (the one of this machine's apt)", metavar="URI", sources=("debian",)),
    Option("package", "a package more", kind="list", metavar="PACKAGE", sources=("debian",)),
    Option("role", "a script that is run with the new system's folder as its argument", kind="list", metavar="FILE",
           sources=("debian",)),
    Option("user", "a user who may use sudo", kind="list", metavar="USER", sources=("debian",)),
    Option("ssh-key", "a public key that may log in, as root and as the users", kind="list", metavar="FILE.pub",
           sources=("debian",)),
    Option("locale", "the language, as de_DE.UTF-8", metavar="LOCALE", sources=("debian",)),
    Option("boot", "own: the guest's kernel, by GRUB for PVH; dom0: dom0's kernel", metavar="own|dom0",
           sources=("debian",)),
    Option("swap", "a second disk for swap, of this size", metavar="SIZE", sources=("debian",)),
    Option("ip", "a fixed address, as 192.0.2.5/24, instead of DHCP", metavar="IP/PREFIX", sources=("debian",)),
    Option("gateway", "the router, with --ip", metavar="IP", sources=("debian",)),
    Option("nameserver", "a name server, with --ip", kind="list", metavar="IP", sources=("debian",)),
    Option("image", "a disk image to copy: raw, qcow2, vmdk, vhdx ...", metavar="FILE", sources=("image",)),
    Option("cd", "a CD image to boot", metavar="FILE.iso", sources=("cd",)),
    Option("windows", "what Windows likes: viridian, the clock in local time, an Intel network card", kind="flag",
           sources=("cd",)),
    Option("drivers", "a second CD image, with drivers", metavar="FILE.iso", sources=("cd",)),
    Option("computer", "a whole idle disk of this host, which is only read", metavar="/dev/DISK",
           sources=("computer",)),
    Option("preseed", "a file with the installer's answers", metavar="URL", sources=("installer",)),
    Option("graphical", "the installer in windows, by VNC, in an HVM guest; else in text", kind="flag",
           sources=("installer",)),
    Option("kernel", "a kernel on dom0", metavar="FILE", sources=("kernel",)),
    Option("initrd", "the initrd that goes with it", metavar="FILE", sources=("kernel",)),
    Option("append", "the kernel's command line", metavar="TEXT", sources=("kernel",)),
)  # fmt: skip
BY_NAME = {option.name: option for option in OPTIONS}

Wish = Mapping[str, str | bool | list[str]]
"""What was asked for, by the options' names; what was not asked for is not in it."""
