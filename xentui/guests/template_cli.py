"""`xentui template list|show|make|use`."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from xentui.guests.cli import Opener, add_options, complain, refuse_read_only, run_create, wish_of
from xentui.subprocesses import printable

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

_DONE = 0


def add_parser(verbs: Subparsers, opener: Opener) -> None:
    """Add the verb `template` with its own verbs."""
    text = "guests to make again and again: list them, show one, make one, use one"
    parser = verbs.add_parser("template", help=text, description=text)
    own = parser.add_subparsers(dest="template_verb", required=True, metavar="list|show|make|use")

    text = "all templates"
    listed = own.add_parser("list", help=text, description=text)
    listed.add_argument("--json", action="store_true", help="for scripts")
    listed.set_defaults(verb_function=lambda args: _list(args, opener))

    text = "the text of a template"
    show = own.add_parser("show", help=text, description=text)
    show.add_argument("template", metavar="TEMPLATE")
    show.set_defaults(verb_function=lambda args: _show(args, opener))

    text = "make a template: of a guest, of a configuration file, or of the options of create"
    make = own.add_parser("make", help=text, description=text)
    make.add_argument("template", metavar="TEMPLATE")
    make.add_argument("--from", dest="origin", metavar="GUEST|FILE.cfg", help="a guest, or a configuration file")
    make.add_argument("--description", metavar="TEXT", help="one line on what it is")
    add_options(make)
    make.set_defaults(verb_function=lambda args: _make(args, opener))

    text = "make a guest of a template; options given here go before the template's"
    use = own.add_parser("use", help=text, description=text)
    use.add_argument("template", metavar="TEMPLATE")
    use.add_argument("name", metavar="NAME", nargs="?")
    use.add_argument("--hostname", "--name", metavar="NAME", help=argparse.SUPPRESS)
    add_options(use)
    use.add_argument("--start", action="store_true", help="start it when it is made")
    use.add_argument("--dry-run", action="store_true", help="show the steps and the configuration, make nothing")
    use.set_defaults(verb_function=lambda args: _use(args, opener))


def _list(args: argparse.Namespace, opener: Opener) -> int:
    from xentui.guests.templates import all_templates

    with opener(args) as inventory:
        found, problems = all_templates(inventory.host)
    for problem in problems:
        print(f"xentui: {printable(problem)}", file=sys.stderr)
    if args.json:
        values = [{"template": one.id, "path": one.path, "description": one.description} for one in found]
        print(json.dumps(values, indent=1))
    else:
        width = max((len(one.id) for one in found), default=0)
        for one in found:
            print(f"{printable(one.id):{width}}  {printable(one.description)}")
    return _DONE


def _show(args: argparse.Namespace, opener: Opener) -> int:
    from xentui.guests.templates import template

    with opener(args) as inventory:
        found = template(inventory.host, args.template)
    print(f"# {found.path}")
    print("\n".join(printable(line) for line in found.text.splitlines()))
    return _DONE


def _make(args: argparse.Namespace, opener: Opener) -> int:
    from xentui.guests.likeness import Like, wish_like
    from xentui.guests.site import Site
    from xentui.guests.templates import save_template

    refuse_read_only(args, "template make")
    wish = wish_of(args)
    if bool(args.origin) == bool(wish):
        return complain("say either --from GUEST or the options of a guest to make (see xentui create --help)", 2)
    with opener(args) as inventory:
        site = Site(inventory.host, inventory.snapshot())
        site.check_local()
        like = wish_like(site, args.origin) if args.origin else Like("", wish)
        path = save_template(
            inventory.host, args.template, args.description or like.description, wish=like.wish, config=like.config,
            settings=like.settings,
        )  # fmt: skip
    print(f"Made the template {args.template}: {path}")
    if like.remark:
        print(printable(like.remark))
    return _DONE


def _use(args: argparse.Namespace, opener: Opener) -> int:
    return run_create(args, opener, args.name or args.hostname)
