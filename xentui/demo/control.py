"""`demo-control`: bad days and large numbers, at will. Not a program of Xen's.

demo-control hang on|off          every call hangs, as when xenstored is dead
demo-control missing on|off TOOL  there is no such tool; without TOOL neither xl, xm nor xentop
demo-control fail on|off          every call of xl but `list` and `info` fails with three lines of libxl's
demo-control slow SECONDS         every call takes this long
demo-control make N [NAME]        N more domains NAME001...; without NAME with odd names among them
demo-control make-named NAME      one more domain, its name as it is
demo-control unmake               destroy all domains made so
demo-control kill NAME            the domain vanishes, nobody restarts it
demo-control crash NAME           its kernel panics
demo-control zombie NAME          it dies, but stays as (null)
demo-control hide NAME            its configuration cannot be retrieved
demo-control write NAME FILE      the file's bytes appear on its console
demo-control speed N|inf          how much faster than life
demo-control link up|down|half|ready|late   the network to the other demo dom0: it is up or down, or breaks in the
                                  next migration: half-way, when all is over there, when it was told to start there
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field

from xentui.demo import configuration
from xentui.demo.domain import Domain, Reason
from xentui.demo.neighbours import Link, cut_file
from xentui.demo.session import Exit, Session

#: Names that a careless program trips over; all of them are legal for xl.
ODD_NAMES = (
    "it's",
    'say "hi"',
    "[bold red]markup[/]",
    "[/closing]",
    "two  blanks",
    "new\nline",
    "tab\there",
    "esc\x1b[31mred\x1b[0m",
    "$(reboot)",
    "`id`; rm -rf $HOME",
    "-rf",
    "umlaut-ä-日本",
    "bidi\u202eabc",
    "%s%n",
    "(null)",
    "x" * 200,
)
_MADE_MIB = 16
FAILURE = (
    "libxl: error: libxl_xshelp.c:201:libxl__xs_read_mandatory: xenstore read failed: Connection refused\n"
    "libxl: error: libxl_domain.c:324:libxl_domain_info: getting domain info list: Permission denied\n"
    "libxl: error: libxl_event.c:2186:libxl__ao_complete: the demo was told to fail\n"
)


@dataclass
class Faults:
    """What is wrong with the machine today."""

    free: asyncio.Event = field(default_factory=asyncio.Event)  # cleared: every call hangs
    failing: bool = False
    slow: float = 0.0
    made: list[Domain] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.free.set()


async def run(session: Session, faults: Faults) -> int:
    words = session.words or ["help"]
    name, rest = words[0], words[1:]
    if name in ("hang", "missing", "fail"):
        _switch(session, faults, name, rest)
    elif name == "slow" and len(rest) == 1:
        faults.slow = _number(rest[0])
    elif name == "speed" and len(rest) == 1:
        session.machine.speed = math.inf if rest[0] == "inf" else max(0.001, _number(rest[0]))
    elif name == "link" and len(rest) == 1 and rest[0] in set(Link):
        _set_link(session, Link(rest[0]))
    elif name == "make" and rest:
        _make(session, faults, _names(int(_number(rest[0])), rest[1] if len(rest) > 1 else None))
    elif name == "make-named" and len(rest) == 1:
        _make(session, faults, rest)
    elif name == "unmake":
        for domain in faults.made:
            session.machine.destroy(domain)
        faults.made.clear()
        session.machine.extra_mib = 0
    elif name in ("kill", "crash", "zombie", "hide", "write") and rest:
        await _befall(session, name, rest)
    else:
        raise Exit(2, (__doc__ or "") + "\n")
    return 0


def _set_link(session: Session, link: Link) -> None:
    session.machine.link = link
    if link is Link.DOWN:
        cut_file(session.machine.layout).touch()
    else:
        cut_file(session.machine.layout).unlink(missing_ok=True)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise Exit(2, f"demo-control: {text}: not a number\n") from error


def _switch(session: Session, faults: Faults, name: str, rest: list[str]) -> None:
    if rest[:1] not in (["on"], ["off"]) or len(rest) > (2 if name == "missing" else 1):
        raise Exit(2, f"demo-control: {name} on, or {name} off\n")
    on = rest[0] == "on"
    if name == "hang":
        if on:
            faults.free.clear()
        else:
            faults.free.set()
    elif name == "fail":
        faults.failing = on
    else:
        for tool in rest[1:] or ("xl", "xm", "xentop"):
            here, away = session.machine.layout.bin / tool, session.machine.layout.bin / f".{tool}"
            if on and here.exists():
                here.rename(away)
            elif not on and away.exists():
                away.rename(here)


def _names(count: int, stem: str | None) -> list[str]:
    if stem is not None:
        return [f"{stem}{number:03d}" for number in range(1, count + 1)]
    plain = [f"guest{number:04d}" for number in range(1, max(0, count - len(ODD_NAMES)) + 1)]
    return [*ODD_NAMES[:count], *plain]


def _make(session: Session, faults: Faults, names: list[str]) -> None:
    machine = session.machine
    base = configuration.read(f"name='made'\nmemory={_MADE_MIB}\nvif=['bridge=xenbr0']\n", "demo-control")
    taken = {domain.name for domain in machine.domains.values()}
    for name in names:
        if name in taken:
            continue
        config = {**base, "c_info": {**base["c_info"], "name": name}}
        config["c_info"]["uuid"] = configuration.new_uuid()
        machine.extra_mib += _MADE_MIB + 1
        domain = machine.create(config)
        if domain.guest is not None:
            domain.guest.messages.clear()  # it has booted long ago
        faults.made.append(domain)


async def _befall(session: Session, name: str, rest: list[str]) -> None:
    domain = session.machine.find(rest[0])
    if domain is None or domain.id == 0 or domain.guest is None:
        raise Exit(1, f"demo-control: {rest[0]}: no such guest\n")
    if name == "kill":
        session.machine.destroy(domain, linger=0.0)
    elif name == "crash":
        domain.guest.crash(Reason.CRASH)
    elif name == "zombie":
        session.machine.destroy(domain, linger=math.inf)
    elif name == "hide":
        domain.hidden = not domain.hidden
    elif len(rest) == 2 and domain.console is not None:
        domain.console.write(session.path(rest[1]).read_bytes())
