"""`make test-iso`: the CD that everybody gets, no key in it: what its screens show, and when ssh lets somebody in."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pexpect
import pytest
from iso_desk import ANSWERS, OPENS, open_desk
from livemachine import FOLDER, LiveMachine

from xentui.livecd.build import build
from xentui.livecd.recipe import Recipe, default_cache

pytestmark = pytest.mark.iso

OWN = "Xen-5-aus-4"
SSH = (
    "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
    "-o", "PubkeyAuthentication=no", "-o", "NumberOfPasswordPrompts=1", "-o", "ConnectTimeout=20",
)  # fmt: skip


@pytest.fixture(scope="module")
def machine() -> Iterator[LiveMachine]:
    iso = build(Recipe(FOLDER / "xentui-plain-test.iso", default_cache(), guests=False))
    machine = LiveMachine(iso, entry="x")
    try:
        machine.boot()
        yield machine
    finally:
        machine.end()


def log_in(machine: LiveMachine, password: str) -> pexpect.spawn[str] | None:
    """A shell of livexen over ssh, if it lets us in."""
    child = pexpect.spawn(
        "ssh", [*SSH, "-p", str(machine.dom0.port), "livexen@127.0.0.1"], encoding="utf-8", timeout=ANSWERS
    )
    if child.expect(["password: ", pexpect.EOF]) == 0:
        child.send(f"{password}\r")
        if child.expect([r"livexen@xenlive:~\$ ", "denied", pexpect.EOF]) == 0:
            return child
    child.close(force=True)
    return None


def test_the_login_tells_user_and_password_and_sshd_is_off(machine: LiveMachine) -> None:
    assert "user livexen, password live" in machine.serial.text()
    open_desk(machine.serial)
    machine.serial.type("q")
    machine.serial.until(lambda text: "livexen@" in text, ANSWERS, "dom0's shell after xentui")
    machine.serial.type("clear; systemctl is-active ssh; ss -Hltn sport = 22 | wc -l\r")
    machine.serial.until(lambda text: re.search(r"^inactive\n0\n", text, re.M), ANSWERS, "that nothing listens")
    assert log_in(machine, "live") is None


def test_with_a_password_of_ones_own_ssh_lets_in_by_it_and_xentui_is_on_the_screen(machine: LiveMachine) -> None:
    serial = machine.serial
    serial.type("clear; passwd\r")
    for asked, answer in (("Current", "live"), ("New", OWN), ("Retype", OWN)):
        serial.until(lambda text, asked=asked: f"{asked} " in text or f"{asked} new" in text, ANSWERS, asked)
        serial.type(f"{answer}\r")
    serial.until(lambda text: "updated successfully" in text, ANSWERS, "a new password")
    serial.type("clear; until systemctl is-active ssh; do sleep 2; done\r")
    serial.until(lambda text: re.search(r"^active", text, re.M), OPENS, "sshd")
    assert log_in(machine, "live") is None
    shell = log_in(machine, OWN)
    assert shell is not None
    try:
        shell.sendline("ps -t tty1 -o args=; echo over")
        shell.expect("xentui.*\nover", timeout=ANSWERS)
        machine.monitor("sendkey q")
        shell.sendline("until ps -t tty1 -o user=,args= | grep -x 'livexen .*bash'; do sleep 2; done; echo left")
        shell.expect(r"\nleft\r\n", timeout=ANSWERS)
        machine.monitor("sendkey alt-f2")
        shell.sendline("until ps -t tty2 -o args= | grep getty; do sleep 2; done; echo there; sudo -n id -un")
        shell.expect(r"\nthere\r\nroot\r\n", timeout=ANSWERS)
    finally:
        shell.close(force=True)
