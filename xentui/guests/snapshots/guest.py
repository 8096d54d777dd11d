"""Taking, reverting to and deleting snapshots of a guest.

Of a running guest memory and disks are taken together: it is saved, its disks are taken while it does not exist, and it
is restored. Whatever fails after the save, the guest is restored.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from xentui.domains.domain import Disk, Domain, State
from xentui.domains.savefiles import SavedGuests, is_libvirts
from xentui.domains.toolstack import Toolstack, ToolstackError
from xentui.guests.errors import GuestError
from xentui.guests.files import exists, shown_size, used_bytes
from xentui.guests.site import Site
from xentui.guests.snapshots import disks
from xentui.guests.snapshots.tree import DiskPart, GuestSnapshot, Tree, folder, id_complaint, load
from xentui.host import HostError

Say = Callable[[str], None]
_MAKE_ROOM = "Make room there, by deleting an older snapshot, say."


@dataclass(frozen=True, slots=True)
class Taking:
    """A snapshot that can be taken: everything was looked at, nothing was done."""

    domain: Domain
    tree: Tree
    snapshot: GuestSnapshot
    #: The bytes that are written meanwhile, at most.
    size: int = 0

    @property
    def absence(self) -> str:
        """How long a running guest is away, as far as that can be said; "" for one that is off."""
        return f"{self.tree.name} is away while {shown_size(self.size)} are written." if self.snapshot.memory else ""

    def describe(self) -> list[str]:
        """What is done, in lines."""
        lines = [f"Save {self.domain.name} to {self.snapshot.memory}"] if self.snapshot.memory else []
        for part in self.snapshot.disks:
            how = {"copy": "copy to", "qcow2": "snapshot within the image, named", "volume": "LVM snapshot"}[part.kind]
            lines.append(f"{part.vdev} {part.target}: {how} {part.place}")
        return lines + ([f"Restore {self.domain.name}"] if self.snapshot.memory else [])


def prepare(site: Site, name: str, wanted: str, description: str = "") -> Taking:
    """Look at everything that a snapshot needs. Raises GuestError."""
    site.check_local()
    domain = _guest(site, name)
    tree = load(site.host, name)
    if (wrong := id_complaint(wanted)) is not None:
        raise GuestError(wrong)
    if any(one.id == wanted for one in tree.snapshots):
        raise GuestError(f"{name} has a snapshot {wanted} already: choose another name.")
    if domain.state.alive and not domain.state.up:
        raise GuestError(f"{name} is {domain.state.said}: unpause it or destroy it first.")
    if domain.state is State.SAVED:
        raise GuestError(f"{name} is saved in {domain.save_file or 'libvirt'}: restore it first.")
    parts = [disks.part_of(site, disk, wanted) for disk in _own_disks(domain)]
    memory = f"{folder(name)}/{wanted}.memory" if domain.state.up else ""
    rooms = [disks.room(site, part) for part in parts]
    if memory:
        rooms.append((memory, (domain.memory_mib or 0) << 20))
    site.check_room(rooms, _MAKE_ROOM)
    disks.check_groups(site, parts)
    if not parts and not memory:
        raise GuestError(f"{name} has no disk of its own and is off: there is nothing to take.")
    snapshot = GuestSnapshot(wanted, tree.current, time.time(), description, memory, False, parts)
    return Taking(domain, tree, snapshot, sum(size for _place, size in rooms))


def take(
    site: Site,
    taking: Taking,
    toolstack: Toolstack,
    say: Say = lambda _line: None,
    cancel: threading.Event | None = None,
) -> None:
    """Take the snapshot. Raises GuestError: then nothing of it is left, and a guest that ran, runs."""
    host, tree, snapshot = site.host, taking.tree, taking.snapshot
    tree.snapshots.append(snapshot)
    tree.save(host)
    host.path(folder(tree.name)).chmod(0o700)  # what is in a guest's memory is nobody else's business
    begun: list[DiskPart] = []
    try:
        if snapshot.memory:
            say(f"Saving {tree.name} ...")
            toolstack.save(taking.domain, snapshot.memory, cancel=cancel)
        try:
            for part in snapshot.disks:
                say(f"Taking {part.vdev} ...")
                disks.check_free(host, part)
                begun.append(part)
                disks.take(host, part, cancel)
        finally:
            if snapshot.memory:
                say(f"Restoring {tree.name} ...")
                _restore(toolstack, tree.name, snapshot.memory)
    except BaseException as error:
        _forget_failed(site, tree, snapshot, begun)
        if isinstance(error, ToolstackError):
            raise GuestError(error.headline, error.details) from error
        raise
    snapshot.complete = True
    tree.current = snapshot.id
    tree.save(host)


def _restore(toolstack: Toolstack, name: str, memory: str) -> None:
    try:
        toolstack.restore(memory)
    except ToolstackError as error:
        raise _LeftSavedError(
            f"{name} could not be restored: {error.headline} Its memory is in {memory}: xentui restore {memory}",
            error.details,
        ) from error


class _LeftSavedError(GuestError):
    """The guest's memory is in a file, and nowhere else."""


