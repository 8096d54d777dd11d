"""The guide's 3.1.1 and 3.1.2 on a real Xen, from the screen by keystrokes; a guest that boots from the volume made.

In order: each test goes on with what the one before it made, and where it left the screen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from blank_disks import blank_disk
from guest_shell import at_guest
from iso_desk import DOWN, GUEST_DEADLINE, go_to
from livemachine import FOLDER, Dom0, LiveMachine, SerialLine, live_iso

from xentui.subprocesses import CommandRecord

pytestmark = pytest.mark.extra

GUEST, CONFIG, SAVED = "lenny01", "/etc/xen/lenny01.cfg", "/var/lib/xen/save/lenny01"
VOLUME = "/dev/HyperVG01/lenny01-disk1"
IMAGE = "/mnt/xendomains/domains/lenny01.img"
MARK, ANSWER = "made in dom0 by keystrokes", "back from the guest"
ESCAPE, RIGHT, CLEAR = "\x1b", "\x1b[C", "\x15"
#: Seconds, emulated: xentui's start, an answer, the disks written.
OPENS, ANSWERS, WRITES = 300.0, 180.0, 300.0


class Keys:
    """xentui in the dom0, on a vt220 of 80x24."""

    def __init__(self, screen: SerialLine) -> None:
        self.screen = screen

    def press(self, keys: str, *seen: str, deadline: float = ANSWERS) -> str:
        """Type, and wait until all of these stand on the screen; its text then."""
        self.screen.type(keys)
        return self.screen.until(lambda text: all(each in text for each in seen), deadline, f"{seen}")

    def write(self, name: str, steps: int) -> None:
        """Carry the plan out, its device's name typed."""
        self.press("w", f"type the name {name}")
        self.press(f"{name}\r", f"All {steps} steps are done", deadline=WRITES)
        self.press(ESCAPE, "Disks of", "read ")


@pytest.fixture(scope="module")
def dom0() -> Iterator[Dom0]:
    """A machine of this module's own, with two disks; client01 makes room for a guest."""
    with LiveMachine(live_iso(), disks=(blank_disk("files"), blank_disk("lvm"))).booted() as dom0:
        dom0.wait("the two guests", lambda: {"server01", "client01"} <= set(dom0.running()), deadline=300)
        dom0.run(["xl", "destroy", "client01"])
        yield dom0


@pytest.fixture(scope="module")
def desk(dom0: Dom0) -> Iterator[Keys]:
    """The disks' screen."""
    screen = SerialLine(dom0.host.terminal_argv(["env", "TERM=vt220", "xentui"]), FOLDER / "disks.log")
    keys = Keys(screen)
    try:
        keys.press("", "Domain-0", "server01", deadline=OPENS)
        keys.press("D", "Disks of", "vda", "vdb", "read ")
        yield keys
    finally:
        screen.child.close(force=True)
        screen.flush()


def blkid(dom0: Dom0, *words: str) -> dict[str, str]:
    said = dom0.run(["blkid", "-p", "-o", "export", *words]).stdout
    return dict(line.split("=", 1) for line in said.splitlines() if "=" in line)


def block(dom0: Dom0, number: int) -> str:
    """A block of the volume, from the disk itself."""
    argv = ["dd", f"if={VOLUME}", "bs=512", "count=1", f"skip={number}", "iflag=direct", "status=none"]
    return dom0.run(argv).stdout.rstrip("\0\n")


def ask(dom0: Dom0, device: str, *plan: dict[str, Any]) -> CommandRecord:
    dom0.host.run(["sh", "-c", "cat >/root/keys.json"], deadline=60, text_in=json.dumps({"operations": plan}))
    argv = ["xentui", "disks", "apply", "/root/keys.json", "--device", device]
    return dom0.run([*argv, "--confirm", device.rpartition("/")[2]], deadline=300, check=False)


def test_disks_as_files(desk: Keys, dom0: Dom0) -> None:
    """3.1.1: a file system of their own, mounted, its folders; in it a disk with partitions."""
    go_to(desk.screen, "vda")
    desk.press("p", "Plan for vda", "none yet")
    desk.press("W", "> Disks as files")
    desk.press("\r", "OPERATIONS (3)", "ext4 XENDOMAINS")
    desk.write("vda", 4)
    assert dom0.run(["findmnt", "-no", "SOURCE", "/mnt"]).stdout.strip() == "/dev/vda1"
    desk.press("n", "A disk image", "File")
    desk.press(f"{CLEAR}{IMAGE}\t{CLEAR}256MiB", IMAGE, "256MiB")
    desk.press("\r", "make a raw image of 256MiB")
    desk.press("t", "< gpt >")
    desk.press(RIGHT, "< msdos >")
    desk.press("\r", "msdos table", "255M  free")
    desk.press("a", "A new partition at 1M")
    desk.press(f"{CLEAR}200MiB\t\t\tLENNY01", "200MiB", "LENNY01")
    desk.press("\r", "ext4 LENNY01", "OPERATIONS (3)")
    desk.press(DOWN + "a", "A new partition at 201M")
    desk.press("\t" + RIGHT, "< swap >")
    desk.press("\r", "OPERATIONS (4)")
    desk.write("lenny01.img", 6)
    table = json.loads(dom0.run(["sfdisk", "-J", IMAGE]).stdout)["partitiontable"]
    assert table["label"] == "dos"
    assert [part["type"] for part in table["partitions"]] == ["83", "82"]
    root, swap = (str(part["start"] * 512) for part in table["partitions"])
    assert blkid(dom0, "-O", root, IMAGE)["LABEL"] == "LENNY01"
    assert blkid(dom0, "-O", swap, IMAGE)["TYPE"] == "swap"


