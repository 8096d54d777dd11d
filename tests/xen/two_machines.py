"""Two real Xen machines on one virtual network: two QEMUs, joined by a cable, the first with a way out.

The first machine has two cards, and the Live CD makes each a port of its bridge: one on QEMU's user network (DHCP, and
ports forwarded to this machine), one on the cable to the other QEMU. So its bridge is the switch of this network, and
the user network never sees what the two say to each other: on a hub it would answer in the other machine's place. The
addresses are the DHCP server's choice: who answers ssh is found by asking.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pexpect
from livemachine import BOOT_DEADLINE, FOLDER, MENU_DEADLINE, SSH_DEADLINE, Dom0, SerialLine, ssh_key

from xentui.livecd.qemu import CPU_PVH, Machine

#: The user network of QEMU gives its addresses in their order; the guests of both machines ask, too.
_ADDRESSES = [f"10.0.2.{number}" for number in range(15, 23)]
#: MiB of each: beside a PVH guest there is room for a PV one, and for what arrives.
MEMORY_MIB = 1280
_CARD = "virtio-net-pci,romfile="


@dataclass
class FoundDom0:
    """A dom0 that answers, the address that the other one reaches it by, and the machine that it runs on."""

    dom0: Dom0
    address: str


class TwoMachines:
    """One boots after the other, for the second has its address by way of the first; into `dom0s`, in this order."""

    def __init__(self, iso: Path) -> None:
        self.iso = iso
        self.serials: list[SerialLine] = []
        self.dom0s: list[FoundDom0] = []

    def boot(self) -> None:
        """Boot both to their login prompts, and find them on the network."""
        ports = _free_ports(len(_ADDRESSES))
        for number, (name, network) in enumerate(zip(("one", "two"), _networks(ports), strict=True), 1):
            argv = Machine(self.iso, MEMORY_MIB, CPU_PVH).argv()
            argv = [*argv[: argv.index("-netdev")], *network]
            self.serials.append(SerialLine(argv, FOLDER / f"move-{name}.log"))
            _to_login(self.serials[-1])
            self._find(ports, number)

    def _find(self, ports: Sequence[int], count: int) -> None:
        end = time.monotonic() + 2 * SSH_DEADLINE
        while len(self.dom0s) < count:
            assert time.monotonic() < end, f"dom0 {count} does not answer ssh"
            known = {found.address for found in self.dom0s}
            for address, port in zip(_ADDRESSES, ports, strict=True):
                dom0 = Dom0(port, ssh_key())
                if address not in known and _answers(dom0):
                    dom0.until_booted()
                    self.dom0s.append(FoundDom0(dom0, address))
                    break

    def end(self) -> None:
        """End both QEMUs, by their process ids."""
        for found in self.dom0s:
            found.dom0.host.close()
        for serial in self.serials:
            _end_machine(serial)


def _end_machine(serial: SerialLine) -> None:
    child = serial.child
    if child.isalive():
        os.kill(child.pid, signal.SIGTERM)
        with contextlib.suppress(pexpect.TIMEOUT):
            child.expect(pexpect.EOF, timeout=15)
    child.close(force=True)


def _to_login(serial: SerialLine) -> None:
    serial.expect("serial line only", 2 * MENU_DEADLINE)
    serial.type("s")  # the menu's hotkey for it
    serial.expect("xenlive login: ", 2 * BOOT_DEADLINE)


def _answers(dom0: Dom0) -> bool:
    argv = ["ssh", *dom0.options, "-o", "BatchMode=yes", "-o", "ConnectTimeout=8", dom0.target, "xl", "info"]
    try:
        return subprocess.run(argv, capture_output=True, timeout=60, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def _networks(ports: Sequence[int]) -> tuple[list[str], list[str]]:
    [cable] = _free_ports(1)
    forwards = ",".join(
        f"hostfwd=tcp:127.0.0.1:{port}-{address}:22" for address, port in zip(_ADDRESSES, ports, strict=True)
    )
    first = [
        "-netdev", f"user,id=out,{forwards}", "-device", f"{_CARD},netdev=out,mac=52:54:00:00:00:01",
        "-netdev", f"socket,id=cable,listen=127.0.0.1:{cable}",
        "-device", f"{_CARD},netdev=cable,mac=52:54:00:00:00:02",
    ]  # fmt: skip
    second = [
        "-netdev", f"socket,id=cable,connect=127.0.0.1:{cable}",
        "-device", f"{_CARD},netdev=cable,mac=52:54:00:00:00:03",
    ]  # fmt: skip
    return first, second


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
