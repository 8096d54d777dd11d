"""xl's commands that show something, and the console (xl_info.c, xl_console.c, xl_block.c, xl_nic.c)."""

from __future__ import annotations

import time

from xentui.demo import listing
from xentui.demo.domain import Domain
from xentui.demo.session import Exit, Session, options
from xentui.demo.xl_lifecycle import find


async def show_list(session: Session, words: list[str]) -> int:
    """List information about all/some domains."""
    chosen, rest = options(words, "list", "lvZcn", ["long", "verbose", "context", "cpupool", "numa"])
    if len(rest) > 1:
        raise Exit(1, "Usage: xl list (see `man xl`)\n")
    if rest and rest[0].isdigit() and session.machine.find(rest[0]) is None:
        raise Exit(1, f"Error: Domain '{rest[0]}' does not exist.\n")
    session.machine.account()
    domains = [find(session, rest[0])] if rest else session.machine.all()
    if "-l" in chosen or "--long" in chosen:
        await session.out(listing.details(domains))
    else:
        text = listing.table(
            domains,
            verbose="-v" in chosen or "--verbose" in chosen,
            cpupool="-c" in chosen or "--cpupool" in chosen,
            numa="-n" in chosen or "--numa" in chosen,
        )
        await session.out(text)
    return 0


async def info(session: Session, words: list[str]) -> int:
    """Get information about Xen host."""
    _, rest = options(words, "info", "n", ["numa"])
    await session.out(listing.info_text(session.machine, rest[0] if rest else None))
    return 0


async def domid(session: Session, words: list[str]) -> int:
    """Convert a domain name to domain id."""
    _, rest = options(words, "domid", "", needs=1)
    domain = session.machine.named(rest[0])
    if domain is None:
        raise Exit(1, f"Can't get domid of domain name '{rest[0]}', maybe this domain does not exist.\n")
    await session.out(f"{domain.id}\n")
    return 0


async def domname(session: Session, words: list[str]) -> int:
    """Convert a domain id to domain name."""
    _, rest = options(words, "domname", "", needs=1)
    digits = rest[0][: len(rest[0]) - len(rest[0].lstrip("0123456789"))]
    if not digits:
        raise Exit(1, "Invalid domain id.\n\n")
    domain = session.machine.domains.get(int(digits))
    if domain is None or domain.name is None:
        raise Exit(1, f"Can't get domain name of domain id '{digits}', maybe this domain does not exist.\n")
    await session.out(f"{domain.name}\n")
    return 0


async def uptime(session: Session, words: list[str]) -> int:
    """Print uptime for all/some domains."""
    chosen, rest = options(words, "uptime", "s")
    short = "-s" in chosen
    domains = [find(session, word) for word in rest] if rest else session.machine.all()
    text = "" if short else f"{'Name':<33} {'ID':>4} Uptime\n"
    now = time.time()
    for domain in domains:
        begun = session.machine.booted if domain.id == 0 else domain.started
        text += listing.uptime(domain, int(now - begun), short)
    await session.out(text)
    return 0


async def dmesg(session: Session, words: list[str]) -> int:
    """Read and/or clear dmesg buffer."""
    options(words, "dmesg", "c", ["clear"])
    await session.out(listing.messages(session.machine))
    return 0


async def vcpu_list(session: Session, words: list[str]) -> int:
    """List the VCPUs for all/some domains."""
    _, rest = options(words, "vcpu-list", "")
    session.machine.account()
    domains = [find(session, word) for word in rest] if rest else session.machine.all()
    await session.out(listing.vcpus(domains))
    return 0


async def vm_list(session: Session, words: list[str]) -> int:
    """List guest domains, excluding dom0, stubdoms, etc."""
    options(words, "vm-list", "")
    lines = ["UUID                                  ID    name"]
    lines += [f"{d.uuid}  {d.id}    {d.shown_name:<30}" for d in session.machine.all() if d.id]
    await session.out("\n".join(lines) + "\n")
    return 0


async def block_list(session: Session, words: list[str]) -> int:
    """List virtual block devices for a domain."""
    _, rest = options(words, "block-list", "", needs=1)
    await session.out(listing.blocks(_known(session, rest)))
    return 0


async def network_list(session: Session, words: list[str]) -> int:
    """List virtual network interfaces for a domain."""
    _, rest = options(words, "network-list", "", needs=1)
    await session.out(listing.networks(_known(session, rest)))
    return 0


def _known(session: Session, names: list[str]) -> list[Domain]:
    return [find(session, name) for name in names]


async def console(session: Session, words: list[str]) -> int:
    """Attach to domain's console."""
    chosen, rest = options(words, "console", "n:t:e:", needs=1)
    kind = chosen.get("-t", "")
    if kind not in ("", "pv", "serial", "vuart"):
        raise Exit(2, "console type supported are: pv, serial, vuart\n")
    escape = chosen.get("-e", "\x1d")
    if not (len(escape) == 1 or (len(escape) == 2 and escape[0] == "^")):
        raise Exit(1, "Invalid escape character\n")
    domain = find(session, rest[0])
    await session.become_console([str(domain.id), "--num", chosen.get("-n", "0"), "--type", kind, "--escape", escape])
    return 0


async def vncviewer(session: Session, words: list[str]) -> int:
    """Attach to domain's VNC server."""
    _, rest = options(words, "vncviewer", "A", needs=1)
    find(session, rest[0])
    raise Exit(1, "Unable to execute vncviewer\n")


async def top(_session: Session, _words: list[str]) -> int:
    """Monitor a host and the domains in real time."""
    raise Exit(1, "xl top runs xentop; the demo dom0 has only `xentop -b`: use that, or xentui\n")


COMMANDS = {
    "list": show_list,
    "info": info,
    "domid": domid,
    "domname": domname,
    "uptime": uptime,
    "dmesg": dmesg,
    "vcpu-list": vcpu_list,
    "vm-list": vm_list,
    "block-list": block_list,
    "network-list": network_list,
    "console": console,
    "vncviewer": vncviewer,
    "top": top,
}
