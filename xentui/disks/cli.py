"""`xentui disks list`; the verbs that change something are in `apply_cli`."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from xentui.disks.apply_cli import OpenHost, ReadDisks, add_apply
from xentui.subprocesses import printable

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

_DONE, _FAILED = 0, 1


def add_parser(subparsers: Subparsers, open_host: OpenHost, read_disks: ReadDisks) -> None:
    """Add the verb `disks` with its own verbs; `open_host` gives the host of the global options."""
    text = "the disks of the host, who uses them, and plans to change them"
    parser = subparsers.add_parser("disks", help=text, description=text)
    verbs = parser.add_subparsers(dest="disks_verb", required=True, metavar="list|apply|restore|map|unmap")
    text = "all disks, partitions, volumes and images as a tree, and who uses each"
    listing = verbs.add_parser("list", help=text, description=text)
    listing.add_argument("--json", action="store_true", help="for scripts")
    listing.set_defaults(verb_function=lambda args: _list(args, open_host, read_disks))
    add_apply(verbs, open_host, read_disks)


def _list(args: argparse.Namespace, open_host: OpenHost, read_disks: ReadDisks) -> int:
    from xentui.disks.listing import disk_table, disks_json

    with open_host(args) as host:
        disks = read_disks(host, ())
        if host.is_demo and not args.json:
            print("(the demo dom0: these are practice disks, files that are thrown away)", file=sys.stderr)
    for problem in disks.problems:
        print(f"xentui: {printable(problem)}", file=sys.stderr)
    if args.json:
        print(json.dumps(disks_json(disks), indent=1))
    else:
        print("\n".join(disk_table(disks)))
    return _FAILED if disks.blind and not disks.devices else _DONE
