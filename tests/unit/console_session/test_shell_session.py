"""A shell in the place of a console, and others who watch it while it is presented."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from xentui.console.link import ConsoleLink
from xentui.console.session import ConsoleSession, State
from xentui.console.shell import ShellSession, presented_shell
from xentui.demo.host import DemoHost


@asynccontextmanager
async def linked(session: ConsoleSession) -> AsyncIterator[ConsoleLink]:
    link = ConsoleLink(session, output=lambda: None, changed=lambda: None)
    link.open()
    try:
        yield link
    finally:
        await link.close()


async def until(condition: Callable[[], object], what: str) -> None:
    async with asyncio.timeout(180):
        while not condition():
            await asyncio.sleep(0.01)
    assert condition(), what


def shown(session: ConsoleSession) -> str:
    return "\n".join(line.rstrip() for line in session.emulator.display())


async def ready(session: ShellSession) -> None:
    await until(lambda: "[demo]" in shown(session) and session.takes_input, "a prompt")


async def test_a_shell_in_which_the_guides_commands_work(demo_host: DemoHost) -> None:
    session = ShellSession(demo_host, columns=90, rows=20)
    async with linked(session) as link:
        await ready(session)
        link.send(b"xl list; stty size; tty\r")
        await until(lambda: "Domain-0" in shown(session) and "20 90" in shown(session), "its output")
        session.fit(70, 12)
        link.send(b"stty size\r")
        await until(lambda: "12 70" in shown(session), "the new size")
        assert (session.emulator.columns, session.emulator.rows) == (70, 12)
        link.send(b"sleep 1000\r")
        await until(lambda: session.busy == "sleep", "the program that has the terminal")
        link.send(b"\x03")
        await until(lambda: session.busy is None, "its end")
        # A broken pipe ends a program in silence, as in any shell.
        link.send(b"yes | head -1; echo ended=${PIPESTATUS[0]}\r")
        await until(lambda: "ended=141" in shown(session), "the end by a broken pipe")
        link.send(b"bash --norc -i\r")
        await until(lambda: "bash-" in shown(session), "a shell in the shell")
        assert session.busy is None
        assert not session.at_console_of(2)


async def test_it_is_known_when_a_console_is_seen_in_it(demo_host: DemoHost) -> None:
    session = ShellSession(demo_host)
    async with linked(session) as link:
        await ready(session)
        id = int(demo_host.run(["xl", "domid", "server01"], deadline=180).stdout)
        link.send(b"xl console server01\r")
        await until(lambda: session.at_console_of(id) and "login:" in shown(session), "the guest's console")
        assert not session.at_console_of(id + 1) and not session.at_console_of(None)
        link.send(b"\x1d")
        await until(lambda: not session.at_console_of(id), "its end")


async def test_a_shell_that_ended_begins_anew_only_when_asked(demo_host: DemoHost) -> None:
    session = ShellSession(demo_host)
    async with linked(session) as link:
        await ready(session)
        link.send(b"exit\r")
        await until(lambda: session.state is State.WAITING, "the end of the shell")
        assert session.sentence == "the shell has ended; R begins another"
        assert not session.look() and not link.send(b"x")
        link.attach_again()
        await until(lambda: session.state is State.ATTACHED, "another shell")
    assert session.state is State.DETACHED


async def test_a_shell_that_cannot_be_begun_says_why(demo_host: DemoHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_host, "shell_argv", lambda: ["/no/such/shell"])
    session = ShellSession(demo_host)
    async with linked(session):
        await until(lambda: session.state is State.FAILED, "the failure")
        assert "/no/such/shell" in session.sentence


async def test_it_is_watched_while_it_is_presented_and_no_longer(demo_host: DemoHost) -> None:
    shell = ShellSession(demo_host, share=True)
    watcher = presented_shell(demo_host)
    async with linked(shell) as link, linked(watcher) as watching:
        await ready(shell)
        link.send(b"echo not yet\r")
        await until(lambda: watcher.state is State.WAITING, "the one who waits")
        shell.presented = True
        await until(lambda: watcher.state is State.ATTACHED, "the one who watches")
        link.send(b"echo se''en\r")
        await until(lambda: "\nseen\n" in shown(watcher), "what is presented")
        assert not watching.send(b"reboot\r")
        shell.presented = False
        await until(lambda: watcher.state is State.WAITING, "the end of it")
        link.send(b"echo al''one\r")
        await until(lambda: "alone" in shown(shell), "the presenter's own")
        assert "alone" not in shown(watcher) and "reboot" not in shown(shell)
