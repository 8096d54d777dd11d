"""The command line: every verb of it, and the way into the TUI.

Exit status: 0 done, 1 it did not work (one line on stderr says why and what to do), 2 wrong usage.
Textual is imported only when the screen is opened.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from xentui import __version__, config_apply
from xentui.actions import ACTIONS, BY_NAME, Action, impossible
from xentui.domains.domain import Domain, Snapshot
from xentui.domains.inventory import Inventory
from xentui.domains.toolstack import ToolstackError
from xentui.host import Host, HostError, choose_host, is_dom0
from xentui.settings import load_settings
from xentui.subprocesses import CommandError, printable
from xentui.walkthroughs import cli as walkthrough_verb
from xentui.xlcfg import cli as config_verb
from xentui.xlcfg.cli import HostView

DONE, FAILED, USAGE = 0, 1, 2
CONSOLE = BY_NAME["console"]

#: What the verbs that ask for something are told.
_ARGUMENTS = {"save": "FILE", "cd-insert": "FILE", "memory": "MIB", "vcpus": "N"}
#: What a verb may fail with: each is one sentence for the user.
FAILURES = (CommandError, ToolstackError, HostError, OSError, ValueError)


class UsageError(Exception):
    """The command line asks for something that cannot be meant."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run xentui; give its exit status."""
    _open_closed_streams()
    words = sys.argv[1:] if argv is None else argv
    args = _parser(verbs=bool(words)).parse_args(words)
    try:
        status = int(args.verb_function(args))
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # the reader of our output (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except UsageError as error:
        return _complain(str(error), USAGE)
    except OSError as error:
        return _complain(f"{error.filename}: {error.strerror}" if error.filename else str(error), FAILED)
    except FAILURES as error:
        return _complain(str(error), FAILED)
    except KeyboardInterrupt:
        return _complain("interrupted", 130)


def _open_closed_streams() -> None:
    """Whoever started us without standard streams (`<&-`): nothing is read there, and no file that is opened later
    takes their place and is written to."""
    if None in (sys.__stdin__, sys.__stdout__, sys.__stderr__):
        while os.open(os.devnull, os.O_RDWR) < 2:
            pass
        sys.stdin, sys.stdout, sys.stderr = (
            stream or os.fdopen(number, mode, closefd=False)
            for number, (stream, mode) in enumerate(((sys.stdin, "r"), (sys.stdout, "w"), (sys.stderr, "w")))
        )


def _complain(sentence: str, status: int) -> int:
    print(f"xentui: {printable(sentence)}", file=sys.stderr)
    return status


def _parser(*, verbs: bool) -> argparse.ArgumentParser:
    """Without `verbs` for who only opens the screen: to read all modules of all verbs takes a slow dom0 seconds."""
    parser = argparse.ArgumentParser(
        prog="xentui",
        description="Look after a Xen host from a terminal. Without a verb, the full screen opens.",
    )
    parser.add_argument("--version", action="version", version=f"xentui {__version__}")
    parser.add_argument("--demo", action="store_true", help="a simulated dom0, thrown away after")
    parser.add_argument("--demo-dir", metavar="DIR", help="keep the demo dom0 in DIR")
    parser.add_argument("--host", metavar="HOST|URI", help="root@other by ssh, or a libvirt URI")
    parser.add_argument("--read-only", action="store_true", help="look, change nothing")
    parser.add_argument("--theme", metavar="NAME", help="how it looks; F9 shows the names")
    parser.add_argument("--glyphs", choices=("ascii", "unicode"), help="what bars and lines are drawn with")
    parser.add_argument("--driver", choices=("lean", "stock"), help="how the screen is sent")
    parser.set_defaults(verb_function=_open_screen)
    if verbs:
        _add_verbs(parser)
    return parser


