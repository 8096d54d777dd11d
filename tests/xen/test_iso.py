"""`make test-iso`, first: the Live CD with its four guests on the guide's machine, of 960 MB, and two empty disks.

By BIOS, with the menu's entry for 9600 baud; one boot for all of it. `test_iso_boots.py` goes on with the disks.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator

import pytest
from guest_shell import at_guest
from iso_desk import (
    ANSWERS,
    GUEST_DEADLINE,
    INSTALL_DEADLINE,
    OPENS,
    go_to,
    has_login,
    leave_desk,
    open_desk,
)
from iso_machines import INSTALLED, KEEP, booted, free_mib, make_empty, plus_iso
from livemachine import FOLDER, Dom0, LiveMachine, SerialLine

from xentui.livecd.guests import AUTOSTARTED, NAMES

pytestmark = pytest.mark.iso


@pytest.fixture(scope="module")
def machine() -> LiveMachine:
    make_empty(KEEP, 256 << 20)
    make_empty(INSTALLED, 16 << 30)
    return LiveMachine(plus_iso(), disks=(KEEP, INSTALLED), entry="9")


@pytest.fixture(scope="module")
def first(machine: LiveMachine) -> Iterator[Dom0]:
    with booted(machine) as dom0:
        yield dom0


def test_xen_speaks_at_9600_baud(first: Dom0) -> None:
    assert "com1=9600,8n1" in first.run(["xl", "info", "xen_commandline"]).stdout


def test_libvirt_has_the_four_and_started_two_that_xl_sees(first: Dom0) -> None:
    assert sorted(first.running()) == ["Domain-0", *sorted(AUTOSTARTED)]
    assert set(first.run(["virsh", "list", "--all", "--name"]).stdout.split()) == {"Domain-0", *NAMES}
    assert set(first.run(["virsh", "list", "--name"]).stdout.split()) == {"Domain-0", *AUTOSTARTED}
    shown = json.loads(first.run(["xentui", "list", "--json"]).stdout)
    assert sorted(each["name"] for each in shown) == ["Domain-0", *sorted(NAMES)]
    assert all(each["managed_by"] == ["libvirt", "file"] for each in shown if each["name"] in NAMES), shown


def test_four_guests_at_their_login_prompts_in_960_mb(first: Dom0) -> None:
    first.run(["xentui", "start", "server02", "client02"], 2 * GUEST_DEADLINE)
    assert sorted(first.running()) == ["Domain-0", *sorted(NAMES)]
    assert [name for name in NAMES if has_login(first, name)] == list(NAMES)
    free, domains = first.run(["free", "-m"]).stdout, first.run(["xl", "list"]).stdout
    print(f"\nfree in the host: {free_mib(first)} MiB\n{free}{domains}")
    # The screen's own memory has to fit beside them.
    assert int(free.splitlines()[1].split()[6]) > 80


def test_xentuis_actions_reach_what_libvirt_started(first: Dom0) -> None:
    before = ids_of(first, "client02")
    first.run(["xentui", "reboot", "client02"], GUEST_DEADLINE)

    def is_anew() -> bool:
        shown, said = ids_of(first, "client02")
        return shown == said and shown not in ("", before[0])

    first.wait("client02 anew", is_anew, GUEST_DEADLINE)
    assert has_login(first, "client02")
    first.run(["xentui", "shutdown", "client02"], GUEST_DEADLINE)
    first.wait("the end of client02", lambda: ids_of(first, "client02") == ("", ""), GUEST_DEADLINE)
    first.run(["xentui", "start", "client02"], GUEST_DEADLINE)
    assert has_login(first, "client02")


def ids_of(dom0: Dom0, name: str) -> tuple[str, str]:
    """The domain's number as xentui shows it, and as xl does; nothing while it is off."""
    rows = json.loads(dom0.run(["xentui", "list", "--json"]).stdout)
    shown = next(row["id"] for row in rows if row["name"] == name)
    return "" if shown is None else str(shown), dom0.run(["xl", "domid", name], check=False).stdout.strip()


def test_beside_them_the_screen_is_open_and_says_which_guest_was_killed(machine: LiveMachine, first: Dom0) -> None:
    open_desk(machine.serial)
    machine.serial.until(lambda text: all(name in text for name in NAMES), ANSWERS, "the four guests")
    free = first.run(["free", "-m"]).stdout
    print(f"\nwith the screen open: free in the host: {free_mib(first)} MiB\n{free}")
    first.run(["xl", "destroy", "client02"])
    text = machine.serial.until(lambda text: "client02: " in text, ANSWERS, "that client02 ended")
    print(f"\n{text}")
    assert re.search(r"client02: \w+, now off", text)  # xl pauses what it destroys


