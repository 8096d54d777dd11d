"""`xentui disks apply` and `xentui disks restore`."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from xentui.disks.device import Disks
from xentui.host import Host
from xentui.subprocesses import printable

if TYPE_CHECKING:
    from xentui.disks.applying import Outcome, Progress
    from xentui.disks.planfile import PlanFile
    from xentui.disks.target import Target

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

_DONE, _FAILED, _USAGE = 0, 1, 2

OpenHost = Callable[[argparse.Namespace], AbstractContextManager[Host]]
#: Reads all disks of a host with their uses; the images named are looked at, too.
ReadDisks = Callable[[Host, Iterable[str]], Disks]


def add_apply(verbs: Subparsers, open_host: OpenHost, read_disks: ReadDisks) -> None:
    """Add the verbs `apply` and `restore`."""
    text = "carry out a plan of changes to a disk or a disk image"
    apply = verbs.add_parser("apply", help=text, description=text)
    apply.add_argument("plan", metavar="PLAN.json", type=Path)
    _device(apply)
    apply.add_argument("--dry-run", action="store_true", help="write nothing; say what would result, by what commands")
    apply.add_argument("--sector-size", type=int, choices=(512, 4096), help="of an image, in bytes (default 512)")
    apply.set_defaults(verb_function=lambda args: _apply(args, open_host, read_disks))
    text = "bring back a partition table that was replaced"
    restore = verbs.add_parser("restore", help=text, description=text)
    restore.add_argument("backup", metavar="BACKUP", type=Path, help="the .json file that apply told of")
    _device(restore)
    restore.set_defaults(verb_function=lambda args: _restore(args, open_host, read_disks))
    for name, text in (
        ("map", "make devices of the partitions inside an image or a volume, for maintenance"),
        ("unmap", "take these devices away again, before the guest starts"),
    ):
        verb = verbs.add_parser(name, help=text, description=text)
        verb.add_argument("device", metavar="DEV", help="an image file or a volume")
        verb.set_defaults(verb_function=lambda args: _map(args, open_host, read_disks))


def _device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", metavar="DEV", required=True, help="a block device or an image file")
    parser.add_argument("--confirm", metavar="NAME", help="the device's name, as sda: do not ask")
    parser.add_argument("--json", action="store_true", help="for scripts")


def _apply(args: argparse.Namespace, open_host: OpenHost, read_disks: ReadDisks) -> int:
    from xentui.disks.applying import carry_out
    from xentui.disks.dry_run import lost
    from xentui.disks.planfile import read_plan

    plan = read_plan(args.plan)
    with _here(args, open_host) as host:
        path = _path(args, host)
        disks = read_disks(host, [path])
        target = _target(host, disks, path, plan, args.sector_size)
        if args.dry_run:
            return _dry_run(args, host, disks, target, plan)
        _refuse_read_only(args)
        losses = lost(host, disks, target, plan)
        for loss in losses if not args.json else ():
            print(f"Note: {printable(loss)}", file=sys.stderr)
        confirm = args.confirm or _ask(target, plan)
        if confirm is None:
            return _complain("not done: nothing was written", _FAILED)
        with _stop_between_steps() as cancel:
            outcome = carry_out(
                host, target, plan.operations, confirm=confirm, made_on=plan.made_on, cancel=cancel,
                read_disks=lambda: read_disks(host, [path]), told=None if args.json else _tell,
            )  # fmt: skip
    return _report(outcome, args.json, losses)


def _restore(args: argparse.Namespace, open_host: OpenHost, read_disks: ReadDisks) -> int:
    from xentui.disks import backup
    from xentui.disks.restoring import restore

    kept = backup.load(args.backup)
    with _here(args, open_host) as host:
        _refuse_read_only(args)
        path = _path(args, host)
        target = _target(host, read_disks(host, [path]), path, None, kept.sector_size)
        confirm = args.confirm or _ask(target, None)
        if confirm is None:
            return _complain("not done: nothing was written", _FAILED)
        outcome = restore(host, args.backup, target, confirm=confirm, read_disks=lambda: read_disks(host, [path]))
    return _report(outcome, args.json)


def _map(args: argparse.Namespace, open_host: OpenHost, read_disks: ReadDisks) -> int:
    from xentui.disks.guard import RefusedError
    from xentui.disks.mapping import map_partitions, unmap_partitions
    from xentui.disks.target import TargetError

    with _here(args, open_host) as host:
        _refuse_read_only(args)
        path = _path(args, host)
        disks = read_disks(host, [path])
        try:
            if args.disks_verb == "unmap":
                unmap_partitions(host, disks, path)
                return _DONE
            print("\n".join(printable_lines(map_partitions(host, disks, path))))
        except (RefusedError, TargetError) as error:
            return _complain(str(error), _FAILED)
    return _DONE


@contextmanager
def _here(args: argparse.Namespace, open_host: OpenHost) -> Iterator[Host]:
    """The host of the global options. Without any, it is this machine, be it a dom0 or not: a path that the
    user gives is never one of a demo that he did not ask for."""
    if args.host is None and not args.demo and args.demo_dir is None:
        yield Host()
        return
    with open_host(args) as host:
        if host.is_remote:
            raise ValueError(f"disks of {host.name} are changed there: run xentui on that host")
        yield host


def _path(args: argparse.Namespace, host: Host) -> str:
    given = str(args.device)
    if host.is_demo:
        return str(host.path(given if given.startswith("/") else f"/srv/xen/{given}"))
    return os.path.abspath(given)  # noqa: PTH100 (a link is followed when it is opened, and shown as it was given)


def _target(host: Host, disks: Disks, path: str, plan: PlanFile | None, sector_size: int | None) -> Target:
    from xentui.disks.applying import new_image_size
    from xentui.disks.operations import PlanError
    from xentui.disks.probe import locate
    from xentui.disks.target import TargetError, new_image, read_target
    from xentui.disks.target_of import target_of

    size = new_image_size(plan.operations) if plan is not None else None
    if sector_size is None and plan is not None and plan.made_on is not None:
        sector_size = plan.made_on.sector_size
    if size is not None and not os.path.lexists(path):
        return new_image(path, size, sector_size or 512)
    try:
        device = locate(host, disks, path)
        if device is None:
            return read_target(path, sector_size=sector_size)
        return target_of(disks, device, path=path, sector_size=sector_size)
    except TargetError as error:
        raise PlanError(str(error)) from None


def _dry_run(args: argparse.Namespace, host: Host, disks: Disks, target: Target, plan: PlanFile) -> int:
    from xentui.disks.dry_run import dry_run, dry_run_lines

    said = dry_run(host, disks, target, plan)
    if args.json:
        print(json.dumps(said, indent=1))
    else:
        print("\n".join(printable_lines(dry_run_lines(said))))
    return _FAILED if said["problems"] else _DONE


def printable_lines(lines: Iterable[str]) -> list[str]:
    return [printable(line) for line in lines]


def _refuse_read_only(args: argparse.Namespace) -> None:
    if args.read_only:
        raise ValueError("--read-only: nothing is written; --dry-run shows what would be")


def _ask(target: Target, plan: PlanFile | None) -> str | None:
    """The name that the user types; None if it is another."""
    if not sys.stdin.isatty():
        raise ValueError(f"{target.path}: to do it without being asked, give --confirm {target.name}")
    for number, each in enumerate(plan.operations if plan else (), 1):
        print(f"{number:3}  {printable(each.title)}", file=sys.stderr)
    size = f"{target.size} bytes" + (f", {printable(target.model)}" if target.model else "")
    print(f"This changes {printable(target.path)} ({size}). Type its name to go on: ", end="", file=sys.stderr)
    sys.stderr.flush()
    return target.name if sys.stdin.readline().strip() == target.name else None


@contextmanager
def _stop_between_steps() -> Iterator[threading.Event]:
    """Ctrl-C ends a program that runs, or waits for the table to be written; then it is said what was done."""
    cancel = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: cancel.set())
    try:
        yield cancel
    finally:
        signal.signal(signal.SIGINT, before)


def _tell(progress: Progress) -> None:
    if progress.fraction is None:
        print(f"[{progress.step}/{progress.steps}] {printable(progress.title)}", file=sys.stderr, flush=True)


def _report(outcome: Outcome, as_json: bool, notes: list[str] | None = None) -> int:
    from xentui.disks.applying import DONE

    if as_json:
        print(json.dumps({**outcome.json(), "notes": notes or []}, indent=1))
    ok = outcome.status == DONE
    if not as_json:
        if ok:
            print(printable(outcome.message))
        for title in outcome.not_done if outcome.done else ():
            print(f"not done: {printable(title)}")
        if outcome.backup is not None:
            print(f"The old table is kept in {printable(str(outcome.backup))}")
        if outcome.restore is not None:
            print(f"To go back: {printable(outcome.restore)}")
    return _DONE if ok else _complain(outcome.message, _FAILED)


def _complain(sentence: str, status: int) -> int:
    print(f"xentui: {printable(sentence)}", file=sys.stderr)
    return status
