"""Guests made in the dom0 by `xentui create`: they boot, can be logged in to, and are deleted without a trace."""

from __future__ import annotations

from collections.abc import Iterator

import pexpect
import pytest
from livemachine import Dom0

from xentui.subprocesses import CommandError

PROMPT_DEADLINE = 180
NAME = "made01"


@pytest.fixture
def room(dom0: Dom0) -> Iterator[None]:
    """The machine holds two guests: client01 goes for a while."""
    dom0.wait("the two guests", lambda: {"server01", "client01"} <= set(dom0.running()), deadline=300)
    dom0.run(["xl", "destroy", "client01"])
    dom0.wait("client01 is gone", lambda: "client01" not in dom0.running(), deadline=60)
    yield
    for name in (NAME, f"{NAME}b"):
        dom0.run(["xl", "destroy", name], check=False)
        dom0.run(["xentui", "delete", name, "--confirm", name], check=False)
    dom0.wait("it is gone", lambda: NAME not in dom0.running(), deadline=60)
    dom0.run(["xl", "create", "/etc/xen/client01.cfg"], deadline=240)


def at_console(dom0: Dom0, *typed: tuple[str, str]) -> None:
    """Log in at the guest's console as root, type lines, and see for each what is expected of it."""
    argv = dom0.host.terminal_argv(["xl", "console", NAME])
    child = pexpect.spawn(argv[0], argv[1:], encoding="utf-8", dimensions=(24, 80), timeout=PROMPT_DEADLINE)
    try:
        child.send("\r")
        child.expect(f"{NAME} login: ")
        child.send("root\r")
        child.expect("Password: ")
        child.send("live\r")
        child.expect("# ")
        for line, expected in typed:
            child.send(line + "\r")
            child.expect(expected)
            child.expect("# ")
        child.send("exit\r")
        child.expect(f"{NAME} login: ")
        child.send("\x1d")
        child.expect(pexpect.EOF)
    finally:
        child.close(force=True)


def folders(dom0: Dom0) -> str:
    """Everything that a guest of ours could leave."""
    argv = ["find", "/etc/xen", "/srv/xen", "/var/lib/xentui", "-type", "f", "-o", "-type", "l"]
    return "\n".join(sorted(dom0.run(argv, check=False).stdout.splitlines()))


def test_a_pv_guest_with_a_disk_from_making_to_deleting(dom0: Dom0, room: None) -> None:
    before = folders(dom0)
    made = dom0.run(
        ["xentui", "create", NAME, "--source", "busybox", "--type", "pv", "--disk", "16M", "--autostart", "--start"],
        deadline=300,
    )
    assert f"Made {NAME}" in made.stdout and f"Started {NAME}." in made.stdout
    assert NAME in dom0.running()
    # Its disk is there, of its size, and can be written to: /dev/xvda is 16 MiB.
    at_console(
        dom0,
        ("hostname", f"{NAME}\r\n"),
        ("cat /sys/block/xvda/size", "32768\r\n"),
    )
    with pytest.raises(CommandError, match="shut it down first"):
        dom0.run(["xentui", "delete", NAME, "--confirm", NAME])
    dom0.run(["xentui", "shutdown", "-w", NAME], deadline=300)
    dom0.wait("it is off", lambda: NAME not in dom0.running(), deadline=120)
    deleted = dom0.run(["xentui", "delete", NAME, "--confirm", NAME])
    assert f"link /etc/xen/auto/{NAME}.cfg" in deleted.stdout
    assert folders(dom0) == before


@pytest.mark.extra
def test_memory_and_disk_come_back_together(dom0: Dom0, room: None) -> None:
    dom0.run(["xentui", "create", NAME, "--source", "busybox", "--type", "pv", "--disk", "8M", "--start"], deadline=300)
    at_console(
        dom0,
        ("echo then > /tmp/mark; echo on-disk-then | dd of=/dev/xvda bs=512 conv=sync,fsync; echo rc $?", "rc 0\r\n"),
    )
    dom0.run(["xentui", "snapshot", "take", NAME, "one"], deadline=600)
    assert NAME in dom0.running()
    at_console(
        dom0,
        ("echo now > /tmp/mark; echo on-disk-now | dd of=/dev/xvda bs=512 conv=sync,fsync; echo rc $?", "rc 0\r\n"),
    )
    dom0.run(["xl", "destroy", NAME])
    dom0.wait("it is off", lambda: NAME not in dom0.running(), deadline=60)
    dom0.run(["xentui", "snapshot", "revert", NAME, "one", "--confirm", NAME], deadline=600)
    # The disk as dom0 sees it: the guest itself might read it from its restored memory.
    assert dom0.run(["head", "-c", "12", f"/srv/xen/{NAME}-disk.img"]).stdout == "on-disk-then"
    at_console(dom0, ("cat /tmp/mark", "then\r\n"))


@pytest.fixture
def group(dom0: Dom0) -> Iterator[str]:
    """A volume group of 60 MiB, on a loop device."""
    dom0.run(["truncate", "-s", "64M", "/root/pv.img"])
    loop = dom0.run(["losetup", "--find", "--show", "/root/pv.img"]).stdout.strip()
    try:
        dom0.run(["vgcreate", "--yes", "made", loop])
        yield "made"
        dom0.run(["vgremove", "--yes", "--force", "made"], check=False)
    finally:
        dom0.run(["losetup", "--detach", loop], check=False)
        dom0.run(["rm", "-f", "/root/pv.img"], check=False)


@pytest.mark.extra
def test_volumes_are_made_snapshotted_cloned_and_removed(dom0: Dom0, group: str) -> None:
    create = ["xentui", "create", NAME, "--source", "busybox", "--type", "pv", "--lvm", group, "--disk", "8M"]
    dom0.run(create, deadline=300)
    device = f"/dev/{group}/{NAME}-disk"

    def write(text: str) -> None:
        dom0.run(["sh", "-c", f"echo {text} | dd of={device} bs=512 conv=sync,fsync status=none"])

    def read(path: str) -> str:
        return dom0.run(["head", "-c", "4", path]).stdout

    try:
        write("then")
        dom0.run(["xentui", "snapshot", "take", NAME, "one"])
        write("now!")
        dom0.run(["xentui", "clone", NAME, f"{NAME}b", "--snapshot", "one"], deadline=300)
        assert read(f"/dev/{group}/{NAME}b-disk") == "then"
        assert read(device) == "now!"
        for _ in range(2):  # going back does not use the snapshot up
            write("now!")
            dom0.run(["xentui", "snapshot", "revert", NAME, "one", "--confirm", NAME], deadline=300)
            assert read(device) == "then"
    finally:
        for name in (f"{NAME}b", NAME):
            dom0.run(["xentui", "delete", name, "--confirm", name], check=False)
    assert dom0.run(["lvs", "--noheadings", "-o", "lv_name", group]).stdout.split() == []


def test_an_image_in_use_is_refused(dom0: Dom0, room: None) -> None:
    before = folders(dom0)
    dom0.run(["xentui", "create", NAME, "--source", "busybox", "--type", "pv", "--disk", "8M"], deadline=300)
    disk = f"/srv/xen/{NAME}-disk.img"
    argv = ["xentui", "create", f"{NAME}b", "--source", "busybox", "--type", "pv", "--disk", disk]
    with pytest.raises(CommandError, match=f"{NAME} has it in its configuration"):
        dom0.run(argv)
    dom0.run(["xentui", "delete", NAME, "--confirm", NAME])
    assert folders(dom0) == before
