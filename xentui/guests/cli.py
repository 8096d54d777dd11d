"""`xentui create` and `xentui delete`."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xentui.domains.inventory import Inventory
from xentui.domains.toolstack import ToolstackError
from xentui.guests.errors import GuestError
from xentui.guests.options import OPTIONS, Option, Wish
from xentui.guests.xen_tools import GONE, misunderstood
from xentui.subprocesses import printable

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

Opener = Callable[[argparse.Namespace], AbstractContextManager[Inventory]]
"""Opens the host that the command line names."""

_DONE, _FAILED, _USAGE = 0, 1, 2
#: Options whose answers are files or folders.
_FILES = frozenset({"cd", "dir", "drivers", "image", "initrd", "kernel", "role", "ssh-key"})


def add_parsers(verbs: Subparsers, opener: Opener) -> None:
    """Add the verbs of making guests and of taking them away."""
    text = "make a guest: its disks, its system, its configuration"
    create = verbs.add_parser("create", help=text, description=text)
    create.add_argument("name", metavar="NAME", nargs="?")
    create.add_argument("--template", metavar="TEMPLATE", help="begin with what a template says: xentui template list")
    add_options(create)
    create.add_argument("--start", action="store_true", help="start it when it is made")
    create.add_argument("--dry-run", action="store_true", help="show the steps and the configuration, make nothing")
    create.add_argument("--hostname", "--name", metavar="NAME", help=argparse.SUPPRESS)
    create.add_argument("--netmask", metavar="MASK", help=argparse.SUPPRESS)
    create.add_argument("--noswap", "--dhcp", action="store_true", help=argparse.SUPPRESS)
    for name in GONE:
        create.add_argument(f"--{name}", nargs="?", const="", dest=f"gone_{name}", help=argparse.SUPPRESS)
    create.set_defaults(verb_function=lambda args: _create(args, opener))

    text = "boot the Debian Installer in a guest that was made for it (create --source installer)"
    install = verbs.add_parser("install", help=text, description=text)
    install.add_argument("name", metavar="NAME")
    install.set_defaults(verb_function=lambda args: _install(args, opener))

    from xentui.guests import cd_cli, change_cli, template_cli, upkeep_cli
    from xentui.guests.migration import cli as migration_cli

    template_cli.add_parser(verbs, opener)
    change_cli.add_parsers(verbs, opener)
    migration_cli.add_parser(verbs, opener)
    cd_cli.add_parser(verbs, opener)
    upkeep_cli.add_parsers(verbs, opener)

    text = "take a guest away, with all that was made for it"
    delete = verbs.add_parser("delete", help=text, description=text)
    delete.add_argument("name", metavar="NAME")
    delete.add_argument("--confirm", metavar="NAME", help="for scripts: the guest's name once more, instead of asking")
    delete.add_argument("--dry-run", action="store_true", help="show what would be removed, remove nothing")
    delete.set_defaults(verb_function=lambda args: _delete(args, opener))


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add everything that a guest can be made with."""
    also = {"suite": ["--dist"], "role": ["--roles"], "user": ["--admins"]}  # xen-create-image's names
    for option in OPTIONS:
        _add(parser, option, also.get(option.name, []))


def _add(parser: argparse.ArgumentParser, option: Option, also: list[str]) -> None:
    names = [f"--{option.name}", *also]
    text = option.help + (f" [{', '.join(option.sources)}]" if option.sources else "")
    if option.kind == "flag":
        parser.add_argument(*names, dest=option.name, action="store_true", help=text)
    elif option.kind == "list":
        parser.add_argument(*names, dest=option.name, action="append", metavar=option.metavar, help=text)
    else:
        # xen-create-image's --boot has no value: it is told what ours is, not how many arguments.
        bare: dict[str, Any] = {"nargs": "?", "const": ""} if option.name == "boot" else {}
        parser.add_argument(*names, dest=option.name, metavar=option.metavar, help=text, **bare)


def wish_of(args: argparse.Namespace) -> Wish:
    """What was asked for on the command line; files are named from where the user stands."""
    given = vars(args)
    wish: dict[str, str | bool | list[str]] = {}
    for option in OPTIONS:
        value = given[option.name]
        if value in (None, False, []):
            continue
        if option.name in _FILES:
            value = [os.path.abspath(one) for one in value] if isinstance(value, list) else os.path.abspath(value)  # noqa: PTH100
        wish[option.name] = value
    return wish


def _create(args: argparse.Namespace, opener: Opener) -> int:
    for name, why in GONE.items():
        if getattr(args, f"gone_{name}") is not None:
            return complain(f"--{name}: {why}", _USAGE)
    if (meant := misunderstood(args.image, args.boot)) is not None:
        return complain(meant, _USAGE)
    if args.netmask and (not args.ip or "/" in args.ip):
        return complain("--netmask goes with --ip ADDRESS; --ip ADDRESS/24 says both", _USAGE)
    if args.netmask:
        args.ip = f"{args.ip}/{args.netmask}"
    if args.name and args.hostname and args.name != args.hostname:
        return complain("the name is given twice, as NAME and as --hostname", _USAGE)
    return run_create(args, opener, args.name or args.hostname)