def _forget_failed(site: Site, tree: Tree, snapshot: GuestSnapshot, begun: list[DiskPart]) -> None:
    """Remove what was taken of it: by the name of a part that was not begun there may be somebody else's."""
    left = []
    snapshot.disks[:] = begun
    for part in begun:
        try:
            disks.remove(site.host, part)
        except GuestError as error:
            left.append(str(error))
    if _is_needed(site, snapshot.memory):
        tree.save(site.host)
        return  # the file of a guest that could not be restored stays, and the snapshot with it
    if snapshot.memory:
        with contextlib.suppress(OSError):
            site.host.path(snapshot.memory).unlink(missing_ok=True)
    if not left:
        tree.forget(snapshot)
    tree.save(site.host)


def _is_needed(site: Site, memory: str) -> bool:
    """Whether the file is all that is left of a guest's memory."""
    return bool(memory) and any(saved.path == memory for saved in SavedGuests(site.host).list())


@dataclass(frozen=True, slots=True)
class Reverting:
    """A guest that can be made what it was."""

    domain: Domain
    tree: Tree
    snapshot: GuestSnapshot

    def describe(self) -> list[str]:
        """What is lost and what will be, in lines."""
        lines = [f"{part.vdev} {part.target}: what is on it now is lost" for part in self.snapshot.disks]
        after = "and it runs on from there" if self.snapshot.memory else "and it stays off"
        return [*lines, f"{self.tree.name} becomes what it was at {self.snapshot.id}, {after}."]


def prepare_revert(site: Site, name: str, wanted: str) -> Reverting:
    """Look at everything that going back needs. Raises GuestError."""
    site.check_local()
    domain = _guest(site, name)
    tree = load(site.host, name)
    snapshot = tree.find(wanted)
    if not snapshot.complete:
        raise GuestError(f"{wanted} was never taken to its end: delete it.")
    if domain.state.alive:
        raise GuestError(f"{name} is {domain.state.said}: shut it down or destroy it first; what it does now is lost.")
    if domain.state is State.SAVED:
        where = f"{domain.save_file}: restore it, or remove that file" if domain.save_file else "libvirt: restore it"
        raise GuestError(f"{name} is saved in {where}, first.")
    now = {disk.target for disk in _own_disks(domain)}
    for part in snapshot.disks:
        if part.target not in now:  # by whatever name: another type of guest gives it another
            raise GuestError(f"{name} has no disk {part.vdev} at {part.target} any more, as it had at {wanted}.")
        if not disks.there(site.host, part):
            raise GuestError(f"{part.place}: is gone, so {wanted} cannot be gone back to.")
        for user in site.users(part.target, but=name):
            if user.layer:
                raise GuestError(f"{part.target}: {user.guest} {user.how}, and going back would ruin that.")
            if user.runs:
                raise GuestError(f"{part.target}: {user.guest} {user.how}, too: shut it down first.")
    if snapshot.memory and not exists(site.host, snapshot.memory):
        raise GuestError(f"{snapshot.memory}: is gone, so {wanted} cannot be gone back to.")
    _check_restorable(site, domain, snapshot)
    rooms = [(part.target, used_bytes(site.host.path(part.place))) for part in snapshot.disks if part.kind == "copy"]
    site.check_room(rooms, _MAKE_ROOM)
    return Reverting(domain, tree, snapshot)


