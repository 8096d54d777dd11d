"""`xentui walkthrough list|show|lint|test|run|progress|class|verbs`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from xentui.host import Host
from xentui.subprocesses import printable

if TYPE_CHECKING:
    from xentui.walkthroughs.shelves import Entry
    from xentui.walkthroughs.walkthrough import Problem, Walkthrough

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

_DONE, _FAILED = 0, 1

OpenHost = Callable[[argparse.Namespace], AbstractContextManager[Host]]


def add_parser(subparsers: Subparsers, open_host: OpenHost) -> None:
    """Add the verb `walkthrough` with its own verbs; `open_host` gives the host of the global options."""
    text = "the guide, step by step: it checks what you did"
    parser = subparsers.add_parser("walkthrough", help=text, description=text)
    verbs = parser.add_subparsers(
        dest="walkthrough_verb", required=True, metavar="list|show|lint|test|run|progress|class|verbs"
    )

    def verb(name: str, text: str, function: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=text)
        added.set_defaults(verb_function=function)
        return added

    listing = verb("list", "the walkthroughs that there are", _list)
    show = verb("show", "print a walkthrough to read", _show)
    show.add_argument("name", metavar="ID|FILE")
    lint = verb("lint", "what is wrong in walkthroughs' files; exit status 1 if something is", _lint)
    lint.add_argument("names", metavar="ID|FILE", nargs="*", help="without one: all that there are")
    test = verb("test", "walk through them alone: each check must fail before, hold after, fail again undone", _test)
    test.add_argument("names", metavar="ID|FILE", nargs="+")
    test.add_argument("--dangerous", action="store_true", help="do also the steps that destroy something")
    test.add_argument("--patience", metavar="N", type=float, default=1.0, help="N times as long, on a slow machine")
    test.add_argument("--once", action="store_true", help="when the last step was undone, do not do it again")
    run = verb("run", "walk through one, line by line; on a full screen: xentui, key W", _run)
    run.add_argument("name", metavar="ID|FILE")
    run.add_argument("--again", action="store_true", help="from the start, whatever was done before")
    verb("verbs", "what a check can state", _verbs)
    progress = verb("progress", "how far you have come in each", _progress)
    group = verb("class", "who is in the class, how far, and what holds them up", _class)
    group.add_argument("hosts", metavar="HOST", nargs="*", help="dom0s that are reached by ssh; without one, --host")
    group.add_argument("--folder", metavar="DIR", help="where the class meets there")
    for parser in (test, run, group):
        parser.set_defaults(open_host=open_host)
        parser.add_argument("--set", metavar="NAME=ANSWER", action="append", default=[], dest="answers",
                            help="what a walkthrough asks for, given beforehand")  # fmt: skip
    for parser in (listing, show, lint, test, progress, group):
        parser.add_argument("--json", action="store_true", help="for scripts")


def _list(args: argparse.Namespace) -> int:
    from xentui.walkthroughs.shelves import catalogue

    entries = catalogue()
    if args.json:
        print(json.dumps([_entry_json(entry) for entry in entries.values()], indent=1))
        return _DONE
    width = max((len(id) for id in entries), default=0)
    for id, entry in entries.items():
        if entry.parsed is None:
            print(printable(f"{id:{width}}  cannot be read: {entry.problems[0]}"))
            continue
        walkthrough = entry.parsed.walkthrough
        minutes = f"{walkthrough.minutes:3} min" if walkthrough.minutes else " " * 7
        broken = "  (has errors: see lint)" if entry.problems else ""
        print(printable(f"{id:{width}}  {walkthrough.section:6} {minutes}  {walkthrough.title}{broken}"))
    return _DONE


def _entry_json(entry: Entry) -> dict[str, object]:
    walkthrough = entry.parsed.walkthrough if entry.parsed is not None else None
    return {
        "id": entry.id,
        "title": walkthrough.title if walkthrough else None,
        "section": walkthrough.section or None if walkthrough else None,
        "minutes": walkthrough.minutes or None if walkthrough else None,
        "steps": len(walkthrough.steps) if walkthrough else None,
        "needs": list(walkthrough.needs) if walkthrough else None,
        "file": str(entry.path),
        "problems": [_problem_json(problem) for problem in entry.problems],
    }


def _problem_json(problem: Problem) -> dict[str, object]:
    return {"file": problem.file, "line": problem.line, "message": problem.message}


def _show(args: argparse.Namespace) -> int:
    from dataclasses import asdict

    from xentui.walkthroughs.lint import samples
    from xentui.walkthroughs.plain import whole
    from xentui.walkthroughs.shelves import find
    from xentui.walkthroughs.walkthrough import WalkthroughError

    entry = find(args.name)
    if entry.parsed is None:
        raise WalkthroughError(list(entry.problems))
    walkthrough = entry.parsed.walkthrough
    if args.json:
        print(json.dumps(asdict(walkthrough), indent=1))
    else:
        defaults = {name: value for name, value in samples(walkthrough).items() if _has_default(walkthrough, name)}
        print("\n".join(printable(line) for line in whole(walkthrough, defaults)))
    return _DONE


def _has_default(walkthrough: Walkthrough, name: str) -> bool:
    return any(ask.name == name and ask.default for ask in walkthrough.asks)


def _lint(args: argparse.Namespace) -> int:
    from xentui.walkthroughs.lint import lint
    from xentui.walkthroughs.shelves import every, find, same_ids

    shelf = every()
    entries = [find(name) for name in args.names] if args.names else shelf
    neighbours: dict[str, Path] = {entry.id: entry.path for entry in shelf}
    problems = same_ids(entries)
    for entry in entries:
        problems += lint(entry.parsed, neighbours) if entry.parsed is not None else entry.problems
    if args.json:
        print(json.dumps([_problem_json(problem) for problem in problems], indent=1))
    else:
        for problem in problems:
            print(printable(str(problem)))
    if not problems and not args.json:
        print(f"{len(entries)} walkthrough{'s' if len(entries) != 1 else ''}: nothing wrong", file=sys.stderr)
    return _FAILED if problems else _DONE


def _test(args: argparse.Namespace) -> int:
    from xentui.walkthroughs.answers import given
    from xentui.walkthroughs.selftest import SelfTest
    from xentui.walkthroughs.shelves import find
    from xentui.walkthroughs.table import result_json, table

    walkthroughs = [_sound(find(name)) for name in args.names]
    answers = [given(walkthrough, args.answers) for walkthrough in walkthroughs]
    results = []
    with args.open_host(args) as host:
        for walkthrough, values in zip(walkthroughs, answers, strict=True):
            said = _say if not args.json else (lambda _sentence: None)
            said(f"{walkthrough.id} on {host.name}{' (the demo dom0)' if host.is_demo else ''}")
            test = SelfTest(
                host,
                walkthrough,
                values,
                dangerous=args.dangerous,
                patience=min(max(1.0, args.patience), 1000.0),
                once=args.once,
                said=said,
            )
            results.append(test.run())
    if args.json:
        print(json.dumps([result_json(result) for result in results], indent=1))
    else:
        for result in results:
            print("\n".join(printable(line) for line in table(result)))
    return _DONE if all(result.ok for result in results) else _FAILED


def _say(sentence: str) -> None:
    print(printable(sentence), file=sys.stderr, flush=True)


def _sound(entry: Entry) -> Walkthrough:
    """The walkthrough of an entry in which lint finds nothing. Raises WalkthroughError."""
    from xentui.walkthroughs.lint import lint
    from xentui.walkthroughs.shelves import catalogue
    from xentui.walkthroughs.walkthrough import WalkthroughError

    neighbours = {id: other.path for id, other in catalogue().items()}
    problems = lint(entry.parsed, neighbours) if entry.parsed is not None else list(entry.problems)
    if entry.parsed is None or problems:
        raise WalkthroughError(problems)
    return entry.parsed.walkthrough


def _run(args: argparse.Namespace) -> int:
    from xentui.walkthroughs.answers import chosen
    from xentui.walkthroughs.progress import forget_progress, host_name, load_progress
    from xentui.walkthroughs.shelves import find
    from xentui.walkthroughs.walk import Walk

    walkthrough = _sound(find(args.name))
    answers = chosen(walkthrough, args.answers)
    with args.open_host(args) as host:
        if args.again:
            forget_progress(load_progress(walkthrough.id, host_name(host)))
        return _DONE if Walk(host, walkthrough, answers).run() else _FAILED


def _progress(args: argparse.Namespace) -> int:
    from xentui.walkthroughs.progress import all_progress, export

    found = all_progress()
    if args.json:
        print(json.dumps(export(found), indent=1))
        return _DONE
    for one in found:
        where = "done" if one.finished else f"step {one.number} of {one.steps}"
        print(printable(f"{one.id:<24} {one.host:<16} {where}"))
    return _DONE


def _verbs(_args: argparse.Namespace) -> int:
    from xentui.walkthroughs.facts.verbs import FORMS, in_words

    width = max(len(in_words(form)) for form in FORMS if form.about)
    for form in FORMS:
        print(f"{in_words(form):{width}}  {form.about}".rstrip())
    return _DONE


def _class(args: argparse.Namespace) -> int:
    from dataclasses import asdict

    from xentui.host import HostError
    from xentui.walkthroughs.classroom import duration, learners

    found, failed = [], False
    for target in args.hosts or [args.host]:
        args.host = target
        try:
            with args.open_host(args) as host:
                found += learners(host, args.folder)
        except HostError as error:
            _say(f"xentui: {error}")
            failed = True
    if args.json:
        print(json.dumps([asdict(learner) for learner in found], indent=1))
    else:
        for one in found:
            where = "done" if one.finished else f"{one.step}/{one.steps}"
            state = "left" if one.left else duration(one.on_step)
            print(printable(f"{one.name:20.20} {one.walkthrough:24.24} {where:7} {state:8} {one.failed}").rstrip())
    return _FAILED if failed else _DONE
