"""The guests: login, shell, programs, and what survives a save."""

from __future__ import annotations

import asyncio
import json
import re
from random import Random
from typing import Any

import pytest

from xentui.demo.console import LIMIT
from xentui.demo.domain import Reason
from xentui.demo.guest import commands


async def test_a_wrong_password_is_refused_and_not_shown(desk: Any) -> None:
    desk.type("exit\r")
    await desk.expect("login: ")
    desk.clear()
    desk.type("livexen\r")
    await desk.expect("Password: ")
    desk.type("secret\r")
    assert "secret" not in await desk.expect("Login incorrect")


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("pwd", "/home/livexen\n"),
        ("cd /etc; pwd; cd", "/etc\n"),
        ("echo one  two", "one two\n"),
        ("echo 'a  b' > f; cat f; rm f", "a  b\n"),
        ("echo x > f; echo y >> f; wc -l f", "2\n"),
        ("dmesg | grep -i Xen | head -1 | wc -l", "1\n"),
        ("false && echo no; echo yes", "yes\n"),
        ("nonsense", "-sh: nonsense: not found\n"),
        ("nonsense; echo $?", "-sh: nonsense: not found\n127\n"),
        ("cat /nowhere", "cat: /nowhere: No such file or directory\n"),
        ("echo x > /nowhere/f", "-sh: cannot create /nowhere/f: Directory nonexistent\n"),
        ("sudo whoami; whoami", "root\nlivexen\n"),
        ("stty size", "0 0\n"),
        ("stty rows 30 cols 100; stty size", "30 100\n"),
        ("stty rows x", "stty: invalid integer argument: 'x'\n"),
        ("uname -r", "6.12.48+deb13-amd64\n"),
        ("hostname", "server01\n"),
        ("seq 3 | tail -n 1", "3\n"),
        ("seq 3 | tail -0", ""),
        ("head -n x", "head: invalid number of lines: 'x'\n"),
        ("", ""),
        ("; | |", ""),
        (";;;", '-sh: syntax error: ";;;" unexpected\n'),
        ("false || echo other; true || echo no", "other\n"),
        ("echo 'open", "-sh: syntax error: unterminated quoted string\n"),
    ],
)
async def test_commands(desk: Any, command: str, answer: str) -> None:
    assert await desk.run(command) == answer


async def test_a_program_of_ours_that_fails_does_not_take_the_console_with_it(
    desk: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fault(_call: Any) -> str:
        raise ZeroDivisionError

    monkeypatch.setitem(commands.COMMANDS, "id", fault)
    desk.type("id\r")
    await desk.expect("Segmentation fault")
    await desk.expect("login: ")
    assert "ZeroDivisionError" in capsys.readouterr().err


#: These end the guest; what they do is tried elsewhere.
ENDING = ("crash", "halt", "poweroff", "reboot", "shutdown")


async def test_any_bytes_may_be_typed(desk: Any) -> None:
    random = Random(7)
    pieces = [name.encode() for name in commands.COMMANDS if name not in ENDING]
    pieces += b" | ; > -n x / ' \r \x1b[ \x1b[A \x03 \x04 \xc3 \xff 99999999999999999999 livexen\rlive\r".split(b" ")
    pieces += [b" ", b"\r", b"\r", b"\rlivexen\rlive\r"]
    for _ in range(3000):
        desk.domain.guest.receive(random.choice(pieces))
        if desk.domain.shutdown is not None or desk.domain.guest.phase != "up":
            break
        await asyncio.sleep(0)
    assert "Segmentation fault" not in desk.said


async def test_typing_is_corrected(desk: Any) -> None:
    assert await desk.run("ehco\x7f\x7f\x7fcho a\x15echo b") == "b\n"
    assert await desk.run("\x1b[A") == "b\n"  # once more, from the history
    assert await desk.run("cho c\x01e") == "c\n"
    assert await desk.run("echo ac\x1b[Db") == "abc\n"
    assert await desk.run("echo two words\x17one") == "two one\n"
    assert await desk.run("echo gr\u00fc\u00dfe") == "gr\u00fc\u00dfe\n"
    assert await desk.run("echo a\x1b[24;80Rb") == "ab\n"  # an answer nobody asked for is no input


async def test_control_c_drops_the_line_and_control_d_leaves(desk: Any) -> None:
    desk.type("rm -rf /\x03")
    await desk.expect("^C\r\n")
    desk.clear()
    desk.type("sudo -s\r")
    await desk.expect("# ")
    desk.type("\x04")
    await desk.expect("$ ")
    desk.type("\x04")
    await desk.expect("login: ")


async def test_a_flood_ends_with_control_c_and_only_the_last_mebibyte_is_kept(desk: Any) -> None:
    assert desk.domain.console is not None
    desk.type("yes flood\r")
    await desk.expect("flood\r\nflood")
    desk.domain.console.write(b"x" * LIMIT)
    await desk.expect("xflood")
    assert len(desk.domain.console.buffer) == LIMIT
    desk.type("\x03")
    desk.clear()
    assert await desk.run("echo quiet") == "quiet\n"


async def test_a_loop_runs_its_body_until_control_c(desk: Any) -> None:
    desk.type("while true; do echo round; done\r")
    await desk.expect("round\r\nround\r\nround")
    desk.type("\x03")
    await desk.expect("^C")
    desk.clear()
    assert await desk.run("echo over") == "over\n"


async def test_top_uses_the_size_that_stty_was_told(desk: Any) -> None:
    await desk.run("stty rows 9 cols 40")
    desk.type("top\r")
    screen = await desk.expect("PID USER")
    lines = re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "", screen).split("\r\n")
    assert max(len(line) for line in lines[1:]) <= 40
    desk.type("q")
    await desk.expect("$ ")