def _add_verbs(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(title="verbs", metavar="VERB")

    listed = _verb(verbs, "list", "the domains", _list, json_output=True)
    listed.add_argument("--hosts", metavar="A,B", nargs="?", const="", help="of several hosts, those of the settings")
    info = _verb(verbs, "info", "the host, as Xen describes it; with NAME, all about a domain", _info, json_output=True)
    info.add_argument("name", metavar="NAME", nargs="?")
    _verb(verbs, "doctor", "what works here, and what to do about what does not", _doctor, json_output=True)
    for action in ACTIONS:
        if action.verb and action.run is not None:
            _action_verb(verbs, action)
    _console_verbs(verbs)
    config_apply.add_parsers(config_verb.add_parser(verbs, _config_on_host), _inventory)
    walkthrough_verb.add_parser(verbs, _host)
    _guest_verbs(verbs)
    _disks_verb(verbs)
    _livecd_verb(verbs)


if TYPE_CHECKING:
    from xentui.disks.device import Disks

    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]


def _verb(
    verbs: Verbs,
    name: str,
    text: str,
    function: Callable[[argparse.Namespace], int],
    *,
    json_output: bool = False,
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=text)
    parser.set_defaults(verb_function=function)
    if json_output:
        parser.add_argument("--json", action="store_true", help="for scripts")
    return parser


def _action_verb(verbs: Verbs, action: Action) -> None:
    parser = _verb(verbs, action.name, action.help, lambda args: _act(action, args))
    if action.name == "restore":
        parser.add_argument("file", metavar="FILE", help="or the name of a saved guest")
        text = "also a file that was restored before: only where the guest's disks are as they were then"
        parser.add_argument("--again", action="store_true", help=text)
    elif action.question is not None:
        parser.add_argument("names", metavar="NAME", nargs=1)
        parser.add_argument("argument", metavar=_ARGUMENTS[action.name])
    else:
        parser.add_argument("names", metavar="NAME", nargs="+")
    if action.name == "shutdown":
        parser.add_argument("-w", "--wait", action="store_true", help="until the domains are gone")
    if action.dangerous:
        parser.add_argument("-y", "--yes", action="store_true", help="do not ask")


def _console_verbs(verbs: Verbs) -> None:
    from xentui import console_verbs

    console_verbs.add_parsers(verbs, _inventory, lambda inventory, name: _find(_snapshot(inventory), name, CONSOLE))


def _guest_verbs(verbs: Verbs) -> None:
    from xentui.guests import cli as guests

    guests.add_parsers(verbs, _inventory)


def _disks_verb(verbs: Verbs) -> None:
    from xentui.disks import cli as disks

    def read_disks(host: Host, images: Iterable[str]) -> Disks:
        from xentui import guest_disks

        return guest_disks.read_disks(host, images)

    disks.add_parser(verbs, _host, read_disks)


def _livecd_verb(verbs: Verbs) -> None:
    from xentui.livecd import cli as livecd

    livecd.add_parser(verbs)


# The host and what runs on it.


@contextmanager
def _host(args: argparse.Namespace) -> Iterator[Host]:
    try:
        host = choose_host(args.host, demo=args.demo, demo_dir=args.demo_dir)
    except HostError as error:
        raise UsageError(str(error)) from error
    try:
        host.open()
        yield host
    finally:
        host.close()


@contextmanager
def _config_on_host(args: argparse.Namespace) -> Iterator[HostView]:
    """What the host has to say to a configuration: the one asked for, else this machine if it is a dom0."""
    if not (args.host or args.demo or args.demo_dir or is_dom0()):
        yield HostView()
        return
    from xentui.config_host import HostOfConfigs

    with _inventory(args) as inventory:
        snapshot: Snapshot | None = None
        try:
            snapshot = _snapshot(inventory)
        except ToolstackError as error:
            print(f"xentui: what runs is not known, and not compared: {error}", file=sys.stderr)
        yield HostOfConfigs(inventory.host, snapshot)


@contextmanager
def _inventory(args: argparse.Namespace) -> Iterator[Inventory]:
    with _host(args) as host:
        inventory = Inventory(host)
        try:
            inventory.open()
            yield inventory
        finally:
            inventory.close()


def _snapshot(inventory: Inventory) -> Snapshot:
    """What there is now; problems go to stderr, and fail the verb only when nothing at all is known."""
    snapshot = inventory.snapshot()
    if not snapshot.domains and snapshot.problems:
        raise ToolstackError(snapshot.problems[0])
    for problem in snapshot.problems:
        print(f"xentui: {printable(problem)}", file=sys.stderr)
    return snapshot


