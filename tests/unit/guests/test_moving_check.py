"""What is asked of two hosts before a guest is moved: each answer, and that nothing is changed by asking."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from guest_site import GuestHost

from xentui.domains.domain import Disk, Domain, Interface, State
from xentui.guests.errors import GuestError
from xentui.guests.migration import check as checking
from xentui.guests.migration.check import Answer, check, check_each
from xentui.host import SshHost

INFO = """\
host                   : {name}
xen_version            : 4.20.2
virt_caps              : pv hvm
hw_caps                : {caps}
free_memory            : {free}
"""
GUEST = Domain(
    "web", id=3, state=State.BLOCKED, type="pvh", memory_mib=128, interfaces=(Interface(None, "xenbr0"),),
    disks=(Disk("xvda", "/srv/shared/web.img", "raw"),),
)  # fmt: skip


def info(caps: str, free: int, name: str = "other") -> str:
    """A script that says what xl info says."""
    return f"cat <<'E'\n{INFO.format(name=name, caps=caps, free=free)}E"


class OtherHost(SshHost):
    """A host by ssh, whose programs are scripts here."""

    def __init__(self, folder: Path) -> None:
        super().__init__("root@other")
        self.bin = folder
        self.bin.mkdir()

    def argv(self, argv: list[str]) -> list[str]:  # type: ignore[override]
        return [str(self.bin / argv[0]), *argv[1:]]

    def program(self, name: str, script: str) -> None:
        file = self.bin / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)


@pytest.fixture
def other(host: GuestHost, tmp_path: Path) -> OtherHost:
    """All is well on both."""
    there = OtherHost(tmp_path / "other")
    host.program("xl", info("0f:11", 100, "here"))
    host.program("ssh", "echo there")
    host.program("cat", "[ $# -gt 0 ] || exec /bin/cat\necho here")
    there.program("cat", "[ $# -gt 0 ] || exec /bin/cat\necho there")
    host.program("findmnt", """echo '{"filesystems": [{"fstype": "nfs4"}]}'""")
    there.program("xl", "case $1 in domid) exit 1;; esac\n" + info("1f:11", 900))
    there.program("test", "exit 0")
    there.program("findmnt", """echo '{"filesystems": [{"fstype": "nfs4"}]}'""")
    host.running = [GUEST]
    return there


def says(answers: list[Answer], ok: bool | None) -> str:
    return " ".join(answer.says for answer in answers if answer.ok is ok)


def test_all_is_well(host: GuestHost, other: OtherHost) -> None:
    answers = check(host.site, "web", other)
    assert says(answers, False) == ""
    assert says(answers, None) == "No configuration file of it is known: none can go with it."
    assert len(answers) == 10
    assert "on a shared file system (nfs4)" in says(answers, True)


def test_those_that_go_before_take_memory_there(host: GuestHost, other: OtherHost) -> None:
    host.running = [replace(GUEST, name=name, id=number, memory_mib=400) for number, name in enumerate("abc", 3)]
    found = dict(check_each(host.site, ["a", "gone", "b", "c"], other))
    bad = {name: str(answers) if isinstance(answers, GuestError) else says(answers, False)
           for name, answers in found.items()}  # fmt: skip
    assert bad == {
        "a": "",
        "gone": "gone is not there: only a guest that runs can be moved live.",
        "b": "",
        "c": "900 MiB are free there, 424 are needed, beside 848 for those before it.",
    }


def test_a_name_that_means_another_host_there(host: GuestHost, other: OtherHost) -> None:
    host.program("ssh", "echo third")
    assert "leads to another host from" in says(check(host.site, "web", other), False)
    host.program("ssh", "echo here")
    assert "leads to this host itself" in says(check(host.site, "web", other), False)


def test_what_it_boots_from_is_looked_for(host: GuestHost, other: OtherHost) -> None:
    host.write("/etc/xen/web.cfg", 'name = "web"\nkernel = "/boot/vmlinuz"\nramdisk = "initrd"\n')
    host.running = [replace(GUEST, config_file="/etc/xen/web.cfg")]
    other.program("test", "case $2 in /boot/*) exit 1;; esac")
    assert "/boot/vmlinuz, which it boots from, is not on other" in says(check(host.site, "web", other), None)


def test_a_disk_of_that_name_that_is_another(host: GuestHost, other: OtherHost) -> None:
    host.running = [replace(GUEST, disks=(Disk("xvda", "/dev/mapper/web", "raw"),))]
    host.program("lsblk", "echo 0x5000")
    other.program("lsblk", "echo 0x6000")
    assert "is another disk there (WWN 0x6000, here 0x5000)" in says(check(host.site, "web", other), False)
    other.program("lsblk", "echo 0x5000")
    assert "the same disk on both" in says(check(host.site, "web", other), True)


@pytest.mark.parametrize(
    ("program", "script", "words"),
    [
        ("xl", "echo 'xl: not found' >&2; exit 127", "xl does not answer on other"),
        ("xl", info("0e:11", 900), "lacks features"),
        (
            "xl",
            info("1f:11", 50),
            "50 MiB are free there, 152 are needed",
        ),
        ("xl", info("1f:11", 900), "has a domain of that name"),
        ("test", "exit 1", "The bridge xenbr0 is not on other"),
        ("test", "exit 1", "/srv/shared/web.img is not on other"),
        ("findmnt", """echo '{"filesystems": [{"fstype": "ext4"}]}'""", "is another file there"),
    ],
)
def test_what_stands_against_it(host: GuestHost, other: OtherHost, program: str, script: str, words: str) -> None:
    other.program(program, script)
    assert words in says(check(host.site, "web", other), False)


def test_a_pv_guest_needs_shadow_paging_here(host: GuestHost, other: OtherHost) -> None:
    host.running = [replace(GUEST, type="pv")]
    assert "Xen on here has no shadow paging" in says(check(host.site, "web", other), False).replace(host.name, "here")
    host.program("xl", info("0f:11", 100, "here").replace("pv hvm", "pv hvm shadow"))
    assert says(check(host.site, "web", other), False) == ""


def test_a_password_stands_against_it(host: GuestHost, other: OtherHost) -> None:
    host.program("ssh", "exit 255")
    assert "ssh-copy-id root@other" in says(check(host.site, "web", other), False)


@pytest.mark.parametrize("program", ["cat", "xl", "test", "findmnt"])
def test_a_host_that_goes_away_meanwhile_has_not_said_no(host: GuestHost, other: OtherHost, program: str) -> None:
    gone = "echo 'Connection to other closed by remote host.' >&2; exit 255"
    other.program(program, f'if [ "$1" = info ]; then\n{info("1f:11", 900)}\nelse {gone}\nfi')
    answers = check(host.site, "web", other)
    assert says(answers, False) == "other does not answer any more (Connection to other closed by remote host.)."
    assert answers[-1].ok is False


def test_a_host_that_is_silent_meanwhile_has_not_said_no(
    host: GuestHost, other: OtherHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "_DEADLINE", 0.5)
    other.program("test", "exec sleep 60")
    assert "other does not answer any more (test: no answer within" in says(check(host.site, "web", other), False)


def test_only_what_runs_is_moved(host: GuestHost, other: OtherHost) -> None:
    host.running = [replace(GUEST, state=State.PAUSED)]
    with pytest.raises(GuestError, match="is paused: only a guest that runs"):
        check(host.site, "web", other)
    host.running = [replace(GUEST, managed_by=("libvirt",))]
    with pytest.raises(GuestError, match="virsh migrate"):
        check(host.site, "web", other)
