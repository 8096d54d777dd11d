"""`make test-iso`: what of xl's and xentui's own can be done to the guests that libvirt has, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from guest_shell import at_guest
from iso_desk import ANSWERS, GUEST_DEADLINE, OPENS, go_to
from iso_machines import booted, plus_iso
from livemachine import FOLDER, Dom0, LiveMachine, SerialLine

pytestmark = pytest.mark.iso

NAME, DISK = "vm", "/srv/xen/vm-disk.img"


@pytest.fixture(scope="module")
def dom0() -> Iterator[Dom0]:
    with booted(LiveMachine(plus_iso())) as dom0:
        yield dom0


@pytest.fixture(scope="module")
def made(dom0: Dom0) -> str:
    """A guest with a disk to write to, made by xentui, which libvirt has been told of and has started."""
    # What is taken of it lies in dom0's memory.
    small = ["--type", "pv", "--memory", "96", "--disk", "4M"]
    dom0.run(["xentui", "create", NAME, "--source", "busybox", *small], GUEST_DEADLINE)
    config = f"/etc/xen/{NAME}.cfg"
    # libvirt would take the disk for QEMU's, which is not there, if it were not told the backend.
    dom0.run(["sed", "-i", "s/vdev=xvda/vdev=xvda,backendtype=phy/", config])
    dom0.run(["sh", "-c", f"virsh domxml-from-native xen-xl {config} > /root/vm.xml && virsh define /root/vm.xml"])
    assert row(dom0)["managed_by"] == ["libvirt", "file"]
    dom0.run(["xentui", "start", NAME], GUEST_DEADLINE)
    return NAME


def row(dom0: Dom0) -> dict[str, object]:
    """The guest in the table."""
    rows = json.loads(dom0.run(["xentui", "list", "--json"]).stdout)
    found: dict[str, object] = next(one for one in rows if one["name"] == NAME)
    return found


def agree_that_it_runs(dom0: Dom0) -> None:
    """libvirt, xl and xentui: under one number, which a guest that is restored gets anew."""
    number = dom0.run(["xl", "domid", NAME]).stdout.strip()
    assert dom0.run(["virsh", "domid", NAME]).stdout.strip() == number
    assert dom0.run(["virsh", "domstate", NAME]).stdout.strip() == "running"
    seen = row(dom0)
    assert (str(seen["id"]), seen["managed_by"]) == (number, ["libvirt", "file"])


def write(dom0: Dom0, word: str) -> None:
    """Into the guest's memory, and to its disk."""
    with at_guest(dom0, NAME, "live", GUEST_DEADLINE) as shell:
        shell.run(f"echo {word} > /tmp/mark; echo {word} | dd of=/dev/xvda bs=512 conv=sync,fsync")


def on_disk(dom0: Dom0) -> str:
    """As dom0 sees it: the guest itself might read it from its restored memory."""
    return dom0.run(["head", "-c", "4", DISK]).stdout


def test_sysrq_reaches_what_libvirt_started(dom0: Dom0) -> None:
    screen = SerialLine(dom0.host.terminal_argv(["xentui"]), FOLDER / "sysrq.log")
    try:
        screen.until(lambda text: "client01" in text, OPENS, "the table of domains")
        go_to(screen, "server01")
        screen.type("z")
        screen.until(lambda text: "Send server01 which SysRq?" in text, ANSWERS, "the letters")
        screen.type("\r")
        with at_guest(dom0, "server01", "live", GUEST_DEADLINE) as shell:
            shell.run("until dmesg | grep 'sysrq: Emergency Sync'; do sleep 1; done")
    finally:
        screen.child.close(force=True)


def test_memory_and_disk_of_libvirts_guest_come_back_together(dom0: Dom0, made: str) -> None:
    write(dom0, "then")
    dom0.run(["xentui", "snapshot", "take", made, "one"], 2 * GUEST_DEADLINE)
    agree_that_it_runs(dom0)
    write(dom0, "now!")
    dom0.run(["xentui", "destroy", "--yes", made], GUEST_DEADLINE)
    done = dom0.run(["xentui", "snapshot", "revert", made, "one", "--confirm", made], 2 * GUEST_DEADLINE)
    assert "it runs on from there" in done.stdout
    agree_that_it_runs(dom0)
    assert on_disk(dom0) == "then"
    with at_guest(dom0, made, "live", GUEST_DEADLINE) as shell:
        assert shell.run("cat /tmp/mark") == "then"


def test_libvirt_knows_when_it_ends_after_that(dom0: Dom0, made: str) -> None:
    dom0.run(["xentui", "shutdown", "--wait", made], GUEST_DEADLINE)
    dom0.wait("that it is off", lambda: row(dom0)["state"] == "off", ANSWERS)
    assert dom0.run(["virsh", "domstate", made]).stdout.strip() == "shut off"
    assert made not in dom0.running()


def test_off_its_disk_is_taken_grown_and_copied(dom0: Dom0, made: str) -> None:
    dom0.run(["xentui", "snapshot", "take", made, "off"], GUEST_DEADLINE)
    dom0.run(["sh", "-c", f"echo lost | dd of={DISK} bs=512 conv=notrunc,sync,fsync status=none"])
    dom0.run(["xentui", "snapshot", "revert", made, "off", "--confirm", made], GUEST_DEADLINE)
    assert on_disk(dom0) == "then"
    dom0.run(["xentui", "resize", made, "+4M"])
    done = dom0.run(["xentui", "clone", made, f"{made}b"], GUEST_DEADLINE)
    assert "libvirt's own definition" in done.stdout
    dom0.run(["xentui", "delete", f"{made}b", "--confirm", f"{made}b"])
    dom0.run(["xentui", "start", made], GUEST_DEADLINE)
    with at_guest(dom0, made, "live", GUEST_DEADLINE) as shell:
        assert shell.run("cat /sys/block/xvda/size") == "16384"
    dom0.run(["xentui", "destroy", "--yes", made], GUEST_DEADLINE)


def test_what_would_leave_libvirt_behind_is_refused_until_it_is_left_to_xl(dom0: Dom0, made: str) -> None:
    for argv in (["retype", made, "pvh"], ["rename", made, "other"], ["delete", made, "--confirm", made]):
        done = dom0.run(["xentui", *argv], check=False)
        assert (done.status, f"virsh undefine {made} leaves it to xl" in done.stderr) == (1, True), done
    dom0.run(["virsh", "undefine", made])
    done = dom0.run(["xentui", "snapshot", "revert", made, "one", "--confirm", made], check=False)
    assert done.status == 1 and "saved by libvirt" in done.stderr, done.stderr
    dom0.run(["xentui", "delete", made, "--confirm", made], GUEST_DEADLINE)
    assert dom0.run(["find", "/srv/xen", "/var/lib/xentui", "-name", "*vm*"], check=False).stdout == ""
