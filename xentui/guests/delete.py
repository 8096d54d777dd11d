"""Taking a guest away: what was made for it, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xentui.domains.autostart import Autostart
from xentui.domains.domain import Domain, State
from xentui.domains.toolstack import ToolstackError
from xentui.guests import manifest
from xentui.guests.change import kept_of
from xentui.guests.errors import GuestError
from xentui.guests.files import shown_size, used_bytes
from xentui.guests.manifest import Made, Manifest
from xentui.guests.saves import saves
from xentui.guests.site import Site
from xentui.guests.snapshots.guest import delete as delete_snapshot
from xentui.guests.snapshots.tree import load as load_tree
from xentui.guests.snapshots.tree import remove_empty


@dataclass(frozen=True, slots=True)
class Deletion:
    """What will be removed, and what will be left although the guest uses it."""

    guest: Manifest
    things: tuple[Made, ...]
    sizes: tuple[int, ...]
    kept: tuple[str, ...]
    snapshots: tuple[str, ...] = ()
    #: Why it cannot be done now, in sentences.
    hindrances: tuple[str, ...] = ()

    def check(self) -> None:
        """Raises GuestError if it cannot be done now."""
        if self.hindrances:
            raise GuestError(self.hindrances[0])

    def describe(self) -> list[str]:
        """All of it in lines for the user."""
        if not self.things and not self.snapshots:
            return [f"Of {self.guest.name} there is nothing left but its manifest, {self.guest.path}."]
        lines = [f"Of {self.guest.name} these will be removed for good:"]
        lines += [f"  snapshot {snapshot}" for snapshot in self.snapshots]
        for thing, size in zip(self.things, self.sizes, strict=True):
            lines.append(f"  {thing}" + (f" ({shown_size(size)})" if size >= 1 << 20 else ""))
        return lines + [f"  (left alone: {path})" for path in self.kept]


def to_delete(site: Site, name: str) -> Deletion:
    """What belongs to the guest, whether it can be deleted now or not. Raises GuestError if xentui did not make it."""
    site.check_local()
    domain = site.snapshot.domain(name)
    if domain is not None and domain.is_dom0:
        raise GuestError(f"{name} is this machine itself; it cannot be deleted.")
    guest = manifest.load(site.host, name)
    if guest is None:
        if domain is None:
            raise GuestError(f"There is no guest {name}: see xentui list")
        where = domain.config_file or "libvirt's definition"
        raise GuestError(
            f"{name} was not made by xentui create, so nobody knows what belongs to it. Its configuration is {where}:"
            " remove that and its disks yourself."
        )
    for beside in kept_of(guest.config) if guest.config else ():
        if site.exists(beside):
            guest.made.append(Made("file", beside))
    if (entry := Autostart(site.host).entries().get(guest.config)) and Made("link", entry) not in guest.made:
        guest.made.append(Made("link", entry))  # it was made, or given its place, later
    things = manifest.present(site.host, guest.made)
    hindrances = [*_still_there(domain)]
    for thing in things:
        if thing.kind in ("file", "volume") and thing.path != guest.config:
            hindrances += _others(site, thing.path, name)
    mine = {thing.path for thing in things}
    disks = domain.disks if domain is not None else ()
    kept = tuple(disk.target for disk in disks if disk.target and disk.target not in mine)
    # Memory that it has run on from: of no use without it, but nobody said that it may go.
    kept += tuple(f"{save.guest.path}, saved memory" for save in saves(site.host, name) if not save.current)
    sizes = tuple(0 if thing.kind == "volume" else used_bytes(site.host.path(thing.path)) for thing in things)
    taken = tuple(snapshot.id for snapshot in reversed(load_tree(site.host, name).snapshots))
    return Deletion(guest, tuple(reversed(things)), tuple(reversed(sizes)), kept, taken, tuple(hindrances))


def carry_out(site: Site, deletion: Deletion) -> None:
    """Remove it. What could not be removed stays in the manifest. Raises GuestError naming it."""
    deletion.check()
    guest, left = deletion.guest, []
    for snapshot in deletion.snapshots:
        delete_snapshot(site, guest.name, snapshot)
    if guest.config:
        try:
            Autostart(site.host).set(guest.config, False)
        except ToolstackError as error:
            left.append(str(error))
    for thing in deletion.things:
        try:
            manifest.remove(site.host, thing)
            guest.made.remove(thing)
        except GuestError as error:
            left.append(str(error))
    if left:
        guest.complete = False
        guest.save(site.host)
        raise GuestError(f"Not all of {guest.name} could be removed: {'; '.join(left)}")
    remove_empty(site.host, guest.name)
    manifest.remove(site.host, Made("file", guest.path))


def _still_there(domain: Domain | None) -> Iterator[str]:
    if domain is not None and domain.state.alive:
        yield f"{domain.name} is {domain.state.said}: shut it down first."
    if domain is not None and domain.state is State.SAVED:
        yield (
            f"{domain.name} is saved in {domain.save_file}: restore it, or discard that memory (F in the table, or"
            f" xentui saved --discard {domain.name})."
        )
    if domain is not None and domain.libvirt_owns:
        yield f"{domain.name}: {domain.leave_to_xl}"


def _others(site: Site, path: str, name: str) -> Iterator[str]:
    for user in site.users(path, but=name):
        first = f"Take it out of {user.guest}'s configuration first."
        if user.layer:
            first = f"Delete {user.guest} first, or make that image whole (qemu-img convert)."
        yield f"{path}: {user.guest} {user.how}, too. {first}"