def test_the_lvm_host(desk: Keys, dom0: Dom0) -> None:
    """3.1.2: a partition for /boot, the rest for LVM, and a volume for a guest."""
    go_to(desk.screen, "vdb")
    desk.press("p", "Plan for vdb", "none yet")
    desk.press("W", "> Disks as files")
    desk.press(DOWN, "> LVM host")
    desk.press("\r", "OPERATIONS (5)", "HyperVG01, 5G free")
    desk.press(DOWN + DOWN + "a", "A logical volume in HyperVG01")
    desk.press(f"lenny01-disk1\t{CLEAR}64MiB", "lenny01-disk1", "64MiB")
    desk.press("\r", "OPERATIONS (6)", "lenny01-disk1")
    desk.write("vdb", 7)
    assert blkid(dom0, "/dev/vdb1")["LABEL"] == "BOOT"
    assert "start=        2048" in dom0.run(["sfdisk", "-d", "/dev/vdb"]).stdout
    volumes = dom0.run(["lvs", "--noheadings", "--units", "b", "-o", "lv_name,lv_size", "HyperVG01"]).stdout.split()
    assert volumes == ["lenny01-disk1", f"{64 << 20}B"]


def test_a_guest_boots_from_the_volume(desk: Keys, dom0: Dom0) -> None:
    dom0.run(["sh", "-c", f"echo {MARK} | dd of={VOLUME} bs=512 conv=sync,fsync status=none"])
    config = dom0.run(["cat", "/etc/xen/client01.cfg"]).stdout.replace("client01", GUEST)
    config += f'disk = ["phy:{VOLUME},xvda,w"]\n'
    dom0.host.run(["sh", "-c", f"cat >{CONFIG}"], deadline=60, text_in=config)
    dom0.run(["xl", "create", CONFIG], deadline=300)
    with at_guest(dom0, GUEST, "live", GUEST_DEADLINE) as shell:
        assert f"{64 << 11}" in shell.run("cat /sys/block/xvda/size")
        assert MARK in shell.run("head -n 1 /dev/xvda")
        shell.run(f"echo {ANSWER} | dd of=/dev/xvda bs=512 seek=1 conv=sync,fsync")
    assert block(dom0, 1) == ANSWER


def test_the_volume_of_a_running_guest_is_refused(desk: Keys, dom0: Dom0) -> None:
    desk.press("r", f"{GUEST} (running)")
    said = ask(dom0, "/dev/vdb", {"op": "lvremove", "vg": "HyperVG01", "name": "lenny01-disk1"})
    assert said.status == 1 and f"{VOLUME} is a disk of {GUEST} (running)" in said.stderr, said
    go_to(desk.screen, "lenny01-disk1")
    desk.press("p", "Plan for which?", "> The volume")
    desk.press("\r", "Plan for lenny01-disk1", "none yet")
    desk.press("t", "< gpt >")
    desk.press("\r", "gpt table")
    desk.press("w", "It cannot be written now.", f"{GUEST} (running)")


def test_the_volume_of_a_saved_guest_is_refused(desk: Keys, dom0: Dom0) -> None:
    """No domain runs, and its disk is in use."""
    dom0.run(["mkdir", "-p", SAVED.rpartition("/")[0]])
    dom0.run(["xl", "save", GUEST, SAVED], deadline=300)
    assert GUEST not in dom0.running()
    desk.press("\r", "OPERATIONS (1)")
    desk.screen.until(lambda text: "It cannot be written" not in text, ANSWERS, "the message closed")
    desk.press("w", "It cannot be written now.", f"{GUEST} (saved)")
    dom0.run(["mv", CONFIG, "/root"])  # known from its save file alone
    said = ask(dom0, VOLUME, {"op": "label", "type": "gpt"})
    assert said.status == 1 and f"{VOLUME} is a disk of {GUEST} (saved)" in said.stderr, said
    assert block(dom0, 0) == MARK
