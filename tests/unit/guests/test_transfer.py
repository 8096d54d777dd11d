"""xl migrate as a program with an ssh of its own: how it is followed, and how it is cancelled."""

from __future__ import annotations

import os
import re
import threading

import pytest
from guest_site import GuestHost

from xentui.domains.domain import Domain, State
from xentui.guests.migration import transfer as progress
from xentui.guests.migration.transfer import transfer

GUEST = Domain("web", id=3, state=State.BLOCKED, memory_mib=128)

#: As xl does: an ssh that it waits for, and its own words when that has gone.
XL = """
echo 'migration target: Ready to receive domain.' >&2
echo 'xc: Frames iteration 0: 512/1024   50%' >&2
{words}
exec 3>&1
ssh 60 >&3 2>&1 &
wait $!
echo 'Migration failed, resuming at sender.' >&2
exit 1
"""


@pytest.fixture
def moved(host: GuestHost) -> GuestHost:
    (host.bin / "ssh").symlink_to("/bin/sleep")
    return host


def test_to_cancel_its_ssh_is_ended_and_xl_tidies_up(moved: GuestHost) -> None:
    moved.program("xl", XL.format(words=""))
    cancel, told = threading.Event(), []

    def say(line: str) -> None:
        told.append(line)
        if line == "memory 50 %":
            cancel.set()

    done = transfer(moved, GUEST, "root@other", say, cancel)
    assert (done.ok, done.ended, done.cancelled) == (False, True, True)
    assert done.said.endswith("Migration failed, resuming at sender.")
    assert told[:2] == ["the other side is ready", "memory 50 %"]
    record = list(moved.log)[-1]
    assert record.argv[:3] == ("xl", "migrate", "-s") and record.argv[-2:] == ("web", "root@other")


def test_what_its_ssh_was_given_is_the_progress(host: GuestHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_MEASURED_EVERY", 0.0)
    (host.bin / "ssh").symlink_to("/usr/bin/tail")
    host.program("xl", "exec 3< /dev/zero; ssh -c 1 <&3 & until [ -e $0.go ]; do sleep 0.02; done; kill $!; exit 1")
    told: list[str] = []

    def say(line: str) -> None:
        told.append(line)
        (host.bin / "xl.go").touch()

    done = transfer(host, GUEST, "root@other", say)
    assert not done.ok and not done.cancelled
    assert re.fullmatch(r"memory [1-9]\d? %", told[0])


def test_once_it_starts_there_nothing_is_cancelled(moved: GuestHost) -> None:
    words = """echo 'migration sender: Target has acknowledged transfer.' >&2
until [ -e "$0.go" ]; do sleep 0.02; done
echo 'Migration successful.' >&2
exit 0"""
    moved.program("xl", XL.format(words=words))
    cancel, told = threading.Event(), []

    def say(line: str) -> None:
        told.append(line)
        if line == "it starts there":
            cancel.set()
        elif line.startswith("too late"):
            (moved.bin / "xl.go").touch()

    done = transfer(moved, GUEST, "root@other", say, cancel)
    assert (done.ok, done.cancelled) == (True, False)
    assert told[-1] == "too late to cancel: it starts there"


def test_who_waits_is_told_that_nothing_goes_over(moved: GuestHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_MEASURED_EVERY", 0.0)
    monkeypatch.setattr(progress, "_STALLED", 0.0)
    moved.program("xl", "ssh 60 & until [ -e $0.go ]; do sleep 0.02; done; kill $!; exit 1")
    told: list[str] = []

    def say(line: str) -> None:
        told.append(line)
        (moved.bin / "xl.go").touch()

    assert not transfer(moved, GUEST, "root@other", say).ok
    assert told == ["nothing goes over: if the other host has gone, ssh finds out within a minute"]


def test_only_the_way_to_xl_was_lost(moved: GuestHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process stands for an xl whose ssh from here has ended."""
    monkeypatch.setattr(moved, "is_remote", True)
    monkeypatch.setattr(moved, "stream", lambda _argv: moved.runner.stream(["sh", "-c", "echo $PPID; exit 255"]))
    done = transfer(moved, GUEST, "root@other", lambda _line: None)
    assert (done.ok, done.ended) == (False, False)
    assert f"xl migrate has not ended (process {os.getpid()} on " in done.said
