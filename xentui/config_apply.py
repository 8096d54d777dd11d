"""`xentui config diff` and `apply`: a guest that runs, and its configuration as it is by now."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from xentui.subprocesses import printable

if TYPE_CHECKING:
    from xentui.config_effects import Effect
    from xentui.domains.domain import Domain
    from xentui.domains.inventory import Inventory
    from xentui.guests.cli import Opener

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

_DONE, _FAILED, _USAGE = 0, 1, 2


def add_parsers(verbs: Subparsers, opener: Opener) -> None:
    """Add the two to the verbs of `config`."""
    text = "what of a guest that runs is not as its configuration says; exit status 1 if anything is"
    diff = verbs.add_parser("diff", help=text, description=text)
    diff.set_defaults(verb_function=lambda args: _diff(args, opener))
    text = "make the guest that runs what its configuration says, as far as xl can without a new start"
    apply = verbs.add_parser("apply", help=text, description=text)
    apply.add_argument("-y", "--yes", action="store_true", help="do not ask")
    apply.set_defaults(verb_function=lambda args: _apply(args, opener))
    for parser in (diff, apply):
        parser.add_argument("name", metavar="NAME")


def _compared(inventory: Inventory, name: str) -> tuple[Domain, list[Effect]]:
    """The guest, and what is different. Raises GuestError where there is nothing to compare."""
    from xentui.config_effects import effects
    from xentui.config_files import ConfigFileError, read_config
    from xentui.guests.errors import GuestError

    snapshot = inventory.snapshot()
    domain = snapshot.domain(name)
    if domain is None:
        raise GuestError(f"There is no guest {name}: see xentui list")
    if domain.libvirt_owns:
        raise GuestError(f"{name} is libvirt's: virsh edit changes it, and xl must not.")
    if domain.is_dom0 or domain.config_file is None:
        raise GuestError(f"{name} has no configuration file to compare it with.")
    if not domain.state.alive:
        raise GuestError(f"{name} is {domain.state.said}: what its configuration says counts when it is started.")
    try:
        text = read_config(inventory.host, domain.config_file)[1]
    except ConfigFileError as error:
        raise GuestError(str(error)) from error
    return domain, effects(domain, text, text, snapshot.host.scheduler or "")


def _tell(domain: Domain, found: Sequence[Effect]) -> None:
    if not found:
        print(printable(f"{domain.name} runs as {domain.config_file} says."))
    for effect in found:
        print(printable(f"{effect.key}: {effect.says}"))
        print(f"    {printable(shlex.join(effect.argv) if effect.argv else 'with its next start')}")
        if effect.risk:
            print(f"    {printable(effect.risk)}")


def _diff(args: argparse.Namespace, opener: Opener) -> int:
    with opener(args) as inventory:
        domain, found = _compared(inventory, args.name)
        _tell(domain, found)
    return _FAILED if found else _DONE


def _apply(args: argparse.Namespace, opener: Opener) -> int:
    from xentui.config_effects import carry_out
    from xentui.guests.cli import complain, refuse_read_only

    refuse_read_only(args, "config apply")
    with opener(args) as inventory:
        domain, found = _compared(inventory, args.name)
        _tell(domain, found)
        wanted = [effect for effect in found if effect.argv]
        if not wanted:
            return _DONE
        if not args.yes:
            if not sys.stdin.isatty():
                return complain("to do it without being asked, give --yes; nothing was done", _USAGE)
            if input(f"Do this to {printable(domain.name)} now? [y/N] ").strip().lower() not in ("y", "yes"):
                return complain(f"{domain.name}: nothing was done", _FAILED)
        failed = carry_out(inventory.host, wanted)
        for said in failed:
            for line in said.splitlines():
                print(f"  {printable(line)}", file=sys.stderr)
        if failed:
            return complain(f"{domain.name}: {len(failed)} of {len(wanted)} did not work", _FAILED)
        print(printable(f"Done to {domain.name}: {', '.join(effect.key for effect in wanted)}."))
    return _DONE
