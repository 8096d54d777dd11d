"""`xentui config check` and `xentui config convert`."""

from __future__ import annotations

import argparse
import json
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from xentui.xlcfg.findings import Finding

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]
    OnHost = Callable[[argparse.Namespace], AbstractContextManager["HostView"]]

_DONE, _FAILED = 0, 1
#: No configuration file is longer than that, in bytes.
LONGEST = 1 << 17


class ConfigFileError(ValueError):
    """A file that cannot be read as a configuration. One sentence, with its name."""


class HostView:
    """What a host has to do with a configuration; this one has nothing."""

    def read(self, filename: str) -> bytes | None:
        """The beginning of a file of the host's, None if it has none of that name."""
        return None

    def findings(self, text: str, filename: str) -> list[Finding]:
        """What the host has to say to the file."""
        return []


def add_parser(subparsers: Subparsers, on_host: OnHost) -> Subparsers:
    """Add the verb `config` with its own two verbs. `on_host` opens the host that is asked for, if any. Gives where
    more verbs of its own are added."""
    text = "check guests' configuration files, make today's of an old one, or compare one with the guest that runs"
    parser = subparsers.add_parser("config", help=text, description=text)
    verbs = parser.add_subparsers(dest="config_verb", required=True, metavar="VERB")
    text = "what xl refuses, and what it takes for something else; exit status 1 if it refuses a file"
    check = verbs.add_parser("check", help=text, description=text)
    check.add_argument("files", metavar="FILE", nargs="+", help="- is the standard input")
    check.add_argument("--json", action="store_true", help="for scripts")
    check.set_defaults(verb_function=lambda args: _check(args, on_host))
    text = "print today's file for one written for xm; its Python is read, never run"
    convert = verbs.add_parser("convert", help=text, description=text)
    convert.add_argument("file", metavar="FILE", help="- is the standard input")
    convert.set_defaults(verb_function=_convert)
    return verbs


def read_config(filename: str, host: HostView | None = None) -> str:
    """The text of a file, every byte kept: of this machine, or if it has none, of the host. Raises ConfigFileError."""
    there = None
    if filename == "-":
        data = sys.stdin.buffer.read(LONGEST + 1)
    else:
        if host is not None and not os.path.exists(filename):  # noqa: PTH110 - no error, whatever is wrong
            there = host.read(filename)
        data = _read(filename) if there is None else there
    if len(data) > LONGEST:
        raise ConfigFileError(f"{filename}: longer than 128 KiB; that is no configuration file")
    controls = sum(byte < 32 and byte not in b"\t\n\r\f" for byte in data)
    if controls * 50 > len(data):
        raise ConfigFileError(f"{filename}: a binary file; that is no configuration file")
    return data.decode("utf-8", "surrogateescape")


def _read(filename: str) -> bytes:
    try:
        if not stat.S_ISREG(Path(filename).stat().st_mode):
            raise ConfigFileError(f"{filename}: no regular file")
        with Path(filename).open("rb") as file:
            return file.read(LONGEST + 1)
    except OSError as error:
        raise ConfigFileError(f"{filename}: {error.strerror}") from error
    except ValueError as error:  # a NUL in the name
        raise error if isinstance(error, ConfigFileError) else ConfigFileError(f"{filename!r}: {error}") from error


def _check(args: argparse.Namespace, on_host: OnHost) -> int:
    from xentui.subprocesses import printable
    from xentui.xlcfg.check import check
    from xentui.xlcfg.findings import Severity

    failed = False
    texts: dict[str, str] = {}
    with on_host(args) as host:
        for filename in args.files:
            try:
                texts[filename] = read_config(filename, host)
            except ConfigFileError as error:
                print(f"xentui: {printable(str(error))}", file=sys.stderr)
                failed = True
        found_in = {name: [*check(text, name), *host.findings(text, name)] for name, text in texts.items()}
    entries = []
    for filename, unsorted in found_in.items():
        findings = sorted(unsorted, key=lambda found: (found.line, found.column))
        for found in findings:
            failed = failed or found.severity is Severity.ERROR
            entries.append(found.json(printable(filename)))
            if not args.json:
                line = f"{filename}:{found.line}:{found.column}: {found.severity.value}: {found.message} [{found.code}]"
                print(printable(line))
    if args.json:
        print(json.dumps(entries, indent=1))
    return _FAILED if failed else _DONE


def _convert(args: argparse.Namespace) -> int:
    from xentui.subprocesses import printable
    from xentui.xlcfg.convert import convert
    from xentui.xlcfg.findings import Severity

    converted = convert(read_config(args.file), args.file)
    for problem in converted.problems:
        print(f"xentui: {printable(problem)}", file=sys.stderr)
    if converted.text is None:
        return _FAILED
    sys.stdout.buffer.write(converted.text.encode("utf-8", "surrogateescape"))
    left = [found for found in converted.findings if found.severity is Severity.ERROR]
    for found in left:
        says = f"{args.file}: in the new file, line {found.line}: {found.message} [{found.code}]"
        print(f"xentui: {printable(says)}", file=sys.stderr)
    return _FAILED if left or converted.problems else _DONE
