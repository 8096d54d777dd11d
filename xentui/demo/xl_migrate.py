"""`xl migrate`, `xl migrate-receive` and `xl resume`, step by step as tools/xl/xl_migrate.c (Xen 4.20) goes about them.

Real xl speaks to the other side through ssh. Here the two daemons speak to each other: frames of JSON, four bytes of
length before each. What breaks on the way, and what each side does then, is xl's own: a copy that was whole and not yet
told to start is left standing there, paused, as NAME--incoming; the original is NAME--migratedaway once it was told.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

from xentui.demo import listing, savefile
from xentui.demo.domain import Domain
from xentui.demo.machine import LibxlError, Machine
from xentui.demo.neighbours import Link, cut_file, host_name, neighbours
from xentui.demo.session import Exit, Session, options
from xentui.demo.tools.client import connect
from xentui.demo.xl_lifecycle import find
from xentui.host import HostError

#: What a migration says over the socket, before the length of a request and its words.
PROGRAM = "migrate-receive"
_STEPS = 10
_LONGEST = 1 << 24
_LOST = (EOFError, ConnectionError, OSError)

_BADLY = """\
** Migration failed during final handshake **
Domain state is now undefined !
Please CHECK AT BOTH ENDS for running instances, before renaming and
 resuming at most one instance.  Two simultaneous instances of the domain
 would probably result in SEVERE DATA LOSS and it is now your
 responsibility to avoid that.  Sorry.
"""


class _Wire:
    """Frames to and from the other daemon."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(self, **message: Any) -> None:
        data = json.dumps(message).encode()
        self._writer.write(len(data).to_bytes(4, "big") + data)
        await self._writer.drain()

    async def receive(self) -> dict[str, Any]:
        size = int.from_bytes(await self._reader.readexactly(4), "big")
        if size > _LONGEST:
            raise ConnectionError
        return dict(json.loads(await self._reader.readexactly(size)))

    def close(self) -> None:
        self._writer.close()


# The sender


async def migrate(session: Session, words: list[str]) -> int:
    """Migrate a domain to another host."""
    _chosen, rest = options(words, "migrate", "FC:s:epD", ["debug", "live"], needs=2)
    domain, guest = find(session, rest[0]), find(session, rest[0]).guest
    if domain.hidden or guest is None or domain.name is None:
        raise Exit(1, "No config file stored for running domain and none supplied - cannot migrate.\n")
    wire = await _connect(session, rest[1])
    try:
        return await _Sender(session, domain, wire).run()
    finally:
        wire.close()


async def _connect(session: Session, target: str) -> _Wire:
    """The transport, as ``ssh HOST xl migrate-receive`` is it."""
    machine, name = session.machine, host_name(target)
    there = neighbours(machine.layout).get(name)
    why = ""
    if there is None:
        why = f"ssh: Could not resolve hostname {name}: Name or service not known\n"
    elif cut_file(machine.layout).exists():
        why = f"ssh: connect to host {name} port 22: No route to host\n"
    else:
        try:
            await asyncio.to_thread(machine.wake_neighbour, there)
            reader, writer = await asyncio.open_unix_connection(sock=connect(str(there.directory)))
            request = f"{PROGRAM}\0/\x000".encode()
            writer.write(len(request).to_bytes(4, "big") + request)
            return _Wire(reader, writer)
        except (OSError, HostError):
            why = f"ssh: connect to host {name} port 22: Connection refused\n"
    raise Exit(
        1,
        f"{why}libxl: error: libxl_utils.c:510:libxl_read_exactly: file/stream truncated reading banner from "
        "migration receiver stream\n"
        "libxl: info: libxl_exec.c:118:libxl_report_child_exitstatus: migration transport process [4711] exited with "
        "error status 255\n",
    )


