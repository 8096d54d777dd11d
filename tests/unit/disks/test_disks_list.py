"""`xentui disks list`."""

from __future__ import annotations

import json

import pytest

from xentui.cli import main


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XENTUI_DEMO_SPEED", "inf")


def test_the_demo_lists_its_own_disks_and_none_of_this_machine(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--demo", "disks", "list"]) == 0
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert lines[0].split() == ["NAME", "SIZE", "TYPE", "CONTENT", "LABEL", "USED", "BY"]
    assert [line.split()[0] for line in lines[1:]] == ["client.img", "practice1.img", "practice2.img", "server.img"]
    assert lines[4].endswith("server01 (running), server02 (off)")
    assert "practice disks" in said.err


def test_json_names_uses_and_conflicts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--demo", "disks", "list", "--json"]) == 0
    disks = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert disks["practice1.img"]["conflicts"] == []
    kinds = [(use["kind"], use["blocking"]) for use in disks["server.img"]["conflicts"]]
    assert kinds == [("guest-running", True), ("guest-defined", True)]


def test_a_hypervisor_that_only_libvirt_reaches_has_no_disks_to_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--host", "test:///default", "disks", "list"]) == 1
    assert "Only libvirt can be reached at test:///default" in capsys.readouterr().err
