"""Can a running guest be moved to another host? Everything that a live migration needs is asked of both, nothing is
changed.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from xentui.domains.domain import Domain
from xentui.domains.xl_output import OutputError, parse_info
from xentui.guests.errors import GuestError
from xentui.guests.site import Site
from xentui.guests.snapshots import tree
from xentui.host import Host, HostError
from xentui.subprocesses import CommandError, CommandRecord, printable
from xentui.xlcfg.parser import ConfigError, parse

_DEADLINE = 30.0
#: The exit status by which ssh(1) says that it was ssh itself that failed.
_SSH_FAILED = 255
_BOOT_ID = "/proc/sys/kernel/random/boot_id"
#: What a guest boots from that stands on the host's own disk.
_BOOT_FILES = ("kernel", "ramdisk")
#: What Xen needs there beside the guest's memory, MiB.
_OVERHEAD_MIB = 24
_NETWORK_FSTYPES = ("nfs", "nfs4", "ceph", "glusterfs", "ocfs2", "gfs2", "cifs", "lustre", "fuse.glusterfs")


@dataclass(frozen=True, slots=True)
class Answer:
    """One thing that was looked at; `ok` None where it cannot be told from here."""

    ok: bool | None
    says: str

    @property
    def line(self) -> str:
        """As it is listed."""
        return f"{ {True: 'ok', False: 'BAD', None: '?'}[self.ok]:4}{self.says}"


def movable(site: Site, name: str) -> Domain:
    """The guest of that name. Raises GuestError where there is none that can be moved by xl."""
    domain = site.snapshot.domain(name)
    if domain is not None and domain.is_dom0:
        raise GuestError("Domain-0 is the host itself and cannot be moved.")
    if domain is None or not domain.state.up:
        state = f"is {domain.state.said}" if domain is not None else "is not there"
        raise GuestError(f"{name} {state}: only a guest that runs can be moved live.")
    if domain.libvirt_owns:
        raise GuestError(f"{name} is libvirt's: virsh migrate moves it, and xl must not.")
    return domain


def passes(answers: Sequence[Answer]) -> bool:
    """Nothing stands against it."""
    return all(answer.ok is not False for answer in answers)


def check_each(site: Site, names: Sequence[str], there: Host) -> Iterator[tuple[str, list[Answer] | GuestError]]:
    """`check` of several that are to go one after the other; the error where there is no such guest to move."""
    before_mib = 0
    for name in names:
        try:
            answers = check(site, name, there, before_mib=before_mib)
        except GuestError as error:
            yield name, error
            continue
        if passes(answers):
            before_mib += _needed(movable(site, name))
        yield name, answers


def check(site: Site, name: str, there: Host, *, before_mib: int = 0) -> list[Answer]:
    """All answers, in the order of their asking; the last one is bad where a host went away meanwhile. `before_mib` is
    the memory of those that go there before it.

    Raises GuestError where there is no such guest to move.
    """
    domain, answers = movable(site, name), list[Answer]()
    try:
        for answer in _answers(site.host, domain, there, before_mib):
            answers.append(answer)
    except (CommandError, HostError, OutputError) as error:
        return [*answers, Answer(False, str(error))]
    return [*answers, *_snapshots(site.host, name)]


def _ask(host: Host, argv: Sequence[str]) -> CommandRecord:
    """What a program there says, whatever its status. Raises HostError where it is the host that gives no answer: that
    is no "no"."""
    try:
        done = host.run(argv, deadline=_DEADLINE, record=False, check=False)
    except CommandError as error:
        raise HostError(f"{host.name} does not answer any more ({error.headline}).") from error
    if done.status == _SSH_FAILED:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["the connection is gone"]
        raise HostError(f"{host.name} does not answer any more ({printable(lines[-1].strip())}).")
    return done


def _snapshots(here: Host, name: str) -> Iterator[Answer]:
    """They cannot go along: memory and disks of a snapshot are files of this host."""
    try:
        count = 0 if here.is_remote else len(tree.load(here, name).snapshots)
    except GuestError:
        return
    if count:
        what = "a snapshot, which stays" if count == 1 else f"{count} snapshots, which stay"
        yield Answer(None, f"It has {what} on {here.name}: of use when it is back.")


def _needed(domain: Domain) -> int:
    return (domain.memory_mib or 0) + _OVERHEAD_MIB


def _answers(here: Host, domain: Domain, there: Host, before_mib: int) -> Iterator[Answer]:
    try:
        info = parse_info(there.run(["xl", "info"], deadline=_DEADLINE, record=False).stdout)
    except (CommandError, OutputError) as error:
        yield Answer(False, f"xl does not answer on {there.name}: {error}")
        return
    yield Answer(True, f"ssh reaches {there.name}, and xl answers there.")
    if not here.is_demo:
        yield _ssh_from_here(here, there)
    own = parse_info(here.run(["xl", "info"], deadline=_DEADLINE, record=False).stdout)
    yield _same("Xen", own.get("xen_version", "?"), info.get("xen_version", "?"), there.name)
    yield _cpu(own, info, there.name)
    if domain.type == "pv" and "shadow" not in own.get("virt_caps", "").split():
        # Its pages are watched by shadow page tables; of other guests by the CPU's own (HAP).
        yield Answer(False, f"Xen on {here.name} has no shadow paging (Debian builds none), which moving a PV guest"
                     f" while it runs needs. It can be saved, and restored on {there.name} from a copy of the file; or"
                     f" made a PVH guest: xentui retype {shlex.quote(domain.name)} pvh")  # fmt: skip
    if domain.type in ("pvh", "hvm"):
        able = "hvm" in info.get("virt_caps", "").split()
        yield Answer(able, f"{there.name} {'runs' if able else 'runs no'} {domain.type} guests.")
    needed, free = _needed(domain), int(info.get("free_memory", "0") or 0)
    others = f", beside {before_mib} for those before it" if before_mib else ""
    yield Answer(free >= needed + before_mib, f"{free} MiB are free there, {needed} are needed{others}.")
    yield _name_free(there, domain.name)
    if _has(there, f"{domain.name}--incoming"):
        left = f"{domain.name}--incoming"
        yield Answer(False, f"{left}, a copy that another move left, stands on {there.name}:"
                     f" xl destroy {shlex.quote(left)} there.")  # fmt: skip
    for bridge in sorted({interface.bridge for interface in domain.interfaces if interface.bridge}):
        found = _there(there, f"/sys/class/net/{bridge}/bridge", folder=True)
        yield Answer(found, f"The bridge {bridge} is {'there' if found else f'not on {there.name}'}.")
    for disk in domain.disks:
        if disk.target:
            yield _disk(here, there, disk.target, writable=disk.writable)
    yield from _boot_files(here, there, domain.config_file)


def _ssh_from_here(here: Host, there: Host) -> Answer:
    """xl opens a connection of its own, as root, and cannot be asked for a password; and a name that is one host's
    here may be another's there."""
    target = there.address
    argv = ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "--", target, f"cat {_BOOT_ID}"]
    done = here.run(argv, deadline=_DEADLINE, record=False, check=False)
    if not done.ok:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["it said nothing"]
        advice = f"root's ssh has to get there without a question, as by ssh-copy-id {target}"
        return Answer(False, f"On {here.name}, ssh {target} fails ({lines[-1].strip()}): {advice}")
    found, wanted, own = done.stdout.strip(), _boot_id(there), _boot_id(here)
    if found == own:
        return Answer(False, f"ssh {target} leads to this host itself.")
    if found != wanted:
        return Answer(False, f"ssh {target} leads to another host from {here.name} than from this terminal.")
    return Answer(True, "ssh gets there without a password, as xl needs it.")


