"""The verbs `console` and `replay`: a guest's console on this terminal or in a log, and recordings of consoles."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from xentui.actions import BY_NAME, impossible
from xentui.domains.domain import Domain
from xentui.domains.inventory import Inventory
from xentui.domains.toolstack import ToolstackError
from xentui.settings import load_settings
from xentui.subprocesses import printable

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

_DONE, _FAILED, _USAGE = 0, 1, 2

OpenInventory = Callable[[argparse.Namespace], AbstractContextManager[Inventory]]
Find = Callable[[Inventory, str], Domain]


def add_parsers(subparsers: Subparsers, open_inventory: OpenInventory, find: Find) -> None:
    """Add the verbs. `open_inventory` gives the domains of the host of the global options, `find` one of them by its
    name; it raises ToolstackError.
    """
    text = "a guest's raw console; detach with the key"
    console = subparsers.add_parser("console", help=text, description=f"{text}. One that another xentui has is joined.")
    console.add_argument("names", metavar="NAME", nargs="+")
    console.add_argument("-e", "--escape", metavar="KEY", help="the detach key, as ^X (default: the leader key)")
    console.add_argument("--group", metavar="GROUP", help="who is in this group may join (default: the settings)")
    console.add_argument("--log", action="store_true", help="without a screen: keep logs of the consoles, until ended")
    console.add_argument("--dir", metavar="DIR", type=Path, help="with --log: where the logs go")
    console.add_argument("--limit", metavar="MIB", type=int, help="with --log: most MiB kept of a guest (default 16)")
    console.set_defaults(verb_function=_console, open_inventory=open_inventory, find=find)
    text = "feed a recorded stream to the emulator, print the last screen"
    replay = subparsers.add_parser("replay", help=text, description=text)
    replay.add_argument("file", metavar="FILE", type=Path)
    replay.add_argument("--size", metavar="COLSxROWS", help="the size of the screen (default 80x24)")
    shown = replay.add_mutually_exclusive_group()
    shown.add_argument("--json", action="store_true", help="for scripts")
    shown.add_argument("--play", action="store_true", help="play it on this terminal; space pauses, q leaves")
    replay.add_argument("--speed", metavar="N", type=float, help="with --play: so many times as fast")
    replay.set_defaults(verb_function=_replay)


def _complain(sentence: str, status: int) -> int:
    print(f"xentui: {printable(sentence)}", file=sys.stderr)
    return status


# Consoles.


def _console(args: argparse.Namespace) -> int:
    if args.log:
        return _log(args)
    if len(args.names) > 1 or args.dir is not None or args.limit is not None:
        what = "several consoles at once" if len(args.names) > 1 else "--dir and --limit"
        return _complain(f"{what}: only with --log", _USAGE)
    from xentui.console.raw import raw_console
    from xentui.console.sharing.company import company_for

    settings = load_settings()
    (name,) = args.names
    may_type = not args.read_only
    with args.open_inventory(args) as inventory:
        company = company_for(inventory.host, name, args.group or settings.share, may_write=may_type)
        domain = None
        try:
            domain = args.find(inventory, name)
        except ToolstackError:
            # Who may not ask xl may still be let in by whoever has the console.
            if company is None or not company.place.is_served():
                raise
        else:
            why = impossible(BY_NAME["console"], domain)
            if why is not None:
                return _complain(f"{domain.name}: {why}", _FAILED)
            company = company_for(inventory.host, domain.name, args.group or settings.share, may_write=may_type)
        escape = args.escape or settings.leader
        name = domain.name if domain is not None else name
        return raw_console(inventory, domain, name, escape, company=company, may_type=may_type)


def _log(args: argparse.Namespace) -> int:
    from xentui.console.keeper import keep_logs

    limit = 16 if args.limit is None else args.limit
    if not 1 <= limit <= 100_000:
        return _complain(f"--limit {limit}: give 1 to 100000 MiB", _USAGE)
    if args.escape is not None:
        return _complain("--log and --escape exclude each other: there is nobody to detach", _USAGE)
    names = list(dict.fromkeys(args.names))
    with args.open_inventory(args) as inventory:
        return keep_logs(inventory, names, args.dir, limit << 20, share=args.group or load_settings().share)


# Recordings.


def _replay(args: argparse.Namespace) -> int:
    from xentui.console.replay import replay, replay_json

    try:
        size = _size(args.size)
    except ValueError as error:
        return _complain(str(error), _USAGE)
    if args.play:
        return _play(args.file, size, 1.0 if args.speed is None else args.speed)
    if args.speed is not None:
        return _complain("--speed: only with --play", _USAGE)
    emulator = replay(args.file, size)
    if args.json:
        print(json.dumps(replay_json(emulator)))
    else:
        print("\n".join(row.rstrip() for row in emulator.display()))
    return _DONE


def _play(file: Path, size: tuple[int, int] | None, speed: float) -> int:
    from xentui.console import own_terminal
    from xentui.console.painter import PainterError
    from xentui.console.play import FASTEST, SLOWEST, play

    if not SLOWEST <= speed <= FASTEST:
        return _complain(f"--speed {speed:g}: give {SLOWEST:g} to {FASTEST:g}", _USAGE)
    if not own_terminal.is_terminal():
        return _complain("a recording is played on a terminal; without one: xentui replay FILE", _USAGE)
    try:
        return play(file, size, speed)
    except PainterError as error:
        return _complain(str(error), _USAGE)


def _size(text: str | None) -> tuple[int, int] | None:
    """Raises ValueError."""
    if text is None:
        return None
    columns, _, rows = text.partition("x")
    if not (columns.isdecimal() and rows.isdecimal() and 0 < int(columns) <= 1000 and 0 < int(rows) <= 1000):
        raise ValueError(f"--size {text}: give it as COLSxROWS, like 80x24")
    return int(columns), int(rows)
