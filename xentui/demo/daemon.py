"""The demo's daemon: ``python -m xentui.demo.daemon DIR [--speed N] [--keep]``.

It holds the simulated machine and serves its tools over the socket in DIR. It lives as long as any
xentui holds it (an open connection that said ``hold``): a killed one lets go, too. At its end it ends
everybody's consoles; with ``--keep`` it leaves DIR and its state for the next time, else it removes DIR.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

from xentui.demo import configuration, control, xentop, xl, xl_migrate
from xentui.demo.host import DemoHost
from xentui.demo.machine import LibxlError, Machine
from xentui.demo.paths import Layout, remove
from xentui.demo.session import Exit, Session
from xentui.waiting import wait_until

#: Seconds that the daemon waits for the first xentui to hold it.
_FIRST_HOLD = 30.0
_SAVE_SECONDS = 0.5
#: Seconds that the second demo dom0 gets to end.
_END_SECONDS = 5.0
_LONGEST_REQUEST = 1 << 20


class Daemon:
    def __init__(self, layout: Layout, speed: float, keep: bool) -> None:
        self.layout = layout
        self.keep = keep
        self.machine = Machine(layout, speed)
        self.machine.wake_neighbour = self._wake_neighbour
        self.faults = control.Faults()
        self.holders = 0
        self._neighbour: DemoHost | None = None
        self.over = asyncio.Event()
        self._save_due: asyncio.TimerHandle | None = None
        self._calls: set[asyncio.Task[None]] = set()

    # The machine's state

    def start(self) -> None:
        """Resume what was kept, or boot the machine: the guests of /etc/xen/auto are started."""
        if self.layout.state.exists():
            try:
                self.machine.resume(json.loads(self.layout.state.read_text(encoding="utf-8")))
            except (ValueError, KeyError, TypeError) as error:
                said = f"{self.layout.state}: not a state of this demo ({error}); remove it to begin anew"
                raise SystemExit(said) from error
        else:
            for link in sorted(self.layout.path("/etc/xen/auto").iterdir()):
                try:
                    self.machine.create(configuration.read(link.read_text(encoding="utf-8"), str(link)))
                except (OSError, LibxlError, configuration.RefusedError) as error:
                    print(f"{link}: {error}", file=sys.stderr)
        if self.keep:
            self.machine.on_change = self._changed

    def _changed(self) -> None:
        if self._save_due is None:
            self._save_due = asyncio.get_running_loop().call_later(_SAVE_SECONDS, self.save)

    def save(self) -> None:
        """Write the state file, whole or not at all."""
        if self._save_due is not None:
            self._save_due.cancel()
            self._save_due = None
        text = json.dumps(self.machine.snapshot())
        with tempfile.NamedTemporaryFile("w", dir=self.layout.directory, delete=False, encoding="utf-8") as file:
            file.write(text)
        Path(file.name).replace(self.layout.state)

    # The tools

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            return
        self._calls.add(task)
        try:
            size = int.from_bytes(await reader.readexactly(4), "big")
            if size > _LONGEST_REQUEST:
                return
            parts = (await reader.readexactly(size)).decode("utf-8", "surrogateescape").split("\0")
            program, folder, terminal, *words = parts
            if program == "hold":
                await self._hold(reader, writer)
            elif program == xl_migrate.PROGRAM:
                await xl_migrate.receive(self.machine, reader, writer)
            elif program == "xenconsole":
                await self._console(words, reader, writer)
            else:
                session = Session(self.machine, program, words, folder, terminal == "1", writer)
                await self._call(session, reader)
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            pass
        finally:
            self._calls.discard(task)
            writer.close()

    async def _call(self, session: Session, reader: asyncio.StreamReader) -> None:
        """Run the tool until it is done or its caller has gone."""
        work = asyncio.ensure_future(self._run(session))
        left = asyncio.ensure_future(reader.read(1))
        await asyncio.wait((work, left), return_when=asyncio.FIRST_COMPLETED)
        for task in (work, left):
            task.cancel()
        results = await asyncio.gather(work, left, return_exceptions=True)
        if isinstance(results[0], Exception) and not isinstance(results[0], ConnectionError):
            print(f"{session.program} {session.words}: {results[0]!r}", file=sys.stderr, flush=True)
            with contextlib.suppress(ConnectionError):
                await session.error(f"{session.program}: the demo failed: {results[0]!r}\n")
                await session.status(70)

    async def _run(self, session: Session) -> None:
        try:
            status = await self._program(session)
        except Exit as end:
            await session.error(end.message)
            status = end.status
        await session.status(status)

    async def _program(self, session: Session) -> int:
        if session.program == "demo-control":
            return await control.run(session, self.faults)
        await self._misfortune(session)
        if session.program == "xentop":
            return await xentop.run(self.machine, session.words, session.out)
        if session.program == "xm" and session.terminal:
            await session.error("xm is xl today; xentui's demo passes it on.\n")
        return await xl.run(session)

    async def _misfortune(self, session: Session) -> None:
        if self.faults.slow:
            await asyncio.sleep(self.faults.slow)
        if not self.faults.free.is_set():
            if session.words == ["list"]:
                await session.out(xl.LIST_HEADER)  # real xl gets this far before it waits for xenstored
            await self.faults.free.wait()
        if self.faults.failing and session.program != "xentop" and session.words[:1] not in (["list"], ["info"]):
            raise Exit(1, control.FAILURE)

    # Consoles

    async def _console(self, words: list[str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """``+`` when there is a console, wait for ``!``, then its bytes both ways until either side ends."""
        domid, number, kind, start = words
        domain = self.machine.domains.get(int(domid)) if domid.isdigit() else None
        if domain is not None and domain.id == 0:
            writer.write(b"0")
            return
        if domain is None or domain.console is None or not self._has_tty(domain.config, number, kind):
            if domain is not None:
                await self.machine.wait(5.0)  # xenconsole gives the tty that long to appear
            writer.write(b"-")
            return
        writer.write(b"+")
        if await reader.readexactly(1) != b"!":
            return
        if start == "1":
            asyncio.get_running_loop().call_soon(self.machine.unpause, domain)
        await domain.console.serve(reader, writer)

    @staticmethod
    def _has_tty(config: dict[str, Any], number: str, kind: str) -> bool:
        build = config["b_info"]
        if number != "0":
            return False
        if "type.hvm" in build and kind != "pv":
            return bool(build["type.hvm"].get("serial"))
        return kind != "vuart"

    # Its own life

    async def _hold(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Somebody holds the demo until the connection ends; ``?`` asks whether that would end it."""
        self.holders += 1
        writer.write(b"+")
        try:
            while asked := await reader.read(1):
                if asked == b"?":
                    writer.write(b"1" if self.holders == 1 else b"+")
        finally:
            self.holders -= 1
            if self.holders == 0:
                self.over.set()

    def _wake_neighbour(self, layout: Layout) -> None:
        """Hold the second demo dom0 from now on: it ends with this one. The second holds nobody, or both would never
        end."""
        if self._neighbour is None and not self.layout.is_second:
            host = DemoHost(str(layout.directory))
            host.open()
            self._neighbour = host

    def _let_neighbour_go(self) -> None:
        if self._neighbour is not None:
            layout = self._neighbour.layout
            self._neighbour.close()
            wait_until(lambda: not layout.socket.exists(), _END_SECONDS)  # it has written its state then

    def _nobody_came(self) -> None:
        if self.holders == 0:
            self.over.set()

    async def run(self, listener: socket.socket) -> None:
        self.start()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self.over.set)
        server = await asyncio.start_unix_server(self.serve, sock=listener)
        loop.call_later(_FIRST_HOLD, self._nobody_came)
        await self.over.wait()
        server.close()
        for task in list(self._calls):
            task.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)
        await asyncio.to_thread(self._let_neighbour_go)
        if self.keep:
            self.save()


def listen(layout: Layout) -> socket.socket:
    """The socket in the demo directory, for its owner only. Raises OSError.

    A socket's path may have 107 bytes only, so the daemon lives in the directory and names it from there.
    """
    os.chdir(layout.directory)
    layout.socket.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o077)
    try:
        listener.bind(layout.socket.name)
    finally:
        os.umask(before)
    listener.listen(128)
    return listener


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="xentui.demo.daemon")
    parser.add_argument("directory")
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--ready", type=int, metavar="FD", help="written to when the daemon listens")
    chosen = parser.parse_args(arguments)
    layout = Layout(chosen.directory)
    listener = listen(layout)
    if chosen.ready is not None:
        os.write(chosen.ready, b"+")
        os.close(chosen.ready)
    try:
        asyncio.run(Daemon(layout, chosen.speed, chosen.keep).run(listener))
    finally:
        layout.socket.unlink(missing_ok=True)
        if not chosen.keep:
            remove(layout.directory)


if __name__ == "__main__":
    main()