# Reading.


def _list(args: argparse.Namespace) -> int:
    from xentui.domains.json import domain_json
    from xentui.domains.listing import domain_table

    if args.hosts is not None:
        return _list_hosts(args)
    with _inventory(args) as inventory:
        snapshot = _snapshot(inventory)
    if args.json:
        print(json.dumps([domain_json(domain) for domain in snapshot.domains], indent=1))
    else:
        _say_demo(inventory.host)
        print("\n".join(domain_table(snapshot.domains)))
    return DONE


def _list_hosts(args: argparse.Namespace) -> int:
    """This host, where it is a dom0 or was named, and the others beside it; 1 if one of them did not answer."""
    from xentui.domains.json import domain_json
    from xentui.domains.listing import hosts_table
    from xentui.domains.side_by_side import Asked, read_side_by_side
    from xentui.guests.migration.hosts import beside, chosen

    known = load_settings().hosts
    others = [chosen(word.strip(), known) for word in args.hosts.split(",") if word.strip()] or list(known)
    if not others:
        raise UsageError('--hosts: name them, as A,B, or put hosts = ["root@xen2"] into settings.toml')
    named = args.host or args.demo or args.demo_dir or is_dom0()
    with _host(args) if named else nullcontext(Host()) as here:
        own = [Asked(here.name, lambda: here, is_open=True)] if named else []
        # Side by side nobody can be asked for a password.
        more = [Asked(name, partial(here.other, to, ask=False)) for name, to in beside(here, others).items()]
        readings = read_side_by_side([*own, *more])
    for reading in readings:
        for line in [*reading.remarks, *([reading.problem] if args.json and reading.problem else [])]:
            _complain(f"{reading.host}: {line}", FAILED)
    if args.json:
        found = [{"host": reading.host, **domain_json(one)} for reading in readings for one in reading.domains]
        print(json.dumps(found, indent=1))
    else:
        print("\n".join(hosts_table(readings)))
    return FAILED if any(reading.problem is not None for reading in readings) else DONE


def _info(args: argparse.Namespace) -> int:
    from xentui.domains.json import domain_details_json
    from xentui.domains.listing import domain_details
    from xentui.domains.screen import vnc_port

    with _inventory(args) as inventory:
        snapshot = _snapshot(inventory)
        domain = None if args.name is None else _find(snapshot, args.name, BY_NAME["details"])
        port = None if domain is None else vnc_port(inventory.host, domain)
    if domain is not None and args.json:
        print(json.dumps({**domain_details_json(domain), "vnc_port": port}, indent=1))
    elif domain is not None:
        print("\n".join(domain_details(domain, port)))
    elif args.json:
        print(json.dumps(dict(snapshot.host.values), indent=1))
    else:
        _say_demo(inventory.host)
        width = max((len(key) for key, _ in snapshot.host.values), default=0)
        for key, value in snapshot.host.values:
            print(f"{key:{width}} : {printable(value)}")
    return DONE


def _doctor(args: argparse.Namespace) -> int:
    from xentui.domains.doctor import doctor

    with _host(args) as host:
        findings = doctor(host)
    if args.json:
        print(json.dumps([finding.json() for finding in findings], indent=1))
    else:
        _say_demo(host)
        for finding in findings:
            mark = {True: "ok", False: "BAD", None: "-"}[finding.ok]
            print(f"{mark:4}{finding.name:13} {printable(finding.says)}")
            if finding.advice:
                print(f"{'':18}{printable(finding.advice)}")
    return FAILED if any(finding.ok is False for finding in findings) else DONE


def _say_demo(host: Host) -> None:
    if host.is_demo:
        print("(the demo dom0: nothing here is real)", file=sys.stderr)


# Doing.


def _act(action: Action, args: argparse.Namespace) -> int:
    if args.read_only:
        raise UsageError(f"--read-only and {action.name} exclude each other")
    with _inventory(args) as inventory:
        if action.name == "restore":
            return _restore(inventory, args.file, again=args.again)
        snapshot = _snapshot(inventory)
        domains = [_find(snapshot, name, action) for name in args.names]
        if action.dangerous and not args.yes and not _confirmed(action, domains):
            return _complain(f"{action.name}: not done", FAILED)
        failed = 0
        for domain in domains:
            failed += not _act_on(action, inventory, domain, args)
    return FAILED if failed else DONE


