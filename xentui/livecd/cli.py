"""`xentui livecd build` and `xentui livecd boot`."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from xentui.livecd.qemu import CPU_LIBVIRT, MEMORY_MIB, Machine
from xentui.livecd.recipe import SUITES, Recipe, default_cache
from xentui.livecd.tools import BuildError

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

_DEFAULT_ISO = Path("xentui-live-amd64.iso")


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb `livecd` with its own two verbs."""
    parser = subparsers.add_parser("livecd", help="build the Live CD, or boot it in QEMU")
    parser.set_defaults(verb_function=run)
    verbs = parser.add_subparsers(dest="livecd_verb", required=True, metavar="build|boot")
    _add_build(verbs)
    _add_boot(verbs)


def _add_build(verbs: Subparsers) -> None:
    parser = verbs.add_parser("build", help="build the bootable ISO (as root, or with user namespaces)")
    add = parser.add_argument
    add("--output", type=Path, default=_DEFAULT_ISO, metavar="FILE", help="the ISO (%(default)s)")
    add("--suite", default=SUITES[0], choices=SUITES, help="Debian's release (%(default)s)")
    add("--mirror", metavar="URI", help="Debian's archive; what this machine's apt uses if not given")
    add("--cache", type=Path, default=default_cache(), metavar="DIR", help="kept between builds (%(default)s)")
    add("--guests", action=argparse.BooleanOptionalAction, default=True, help="the four small guests")
    add("--hvm", action="store_true", help="add QEMU as a device model, for HVM guests (much larger)")
    add("--mode", default="auto", choices=("auto", "root", "unshare", "fakechroot"), help="see mmdebstrap(1)")
    add("--fresh", action="store_true", help="install Debian anew, for its newest packages")
    add(
        "--with-test-key",
        type=Path,
        metavar="FILE.pub",
        help="open ssh to this key (root and all) and add pytest: for the tests, not for others",
    )


def _add_boot(verbs: Subparsers) -> None:
    parser = verbs.add_parser("boot", help="boot an ISO in QEMU, its serial line in this terminal")
    add = parser.add_argument
    add("--iso", type=Path, default=_DEFAULT_ISO, metavar="FILE", help="(%(default)s)")
    add("--memory", type=int, default=MEMORY_MIB, metavar="MIB", help="(%(default)s)")
    add("--cpu", default=CPU_LIBVIRT, metavar="MODEL", help="as QEMU's -cpu (%(default)s)")
    add("--ssh-port", type=int, metavar="PORT", help="forward this port of 127.0.0.1 to the machine's sshd")
    add("--accel", default="tcg", choices=("tcg", "kvm"), help="(%(default)s: emulation, works everywhere)")


def run(args: argparse.Namespace) -> int:
    """Do what the parsed `args` say. The exit status: 0 done, 1 not, the reason on stderr."""
    try:
        return _build(args) if args.livecd_verb == "build" else _boot(args)
    except BuildError as error:
        print(f"xentui livecd: {error}", file=sys.stderr)
    except OSError as error:
        print(f"xentui livecd: {error}", file=sys.stderr)
    return 1


def _build(args: argparse.Namespace) -> int:
    from xentui.livecd.build import build  # not for every start of xentui

    recipe = Recipe(
        output=args.output,
        cache=args.cache,
        suite=args.suite,
        mirror=args.mirror,
        guests=args.guests,
        hvm=args.hvm,
        test_key=args.with_test_key.read_text() if args.with_test_key else None,
        mode=args.mode,
        fresh=args.fresh,
    )
    build(recipe, lambda line: print(line, flush=True))
    return 0


def _boot(args: argparse.Namespace) -> int:
    if not args.iso.is_file():
        raise BuildError(f"{args.iso}: no such file. Build it first: xentui livecd build --output {args.iso}")
    argv = Machine(args.iso, args.memory, args.cpu, args.ssh_port, args.accel).argv(monitor_keys=True)
    if shutil.which(argv[0]) is None:
        raise BuildError(f"{argv[0]} is not installed. As root: apt-get install qemu-system-x86")
    print("Booting in QEMU; Ctrl-A X ends it. Emulated, the way to the login takes some minutes.", flush=True)
    os.execvp(argv[0], argv)  # noqa: S606 - this process becomes QEMU
