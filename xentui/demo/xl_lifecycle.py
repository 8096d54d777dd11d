"""xl's commands that start, stop, save and restore domains (xl_vmcontrol.c, xl_saverestore.c)."""

from __future__ import annotations

import asyncio
from typing import Any

from xentui.demo import configuration, listing, savefile
from xentui.demo.domain import Domain, Reason
from xentui.demo.machine import LibxlError
from xentui.demo.session import Exit, Session, options

#: Seconds that libxl waits for a guest to answer a suspend request. (Really 60: nobody learns from that.)
_SUSPEND_SECONDS = 5.0


def find(session: Session, qualifier: str) -> Domain:
    """The domain with this id or name. Raises Exit as xl's find_domain does."""
    domain = session.machine.find(qualifier)
    if domain is None:
        raise Exit(1, f"{qualifier} is an invalid domain identifier (rc=-6)\n")
    return domain


async def create(session: Session, words: list[str]) -> int:
    """Create a domain from config file <filename>."""
    filename: str | None = None
    if words and not words[0].startswith("-") and "=" not in words[0]:
        filename = words.pop(0)
    chosen, rest = options(words, "create", "Fnqf:pcdeVA", ["dryrun", "quiet", "defconfig=", "vncviewer"])
    filename = chosen.get("-f", chosen.get("--defconfig", filename))
    extra = ""
    for word in rest:
        if "=" in word:
            extra += word + "\n"
        elif filename is None:
            filename = word
        else:
            raise Exit(2, "Usage: xl create (see `man xl`)\n")
    if filename is None:
        raise Exit(6, "Config file not specified and none in save file\n")
    text = _read(session, filename)
    if "-q" not in chosen and "--quiet" not in chosen:
        await session.error(f"Parsing config from {filename}\n")
    try:
        config = configuration.read(f"{text}\n{extra}" if extra else text, filename)
    except configuration.RefusedError as refused:
        raise Exit(refused.status, refused.message + "\n") from refused
    if session.dry_run or "-n" in chosen or "--dryrun" in chosen:
        await session.out(listing.json_text(config) + "\n")
        return 0
    await session.machine.wait(0.3)
    return await _begin(session, config, paused="-p" in chosen, console="-c" in chosen, memory=None)


def _read(session: Session, filename: str) -> str:
    if filename == "/dev/null":
        return ""
    try:
        return session.path(filename).read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise Exit(3, f"Failed to read config file: {filename}: {error.strerror}\n") from error


async def _begin(
    session: Session, config: dict[str, Any], *, paused: bool, console: bool, memory: dict[str, Any] | None
) -> int:
    """Make the domain. With `console`, the caller is attached before it runs, and so sees its first line."""
    try:
        domain = session.machine.create(config, paused=paused or console, memory=memory)
    except LibxlError as error:
        raise Exit(error.code, "".join(line + "\n" for line in error.lines)) from error
    if console:
        await session.become_console([str(domain.id), "--num", "0", *([] if paused else ["--start-notify"])])
    return 0


async def shutdown(session: Session, words: list[str]) -> int:
    """Issue a shutdown signal to a domain."""
    return await _end(session, words, Reason.POWEROFF)


async def reboot(session: Session, words: list[str]) -> int:
    """Issue a reboot signal to a domain."""
    return await _end(session, words, Reason.REBOOT)


async def _end(session: Session, words: list[str], reason: Reason) -> int:
    what = "reboot" if reason is Reason.REBOOT else "shutdown"
    chosen, rest = options(words, what, "awF", ["all", "wait"])
    every = "-a" in chosen or "--all" in chosen
    if not rest and not every:
        raise Exit(1, "You must specify -a or a domain id.\n\n")
    domains = [d for d in session.machine.all() if d.id] if every else [find(session, rest[0])]
    for domain in domains:
        await _ask(session, domain, reason, fallback="-F" in chosen)
    if "-w" in chosen or "--wait" in chosen:
        await session.error(f"Waiting for {len(domains)} domains\n")
        for domain in domains:
            while domain.shutdown is None and not domain.dying:
                await asyncio.sleep(0.02)
            code = int(domain.shutdown) if domain.shutdown is not None else 0
            await session.error(f"Domain {domain.id} has been shut down, reason code {code}\n")
    return 0


async def _ask(session: Session, domain: Domain, reason: Reason, *, fallback: bool) -> None:
    rebooting = reason is Reason.REBOOT
    await session.error(f"{'Rebooting' if rebooting else 'Shutting down'} domain {domain.id}\n")
    if domain.id == 0:
        raise Exit(1, f"{'reboot' if rebooting else 'shutdown'} failed (rc=-6)\n")
    if domain.type == "hvm":  # installed from its own medium: no PV drivers in it
        what = "reset" if rebooting else "power"
        if not fallback:
            await session.error(
                f"PV control interface not available: external graceful {'reboot' if rebooting else 'shutdown'} "
                f'not possible.\nUse "-F" to fallback to ACPI {what} event.\n'
            )
            raise Exit(1, f"{'reboot' if rebooting else 'shutdown'} failed (rc=-10)\n")
        await session.error(f"PV control interface not available: sending ACPI {what} button event.\n")
    guest = domain.guest
    if guest is None or domain.shutdown is not None or domain.dying:
        return
    if domain.paused:  # the request lies in xenstore; the guest reads it when it runs again
        guest.after(0.0, lambda: guest.shut_down(reason))
    else:
        guest.shut_down(reason)