async def test_resize_asks_the_terminal(desk: Any) -> None:
    desk.type("resize\r")
    await desk.expect("\x1b[6n")
    desk.type("\x1b[50;132R")
    await desk.expect("LINES=50")
    desk.clear()
    assert await desk.run("stty size") == "50 132\n"


async def test_showkey_shows_what_a_key_sends(desk: Any) -> None:
    desk.type("showkey\r")
    await desk.expect("Press any keys")
    desk.type("ä\x1b[11~\x1d\x04")
    assert "0xc3 0xa4 0x1b 0x5b 0x31 0x31 0x7e 0x1d 0x04" in await desk.expect("$ ")


async def test_the_editor_writes_its_file(desk: Any) -> None:
    desk.type("nano note\r")
    await desk.expect("GNU nano")
    desk.type("first\rsecond\x7fd!\x1b[A\x0f")
    await desk.expect("Wrote")
    desk.type("\x18")
    desk.clear()
    assert await desk.run("cat note") == "first\nsecond!"


async def test_paused_nothing_happens_until_it_goes_on(desk: Any) -> None:
    desk.machine.pause(desk.domain)
    cpu = desk.domain.cpu_seconds
    desk.type("echo later\r")
    desk.machine.account()
    assert desk.said == ""
    assert desk.domain.cpu_seconds == cpu
    desk.machine.unpause(desk.domain)
    await desk.expect("\r\nlater")


async def test_a_guest_goes_on_from_its_snapshot(desk: Any) -> None:
    await desk.run("echo kept > f")
    await desk.run("stty rows 31 cols 90")
    desk.type("cd /etc\rcat ~/f; stty si")
    await desk.expect("stty si")
    state = json.loads(json.dumps(desk.domain.guest.snapshot()))
    config = desk.domain.config
    desk.machine.destroy(desk.domain, linger=0)
    desk.domain = desk.machine.create({**config, "c_info": {**config["c_info"], "name": "again"}}, memory=state)
    assert desk.said.endswith("cat ~/f; stty si")  # its screen
    desk.clear()
    desk.type("ze; pwd\r")
    assert "kept\r\n31 90\r\n/etc\r\n" in await desk.expect("/etc$ ")


@pytest.mark.parametrize(
    ("start", "sign"), [("yes on", "on\r\non"), ("top", "PID USER"), ("nano f", "GNU nano"), ("sleep 99999", "")]
)
async def test_a_program_goes_on_from_a_snapshot(desk: Any, start: str, sign: str) -> None:
    desk.type(start + "\r")
    await desk.expect(sign)
    state = json.loads(json.dumps(desk.domain.guest.snapshot()))
    desk.machine.destroy(desk.domain, linger=0)
    config = desk.domain.config
    desk.domain = desk.machine.create({**config, "c_info": {**config["c_info"], "name": "again"}}, memory=state)
    desk.clear()
    await desk.expect(sign)


@pytest.mark.parametrize(
    ("command", "reason", "last"),
    [
        ("poweroff", Reason.POWEROFF, "Power down"),
        ("reboot", Reason.REBOOT, "Restarting system"),
        ("crash", Reason.CRASH, "Kernel panic"),
        (
            "sudo sh -c x; echo c > /proc/sysrq-trigger; sudo -s\recho c > /proc/sysrq-trigger",
            Reason.CRASH,
            "Kernel panic",
        ),
    ],
)
async def test_its_ways_to_end(desk: Any, command: str, reason: Reason, last: str) -> None:
    desk.type(command + "\r")
    await desk.expect(last)
    async with asyncio.timeout(180):
        while desk.domain.shutdown is None:
            await asyncio.sleep(0)
    assert desk.domain.shutdown is reason
    if "sysrq" in command:
        assert "Permission denied" in desk.said
