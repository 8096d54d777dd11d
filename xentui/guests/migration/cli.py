"""`xentui migrate`: one guest, or all of them, to another host."""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from xentui.guests.cli import Opener, cancelled_by_signals, complain, refuse_read_only, say, told
from xentui.guests.errors import GuestError
from xentui.subprocesses import printable

if TYPE_CHECKING:
    from xentui.domains.inventory import Inventory
    from xentui.guests.migration.check import Answer
    from xentui.guests.migration.move import Moved
    from xentui.guests.site import Site
    from xentui.host import Host

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

_DONE, _FAILED, _USAGE = 0, 1, 2


def add_parser(verbs: Subparsers, opener: Opener) -> None:
    """Add the verb."""
    text = "move a running guest to another host, or all of them; both hosts are looked at before and after"
    migrate = verbs.add_parser("migrate", help=text, description=text)
    which = migrate.add_mutually_exclusive_group(required=True)
    which.add_argument("name", metavar="NAME", nargs="?")
    which.add_argument("--all", action="store_true", help="every guest that runs, one after the other")
    migrate.add_argument("--to", metavar="HOST", required=True, help="one of hosts in settings.toml, or as for --host")
    migrate.add_argument("--check", action="store_true", help="look at both hosts, change nothing")
    migrate.add_argument("-y", "--yes", action="store_true", help="do not ask")
    migrate.set_defaults(verb_function=lambda args: _migrate(args, opener))


def _migrate(args: argparse.Namespace, opener: Opener) -> int:
    from xentui.guests.migration.hosts import chosen
    from xentui.guests.migration.move import other_host
    from xentui.settings import load_settings

    if not args.check:
        refuse_read_only(args, "migrate")
    with opener(args) as inventory, other_host(inventory.host, chosen(args.to, load_settings().hosts)) as there:
        return _all(args, inventory, there) if args.all else _one(args, inventory, there)


def _site(inventory: Inventory) -> Site:
    from xentui.guests.site import Site

    return Site(inventory.host, inventory.snapshot())


def _one(args: argparse.Namespace, inventory: Inventory, there: Host) -> int:
    from xentui.guests.migration.check import check
    from xentui.guests.migration.move import move

    site = _site(inventory)
    if not _passed(check(site, args.name, there)):
        return complain(f"{args.name} cannot be moved to {args.to} so", _FAILED)
    if args.check:
        print(f"Nothing stands against it. To move it:"
              f" xentui migrate {shlex.quote(printable(args.name))} --to {shlex.quote(args.to)}")  # fmt: skip
        return _DONE
    if not _confirmed(args, f"Move {printable(args.name)} from {site.host.name} to {there.name}, while it runs?"):
        return complain(f"{args.name}: not moved", _FAILED)
    with cancelled_by_signals() as cancel, told():
        _tell(args.name, move(site, args.name, there, _progress(), cancel))
    return _DONE


def _all(args: argparse.Namespace, inventory: Inventory, there: Host) -> int:
    from xentui.guests.migration.check import Answer, check_each
    from xentui.guests.migration.move import guests_to_move, move_all

    site = _site(inventory)
    guests, left = guests_to_move(site.snapshot)
    for line in left:
        print(printable(line))
    good, sizes = 0, {domain.name: domain.memory_mib for domain in guests}
    for name, answers in check_each(site, list(sizes), there):
        print(f"{printable(name)}, {sizes[name]} MiB:")
        good += _passed([Answer(False, answers.headline)] if isinstance(answers, GuestError) else answers)
    if args.check or not guests:
        print(f"{good} of {len(guests)} guests that run can be moved to {there.name}.")
        return _DONE if good == len(guests) and not left else _FAILED
    if not good:
        return complain(f"no guest can be moved to {args.to} so", _FAILED)
    if not _confirmed(args, f"Move {_guests(good)} from {site.host.name} to {there.name}, one after the other?"):
        return complain("not moved", _FAILED)
    with cancelled_by_signals() as cancel:
        names = [domain.name for domain in guests]
        failed = move_all(lambda: _site(inventory), names, there, _progress(), _tell, cancel)
    print(f"{len(names) - failed} of {len(names)} run on {there.name} now.")
    return _FAILED if failed or left else _DONE


def _guests(count: int) -> str:
    return "the guest" if count == 1 else f"{count} guests"


def _passed(answers: Sequence[Answer]) -> bool:
    """Print them; whether nothing stands against it."""
    from xentui.guests.migration.check import passes

    for answer in answers:
        print(f"  {printable(answer.line)}")
    return passes(answers)


def _confirmed(args: argparse.Namespace, question: str) -> bool:
    if args.yes:
        return True
    if not sys.stdin.isatty():
        raise SystemExit(complain("to move it without being asked, give --yes; nothing was done", _USAGE))
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def _progress() -> Callable[[str], None]:
    """Steps as they come; of the memory's percents one in ten, whichever xl tells."""
    last, shown = "", 0

    def tell(line: str) -> None:
        nonlocal last, shown
        found = re.fullmatch(r"(.*) (\d+) %", line)
        what, percent = (found[1], int(found[2])) if found else (line, 0)
        if what == last and percent < shown + 10 and (percent < 100 or percent == shown):
            return
        last, shown = what, percent
        say(f"  {line}")

    return tell


def _tell(name: str, result: Moved | GuestError) -> None:
    from xentui.guests.migration.move import told_of

    if isinstance(result, GuestError):
        complain(told_of(name, result), _FAILED)
        return
    print(printable(result.sentence))
    for line in result.remarks:
        print(f"  {printable(line)}")
