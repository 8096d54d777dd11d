"""`xentui clone`, `rename`, `snapshot`, `saved` and `autostart`."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from xentui.guests.cli import Opener, cancelled_by_signals, complain, confirmed, refuse_read_only, say, told
from xentui.guests.errors import GuestError
from xentui.subprocesses import printable

if TYPE_CHECKING:
    from xentui.domains.inventory import Inventory
    from xentui.guests.site import Site

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

_DONE, _FAILED = 0, 1


def add_parsers(verbs: Subparsers, opener: Opener) -> None:
    """Add the verbs that change guests and copy them."""
    text = "copy a guest that is off, or from a snapshot: disks, configuration, a new identity"
    clone = verbs.add_parser("clone", help=text, description=text)
    clone.add_argument("name", metavar="NAME")
    clone.add_argument("new", metavar="NEW")
    clone.add_argument("--snapshot", metavar="SNAPSHOT", default="", help="copy its disks as they were then")
    clone.add_argument("--dir", metavar="DIR", default="", help="the folder for the copies (that of the originals)")
    clone.add_argument("--dry-run", action="store_true", help="show the steps and the configuration, make nothing")
    clone.set_defaults(verb_function=lambda args: _clone(args, opener))

    text = "give a guest another name, with its configuration; also while it runs"
    rename = verbs.add_parser("rename", help=text, description=text)
    rename.add_argument("name", metavar="NAME")
    rename.add_argument("new", metavar="NEW")
    rename.set_defaults(verb_function=lambda args: _rename(args, opener))

    text = "make an HVM guest that is off a PVH or PV one, or back; what is on its disk is looked at first"
    retype = verbs.add_parser("retype", help=text, description=text)
    retype.add_argument("name", metavar="NAME")
    retype.add_argument("type", metavar="pvh|pv|hvm", choices=("pvh", "pv", "hvm"))
    retype.add_argument("--anyway", action="store_true", help="also where it will probably not boot so")
    retype.add_argument("--dry-run", action="store_true", help="show the new configuration, write nothing")
    retype.set_defaults(verb_function=lambda args: _retype(args, opener))

    text = "make a disk of a guest that is off larger, and an ext4 that fills it"
    resize = verbs.add_parser("resize", help=text, description=text)
    resize.add_argument("name", metavar="NAME")
    resize.add_argument("size", metavar="SIZE", help="the new size, as 8G, or what comes to it, as +2G")
    resize.add_argument("--disk", metavar="VDEV", default="", help="which one, as xvdb (the first)")
    resize.set_defaults(verb_function=lambda args: _resize(args, opener))

    text = "what is saved of guests, and in which files; only the newest goes with a guest's disks as they are"
    saved = verbs.add_parser("saved", help=text, description=text)
    saved.add_argument("--json", action="store_true", help="for scripts")
    saved.add_argument("--discard", metavar="FILE|NAME", help="remove a file: that memory is not wanted any more")
    saved.add_argument("--confirm", metavar="NAME", help="for scripts: the guest's name, instead of asking")
    saved.set_defaults(verb_function=lambda args: _saved(args, opener))

    text = "whether a guest starts with the host; without on or off, all that do, in their order"
    autostart = verbs.add_parser("autostart", help=text, description=text)
    autostart.add_argument("name", metavar="NAME", nargs="?")
    autostart.add_argument("state", metavar="on|off", nargs="?", choices=("on", "off"))
    autostart.add_argument("--place", metavar="N", type=int, help="start it as the Nth of all that do, from 1 on")
    autostart.set_defaults(verb_function=lambda args: _autostart(args, opener))
    _add_snapshot(verbs, opener)


def _add_snapshot(verbs: Subparsers, opener: Opener) -> None:
    text = "snapshots of a guest: its disks, and of a running one its memory with them"
    parser = verbs.add_parser("snapshot", help=text, description=text)
    own = parser.add_subparsers(dest="snapshot_verb", required=True, metavar="list|take|revert|delete")

    text = "the snapshots of a guest as a tree, and what they cost"
    listed = own.add_parser("list", help=text, description=text)
    listed.add_argument("name", metavar="NAME")
    listed.add_argument("--json", action="store_true", help="for scripts")
    listed.set_defaults(verb_function=lambda args: _snapshot_list(args, opener))

    text = "take one; a running guest is saved, its disks are taken, and it is restored"
    take = own.add_parser("take", help=text, description=text)
    take.add_argument("name", metavar="NAME")
    take.add_argument("snapshot", metavar="SNAPSHOT", help="its name")
    take.add_argument("--description", metavar="TEXT", default="")
    take.add_argument("--dry-run", action="store_true", help="show what would be done")
    take.set_defaults(verb_function=lambda args: _snapshot_take(args, opener))

    for verb, text, function in (
        ("revert", "make a guest that is off what it was then; what it is now is lost", _snapshot_revert),
        ("delete", "take one away; those taken after it stay", _snapshot_delete),
    ):
        one = own.add_parser(verb, help=text, description=text)
        one.add_argument("name", metavar="NAME")
        one.add_argument("snapshot", metavar="SNAPSHOT")
        one.add_argument("--confirm", metavar="NAME", help="for scripts: the guest's name once more, instead of asking")
        one.set_defaults(verb_function=lambda args, function=function: function(args, opener))


def _site(inventory: Inventory) -> Site:
    from xentui.guests.site import Site

    return Site(inventory.host, inventory.snapshot())


def _clone(args: argparse.Namespace, opener: Opener) -> int:
    from xentui.guests import clone

    refuse_read_only(args, "clone")
    with opener(args) as inventory:
        site = _site(inventory)
        plan = clone.plan(site, args.name, args.new, folder=args.dir, snapshot=args.snapshot)
        if args.dry_run:
            print("\n".join(map(printable, plan.describe())))
            return _DONE
        with cancelled_by_signals() as cancel, told():
            remarks = clone.clone(site, plan, clone.work_for(site, plan, args.name, say=say, cancel=cancel))
    print(f"Cloned {args.name} as {args.new}: {plan.config_path}")
    for line in remarks:
        print(printable(line))
    return _DONE


def _rename(args: argparse.Namespace, opener: Opener) -> int:
    from xentui.guests import rename

    refuse_read_only(args, "rename")
    with opener(args) as inventory:
        site = _site(inventory)
        plan = rename.plan(site, args.name, args.new)
        with told():
            rename.rename(site, plan, inventory.toolstack(plan.domain))
    print(f"{args.name} is {args.new} now: {plan.path}")
    return _DONE


def _retype(args: argparse.Namespace, opener: Opener) -> int:
    from xentui.guests import retype

    refuse_read_only(args, "retype")
    with opener(args) as inventory:
        site = _site(inventory)
        plan = retype.plan(site, args.name, args.type)
        for line in plan.remarks:
            print(printable(line))
        for line in plan.problems:
            print(f"xentui: {printable(line)}", file=sys.stderr)
        if args.dry_run:
            print("\n".join(map(printable, plan.text.splitlines())))
            return _DONE
        if plan.problems and not args.anyway:
            kind = retype.a_guest(args.type)
            raise GuestError(f"{args.name} would probably not boot as {kind}; --anyway does it anyway.")
        retype.retype(site, plan)
    print(f"{args.name} is {retype.a_guest(args.type)} now. Its configuration before is {plan.kept}")
    return _DONE


def _resize(args: argparse.Namespace, opener: Opener) -> int:
    from xentui.guests import resize

    refuse_read_only(args, "resize")
    with opener(args) as inventory:
        site = _site(inventory)
        plan = resize.plan(site, args.name, args.size, args.disk)
        # A signal half-way would stop a file system's resizing: they wait until it is done.
        with cancelled_by_signals(), told():
            remarks = resize.resize(site, plan)
    print(printable(plan.describe()))
    for line in remarks:
        print(printable(line))
    return _DONE


def _saved(args: argparse.Namespace, opener: Opener) -> int:
    from xentui.guests.saves import saves

    with opener(args) as inventory:
        if args.discard:
            return _discard(args, inventory)
        found = saves(inventory.host)
    if args.json:
        values = [
            {"name": save.guest.name, "file": save.guest.path, "saved": save.guest.mtime, "bytes": save.guest.size,
             "by": "libvirt" if save.guest.by_libvirt else "xl", "current": save.current}
            for save in found
        ]  # fmt: skip
        print(json.dumps(values, indent=1))
        return _DONE
    for save in found:
        print(f"{printable(save.guest.name)}  {save.describe()}  {printable(save.guest.path)}")
    if not found:
        print("No guest is saved.")
    return _DONE


def _discard(args: argparse.Namespace, inventory: Inventory) -> int:
    from xentui.guests.saves import discard, find

    refuse_read_only(args, "saved --discard")
    save = find(inventory.host, args.discard)
    name, path = save.guest.name, save.guest.path
    print(f"{printable(name)}  {save.describe()}  {printable(path)}")
    if not confirmed(args, f"Discard this memory of {printable(name)}?", name):
        return complain(f"{printable(path)}: not removed", _FAILED)
    discard(inventory.host, save)
    print(f"Discarded {printable(path)}.")
    return _DONE


def _autostart(args: argparse.Namespace, opener: Opener) -> int:
    from xentui.domains.autostart import FOLDER, Autostart

    with opener(args) as inventory:
        if args.name is None:
            return _autostarted(inventory)
        if args.state is None and args.place is None:
            return complain("say whether: xentui autostart NAME on|off, or when: --place N", 2)
        if args.place is not None and (args.state == "off" or args.place < 1):
            return complain("--place is a number from 1 on, of a guest that starts with the host", 2)
        refuse_read_only(args, "autostart")
        domain = inventory.snapshot().domain(args.name)
        if domain is None:
            raise GuestError(f"There is no guest {args.name}: see xentui list")
        if args.state is not None:
            inventory.toolstack(domain).set_autostart(domain, args.state == "on")
        if args.place is not None:
            if domain.config_file is None or domain.libvirt_owns:
                raise GuestError(f"{domain.name} is not started by a link in {FOLDER}: it has no place among those.")
            Autostart(inventory.host).place(domain.config_file, args.place)
            return _autostarted(inventory)
    return _DONE


def _autostarted(inventory: Inventory) -> int:
    if inventory.xl is None:
        raise GuestError("Only xl's guests are started by links that can be listed.")
    names = {domain.config_file: domain.name for domain in inventory.snapshot().domains}
    entries = inventory.xl.autostart.entries()
    for number, config in enumerate(inventory.xl.autostart.order(), 1):
        print(f"{number:3}  {printable(names.get(config, '?'))}  {printable(entries[config])}")
    return _DONE


def _snapshot_list(args: argparse.Namespace, opener: Opener) -> int:
    from xentui.guests.snapshots import guest
    from xentui.guests.snapshots.tree import load

    with opener(args) as inventory:
        site = _site(inventory)
        site.check_local()
        tree = load(inventory.host, args.name)
        if site.snapshot.domain(args.name) is None and not tree.snapshots:  # they may have outlived it
            raise GuestError(f"There is no guest {args.name}: see xentui list")
        if args.json:
            values = [
                {"id": one.id, "parent": one.parent or None, "taken": one.taken, "description": one.description,
                 "memory": bool(one.memory), "complete": one.complete, "bytes": guest.costs(site, one),
                 "current": one.id == tree.current}
                for one in tree.snapshots
            ]  # fmt: skip
            print(json.dumps(values, indent=1))
        elif tree.snapshots:
            print("\n".join(map(printable, guest.listing(site, tree))))
        else:
            print(f"{args.name} has no snapshots.")
    return _DONE


def _snapshot_take(args: argparse.Namespace, opener: Opener) -> int:
    from xentui.guests.snapshots import guest

    refuse_read_only(args, "snapshot take")
    with opener(args) as inventory:
        site = _site(inventory)
        taking = guest.prepare(site, args.name, args.snapshot, args.description)
        if taking.absence:
            print(printable(taking.absence))
        if args.dry_run:
            print("\n".join(map(printable, taking.describe())))
            return _DONE
        with cancelled_by_signals() as cancel, told():
            guest.take(site, taking, inventory.toolstack(taking.domain), say, cancel)
    print(f"Took the snapshot {args.snapshot} of {args.name}.")
    return _DONE


def _snapshot_revert(args: argparse.Namespace, opener: Opener) -> int:
    from xentui.guests.snapshots import guest

    refuse_read_only(args, "snapshot revert")
    with opener(args) as inventory:
        site = _site(inventory)
        reverting = guest.prepare_revert(site, args.name, args.snapshot)
        print("\n".join(map(printable, reverting.describe())))
        if not confirmed(args, f"Revert {args.name} to {args.snapshot}?", args.name):
            return complain(f"{args.name}: not reverted", _FAILED)
        # A signal half-way would leave a disk that is neither: they wait until it is done.
        with cancelled_by_signals(), told():
            guest.revert(site, reverting, inventory.toolstack(reverting.domain), say)
    print(f"{args.name} is what it was at {args.snapshot}.")
    return _DONE


def _snapshot_delete(args: argparse.Namespace, opener: Opener) -> int:
    from xentui.guests.snapshots import guest
    from xentui.guests.snapshots.tree import load

    refuse_read_only(args, "snapshot delete")
    with opener(args) as inventory:
        site = _site(inventory)
        one = load(inventory.host, args.name).find(args.snapshot)
        print(f"The snapshot {one.id} of {args.name} will be removed for good:")
        for part in one.disks:
            print(f"  {printable(part.place)} ({part.vdev} {printable(part.target)})")
        if one.memory:
            print(f"  {printable(one.memory)}")
        if not confirmed(args, f"Delete the snapshot {one.id} of {args.name}?", args.name):
            return complain(f"{args.snapshot}: not deleted", _FAILED)
        with told():
            guest.delete(site, args.name, args.snapshot)
    print(f"Deleted the snapshot {args.snapshot} of {args.name}.")
    return _DONE
