"""`xl sysrq` on the demo: the guest's kernel says what it did, as Debian's with kernel.sysrq = 438."""

from __future__ import annotations

from typing import Any

import pytest

from xentui.actions import BY_NAME, impossible
from xentui.demo.domain import Reason
from xentui.domains import domain as records
from xentui.domains.domain import State
from xentui.domains.sysrq import LETTERS


@pytest.mark.parametrize(
    ("letter", "words"),
    [
        ("s", "sysrq: Emergency Sync"),
        ("u", "sysrq: Emergency Remount R/O"),
        ("9", "sysrq: Loglevel set to 9"),
        ("t", "sysrq: This sysrq operation is disabled."),
        ("h", "sysrq: HELP : loglevel(0-9)"),
    ],
)
async def test_the_kernel_says_what_it_does(desk: Any, letter: str, words: str) -> None:
    desk.domain.guest.sysrq(letter)
    assert words in desk.said
    desk.type("echo alive\r")
    await desk.expect("alive\r\n")


@pytest.mark.parametrize(("letter", "reason"), [("b", Reason.REBOOT), ("o", Reason.POWEROFF)])
async def test_reboot_and_power_off_come_at_once(desk: Any, letter: str, reason: Reason) -> None:
    ended = []
    desk.domain.guest._ended = ended.append
    desk.domain.guest.sysrq(letter)
    assert ended == [reason]
    assert "Stopping" not in desk.said


async def test_what_the_registry_calls_disabled_in_debian_is_so_here(desk: Any) -> None:
    for entry in LETTERS:
        if entry.letter not in "bo":
            desk.clear()
            desk.domain.guest.sysrq(entry.letter)
            assert ("operation is disabled" in desk.said) is not entry.in_debian, entry


def _domain(kind: str, *disks: records.Disk, by: tuple[str, ...] = ("xl",)) -> records.Domain:
    return records.Domain("guest", 5, state=State.RUNNING, type=kind, disks=disks, managed_by=by)


def test_why_a_cd_cannot_be_changed_is_said() -> None:
    insert, eject = BY_NAME["cd-insert"], BY_NAME["cd-eject"]
    drive = records.Disk("hdc", "/srv/old.iso", "raw", writable=False, cdrom=True)
    assert "HVM guests only; this one is PVH" in str(impossible(insert, _domain("pvh")))
    assert "no CD drive" in str(impossible(eject, _domain("hvm", records.Disk("xvda", "/dev/vg/a"))))
    assert "virsh change-media" in str(impossible(insert, _domain("hvm", drive, by=("libvirt",))))
    hvm = _domain("hvm", records.Disk("xvda", "/dev/vg/a"), drive)
    assert impossible(insert, hvm) is None
    assert insert.by_hand(hvm, "/srv/new.iso") == ["xl", "cd-insert", "guest", "hdc", "/srv/new.iso"]
    assert eject.by_hand(hvm) == ["xl", "cd-eject", "guest", "hdc"]


def test_only_letters_that_lose_something_are_asked_about() -> None:
    sysrq = BY_NAME["sysrq"]
    assert sysrq.loses("s") == ""
    assert "not written" in sysrq.loses("b")
