"""What the Live CD is, once booted: a dom0 of 640 MB with two guests running, in a machine of 960 MB."""

from __future__ import annotations

import pytest
from livemachine import Dom0, LiveMachine

from xentui.livecd.iso import DOM0_MEMORY_MIB


def test_dom0_runs_under_xen(dom0: Dom0) -> None:
    assert "control_d" in dom0.run(["cat", "/proc/xen/capabilities"]).stdout
    assert "xen_version            : 4.20" in dom0.run(["xl", "info"]).stdout


def test_two_guests_were_started_at_boot(dom0: Dom0) -> None:
    dom0.wait("two guests", lambda: len(dom0.running()) == 3, deadline=180)
    assert sorted(dom0.running()) == ["Domain-0", "client01", "server01"]


def test_memory_fits_the_guides_machine(dom0: Dom0, machine: LiveMachine) -> None:
    lines = dom0.run(["xl", "list"]).stdout.splitlines()[1:]
    memory = {line.split()[0]: int(line.split()[2]) for line in lines}
    assert memory["Domain-0"] <= DOM0_MEMORY_MIB
    free = dom0.run(["free", "-m"]).stdout
    host = int(dom0.run(["xl", "info", "free_memory"]).stdout)
    times = dom0.run(["systemd-analyze"]).stdout
    print(f"\nboot to login: {machine.boot_seconds:.0f} s; free in the host: {host} MiB\n{free}{times}")
    available = int(free.splitlines()[1].split()[6])
    assert available > 200, free


def test_nothing_failed_at_boot(dom0: Dom0) -> None:
    assert dom0.run(["systemctl", "--failed", "--plain", "--no-legend"]).stdout == ""


def test_the_bridge_has_the_card_and_the_guests(dom0: Dom0) -> None:
    ports = dom0.run(["ls", "/sys/class/net/xenbr0/brif"]).stdout.split()
    assert "eth0" in ports
    assert sum(port.startswith("vif") for port in ports) == 2
    bridge, card = dom0.run(["cat", "/sys/class/net/xenbr0/address", "/sys/class/net/eth0/address"]).stdout.split()
    assert bridge == card, "a DHCP server knows the machine by its card"


def test_a_guest_has_an_address_under_its_own_name(dom0: Dom0) -> None:
    """server01 answers a web browser in the client's place: dom0 on the same bridge."""
    found = {}

    def neighbours() -> bool:
        dom0.run(["sh", "-c", "for n in $(seq 15 30); do ping -c1 -W1 10.0.2.$n >/dev/null & done; wait"])
        for line in dom0.run(["ip", "neigh", "show", "dev", "xenbr0"]).stdout.splitlines():
            if "lladdr" in line:
                words = line.split()
                found[words[words.index("lladdr") + 1]] = words[0]
        return "00:16:3e:00:00:01" in found

    dom0.wait("an address of server01", neighbours, deadline=120)
    page = dom0.run(["/usr/bin/python3", "-c", _FETCH, found["00:16:3e:00:00:01"]])
    assert page.stdout == "This is server01.\n"


_FETCH = """
import sys, urllib.request
print(urllib.request.urlopen("http://" + sys.argv[1], timeout=30).read().decode(), end="")
"""


def test_xentui_starts_inside(dom0: Dom0) -> None:
    assert "xentui" in dom0.run(["xentui", "--version"]).stdout
    done = dom0.run(["xentui", "list", "--json"])
    assert '"server01"' in done.stdout


def test_libvirt_answers(dom0: Dom0) -> None:
    assert "Domain-0" in dom0.run(["virsh", "-c", "xen:///system", "list"]).stdout


@pytest.mark.parametrize("name", ["server01", "client01"])
def test_guests_memory_is_128(dom0: Dom0, name: str) -> None:
    line = next(line for line in dom0.run(["xl", "list", name]).stdout.splitlines() if line.startswith(name))
    assert line.split()[2] == "128"
