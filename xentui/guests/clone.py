"""A copy of a guest under another name: its disks copied, its identity new. Of one that is off, or from a snapshot."""

from __future__ import annotations

import re
import shlex
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from xentui.domains.domain import Domain, State
from xentui.guests import manifest
from xentui.guests.change import changed, parsed, read_config
from xentui.guests.errors import GuestError
from xentui.guests.files import below, used_bytes, write_file
from xentui.guests.manifest import Manifest
from xentui.guests.site import Site
from xentui.guests.snapshots.disks import there
from xentui.guests.snapshots.tree import GuestSnapshot, load
from xentui.guests.sources.busybox import renamed
from xentui.guests.spec import name_complaint, new_mac
from xentui.guests.volumes import TAG, told_of, volume_of
from xentui.guests.work import Step, Work
from xentui.xlcfg.diskspec import DiskSpec, DiskSpecError, parse_disk
from xentui.xlcfg.diskwriter import modern_disk

_DEADLINE = 4 * 3600.0
#: What only one guest can have.
_UNIQUE = ("vncdisplay",)


@dataclass(frozen=True, slots=True)
class Copy:
    """A disk or another file of the guest: where it stands, what is copied (a snapshot's file, say), and where to."""

    path: str
    source: str
    target: str
    kind: str  # file, volume
    #: The snapshot within the (qcow2) image that is copied, "" for the image as it is.
    inside: str = ""


@dataclass(frozen=True, slots=True)
class Clone:
    """A clone that can be made."""

    name: str
    copies: tuple[Copy, ...]
    config: str
    steps: tuple[Step, ...]
    #: Whether the guest ran when its disks were taken.
    ran: bool = False
    #: What the user is to know of it besides.
    remarks: tuple[str, ...] = ()

    @property
    def config_path(self) -> str:
        return f"/etc/xen/{self.name}.cfg"

    def describe(self) -> list[str]:
        """The plan in lines for the user."""
        lines = [f"Steps to make {self.name}:"]
        lines += [f"  {number}. {step.title}" for number, step in enumerate(self.steps, 1)]
        return [*lines, "", f"{self.config_path}:", *(f"  {line}" for line in self.config.splitlines())]


def plan(site: Site, name: str, new: str, *, folder: str = "", snapshot: str = "") -> Clone:
    """Think it through. Raises GuestError for all that stands in the way."""
    site.check_local()
    domain = _cloneable(site, name, snapshot)
    if (wrong := name_complaint(new)) is not None:
        raise GuestError(wrong)
    site.check_name(new)
    config_path = f"/etc/xen/{new}.cfg"
    if site.exists(config_path):
        raise GuestError(f"{config_path}: is there already; nothing is written over.")
    text = read_config(site.host, domain.config_file or "")
    taken = load(site.host, name).find(snapshot) if snapshot else None
    frozen, inside = _frozen(site, domain, taken)
    copies, settings = _disks(site, text, name, new, folder, frozen)
    copies = [replace(copy, inside=inside.get(copy.path, "")) for copy in copies]
    for copy in copies:
        if taken is not None and copy.path not in {**frozen, **inside} and domain.state is not State.OFF:
            raise GuestError(
                f"{copy.path}: {name} has had this disk only since {snapshot}, and is {domain.state.said}: a copy of it"
                " now would be torn. Shut it down, or clone it from a newer snapshot."
            )
    own = manifest.load(site.host, name)
    boot = [
        Copy(path, path, _renamed(path, name, new, folder), "file")
        for key in ("kernel", "ramdisk")
        if (path := parsed(text, "").string(key)) and own and any(made.path == path for made in own.made)
    ]
    copies += boot
    for copy in copies:
        if site.exists(copy.target):
            raise GuestError(f"{copy.target}: is there already; nothing is written over.")
    _check_room(site, copies)
    ran = taken is not None and bool(taken.memory and (frozen or inside))
    config = _config(text, name, new, settings, {copy.path: copy.target for copy in boot})
    steps = (*map(_copy_step, copies), _config_step(config_path, config))
    return Clone(new, tuple(copies), config, steps, ran, tuple(_remarks(domain, new)))