def _find(snapshot: Snapshot, name: str, action: Action) -> Domain:
    if action.name == "start" and "/" in name:
        return Domain(name=Path(name).stem, config_file=os.path.abspath(name))  # noqa: PTH100 (no symlink resolved)
    domain = snapshot.domain(name)
    if domain is None and name.isdecimal():
        domain = next((d for d in snapshot.domains if d.id == int(name)), None)
    if domain is None:
        raise ToolstackError(f"there is no domain {name!r}: see xentui list")
    return domain


def _act_on(action: Action, inventory: Inventory, domain: Domain, args: argparse.Namespace) -> bool:
    argument = getattr(args, "argument", "")
    why = impossible(action, domain)
    if why is None and action.question is not None:
        if _ARGUMENTS[action.name] == "FILE" and not inventory.host.is_remote:
            argument = os.path.abspath(argument)  # noqa: PTH100
        why = action.question.complaint(domain, argument)
    if why is None and action.name == "start":
        why = _nothing_to_boot(inventory.host, domain)
    if why is not None:
        _complain(f"{domain.name}: {why}", FAILED)
        return False
    if remark := action.remark(domain):
        print(f"xentui: {printable(domain.name)}: {remark}", file=sys.stderr)
    try:
        if action.name == "shutdown" and args.wait:
            inventory.toolstack(domain).shutdown(domain, wait=True)
        elif action.run is not None:
            action.run(inventory.toolstack(domain), domain, argument, None)
    except FAILURES as error:
        _complain(f"{domain.name}: {error}", FAILED)
        details = str(getattr(error, "details", ""))
        for line in details.splitlines():
            print(f"  {printable(line)}", file=sys.stderr)
        return False
    return True


def _nothing_to_boot(host: Host, domain: Domain) -> str | None:
    from xentui.guests.sources.installer import awaits_installer

    if not domain.managed_by or not awaits_installer(host, domain.name):  # started by its file, it is started as it is
        return None
    return (
        f"nothing is on its disk yet. xentui install {domain.name} boots the Debian Installer, xentui start"
        f" {domain.config_file} the empty disk."
    )


def _restore(inventory: Inventory, file: str, *, again: bool) -> int:
    """`file` may be a guest's name, where there is no such file."""
    from xentui.guests.saves import save_in

    remote = inventory.host.is_remote
    path = file if remote else os.path.abspath(file)  # noqa: PTH100
    found = inventory.snapshot()
    named = found.domain(file) if remote or not os.path.lexists(path) else None
    if named is not None:
        if named.save_file is None:
            raise ToolstackError(f"{named.name} is {named.state.said}, not saved: there is nothing to restore")
        path = named.save_file
    known = save_in(inventory.host, path) if inventory.xl is not None and not again else None
    if known is not None and known.warning:
        raise ToolstackError(f"{path}: {known.warning} Where they are as they were then: --again")
    # Who saved it restores it; a file that nobody knows is xl's.
    saved = next((domain for domain in found.domains if domain.save_file == path), Domain(name=""))
    inventory.toolstack(saved).restore(path)
    return DONE


def _confirmed(action: Action, domains: Sequence[Domain]) -> bool:
    names = ", ".join(printable(domain.name) for domain in domains)
    if not sys.stdin.isatty():
        raise UsageError(f"{action.name} {names}: to do it without being asked, give --yes")
    return input(f"{action.title} {names}? {action.warning} [y/N] ").strip().lower() in ("y", "yes")


def _open_screen(args: argparse.Namespace) -> int:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("the full screen needs a terminal; for scripts there is: xentui list --json")
    chosen = load_settings()
    asked = {name: getattr(args, name) for name in ("theme", "glyphs", "driver") if getattr(args, name) is not None}
    chosen = replace(chosen, **asked)
    # What is read now stays, and until the first table is there, nothing is worth looking for.
    gc.disable()
    with _host(args) as host:
        from xentui.screens.app import run

        return run(host, chosen, read_only=args.read_only)


if __name__ == "__main__":
    sys.exit(main())
