"""`xl console` of the demo on a real terminal: it must behave as xenconsole does."""

from __future__ import annotations

import fcntl
import os
import signal
import termios
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pexpect
import pytest
from programs import ended

from xentui.demo.host import DemoHost

Spawn = Callable[..., Any]


@pytest.fixture
def spawn(program: Spawn, demo_host: DemoHost) -> Spawn:
    """Start a program of the demo on a terminal of its own."""
    return lambda *argv: program(*demo_host.terminal_argv(list(argv)))


def attached(spawn: Spawn, guest: str = "server01") -> Any:
    console = spawn("xl", "console", guest)
    console.expect("login: ")
    return console


def raw(child: Any) -> bool:
    """The program on this terminal has taken it: what is typed now is not thrown away."""
    return not termios.tcgetattr(child.child_fd)[3] & termios.ECHO


def test_login_and_a_command(spawn: Spawn) -> None:
    console = attached(spawn)
    console.send("livexen\rlive\r")
    console.expect(r"\$ ")
    console.send("hostname\r")
    console.expect("\r\nserver01\r\n")


def test_only_a_lone_escape_detaches(spawn: Spawn) -> None:
    console = attached(spawn)
    console.send("abc\x1d")  # in one read with others it goes to the guest
    console.expect("abc")
    console.send("\r")
    console.expect("Password: ")
    assert console.isalive()
    console.send("\x1d")
    assert ended(console) == 0


def test_another_escape_character(spawn: Spawn) -> None:
    console = spawn("xl", "console", "-e", "^t", "server01")
    console.expect("login: ")
    console.send("\x14")
    assert ended(console) == 0


def test_busy_and_free_again(spawn: Spawn, demo_host: DemoHost, until: Callable[..., None]) -> None:
    first = attached(spawn)
    domid = demo_host.run(["xl", "domid", "server01"], deadline=180).stdout.strip()
    second = spawn("xl", "console", "server01")
    second.expect(f"xenconsole: Could not lock /var/lock/xenconsole.{domid}: Resource temporarily unavailable")
    assert ended(second) == 11
    with demo_host.path(f"/var/lock/xenconsole.{domid}").open() as lock, pytest.raises(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    first.kill(signal.SIGKILL)
    first.wait()
    third = spawn("xl", "console", "server01")
    until(lambda: raw(third))
    third.send("\r")
    third.expect("login: ")


def test_sigterm_restores_the_terminal(spawn: Spawn) -> None:
    console = spawn("sh", "-c", "xl console server01; echo status $?; stty -a; read x")
    console.expect("login: ")
    assert raw(console)
    processes = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    pid = next(pid for pid in processes if _parent(pid) == console.pid)
    os.kill(pid, signal.SIGTERM)
    console.expect("status 0")
    console.expect(r" echo ")


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def test_the_backlog_waits_for_a_reader_and_is_read_once(
    spawn: Spawn, demo_host: DemoHost, tmp_path: Path, until: Callable[..., None]
) -> None:
    (tmp_path / "flood").write_bytes(b"old" * 500_000 + b"END-OF-FLOOD")
    demo_host.control("write", "server01", str(tmp_path / "flood"))
    console = spawn("xl", "console", "server01")
    console.expect_exact("END-OF-FLOOD", searchwindowsize=100)
    assert 1_000_000 < len(console.before) <= 1 << 20
    console.send("\x1d")
    assert ended(console) == 0
    console = spawn("xl", "console", "server01")
    until(lambda: raw(console))
    console.send("\r")
    console.expect("login: ")
    assert "old" not in console.before


@pytest.mark.parametrize("how", ["destroy", "shutdown", "reboot"])
def test_it_ends_with_the_domain(spawn: Spawn, demo_host: DemoHost, how: str) -> None:
    console = attached(spawn)
    demo_host.run(["xl", how, "server01"], deadline=180)
    assert ended(console) == 0


def test_create_with_console_shows_the_first_line(spawn: Spawn) -> None:
    console = spawn("xl", "create", "/etc/xen/server02.cfg", "-c")
    console.expect("Parsing config")
    console.expect(r"\[    0.000000\] Linux version")
    console.expect("server02 login: ")
    console.send("\x1d")
    assert ended(console) == 0


def test_windows_without_a_serial_line(spawn: Spawn, demo_host: DemoHost) -> None:
    demo_host.path("/etc/xen/w.cfg").write_text("name='w'\ntype='hvm'\nmemory=64\n")
    demo_host.run(["xl", "create", "/etc/xen/w.cfg"], deadline=180)
    console = spawn("xl", "console", "w")
    console.expect("xenconsole: Could not read tty from store: No such file or directory")
    assert ended(console) == 2
    shutdown = demo_host.run(["xl", "shutdown", "w"], deadline=180, check=False)
    assert (shutdown.status, "-F" in shutdown.stderr) == (1, True)
    demo_host.run(["xl", "shutdown", "-F", "w"], deadline=180)


@pytest.mark.parametrize("namespaces", [True, False])
def test_the_learners_shell(spawn: Spawn, demo_host: DemoHost, namespaces: bool) -> None:
    if not namespaces:  # a machine where nobody may make them
        forbidden = demo_host.layout.bin / "unshare"
        forbidden.write_text("#!/bin/sh\nexit 1\n")
        forbidden.chmod(0o755)
    shell = spawn(*demo_host.shell_argv())
    if not namespaces:
        shell.expect("xl finds it as /etc/xen")
    shell.expect(r"\[demo\]")
    shell.send("xm list; xl create /etc/xen/server02.cfg; xl domid server02; type xl\r")
    shell.expect("Domain-0 .*server01")
    shell.expect("\r\n3\r\n")
    shell.expect(str(demo_host.layout.bin / "xl"))
    shell.send("sudo -s\r")
    shell.expect(r"\[demo\]")
    shell.send("exit\r")
    shell.expect(r"\[demo\]")  # bash reads ahead: what is typed before would be the inner one's
    shell.send("exit\r")
    shell.expect(pexpect.EOF)
    assert not Path("/etc/xen/server02.cfg").exists()
