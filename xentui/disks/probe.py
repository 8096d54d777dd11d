"""Reading what disks a host has, and who uses them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from xentui.disks import direct, files
from xentui.disks.device import Device, Disks, GuestDisk, Kind, Use, UseKind
from xentui.disks.direct import Content
from xentui.disks.images import Found, add_images, find_images
from xentui.disks.inside import DEADLINE, add_content, add_free, look_inside
from xentui.disks.lvm import VolumeGroup, parse_report
from xentui.disks.sources import LVM_MEMBER, Sources, read_lvm, read_sources
from xentui.disks.tree import Tree, add_lsblk
from xentui.disks.usage import Uses, add_guests, add_layers, add_mounts, add_other_systems, add_swaps, target_path
from xentui.host import Host


def probe(host: Host, guest_disks: Iterable[GuestDisk] = (), images: Iterable[str] = ()) -> Disks:
    """All block devices of `host`, the images that guests and loop devices use, and those in `images`.

    Blocks; call it in a worker. Never raises: what cannot be read is a sentence in `problems`. Of the demo
    only images are seen: the block devices are this machine's, not the demo's.
    """
    if not host.has_toolstack:
        only = f"Only libvirt can be reached at {host.name}: it does not tell of the disks there."
        return Disks(problems=(only,), blind=(only,))
    guests = list(guest_disks)
    direct_too = not host.is_demo and not host.is_remote
    sources = Sources() if host.is_demo else read_sources(host)
    tree, groups = _tree(sources)
    contents = _look_inside(tree, sources) if direct_too else {}
    signatures = [content.signature for content in contents.values() if content.signature is not None]
    if not sources.lvm and any(signature.fstype == LVM_MEMBER for signature in signatures):
        read_lvm(host, sources)
        tree, groups = _tree(sources)
    for path, content in contents.items():
        add_content(tree, path, content)
    read = set(contents)
    found = _find_images(host, sources, guests, images)
    add_images(tree, found)
    _link_loops(tree, sources, found)
    read |= _look_into_images(tree, found)
    add_free(tree, host, read)
    uses = Uses(tree)
    add_mounts(uses, sources.mounts)
    add_swaps(uses, sources.swaps)
    add_layers(uses, groups, sources.mdstat, all_groups=sources.lvm_whole)
    add_guests(uses, guests, found)
    _name_images(uses, found)
    add_other_systems(uses)
    disks = Disks(tree.finished(), uses.finished(), tuple(sources.problems), tuple(sources.blind))
    return _with_claims(disks) if direct_too else disks


def _tree(sources: Sources) -> tuple[Tree, list[VolumeGroup] | None]:
    groups = parse_report(sources.lvm) if sources.lvm_known else None
    tree = Tree()
    add_lsblk(tree, sources.lsblk, groups)
    return tree, groups


def _look_inside(tree: Tree, sources: Sources) -> dict[str, Content]:
    try:
        return look_inside(tree)
    except TimeoutError:
        sources.problems.append("What lies on the disks could not be read in time: one of them does not answer.")
        return {}


def locate(host: Host, disks: Disks, path: str) -> Device | None:
    """The device that `path` leads to, whatever it is called: /dev/disk/by-id/..., a link, another name of a file."""
    device = disks.find(path)
    if device is None:
        place = files.look_up(host, [path]).get(path)
        if place is not None:
            device = disks.find(place.number if place.is_block else place.path)
    return device


def _find_images(host: Host, sources: Sources, guests: Sequence[GuestDisk], images: Iterable[str]) -> Found:
    wanted: dict[str, str | None] = dict.fromkeys(images)
    wanted.update((target_path(disk), disk.format) for disk in guests if disk.target)
    looped = {file for loop in sources.loops if (file := _backing_file(loop)) is not None}
    if not wanted and not looped:
        return Found()
    try:
        return direct.within(DEADLINE, lambda: find_images(host, wanted.items(), looped))
    except TimeoutError:
        sources.cannot_tell("The guests' disks could not be looked at in time: a file system does not answer.")
        return Found()


def _backing_file(loop: dict[str, Any]) -> str | None:
    return str(loop.get("back-file") or "") or None


def _link_loops(tree: Tree, sources: Sources, found: Found) -> None:
    for loop in sources.loops:
        device, file = tree.find(str(loop.get("name"))), _backing_file(loop)
        if device is None or file is None:
            continue
        tree.change(device.path, backing_file=file)
        place = found.places.get(file)
        if place is not None:
            image = tree.find(place.number if place.is_block else place.path)
            if image is not None and image.path != device.path:
                tree.link(image.path, device.path)


def _look_into_images(tree: Tree, found: Found) -> set[str]:
    read = set()
    for image in found.images.values():
        path = image.place.path
        if not any(child.kind is Kind.LOOP for child in tree.children(path)):  # that one shows what is inside
            add_content(tree, path, image.content)
            read.add(path)
    return read


def _name_images(uses: Uses, found: Found) -> None:
    """A mounted file system says which guests' disks lie on it."""
    holders: dict[str, set[str]] = {}
    for image in found.images.values():
        for use in uses.by_path.get(image.place.path, ()):
            if use.kind in (UseKind.GUEST_RUNNING, UseKind.GUEST_SAVED, UseKind.GUEST_DEFINED):
                holders.setdefault(image.place.number, set()).add(use.holder)
    for number, names in holders.items():
        device = uses.tree.find(number)
        if device is None:
            continue
        detail = f"with disks of {', '.join(sorted(names))}"
        uses.by_path[device.path] = [
            Use(use.kind, use.holder, detail, use.blocking) if use.kind is UseKind.MOUNTED else use
            for use in uses.by_path.get(device.path, ())
        ]


def _with_claims(disks: Disks) -> Disks:
    """Ask the kernel about what nobody seems to use: somebody may hold it whom no tool names."""
    idle = [
        device.path
        for device in disks.devices
        if device.number and device.kind not in (Kind.ROM, Kind.VG) and not device.removable
        if not disks.conflicts(device)
    ]
    try:
        taken = direct.within(DEADLINE, lambda: direct.claimed(idle))
    except TimeoutError:
        sentence = "Whether disks are claimed could not be asked in time: one of them does not answer."
        return Disks(disks.devices, disks.used, (*disks.problems, sentence), (*disks.blind, sentence))
    used = dict(disks.used)
    for path in taken:
        # A whole disk is claimed when a part of it is: the part says more.
        device = disks.find(path)
        if device is not None and not any(below.path in taken for below in disks.below(device)):
            use = Use(UseKind.EXCLUSIVE, "something that no tool names", "a file system of a container, say")
            used[path] = (*used.get(path, ()), use)
    return Disks(disks.devices, used, disks.problems, disks.blind)