def _boot_id(host: Host) -> str:
    return _ask(host, ["cat", _BOOT_ID]).stdout.strip()


def _same(what: str, own: str, other: str, name: str) -> Answer:
    if own == other:
        return Answer(True, f"{what} is {own} on both.")
    return Answer(None, f"{what} is {own} here and {other} on {name}: moving to an older one is not supported.")


def _cpu(own: dict[str, str], other: dict[str, str], name: str) -> Answer:
    here, there = own.get("hw_caps", ""), other.get("hw_caps", "")
    if here == there:
        return Answer(True, "The CPUs have the same features.")
    missing = _missing(here, there)
    if missing:
        return Answer(False, f"The CPU of {name} lacks features of this one (hw_caps {there}): guests would crash.")
    return Answer(True, f"The CPU of {name} has all features of this one.")


def _missing(here: str, there: str) -> bool:
    """Whether a bit of the feature words is set here and not there."""
    words = zip(here.split(":"), there.split(":"), strict=False)
    try:
        return any(int(one, 16) & ~int(other, 16) for one, other in words)
    except ValueError:
        return True


def _has(host: Host, name: str) -> bool:
    return _ask(host, ["xl", "domid", name]).ok


def _name_free(there: Host, name: str) -> Answer:
    taken = _has(there, name)
    return Answer(not taken, f"{there.name} has {'a domain' if taken else 'no domain'} of that name.")


