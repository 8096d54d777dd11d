"""A small guest at its console, through `xl console` as a person uses it."""

from __future__ import annotations

import pexpect
import pytest
from livemachine import Dom0

PROMPT_DEADLINE = 120


@pytest.mark.parametrize("name", ["server01", "client01"])
def test_login_and_detach(dom0: Dom0, name: str) -> None:
    dom0.wait(name, lambda: name in dom0.running(), deadline=180)
    argv = dom0.host.terminal_argv(["xl", "console", name])
    child = pexpect.spawn(argv[0], argv[1:], encoding="utf-8", dimensions=(24, 80), timeout=PROMPT_DEADLINE)
    try:
        child.send("\r")
        child.expect(f"{name} login: ")
        child.send("livexen\r")
        child.expect("Password: ")
        child.send("live\r")
        child.expect(r"livexen@\w+:~\$ ")
        child.send("echo $((6*7)) on $(hostname)\r")
        child.expect(f"42 on {name}")
        child.expect(r"\$ ")
        child.send("exit\r")
        child.expect(f"{name} login: ")
        child.send("\x1d")  # alone in its read: xenconsole detaches
        child.expect(pexpect.EOF)
    finally:
        child.close(force=True)
    assert child.exitstatus == 0
    assert name in dom0.running()