class _Sender:
    def __init__(self, session: Session, domain: Domain, wire: _Wire) -> None:
        self.session, self.machine, self.domain, self.wire = session, session.machine, domain, wire
        self.name = domain.name or ""
        self.copied = False  # all memory is over there
        self.told = False  # the other side was told to start

    async def run(self) -> int:
        session, domain = self.session, self.domain
        assert domain.guest is not None  # noqa: S101 - the caller has looked
        config = listing.current_config(domain)
        length = len(listing.json_text(config)) + 5
        try:
            await self.wire.send(config=config, memory=domain.guest.snapshot())
            await self._hear("ready")
            await session.error(f"Saving to migration stream new xl format (info 0x{savefile.FLAGS:x}/0x0/{length})\n")
            await session.error(f"xc: info: Saving domain {domain.id}, type x86 {domain.type.upper()}\n")
            await self._copy()
            self.copied = True
            await self._hear("complete")
            self._break_if(Link.READY)
            await self._hand_over()
        except _LOST:
            await self._lost()
        except BaseException:
            # The caller has gone, or the other side refused: unless it was told to start, the guest goes on here.
            if not self.told:
                self.machine.go_on(domain)
            raise
        await session.error("migration sender: Target reports successful startup.\n")
        self.machine.destroy(domain)
        await session.error("Migration successful.\n")
        return 0

    async def _hear(self, what: str) -> Any:
        """Pass on what the other side says until it says `what`; end as xl does when it gives up."""
        while True:
            message = await self.wire.receive()
            if "say" in message:
                await self.session.error(message["say"])
            elif "failed" in message:
                raise ConnectionError
            elif what in message:
                return message[what]

    async def _copy(self) -> None:
        domain, machine = self.domain, self.machine
        frames = domain.memory_kb // 4
        for step in range(1, _STEPS + 1):
            await machine.wait(0.3)
            percent = 100 * step // _STEPS
            await self.session.error(f"xc: Frames iteration 0: {frames * step // _STEPS}/{frames}  {percent:3}%\n")
            await self.wire.send(frames=step)  # a peer that has gone is noticed
            if step == _STEPS // 2:
                self._break_if(Link.HALF)
        machine.suspend(domain)
        dirty = frames // 50
        await self.session.error(
            f"xc: Domain now suspended: 0/0    0%\nxc: Frames iteration 1: {dirty}/{dirty}  100%\n"
        )
        assert domain.guest is not None  # noqa: S101
        await self.wire.send(memory=domain.guest.snapshot())

    async def _hand_over(self) -> None:
        session, domain = self.session, self.domain
        await session.error("migration sender: Target has acknowledged transfer.\n")
        domain.name = f"{self.name}--migratedaway"
        self.machine.on_change()
        await session.error("migration sender: Giving target permission to start.\n")
        self.told = True
        await self.wire.send(go=True)
        self._break_if(Link.LATE)
        code = await self._hear("report")
        if code:
            await session.error(f"migration sender: Target reports startup failure (status code {code}).\n")
            await self._hear("yours")
            await session.error("migration sender: Trying to resume at our end.\n")
            domain.name = self.name
            self.machine.go_on(domain)
            raise Exit(1, "migration sender: Resumed OK.\nMigration failed due to problems at target.\n")

    def _break_if(self, when: Link) -> None:
        if self.machine.link == when:
            self.machine.link = Link.DOWN
            cut_file(self.machine.layout).touch()
            self.wire.close()
            raise ConnectionError

    async def _lost(self) -> None:
        """The other side has gone."""
        where = "success/failure report message" if self.told else "ready message"
        said = (
            f"libxl: error: libxl_utils.c:510:libxl_read_exactly: file/stream truncated reading {where} from "
            "migration receiver stream\n"
        )
        if not self.copied:
            said = "xc: error: Failed to write page data to stream (32 = Broken pipe): Internal error\n"
            said += "migration sender: libxl_domain_suspend failed (rc=-3)\n"
        await self.session.error(said)
        if self.told:
            raise Exit(1, _BADLY)
        self.machine.go_on(self.domain)
        raise Exit(1, "Migration failed, resuming at sender.\n")


# The receiver


async def receive(machine: Machine, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """What ``xl migrate-receive`` does there."""
    wire = _Wire(reader, writer)
    with contextlib.suppress(*_LOST):
        await _Receiver(machine, wire).run()


class _Receiver:
    def __init__(self, machine: Machine, wire: _Wire) -> None:
        self.machine, self.wire = machine, wire

    async def run(self) -> None:
        first = await self.wire.receive()
        await self._say("migration target: Ready to receive domain.")
        config = first["config"]
        name = str(config["c_info"]["name"])
        config["c_info"]["name"] = f"{name}--incoming"
        try:
            domain = self.machine.create(config, paused=True, memory=first["memory"])
        except LibxlError as error:
            await self._say(*error.lines, "migration target: Domain creation failed (code -3).")
            await self.wire.send(failed=True)
            return
        await self._say(
            "Loading new save file <incoming migration stream> (new xl fmt info 0x3/0x0/0)",
            " Savefile contains xl domain config in JSON format",
            f"xc: info: Found x86 {domain.type.upper()} domain from Xen 4.20",
        )
        try:
            await self.wire.send(ready=True)
            while "memory" not in (message := await self.wire.receive()):
                pass
        except BaseException:  # half of a guest is of no use: libxl destroys it
            self.machine.destroy(domain)
            raise
        self.machine.refill(domain, name, message["memory"])
        # From here on it is whole: whatever breaks before the permission leaves it standing, paused.
        await self._say("migration target: Transfer complete, requesting permission to start domain.")
        await self.wire.send(complete=True)
        while "go" not in await self.wire.receive():
            pass
        await self._start(domain, name)

    async def _start(self, domain: Domain, name: str) -> None:
        machine = self.machine
        taken = machine.named(name) is not None
        if not taken:
            domain.name = name
            machine.unpause(domain)
        await self._say("migration target: Got permission, starting domain.")
        if not taken:
            await self._say("migration target: Domain started successsfully.")  # sic
            await self.wire.send(report=0)
            return
        await self._say(
            f'libxl: error: libxl_domain.c:89:libxl__domain_rename: Domain {domain.id}:Domain with name "{name}" '
            "already exists."
        )
        await self.wire.send(report=6)
        await self._say("migration target: Failure, destroying our copy.")
        machine.destroy(domain)
        await self._say("migration target: Cleanup OK, granting sender permission to resume.")
        await self.wire.send(yours=True)

    async def _say(self, *lines: str) -> None:
        await self.wire.send(say="".join(line + "\n" for line in lines))


async def resume(session: Session, words: list[str]) -> int:
    """Resume a domain from RAM."""
    _, rest = options(words, "resume", "", needs=1)
    domain = find(session, rest[0])
    if domain.shutdown is None or domain.shutdown.name != "SUSPEND":
        raise Exit(
            0,  # xl does not look at what libxl says
            f"xc: error: Dom {domain.id} not suspended: (shutdown 0, reason 0): Internal error\n"
            f"libxl: error: libxl_dom_suspend.c:661:domain_resume_done: Domain {domain.id}:"
            "xc_domain_resume failed: Invalid argument\n",
        )
    session.machine.go_on(domain)
    return 0


COMMANDS = {"migrate": migrate, "resume": resume}