def run_create(args: argparse.Namespace, opener: Opener, name: str | None) -> int:
    """Make a guest as the options say, and the template, if one is named."""
    from xentui.guests.make import at_first, make, plan
    from xentui.guests.site import Site
    from xentui.guests.templates import merged, template
    from xentui.guests.wishes import spec_of

    refuse_read_only(args, "create")
    with opener(args) as inventory:
        site = Site(inventory.host, inventory.snapshot())
        wish, found, guest = wish_of(args), None, name or ""
        if args.template:
            found = template(inventory.host, args.template)
            wish, guest = merged(found.wish, wish), guest or found.guest
        if not guest:
            raise GuestError("No name is given for the guest: it goes before the options.")
        made = plan(site, spec_of(site, guest, wish, found))
        for warning in made.warnings:
            print(f"xentui: {printable(warning)}", file=sys.stderr)
        if args.dry_run:
            print("\n".join(map(printable, made.describe())))
            return _DONE
        with cancelled_by_signals() as cancel, told():
            said = make(site, made, say, cancel, starting=args.start)
        print(f"Made {guest}: {made.spec.config_path}")
        for line in said:  # a password stands nowhere else, and a start may fail
            print(printable(line))
        if args.start:
            domain = inventory.snapshot().domain(guest)
            if domain is None:
                raise GuestError(f"{guest} is made, but it is not seen yet: xentui start {guest}")
            with told():
                try:
                    inventory.toolstack(domain).start(at_first(made, domain))
                except ToolstackError as error:
                    sentence = f"{guest} is made, but could not be started: {error.headline}"
                    raise GuestError(sentence, error.details) from error
            print(f"Started {guest}.")
    return _DONE


def _install(args: argparse.Namespace, opener: Opener) -> int:
    from xentui.actions import BY_NAME, impossible
    from xentui.guests.site import Site
    from xentui.guests.sources.installer import installer_of

    refuse_read_only(args, "install")
    with opener(args) as inventory:
        site = Site(inventory.host, inventory.snapshot())
        site.check_local()
        domain = site.snapshot.domain(args.name)
        if domain is None:
            raise GuestError(f"There is no guest {args.name}: see xentui list")
        if (why := impossible(BY_NAME["install"], domain)) is not None:
            raise GuestError(f"{args.name}: {why}")
        inventory.toolstack(domain).start(replace(domain, config_file=installer_of(site, args.name)))
    print(f"The installer runs in {args.name}: xentui console {args.name}")
    return _DONE


def _delete(args: argparse.Namespace, opener: Opener) -> int:
    from xentui.guests.delete import carry_out, to_delete
    from xentui.guests.site import Site

    refuse_read_only(args, "delete")
    with opener(args) as inventory:
        site = Site(inventory.host, inventory.snapshot())
        found = to_delete(site, args.name)
        if not args.dry_run:
            found.check()
        for line in found.describe():
            print(printable(line))
        if args.dry_run:
            for sentence in found.hindrances:
                print(f"But not now: {printable(sentence)}")
            return _DONE
        if not confirmed(args, f"Delete {args.name}, with all of this?", args.name):
            return complain(f"{args.name}: not deleted", _FAILED)
        carry_out(site, found)
        print(f"Deleted {args.name}.")
    return _DONE


# For all verbs about guests.


def confirmed(args: argparse.Namespace, question: str, name: str) -> bool:
    """A deliberate yes: the name itself is typed, or given as --confirm."""
    if args.confirm is not None:
        if args.confirm != name:
            raise GuestError(f"--confirm {args.confirm}: is not {name}; nothing was done.")
        return True
    if not sys.stdin.isatty():
        raise GuestError(f"To do it without being asked, give --confirm {name}; nothing was done.")
    return input(f"{question} Type {name} if so: ").strip() == name


def refuse_read_only(args: argparse.Namespace, verb: str) -> None:
    """Ends the program, with the status for wrong usage, where nothing may be changed. A dry run changes nothing."""
    if args.read_only and not getattr(args, "dry_run", False):
        raise SystemExit(complain(f"--read-only and {verb} exclude each other", _USAGE))


def say(line: str) -> None:
    """A step, or how it goes on."""
    print(printable(line), flush=True)


def complain(sentence: str, status: int) -> int:
    """The one line of a failure."""
    print(f"xentui: {printable(sentence)}", file=sys.stderr)
    return status


@contextlib.contextmanager
def told() -> Iterator[None]:
    """What a failed tool said is shown before the one line that says what failed."""
    try:
        yield
    except GuestError as error:
        if error.details != error.headline:
            for line in error.details.splitlines():
                print(f"  {printable(line)}", file=sys.stderr)
        raise


@contextlib.contextmanager
def cancelled_by_signals() -> Iterator[threading.Event]:
    """Ctrl+C and a hang-up cancel the work, which then tidies up; they do not end the program half-way."""
    cancel = threading.Event()
    before = {}
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        before[number] = signal.signal(number, lambda _number, _frame: cancel.set())
    try:
        yield cancel
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
