"""`make test-iso`, then: other boots of the Live CD, and of what `test_iso.py` installed and keeps; one at a time."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from iso_desk import ANSWERS, GUEST_DEADLINE, has_login, open_desk
from iso_machines import FIRMWARE, INSTALLED, KEEP, booted, plus_iso
from livemachine import LiveMachine

from xentui.livecd.guests import AUTOSTARTED, NAMES

pytestmark = pytest.mark.iso

# Without Xen; then with it, by UEFI: what was kept.


def test_without_xen_there_is_the_demo_and_the_kept_place() -> None:
    with booted(LiveMachine(plus_iso(), disks=(KEEP,), entry="d")) as dom0:
        assert "control_d" not in dom0.run(["sh", "-c", "cat /proc/xen/capabilities 2>/dev/null || :"]).stdout
        assert "the demo dom0" in dom0.run(["xentui", "doctor"], check=False).stderr
        for file in ("/home/livexen/kept", "/etc/xen/kept.cfg", "/root/kept"):
            dom0.run(["sh", "-c", f"echo kept > {file} && sync"])


def test_under_uefi_changes_are_kept() -> None:
    with booted(LiveMachine(plus_iso(), disks=(KEEP, INSTALLED), uefi=FIRMWARE)) as dom0:
        dom0.run(["test", "-d", "/sys/firmware/efi"])
        assert "control_d" in dom0.run(["cat", "/proc/xen/capabilities"]).stdout
        for file in ("/home/livexen/kept", "/etc/xen/kept.cfg", "/root/kept"):
            assert dom0.run(["cat", file]).stdout == "kept\n"
        assert "server01.cfg" in dom0.run(["ls", "/etc/xen"]).stdout
        assert set(NAMES) <= set(dom0.run(["virsh", "list", "--all", "--name"]).stdout.split())
        # What was installed before is not lost by doing it again.
        done = dom0.run(["xentui", "livecd", "install", "--disk", "vdb", "--confirm", "vdb"], check=False)
        assert done.status == 1 and "vgremove HyperVG01" in done.stderr, done.stderr


# As a USB stick, in the safe entry, with no network; all of it in memory.


def test_safe_from_a_stick_without_a_network_the_guests_know_one_another_by_name() -> None:
    machine = LiveMachine(plus_iso(), stick=True, unplugged=True, entry="a")
    machine.boot()
    try:
        serial = machine.serial
        open_desk(serial)
        # Their rows are there before they are started.
        serial.until(
            lambda text: all(re.search(rf"{name} +\d+ (running|blocked)", text) for name in AUTOSTARTED),
            GUEST_DEADLINE, "the guests running",
        )  # fmt: skip
        serial.type("q")
        serial.until(lambda text: "livexen@" in text, ANSWERS, "dom0's shell after xentui")
        for typed, answer in (
            ("sudo xl info xen_commandline", "iommu=off"),
            ("cat /proc/cmdline", "nomodeset"),
            ("findmnt -no SOURCE /run/live/medium", "/dev/sd"),
            ("sudo xl console client01\r", "client01 login:"),
            ("root", "Password:"),
            ("live", "root@client01"),
            ("until wget -q -O - http://server01/; do sleep 3; done", "This is server01."),
        ):
            serial.type(f"clear; {typed}\r" if " " in typed else f"{typed}\r")
            serial.expect(re.escape(answer), GUEST_DEADLINE)
        print(f"\n{serial.text()}")
    finally:
        machine.end()


def test_all_in_memory_the_medium_can_be_taken_out() -> None:
    machine = LiveMachine(plus_iso(), memory=3072, entry="m")
    with booted(machine) as dom0:
        assert dom0.run(["findmnt", "-no", "FSTYPE", "/run/live/medium"]).stdout == "tmpfs\n"
        machine.monitor("eject -f cd")
        read_all = "find /usr/bin /usr/sbin -type f -exec cat {} + >/dev/null"
        dom0.run(["sh", "-c", f"echo 3 > /proc/sys/vm/drop_caches; {read_all}"])
        dom0.run(["xl", "create", "/etc/xen/server02.cfg"], GUEST_DEADLINE)
        assert has_login(dom0, "server02")


# The installed system, from its disk alone.


@pytest.mark.parametrize("firmware", [None, FIRMWARE], ids=["BIOS", "UEFI"])
def test_the_installed_system_starts(firmware: Path | None) -> None:
    with booted(LiveMachine(None, disks=(INSTALLED,), uefi=firmware)) as dom0:
        assert dom0.run(["hostname"]).stdout == "hypervisor01\n"
        assert "control_d" in dom0.run(["cat", "/proc/xen/capabilities"]).stdout
        assert "/dev/mapper/HyperVG01-hypervisor01--root" in dom0.run(["findmnt", "-no", "SOURCE", "/"]).stdout
        dom0.run(["findmnt", "/boot/efi"])
        dom0.wait("the guests", lambda: {"server01", "client01"} <= set(dom0.running()), deadline=GUEST_DEADLINE)
        found = json.loads(dom0.run(["env", "TERM=vt220", "xentui", "doctor", "--json"], check=False).stdout)
        # With two guests in its 960 MB there is little room for more, and it says so.
        assert [each["name"] for each in found if each["ok"] is False and each["name"] != "memory"] == [], found
        assert dom0.run(["systemctl", "--failed", "--plain", "--no-legend"]).stdout == ""