def _there(host: Host, path: str, *, folder: bool = False) -> bool:
    if host.is_demo:  # it has the bridges that its guests name
        return path.startswith("/sys/") or host.path(path).exists()
    return _ask(host, ["test", "-d" if folder else "-e", path]).ok


def _disk(here: Host, there: Host, target: str, *, writable: bool) -> Answer:
    if not _there(there, target):
        return Answer(False, f"{target} is not on {there.name}.")
    if here.is_demo and here.path(target).samefile(there.path(target)):
        return Answer(True, f"{target} is there, on a shared file system (as over nfs).")
    if target.startswith("/dev/"):
        one, other = _serial(here, target), _serial(there, target)
        if one and one == other:
            return Answer(True, f"{target} is the same disk on both (WWN {one}).")
        if one and other and writable:
            return Answer(False, f"{target} is another disk there (WWN {other}, here {one}).")
        return Answer(None, f"{target} is there, too; whether it is the same disk cannot be told.")
    kinds = {_fstype(host, str(PurePosixPath(target).parent)) for host in (here, there)}
    if len(kinds) == 1 and kinds <= set(_NETWORK_FSTYPES):
        return Answer(True, f"{target} is there, on a shared file system ({kinds.pop()}).")
    if not writable:
        return Answer(None, f"{target} is there, on a file system of its own; it has to have the same content.")
    return Answer(False, f"{target} is another file there: it is on no file system that the hosts share.")


def _boot_files(here: Host, there: Host, config_file: str | None) -> Iterator[Answer]:
    """What its configuration boots from; a move does not need it, the next start there does."""
    if config_file is None:
        yield Answer(None, "No configuration file of it is known: none can go with it.")
        return
    try:
        config = parse(here.read(config_file).decode("utf-8", "surrogateescape"), config_file)
        files = [file for key in _BOOT_FILES if (file := config.string(key))]
    except (HostError, ConfigError) as error:
        yield Answer(None, f"Its configuration cannot be read, and will not go with it: {error}")
        return
    for file in files:
        if file.startswith("/") and not _there(there, file):
            yield Answer(None, f"{file}, which it boots from, is not on {there.name}: it could not be started there.")


def _fstype(host: Host, path: str) -> str:
    done = _ask(host, ["findmnt", "--json", "--target", path, "-o", "FSTYPE"])
    try:
        return str(json.loads(done.stdout)["filesystems"][0]["fstype"])
    except (ValueError, KeyError, IndexError, TypeError):
        return "?"


def _serial(host: Host, device: str) -> str:
    return _ask(host, ["lsblk", "--nodeps", "--noheadings", "-o", "WWN", device]).stdout.strip()
