"""`xentui list-images`, `update` and `note`."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from xentui.guests.cli import Opener, cancelled_by_signals, refuse_read_only, say, told
from xentui.guests.errors import GuestError
from xentui.subprocesses import printable

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

_DONE = 0


def add_parsers(verbs: Subparsers, opener: Opener) -> None:
    """Add the verbs that look after guests."""
    text = "all disks and images of all guests with their sizes, and the images that no guest has"
    listed = verbs.add_parser("list-images", help=text, description=text)
    listed.add_argument("--json", action="store_true", help="for scripts; sizes in bytes")
    listed.set_defaults(verb_function=lambda args: _list_images(args, opener))

    text = "bring the Debian of guests that are off up to date, from here; shut in, but on dom0's kernel: not for"
    text += " guests whose root you do not trust"
    update = verbs.add_parser("update", help="bring the Debian of guests that are off up to date", description=text)
    update.add_argument("names", metavar="NAME", nargs="+")
    update.add_argument("--dry-run", action="store_true", help="show what would be done")
    update.set_defaults(verb_function=lambda args: _update(args, opener))

    text = "a line of words on a guest, kept in its configuration; without TEXT it is shown, with '' taken away"
    note = verbs.add_parser("note", help=text, description=text)
    note.add_argument("name", metavar="NAME")
    note.add_argument("text", metavar="TEXT", nargs="*")
    note.set_defaults(verb_function=lambda args: _note(args, opener))


def _list_images(args: argparse.Namespace, opener: Opener) -> int:
    from xentui.guests.disk_list import list_images, table
    from xentui.guests.site import Site

    with opener(args) as inventory:
        images = list_images(Site(inventory.host, inventory.snapshot()))
    if args.json:
        print(json.dumps([asdict(image) for image in images], indent=1))
    else:
        print("\n".join(map(printable, table(images))))
    return _DONE


def _update(args: argparse.Namespace, opener: Opener) -> int:
    from xentui.guests import update
    from xentui.guests.site import Site

    refuse_read_only(args, "update")
    with opener(args) as inventory:
        site = Site(inventory.host, inventory.snapshot())
        plans = [update.plan(site, name) for name in dict.fromkeys(args.names)]
        for plan in plans:
            if args.dry_run:
                print(printable(plan.describe()))
                continue
            with cancelled_by_signals() as cancel, told():
                done = update.update(Site(inventory.host, inventory.snapshot()), plan, say, cancel)
            print(printable(done))
    return _DONE


def _note(args: argparse.Namespace, opener: Opener) -> int:
    from xentui.guests.notes import set_note

    if args.text:
        refuse_read_only(args, "note")
    with opener(args) as inventory:
        domain = inventory.snapshot().domain(args.name)
        if domain is None:
            raise GuestError(f"There is no guest {args.name}: see xentui list")
        if args.text:
            set_note(inventory.host, domain, " ".join(args.text))
        elif domain.note:
            print(printable(domain.note))
    return _DONE