def _remarks(domain: Domain, new: str) -> Iterator[str]:
    if domain.libvirt_owns:
        yield (
            f"{new} is as {domain.config_file} says, and xl's: libvirt's own definition of {domain.name} was not looked"
            " at."
        )


def clone(site: Site, plan: Clone, work: Work) -> list[str]:
    """Make it; give what the user is to be told. Raises GuestError, and then nothing of it is left."""
    work.carry_out(plan.steps)
    work.guest.complete = True
    work.guest.save(site.host)
    pulled = "Its disks are those of a running system: it will start as after a power cut."
    return [
        *plan.remarks,
        *([pulled] if plan.ran else []),
        f"Inside, {plan.name} is still its origin: its host name, ssh host keys, machine id and fixed addresses are"
        " those of the copy. Change them before both run on one network.",
    ]


def work_for(site: Site, plan: Clone, name: str, **options: object) -> Work:
    """The work of making it; `options` as of `Work`."""
    return Work(site.host, Manifest(plan.name, f"clone of {name}", plan.config_path), **options)  # type: ignore[arg-type]


def _cloneable(site: Site, name: str, snapshot: str) -> Domain:
    domain = site.snapshot.domain(name)
    if domain is None:
        raise GuestError(f"There is no guest {name}: see xentui list")
    if domain.is_dom0:
        raise GuestError("Domain-0 is this machine itself; it cannot be cloned.")
    if domain.config_file is None:
        raise GuestError(f"No configuration file of {name} is known, so there is nothing to clone it by.")
    if domain.state.alive and not snapshot:
        raise GuestError(
            f"{name} is {domain.state.said}: a copy of its disks now would be torn. Shut it down, or clone it from a"
            " snapshot (--snapshot)."
        )
    if domain.state is State.SAVED and not snapshot:
        raise GuestError(f"{name} is saved: its disks are in the middle of something. Restore it and shut it down.")
    return domain


def _frozen(site: Site, domain: Domain, taken: GuestSnapshot | None) -> tuple[dict[str, str], dict[str, str]]:
    """By the disks' own places, where they are as they were at the snapshot: the files and volumes, and the names of
    snapshots within images."""
    if taken is None:
        return {}, {}
    if not taken.complete:
        raise GuestError(f"{taken.id} was never taken to its end: delete it.")
    for part in taken.disks:
        if part.kind == "qcow2" and domain.state.alive:
            raise GuestError(
                f"{part.target}: a snapshot within an image cannot be copied while the guest changes it. Shut"
                f" {domain.name} down first."
            )
        if not there(site.host, part):
            raise GuestError(f"{part.place}: is gone, so nothing can be cloned from {taken.id}.")
    frozen = {part.target: part.place for part in taken.disks if part.kind != "qcow2"}
    return frozen, {part.target: part.place for part in taken.disks if part.kind == "qcow2"}


def _disks(
    site: Site, text: str, name: str, new: str, folder: str, frozen: Mapping[str, str]
) -> tuple[list[Copy], list[str]]:
    """What is copied, and the clone's disks as settings."""
    copies: list[Copy] = []
    settings: list[str] = []
    for item in parsed(text, name).strings("disk"):
        try:
            disk = parse_disk(item)
        except DiskSpecError as error:
            raise GuestError(f"{name}: a disk: {error}") from error
        if not disk.writable or not disk.target:
            settings.append(item)
            continue
        copy = _copy_of(site, disk, name, new, folder, frozen.get(disk.target, disk.target))
        if any(copy.target == other.target for other in copies):
            raise GuestError(f"{copy.target}: two disks would be copied there.")
        copies.append(copy)
        disk.target = copy.target
        disk.prefixes.clear()
        settings.append(modern_disk(disk))
    return copies, settings


def _copy_of(site: Site, disk: DiskSpec, name: str, new: str, folder: str, source: str) -> Copy:
    target = disk.target or ""
    path = site.host.path(source)
    for user in site.users(target, but=name) if source == target else ():
        if user.runs and user.writes:
            raise GuestError(f"{target}: {user.guest} {user.how}; a copy of it now would be torn.")
    if path.is_file():
        return Copy(target, source, _renamed(target, name, new, folder), "file")
    if path.is_block_device() or target.startswith("/dev/"):
        group, _volume = volume_of(site.host, source)
        base = PurePosixPath(target).name
        return Copy(target, source, f"/dev/{group}/{_new_name(base, name, new)}", "volume")
    raise GuestError(f"{source}: is not there.")