def _check_restorable(site: Site, domain: Domain, snapshot: GuestSnapshot) -> None:
    """Raises GuestError where the guest's toolstack cannot read the memory that the other one has saved."""
    try:
        by_libvirt = bool(snapshot.memory) and is_libvirts(site.host, snapshot.memory)
    except HostError as error:
        raise GuestError(str(error)) from error
    if by_libvirt and not domain.libvirt_owns:
        raise GuestError(f"{snapshot.memory}: was saved by libvirt, which does not have {domain.name} any more.")
    if snapshot.memory and not by_libvirt and domain.libvirt_owns:
        raise GuestError(f"{snapshot.memory}: was saved by xl. {domain.leave_to_xl}")


def revert(site: Site, reverting: Reverting, toolstack: Toolstack, say: Say = lambda _line: None) -> None:
    """Go back. Raises GuestError; which disks are back then stands in it."""
    tree, snapshot = reverting.tree, reverting.snapshot
    back: list[DiskPart] = []
    try:
        for part in snapshot.disks:
            say(f"Reverting {part.vdev} ...")
            disks.revert(site.host, part)
            back.append(part)
    except GuestError as error:
        if back:
            names = ", ".join(part.vdev for part in back)
            raise GuestError(
                f"{error.headline} {names} went back already: revert again before {tree.name} is started.",
                error.details,
            ) from error
        raise
    tree.current = snapshot.id
    tree.save(site.host)
    if snapshot.memory:
        say(f"Restoring {tree.name} ...")
        try:
            toolstack.restore(snapshot.memory)
        except ToolstackError as error:
            raise GuestError(f"The disks are back; {error.headline}", error.details) from error


def delete(site: Site, name: str, wanted: str) -> None:
    """Take a snapshot away; those that were taken after it stay. Raises GuestError."""
    site.check_local()
    tree = load(site.host, name)
    snapshot = tree.find(wanted)
    if _is_needed(site, snapshot.memory):
        raise GuestError(f"{snapshot.memory}: is all that is left of {name}'s memory: restore it first.")
    domain = site.snapshot.domain(name)
    if domain is not None and domain.state.alive and any(part.kind == "qcow2" for part in snapshot.disks):
        raise GuestError(f"{name} is {domain.state.said}: a snapshot within an image in use cannot be deleted.")
    for part in list(snapshot.disks):
        disks.remove(site.host, part)
        snapshot.disks.remove(part)
        snapshot.complete = False
        tree.save(site.host)
    if snapshot.memory:
        try:
            site.host.path(snapshot.memory).unlink(missing_ok=True)
        except OSError as error:
            raise GuestError(f"{snapshot.memory}: cannot be removed: {error.strerror}") from error
    tree.forget(snapshot)
    tree.save(site.host)


def costs(site: Site, snapshot: GuestSnapshot) -> int | None:
    """The bytes that it takes; None where a part of it cannot be told."""
    total = used_bytes(site.host.path(snapshot.memory)) if snapshot.memory else 0
    for part in snapshot.disks:
        one = disks.cost(site.host, part)
        if one is None:
            return None
        total += one
    return total


def listing(site: Site, tree: Tree) -> list[str]:
    """The tree in lines: name, when, what is in it, what it costs."""
    lines = []
    for depth, one in tree.rows():
        mark = "*" if one.id == tree.current else " "
        cost = costs(site, one)
        what = "disks and memory" if one.memory else "disks"
        size = shown_size(cost) if cost is not None else "within the image"
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(one.taken))
        state = "" if one.complete else "  (not complete: delete it)"
        note = f"  {one.description}" if one.description else ""
        lines.append(f"{mark} {'  ' * depth}{one.id}  {when}  {what}  {size}{state}{note}")
    return lines


def _guest(site: Site, name: str) -> Domain:
    domain = site.snapshot.domain(name)
    if domain is None:
        raise GuestError(f"There is no guest {name}: see xentui list")
    if domain.is_dom0:
        raise GuestError("Domain-0 is this machine itself; it has no snapshots here.")
    if "/" in name or name in (".", ".."):
        raise GuestError(f"Snapshots are kept under the guest's name, and {name!r} is no name of a folder: rename it.")
    return domain


def _own_disks(domain: Domain) -> list[Disk]:
    """The disks that it writes to."""
    return [replace(disk) for disk in domain.disks if disk.writable and not disk.cdrom and disk.target]
