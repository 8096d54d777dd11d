"""A machine to boot the Live CD in: QEMU's command line.

Xen needs no hardware virtualisation for its PV guests, so QEMU's own emulation (TCG) is enough, and works
everywhere. The processor model decides what works inside: with Nehalem libvirt does, with an AMD vendor PVH
and HVM guests do.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

CPU_LIBVIRT = "Nehalem,+svm,+npt"
CPU_PVH = "Nehalem,+svm,+npt,vendor=AuthenticAMD"

#: MiB; what the guide's machine had: 640 for dom0, two guests, the hypervisor.
MEMORY_MIB = 960


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine. `memory` is in MiB; `ssh_port` is forwarded on 127.0.0.1 to the machine's port 22.

    Without `iso` it starts from its first disk. `uefi` is a firmware for -bios (Debian's package ovmf), else it has
    a BIOS.
    """

    iso: Path | None
    memory: int = MEMORY_MIB
    cpu: str = CPU_LIBVIRT
    ssh_port: int | None = None
    accel: str = "tcg"
    uefi: Path | None = None
    #: Raw images that are disks of the machine, /dev/vda and so on.
    disks: tuple[Path, ...] = ()
    #: To start by network: the folder that TFTP serves, and the name of the loader in it.
    netboot: tuple[Path, str] | None = None

    def argv(self, *, monitor_keys: bool = False) -> list[str]:
        """QEMU's argv, the serial line on its stdin and stdout.

        With `monitor_keys` Ctrl-A X ends QEMU (Ctrl-A Ctrl-A is a Ctrl-A then); without, every byte
        reaches the serial line.
        """
        mux = "on" if monitor_keys else "off"
        argv = [
            "qemu-system-x86_64", "-machine", f"pc,accel={self.accel}", "-cpu", self.cpu, "-smp", "1",
            "-m", str(self.memory), "-nodefaults", "-no-user-config", "-display", "none", "-vga", "std",
            "-chardev", f"stdio,id=serial,mux={mux},signal=off", "-serial", "chardev:serial",
        ]  # fmt: skip
        if self.iso is not None:
            argv += [
                "-drive", f"file={_escaped(self.iso)},format=raw,media=cdrom,readonly=on,if=none,id=cd",
                "-device", "ide-cd,drive=cd,bootindex=0",
            ]  # fmt: skip
        if monitor_keys:
            argv += ["-mon", "chardev=serial,mode=readline"]
        if self.uefi is not None:
            argv += ["-bios", str(self.uefi)]
        for disk in self.disks:
            argv += ["-drive", f"file={_escaped(disk)},format=raw,if=virtio"]
        forward = f",hostfwd=tcp:127.0.0.1:{self.ssh_port}-:22" if self.ssh_port else ""
        tftp, rom, card = "", "romfile=", "virtio-net-pci"
        if self.netboot is not None:
            tftp, rom = f",tftp={_escaped(self.netboot[0])},bootfile={self.netboot[1]}", "bootindex=0"
            if self.uefi is None:
                # What Xen found of the initramfs behind the virtio card's PXE was corrupt, in 2 GB each time: fetched
                # well, and sound without Xen, in 3 GB, or behind this card's.
                card = "e1000"
        argv += ["-netdev", f"user,id=net{forward}{tftp}", "-device", f"{card},netdev=net,{rom}"]
        return argv


def _escaped(path: Path) -> str:
    """`path` inside a QEMU option, where a comma separates."""
    return str(path).replace(",", ",,")