def _check_room(site: Site, copies: list[Copy]) -> None:
    files = [(copy.target, used_bytes(site.host.path(copy.source))) for copy in copies if copy.kind == "file"]
    site.check_room(files, "Make room there, or name another place for the copies (--dir).")
    needed: dict[str, int] = {}
    for copy in copies:
        if copy.kind == "volume":
            group, volume = volume_of(site.host, copy.path)
            size = told_of(site.host, group, volume, "lv_size")
            needed[group] = needed.get(group, 0) + (int(float(size[0])) if size else 0)
    for group, size_of_all in needed.items():
        site.check_group_room(group, size_of_all)


def _renamed(path: str, name: str, new: str, folder: str) -> str:
    """The clone's place for a file: the new name where the old one stands in it."""
    place = PurePosixPath(path)
    return below(folder or str(place.parent), _new_name(place.name, name, new))


def _new_name(base: str, name: str, new: str) -> str:
    whole = re.compile(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])")
    return whole.sub(new, base, count=1) if whole.search(base) else f"{new}-{base}"


def _config(text: str, name: str, new: str, disks: list[str], boot: Mapping[str, str]) -> str:
    config = parsed(text, name)
    changes: dict[str, str | int | list[str] | None] = {"name": new, "uuid": str(uuid.uuid4())}
    if disks:
        changes["disk"] = disks
    if vifs := config.strings("vif"):
        changes["vif"] = [_new_vif(vif) for vif in vifs]
    for key in ("kernel", "ramdisk"):
        if (path := config.string(key)) in boot and path is not None:
            changes[key] = boot[path]
    for key in _UNIQUE:
        if config.value(key) is not None:
            changes[key] = None
    if (line := config.string("cmdline")) and (other := renamed(line, name, new)) != line:
        changes["cmdline"] = other
    return changed(text, changes, f"The configuration of {new}")


def _new_vif(text: str) -> str:
    """The same interface with an address of its own, and without the name that dom0's end had."""
    items = [item for item in text.split(",") if item.strip()]
    kept = [item for item in items if item.split("=")[0].strip() not in ("mac", "vifname")]
    return ",".join([f"mac={new_mac()}", *(item.strip() for item in kept)])


def _copy_step(copy: Copy) -> Step:
    return _volume_step(copy) if copy.kind == "volume" else _file_step(copy)


def _file_step(copy: Copy) -> Step:
    argv = ["cp", "--reflink=auto", "--sparse=always", "--preserve=mode,ownership", "--no-target-directory", "--"]
    if copy.inside:
        argv = ["qemu-img", "convert", "-f", "qcow2", "-O", "qcow2", "-l", f"snapshot.name={copy.inside}"]

    def do(work: Work) -> None:
        work.makes("file", copy.target)
        target = work.host.path(copy.target)
        target.parent.mkdir(parents=True, exist_ok=True)
        work.really([*argv, str(work.host.path(copy.source)), str(target)], deadline=_DEADLINE, growing=copy.target)

    what = f"{copy.source}{f' as it was at {copy.inside}' if copy.inside else ''}"
    return Step(f"Copy {what} to {copy.target}", do, (shlex.join([*argv, copy.source, copy.target]),))


def _volume_step(copy: Copy) -> Step:
    vg, lv = PurePosixPath(copy.target).parts[-2:]

    def do(work: Work) -> None:
        said = work.run(["blockdev", "--getsize64", copy.source], deadline=30).stdout.strip()
        work.makes("volume", copy.target)
        work.run(["lvcreate", "--yes", "--wipesignatures", "y", "--addtag", TAG, "-L", f"{said}b", "-n", lv, vg],
                 deadline=120)  # fmt: skip
        work.run(["dd", f"if={copy.source}", f"of={copy.target}", "bs=4M", "conv=fsync", "status=none"],
                 deadline=_DEADLINE)  # fmt: skip

    return Step(f"Copy {copy.source} to the new volume {copy.target}", do)


def _config_step(path: str, text: str) -> Step:
    def do(work: Work) -> None:
        work.makes("file", path)
        write_file(work.host, path, text)

    return Step(f"Write the configuration {path}", do)
