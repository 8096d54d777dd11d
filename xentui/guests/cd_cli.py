"""`xentui cd list|check|copy|download`."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from xentui.guests.cli import Opener, cancelled_by_signals, refuse_read_only, say
from xentui.subprocesses import printable

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

_DONE, _FAILED = 0, 1


def add_parser(verbs: Subparsers, opener: Opener) -> None:
    """Add the verb `cd` with its own verbs."""
    text = "the library of CD images: what is in it, and whether it is undamaged"
    parser = verbs.add_parser("cd", help=text, description=text)
    own = parser.add_subparsers(dest="cd_verb", required=True, metavar="list|check|copy|download")

    text = "all images, and whether a sum of them is known"
    listed = own.add_parser("list", help=text, description=text)
    listed.add_argument("--json", action="store_true", help="for scripts")
    listed.set_defaults(verb_function=lambda args: _list(args, opener))

    text = "read images whole and compare their SHA-256 sums"
    check = own.add_parser("check", help=text, description=text)
    check.add_argument("names", metavar="IMAGE", nargs="+")
    check.set_defaults(verb_function=lambda args: _check(args, opener))

    text = "copy the disc in a drive into the library"
    copy = own.add_parser("copy", help=text, description=text)
    copy.add_argument("device", metavar="DEVICE", help="such as /dev/cdrom")
    copy.add_argument("name", metavar="NAME")
    copy.set_defaults(verb_function=lambda args: _copy(args, opener))

    text = "fetch an image; one that was interrupted is gone on with"
    download = own.add_parser("download", help=text, description=text)
    download.add_argument("url", metavar="URL")
    download.add_argument("--sha256", metavar="SUM", default="", help="what it must be (or the SHA256SUMS beside it)")
    download.add_argument("--name", metavar="NAME", default="")
    download.set_defaults(verb_function=lambda args: _download(args, opener))

    for one in (listed, check, copy, download):
        one.add_argument("--dir", metavar="DIR", default="", help="the library's folder (/srv/xen/cd)")


def _list(args: argparse.Namespace, opener: Opener) -> int:
    from xentui.guests.cds import FOLDER, library
    from xentui.guests.files import shown_size

    with opener(args) as inventory:
        found = library(inventory.host, args.dir or FOLDER)
    if args.json:
        values = [
            {"name": one.name, "path": one.path, "bytes": one.size, "sha256": one.wanted or None} for one in found
        ]
        print(json.dumps(values, indent=1))
        return _DONE
    for one in found:
        print(f"{printable(one.path)}  {shown_size(one.size)}  {'sum known' if one.wanted else 'no sum known'}")
    if not found:
        print(f"There are no CD images in {args.dir or FOLDER}.")
    return _DONE


def _check(args: argparse.Namespace, opener: Opener) -> int:
    from xentui.guests.cds import FOLDER, check, find

    with opener(args) as inventory, cancelled_by_signals() as cancel:
        for name in args.names:
            image = find(inventory.host, name, args.dir or FOLDER)
            check(inventory.host, image, say, cancel)
            print(f"{printable(name)}: undamaged")
    return _DONE


def _copy(args: argparse.Namespace, opener: Opener) -> int:
    from xentui.guests.cds import FOLDER, copy_disc

    refuse_read_only(args, "cd copy")
    with opener(args) as inventory, cancelled_by_signals() as cancel:
        made = copy_disc(inventory.host, args.device, args.name, args.dir or FOLDER, say, cancel)
    print(f"{printable(made.path)}: SHA-256 {made.wanted}")
    return _DONE


def _download(args: argparse.Namespace, opener: Opener) -> int:
    from xentui.guests.cds import FOLDER, download

    refuse_read_only(args, "cd download")
    with opener(args) as inventory, cancelled_by_signals() as cancel:
        made = download(inventory.host, args.url, args.sha256, args.name, args.dir or FOLDER, say, cancel)
    print(f"{printable(made.path)}: SHA-256 {made.wanted}")
    return _DONE
