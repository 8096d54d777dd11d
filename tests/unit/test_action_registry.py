"""The registry of actions."""

from dataclasses import replace

import pytest

from xentui.actions import ACTIONS, BY_NAME, impossible
from xentui.domains.domain import Domain, State

RUNNING = Domain("server01", id=3, state=State.RUNNING, managed_by=("xl", "file"), memory_mib=128, max_memory_mib=128)
DOM0 = Domain("Domain-0", id=0, state=State.RUNNING, managed_by=("xl",))
OFF = Domain("server02", state=State.OFF, managed_by=("file",), config_file="/etc/xen/server02.cfg")


def test_names_and_keys_are_unique() -> None:
    names = [action.name for action in ACTIONS]
    keys = [key for action in ACTIONS for key in action.keys]
    assert len(names) == len(set(names))
    assert len(keys) == len(set(keys))


def test_whatever_is_dangerous_changes_and_says_what_is_lost() -> None:
    for action in ACTIONS:
        if action.dangerous:
            assert action.changes
            assert action.warning.endswith(".")


def test_read_only_refuses_every_change_and_only_those() -> None:
    for action in ACTIONS:
        why = impossible(action, RUNNING, read_only=True)
        assert action.changes == (why is not None and "read-only" in why), action.name


@pytest.mark.parametrize("name", ["shutdown", "reboot", "pause", "destroy", "save", "console", "start"])
def test_dom0_is_left_alone_and_the_reason_names_it(name: str) -> None:
    why = impossible(BY_NAME[name], DOM0)
    assert why is not None
    assert "Domain-0" in why


@pytest.mark.parametrize("state", list(State))
def test_every_refusal_is_a_sentence(state: State) -> None:
    domain = replace(RUNNING, state=state, id=3 if state.alive else None)
    for action in ACTIONS:
        why = impossible(action, domain)
        assert why is None or why.endswith("."), (action.name, why)
        assert why is None or len(f" server01: {why}") <= 80, "it is to be read on the smallest of common screens"


def test_what_is_possible_follows_the_state() -> None:
    def possible(domain: Domain) -> set[str]:
        return {a.name for a in ACTIONS if a.changes and a.needs_domain and impossible(a, domain) is None}

    assert possible(OFF) == {
        "start",
        "start-paused",
        "autostart",
        "rename",
        "note",
        "clone",
        "delete-guest",
        "install",
        "make-template",
        "resize",
        "retype",
        "update",
    }
    paused = possible(replace(RUNNING, state=State.PAUSED))
    assert {"unpause", "destroy"} <= paused
    assert not {"save", "shutdown", "pause"} & paused
    saved = Domain("s", state=State.SAVED, save_file="/var/lib/xen/save/s", config_file="/etc/xen/s.cfg")
    assert possible(saved) == {"restore", "autostart", "note", "rename", "make-template"}


def test_a_saved_guest_is_not_started_anew() -> None:
    saved = replace(OFF, state=State.SAVED)
    assert "restore it" in (impossible(BY_NAME["start"], saved) or "")


def test_the_command_by_hand_follows_the_toolstack() -> None:
    assert BY_NAME["memory"].by_hand(RUNNING, "96") == ["xl", "mem-set", "server01", "96m"]
    theirs = replace(RUNNING, managed_by=("libvirt",))
    assert BY_NAME["memory"].by_hand(theirs, "96") == ["virsh", "setmem", "server01", "96MiB"]
    assert BY_NAME["help"].by_hand(RUNNING) is None


@pytest.mark.parametrize(
    ("action", "answer", "complaint"),
    [
        ("memory", "129", "maximum is 128"),
        ("memory", "1e3", "whole number"),
        ("memory", "٣٢", "whole number"),
        ("memory", "64", None),
        ("vcpus", "0", "At least 1"),
        ("rename", "42", "domain id"),
        ("rename", "a/b", "slashes"),
        ("rename", " ", "needs a name"),
        ("rename", "server01", "already"),
        ("rename", "web", None),
        ("save", "server01.save", "whole path"),
        ("save", "/var/lib/xen/save/", "folder"),
        ("save", "/tmp/a\nb", "control"),
        ("save", "/var/lib/xen/save/s", None),
    ],
)
def test_answers_are_judged_before_anything_runs(action: str, answer: str, complaint: str | None) -> None:
    question = BY_NAME[action].question
    assert question is not None
    said = question.complaint(RUNNING, answer)
    assert (said is None) if complaint is None else complaint in (said or "")


def test_first_answers_are_good_answers() -> None:
    nasty = replace(RUNNING, name="a b/../'c'\n")
    for action in ACTIONS:
        if action.question is not None and action.name != "rename":
            domain = replace(nasty, vcpus=1)
            assert action.question.complaint(domain, action.question.default(domain)) is None
