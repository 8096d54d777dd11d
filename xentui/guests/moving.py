"""Can a running guest be moved to another host? Everything that a live migration needs is asked of both, nothing is
changed. The move itself is xl's: ``xl migrate NAME HOST``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from xentui.domains.domain import Domain
from xentui.domains.xl_output import parse_info
from xentui.guests.errors import GuestError
from xentui.guests.site import Site
from xentui.host import Host, SshHost
from xentui.subprocesses import CommandError

_DEADLINE = 30.0
#: What Xen needs there beside the guest's memory, MiB.
_OVERHEAD_MIB = 24
_NETWORK_FSTYPES = ("nfs", "nfs4", "ceph", "glusterfs", "ocfs2", "gfs2", "cifs", "lustre", "fuse.glusterfs")


@dataclass(frozen=True, slots=True)
class Answer:
    """One thing that was looked at; `ok` None where it cannot be told from here."""

    ok: bool | None
    says: str


def check(site: Site, name: str, there: SshHost) -> list[Answer]:
    """All answers, in the order of their asking. Raises GuestError where there is no such guest to move."""
    domain = site.snapshot.domain(name)
    if domain is None or not domain.state.up or domain.is_dom0:
        state = f"is {domain.state}" if domain is not None else "is not there"
        raise GuestError(f"{name} {state}: only a guest that runs can be moved live.")
    if domain.libvirt_owns:
        raise GuestError(f"{name} is libvirt's: virsh migrate moves it, and xl must not.")
    return list(_answers(site.host, domain, there))


def _answers(here: Host, domain: Domain, there: SshHost) -> Iterator[Answer]:
    try:
        info = parse_info(there.run(["xl", "info"], deadline=_DEADLINE, record=False).stdout)
    except CommandError as error:
        yield Answer(False, f"xl does not answer on {there.name}: {error.headline}")
        return
    yield Answer(True, f"ssh reaches {there.name}, and xl answers there.")
    yield _ssh_from_here(here, there)
    own = parse_info(here.run(["xl", "info"], deadline=_DEADLINE, record=False).stdout)
    yield _same("Xen", own.get("xen_version", "?"), info.get("xen_version", "?"), there.name)
    yield _cpu(own, info, there.name)
    if domain.type in ("pvh", "hvm"):
        able = "hvm" in info.get("virt_caps", "").split()
        yield Answer(able, f"{there.name} {'runs' if able else 'runs no'} {domain.type} guests.")
    needed, free = (domain.memory_mib or 0) + _OVERHEAD_MIB, int(info.get("free_memory", "0") or 0)
    yield Answer(free >= needed, f"{free} MiB are free there, {needed} are needed.")
    yield _name_free(there, domain.name)
    for bridge in sorted({interface.bridge for interface in domain.interfaces if interface.bridge}):
        found = _there(there, f"/sys/class/net/{bridge}/bridge", folder=True)
        yield Answer(found, f"The bridge {bridge} is {'there' if found else f'not on {there.name}'}.")
    for disk in domain.disks:
        if disk.target:
            yield _disk(here, there, disk.target, writable=disk.writable)


def _ssh_from_here(here: Host, there: SshHost) -> Answer:
    """xl opens a connection of its own, as root, and cannot be asked for a password."""
    target = there.target.removeprefix("ssh://")
    argv = ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", target, "true"]
    done = here.run(argv, deadline=_DEADLINE, record=False, check=False)
    if done.ok:
        return Answer(True, "ssh gets there without a password, as xl needs it.")
    return Answer(False, f"ssh {target} asks for a password, and xl cannot answer: ssh-copy-id {target}")


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


def _name_free(there: SshHost, name: str) -> Answer:
    done = there.run(["xl", "domid", name], deadline=_DEADLINE, record=False, check=False)
    return Answer(not done.ok, f"{there.name} has {'a domain' if done.ok else 'no domain'} of that name.")


def _there(host: Host, path: str, *, folder: bool = False) -> bool:
    argv = ["test", "-d" if folder else "-e", path]
    return host.run(argv, deadline=_DEADLINE, record=False, check=False).ok


def _disk(here: Host, there: SshHost, target: str, *, writable: bool) -> Answer:
    if not _there(there, target):
        return Answer(False, f"{target} is not on {there.name}.")
    if target.startswith("/dev/"):
        one, other = _serial(here, target), _serial(there, target)
        if one and one == other:
            return Answer(True, f"{target} is the same disk on both (WWN {one}).")
        return Answer(None, f"{target} is there, too; whether it is the same disk cannot be told.")
    kinds = {_fstype(host, str(PurePosixPath(target).parent)) for host in (here, there)}
    if len(kinds) == 1 and kinds <= set(_NETWORK_FSTYPES):
        return Answer(True, f"{target} is there, on a shared file system ({kinds.pop()}).")
    if not writable:
        return Answer(None, f"{target} is there, on a file system of its own; it has to have the same content.")
    return Answer(False, f"{target} is another file there: it is on no file system that the hosts share.")


def _fstype(host: Host, path: str) -> str:
    argv = ["findmnt", "--json", "--target", path, "-o", "FSTYPE"]
    done = host.run(argv, deadline=_DEADLINE, record=False, check=False)
    try:
        return str(json.loads(done.stdout)["filesystems"][0]["fstype"])
    except (ValueError, KeyError, IndexError, TypeError):
        return "?"


def _serial(host: Host, device: str) -> str:
    argv = ["lsblk", "--nodeps", "--noheadings", "-o", "WWN", device]
    return host.run(argv, deadline=_DEADLINE, record=False, check=False).stdout.strip()