async def pause(session: Session, words: list[str]) -> int:
    """Pause execution of a domain."""
    _, rest = options(words, "pause", "", needs=1)
    domain = find(session, rest[0])
    if domain.id:
        session.machine.pause(domain)
    return 0


async def unpause(session: Session, words: list[str]) -> int:
    """Unpause a paused domain."""
    _, rest = options(words, "unpause", "", needs=1)
    domain = find(session, rest[0])
    if domain.id:
        session.machine.unpause(domain)
    return 0


async def destroy(session: Session, words: list[str]) -> int:
    """Terminate a domain immediately."""
    chosen, rest = options(words, "destroy", "f", needs=1)
    domain = find(session, rest[0])
    if domain.id == 0 and "-f" not in chosen:
        raise Exit(
            1,
            "Not destroying domain 0; use -f to force.\n"
            "This can only be done when using a disaggregated hardware domain and toolstack.\n\n",
        )
    if domain.id == 0:
        raise Exit(1, "destroy failed (rc=-3)\n")
    if not domain.dying:
        session.machine.log(domain, f"Domain {domain.id} has been destroyed.")
    session.machine.destroy(domain)
    return 0


async def save(session: Session, words: list[str]) -> int:
    """Save a domain state to restore later."""
    chosen, rest = options(words, "save", "cp", needs=2)
    if len(rest) > 3:
        raise Exit(1, "Usage: xl save (see `man xl`)\n")
    domain, file = find(session, rest[0]), rest[1]
    guest = domain.guest
    if domain.hidden or guest is None:
        raise Exit(1, "unable to retrieve domain configuration\n")
    if not domain.up or guest.phase == "off":
        await _write(session, domain, file, None)
        await session.machine.wait(_SUSPEND_SECONDS)
        raise Exit(1, _suspend_refused(domain.id))
    session.machine.account()
    guest.stop()
    try:
        await _write(session, domain, file, guest.snapshot())
        frames = domain.memory_kb // 4
        await session.machine.wait(0.6)
        await session.error(f"xc: Frames: {frames}/{frames}  100%\nxc: End of stream: 0/0    0%\n")
    except BaseException:  # it failed, or the caller has gone: the guest is not left standing
        guest.go()
        raise
    if "-p" in chosen:
        session.machine.pause(domain)
    elif "-c" in chosen:
        guest.go()
    else:
        session.machine.destroy(domain)
    return 0


async def _write(session: Session, domain: Domain, file: str, memory: dict[str, Any] | None) -> None:
    config = listing.json_text(listing.current_config(domain))
    try:
        length = savefile.write(session.path(file), config, memory, domain.memory_kb << 10)
    except OSError as error:
        raise Exit(1, f"Failed to open temp file {file} for writing\n") from error
    await session.error(
        f"Saving to {file} new xl format (info 0x{savefile.FLAGS:x}/0x0/{length})\n"
        f"xc: info: Saving domain {domain.id}, type x86 {domain.type.upper()}\n"
    )


def _suspend_refused(number: int) -> str:
    return (
        "libxl: error: libxl_dom_suspend.c:317:domain_suspend_common_pvcontrol_suspending: "
        f"Domain {number}:guest didn't acknowledge suspend, cancelling request\n"
        "xc: error: save callback suspend() failed: 0: Internal error\n"
        "xc: error: Save failed (0 = Success): Internal error\n"
        f"libxl: error: libxl_stream_write.c:347:libxl__xc_domain_save_done: Domain {number}:"
        "saving domain: domain did not respond to suspend request: Success\n"
        "Failed to save domain, resuming domain\n"
        f"libxl: error: libxl_dom_suspend.c:661:domain_resume_done: Domain {number}:"
        "xc_domain_resume failed: Invalid argument\n"
    )


async def restore(session: Session, words: list[str]) -> int:
    """Restore a domain from a saved state."""
    chosen, rest = options(words, "restore", "FcpdeVA", ["vncviewer"], needs=1)
    if len(rest) > 2:
        raise Exit(1, "Usage: xl restore (see `man xl`)\n")
    file = rest[-1]
    try:
        length, config, memory = savefile.read(session.path(file))
    except OSError as error:
        raise Exit(1, f"Can't open restore file: {error.strerror}\n") from error
    except savefile.SaveFileError as error:
        raise Exit(1, f"{error}\n") from error
    await session.error(
        f"Loading new save file {file} (new xl fmt info 0x{savefile.FLAGS:x}/0x0/{length})\n"
        " Savefile contains xl domain config in JSON format\n"
        f"Parsing config from {'<saved>' if len(rest) == 1 else rest[0]}\n"
    )
    if session.machine.named(config["c_info"]["name"]) is None and memory is None:
        raise Exit(
            1,
            "xc: error: Failed to read Record Header from stream (0 = Success): Internal error\n"
            f"libxl: error: libxl_create.c:1753:domcreate_rebuild_done: Domain {session.machine.next_id}:"
            "cannot (re-)build domain: -3\n",
        )
    await session.error(f"xc: info: Found x86 {str(config['c_info']['type']).upper()} domain from Xen 4.20\n")
    await session.machine.wait(0.6)
    try:
        return await _begin(session, config, paused="-p" in chosen, console="-c" in chosen, memory=memory)
    except Exit as failed:
        raise Exit(1 if failed.status else 0, failed.message) from failed


COMMANDS = {
    "create": create,
    "shutdown": shutdown,
    "reboot": reboot,
    "pause": pause,
    "unpause": unpause,
    "destroy": destroy,
    "save": save,
    "restore": restore,
}