def test_with_the_cable_pulled_the_screen_answers_and_the_guests_reach_one_another(
    machine: LiveMachine, first: Dom0
) -> None:
    with at_guest(first, "server01", "live", GUEST_DEADLINE) as shell:
        address = re.search(r"inet (10\.[\d.]+)/", shell.run("ip -4 addr show dev eth0"))
    assert address is not None
    first.run(["systemd-run", "-p", "RuntimeMaxSec=1h", "/usr/bin/python3", "-c", _FETCH_ON, address[1]])
    first.wait("a page", lambda: "carrier 1: This is server01." in first.run(["cat", "/run/fetched"]).stdout, ANSWERS)
    machine.plug(False)
    try:
        for _ in range(3):
            machine.serial.type("i")
            machine.serial.until(lambda text: "release" in text, ANSWERS, "what Xen says of this machine")
            machine.serial.type("q")
            machine.serial.until(lambda text: all(name in text for name in NAMES), ANSWERS, "the table")
    finally:
        machine.plug(True)
    first.wait("ssh", lambda: first.run(["true"]).ok, deadline=ANSWERS)
    told = first.run(["cat", "/run/fetched"]).stdout
    assert "eth0 has carrier 0: This is server01." in told, told
    leave_desk(machine.serial)


#: Fetches a page, and again at each change of an interface: the group RTMGRP_LINK of rtnetlink(7).
_FETCH_ON = """
import socket, sys, urllib.request
links = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
links.bind((0, 1))
with open("/run/fetched", "w") as out:
    while True:
        try:
            said = urllib.request.urlopen("http://" + sys.argv[1], timeout=30).read().decode().strip()
        except OSError as error:
            said = str(error)
        carrier = open("/sys/class/net/eth0/carrier").read().strip()
        print(f"eth0 has carrier {carrier}: {said}", file=out, flush=True)
        links.recv(65536)
"""


def test_what_a_guest_writes_is_its_own_and_gone_when_it_ends(first: Dom0) -> None:
    with at_guest(first, "server01", "live", GUEST_DEADLINE) as shell:
        shell.run("echo mine > /root/mine")
        assert "mine" in shell.run("cat /root/mine").splitlines()
    with at_guest(first, "server02", "live", GUEST_DEADLINE) as shell:
        assert "No such file" in shell.run("cat /root/mine", check=False)
    first.run(["virsh", "destroy", "server01"])
    first.run(["virsh", "start", "server01"], GUEST_DEADLINE)
    with at_guest(first, "server01", "live", GUEST_DEADLINE) as shell:
        assert "No such file" in shell.run("cat /root/mine", check=False)


def test_a_guest_says_that_its_memory_for_changes_gets_full_before_it_is(first: Dom0) -> None:
    with at_guest(first, "server02", "live", GUEST_DEADLINE) as shell:
        shell.run("dd if=/dev/zero of=/root/most bs=1M count=13")
        shell.child.expect(r"server02: \d\d% of the memory for changes is used: delete something", timeout=ANSWERS)
        assert "room" in shell.run("echo room > /root/some && cat /root/some").splitlines()
        assert "No space" in shell.run("dd if=/dev/zero of=/root/more bs=1M count=8", check=False)
        shell.run("rm /root/most /root/more")


def test_the_tools_and_the_installers_kernel_are_there(first: Dom0) -> None:
    first.run(["sh", "-c", "for tool in parted lvm kpartx virsh xl; do command -v $tool || exit 1; done"])
    for tool in ("virt-install", "mmdebstrap"):
        first.run([tool, "--version"])
    found = first.run(["sh", "-c", "ls /usr/lib/debian-installer/images/13/amd64/text/debian-installer/amd64/"]).stdout
    assert {"initrd.gz", "linux"} <= set(found.split())


def test_what_is_in_use_is_not_installed_to(first: Dom0) -> None:
    for disk, reason in (("sr0", "sr0"), ("nosuch", "There is no disk nosuch")):
        done = first.run(["xentui", "livecd", "install", "--disk", disk, "--confirm", disk], check=False)
        assert done.status == 1 and reason in done.stderr, done.stderr
    done = first.run(["xentui", "livecd", "install", "--disk", "vdb", "--confirm", "vda"], check=False)
    assert done.status == 1 and "vdb" in done.stderr, done.stderr


def test_a_place_is_made_that_keeps_changes(first: Dom0) -> None:
    done = first.run(["xentui", "livecd", "keep", "--disk", "vda", "--confirm", "vda"], check=False)
    assert done.status == 0, done.stderr
    assert "vda1 keeps /home, /root, /etc/xen" in done.stdout


def test_it_is_installed_from_the_screen_of_the_disks(first: Dom0) -> None:
    screen = SerialLine(first.host.terminal_argv(["xentui"]), FOLDER / "installing.log")
    try:
        screen.until(lambda text: "Domain-0" in text, OPENS, "the table of domains")
        screen.type("D")
        screen.until(lambda text: "vdb" in text, ANSWERS, "the disks")
        go_to(screen, "vdb")
        screen.type("I")
        text = screen.until(lambda text: "type the name vdb" in text, ANSWERS, "the question")
        assert "All that it holds is lost." in text
        screen.type("vdb\r")
        begun = time.monotonic()
        screen.until(lambda text: "copy the system" in text and re.search(r"\d+% +\d+\. copy", text), INSTALL_DEADLINE,
                     "how much is copied")  # fmt: skip
        text = screen.until(lambda text: re.search("Done:|It stopped|Refused", text), INSTALL_DEADLINE, "the end")
        print(f"\ninstalled in {time.monotonic() - begun:.0f} s\n{text}")
        assert "Done: /dev/vdb starts Xen by BIOS and by UEFI" in text
        screen.type("q")
        screen.until(lambda text: "Disks of" in text, ANSWERS, "the disks again")
    finally:
        screen.child.close(force=True)
