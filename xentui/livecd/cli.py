"""`xentui livecd`: build it, boot it in QEMU; and, on the running one, install it or keep what changes."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from xentui.host import Host
from xentui.livecd.qemu import CPU_LIBVIRT, MEMORY_MIB, Machine
from xentui.livecd.recipe import DOM0_MEMORY_MIB, SUITES, Recipe, RecipeError, default_cache, key_lines, load_profile
from xentui.livecd.tools import BuildError
from xentui.subprocesses import printable

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

_DEFAULT_ISO = Path("xentui-live-amd64.iso")

_KEPT = "/home, /root and /etc/xen"


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb `livecd` with its own verbs."""
    parser = subparsers.add_parser("livecd", help="build the Live CD, boot it in QEMU; install the running one")
    parser.set_defaults(verb_function=run)
    verbs = parser.add_subparsers(dest="livecd_verb", required=True, metavar="build|boot|netboot|install|keep")
    _add_build(verbs)
    _add_boot(verbs)
    _add_netboot(verbs)
    for name, text, what in (
        ("install", "on the running Live CD: erase a disk and install this system on it", "a whole disk, as sdb"),
        ("keep", f"on the running Live CD: keep {_KEPT} from the next start on", "a partition or disk, as sdb1"),
    ):
        verb = verbs.add_parser(name, help=text, description=text)
        verb.add_argument("--disk", required=True, metavar="NAME", help=f"{what}; what it holds is lost")
        verb.add_argument("--confirm", metavar="NAME", help="the same name once more: do not ask")


def _add_build(verbs: Subparsers) -> None:
    parser = verbs.add_parser("build", help="build the bootable ISO (as root, or with user namespaces)")
    add = parser.add_argument
    add("--output", type=Path, default=_DEFAULT_ISO, metavar="FILE", help="the ISO (%(default)s)")
    add("--profile", type=Path, metavar="FILE.toml", help="what a workshop wants, in a file; options here win over it")
    add("--suite", choices=SUITES, help=f"Debian's release ({SUITES[0]})")
    add("--mirror", metavar="URI", help="Debian's archive; what this machine's apt uses if not given")
    add("--cache", type=Path, default=default_cache(), metavar="DIR", help="kept between builds (%(default)s)")
    add("--guests", action=argparse.BooleanOptionalAction, default=None, help="the four small guests")
    add("--xl-guests", action="store_true", default=None, help="they are xl's alone, not libvirt's")
    add("--hvm", action="store_true", default=None, help="add QEMU as a device model, for HVM guests (much larger)")
    add("--installer", action="store_true", default=None, help="add the Debian Installer, to be booted in a guest")
    add("--package", action="append", dest="packages", metavar="NAME", help="one more Debian package; may be repeated")
    add("--keyboard", metavar="LAYOUT", help="of the screen's console: us, de, fr ...")
    add("--locale", metavar="NAME", help="such as de_DE.UTF-8")
    add("--timezone", metavar="ZONE", help="such as Europe/Berlin")
    add(
        "--ssh-key",
        action="append",
        dest="ssh_keys",
        metavar="FILE.pub",
        help="let this key in as root and livexen; sshd listens from the start then; may be repeated",
    )
    add(
        "--walkthrough",
        action="append",
        dest="walkthroughs",
        type=Path,
        metavar="FILE.md",
        help="one more walkthrough; may be repeated",
    )
    add("--dom0-memory", type=int, metavar="MIB", help=f"what dom0 gets ({DOM0_MEMORY_MIB})")
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


def _add_netboot(verbs: Subparsers) -> None:
    text = "make a folder for a TFTP server, from which machines start an ISO by network (PXE)"
    parser = verbs.add_parser("netboot", help=text, description=text)
    add = parser.add_argument
    add("--iso", type=Path, default=_DEFAULT_ISO, metavar="FILE", help="(%(default)s)")
    add("--output", type=Path, required=True, metavar="DIR", help="the folder; it must not be there yet")
    add("--url", required=True, metavar="http://SERVER/NAME.iso", help="where the machines are to fetch the ISO")
    add("--card", default="eth0", metavar="NAME", help="the machine's card for it (%(default)s)")


def run(args: argparse.Namespace) -> int:
    """Do what the parsed `args` say. The exit status: 0 done, 1 not, the reason on stderr."""
    try:
        return {"build": _build, "boot": _boot, "netboot": _netboot}.get(args.livecd_verb, _on_disk)(args)
    except (BuildError, RecipeError) as error:
        print(f"xentui livecd: {error}", file=sys.stderr)
    except OSError as error:
        print(f"xentui livecd: {error}", file=sys.stderr)
    return 1


def _build(args: argparse.Namespace) -> int:
    from xentui.livecd.build import build  # not for every start of xentui

    recipe = _recipe(args)
    build(recipe, lambda line: print(line, flush=True))
    return 0


def _recipe(args: argparse.Namespace) -> Recipe:
    """The profile's wishes, and the command line's over them."""
    wishes = load_profile(args.profile) if args.profile else {}
    for key in (
        "suite", "mirror", "guests", "xl_guests", "hvm", "installer", "keyboard", "locale", "timezone", "dom0_memory",
    ):  # fmt: skip
        if getattr(args, key) is not None:
            wishes[key] = getattr(args, key)
    given = {
        "packages": args.packages,
        "walkthroughs": args.walkthroughs,
        "ssh_keys": [line for key in args.ssh_keys or [] for line in key_lines(key)],
    }
    for key, values in given.items():
        wishes[key] = (*wishes.get(key, ()), *(values or ()))
    return Recipe(
        output=args.output,
        cache=args.cache,
        test_key=args.with_test_key.read_text() if args.with_test_key else None,
        mode=args.mode,
        fresh=args.fresh,
        **wishes,
    )


def _on_disk(args: argparse.Namespace) -> int:
    from xentui.guest_disks import read_disks
    from xentui.livecd.keep import keep  # libparted and all: not for every start of xentui
    from xentui.livecd.running import LiveError, LiveSystem

    host = Host()
    try:
        if getattr(args, "read_only", False):
            raise LiveError("--read-only: nothing is written")
        LiveSystem().check(host)
        if args.livecd_verb == "install":
            print(printable(_install(host, args)))
        else:
            confirm = args.confirm or _ask(args.disk)
            keep(host, args.disk, confirm, lambda: read_disks(host, ()), lambda line: print(printable(line)))
    except LiveError as error:
        print(f"xentui livecd: {printable(str(error))}", file=sys.stderr)
        return 1
    return 0


def _install(host: Host, args: argparse.Namespace) -> str:
    """What there is to say at the end. Raises LiveError."""
    from xentui.disks.applying import DONE, Progress
    from xentui.guest_disks import read_disks
    from xentui.livecd.install import find_disk, prepare
    from xentui.livecd.running import LiveError

    def tell(progress: Progress) -> None:
        if progress.fraction is None:
            print(printable(f"[{progress.step}/{progress.steps}] {progress.title}"), flush=True)

    disks = read_disks(host)
    installation = prepare(host, disks, find_disk(disks, args.disk))
    outcome = installation.install(args.confirm or _ask(args.disk), lambda: read_disks(host), tell)
    if outcome.status != DONE:
        raise LiveError(outcome.message)
    return outcome.message


def _ask(disk: str) -> str:
    """The name that the user types."""
    if not sys.stdin.isatty():
        raise BuildError(f"to do it without being asked, give --confirm {Path(disk).name}")
    print(
        f"All that {printable(disk)} holds will be lost. Type its name to go on: ", end="", file=sys.stderr, flush=True
    )
    return sys.stdin.readline().strip()


def _netboot(args: argparse.Namespace) -> int:
    from xentui.livecd.netboot import LOADERS, make_netboot
    from xentui.livecd.tools import Builder

    builder = Builder(default_cache() / "netboot.log", lambda line: print(line, flush=True))
    make_netboot(builder, args.iso, args.output, args.url, args.card)
    bios, uefi = LOADERS
    print(
        f"Serve {args.output} by TFTP, its root and no other, and {args.iso} as {args.url}. DHCP names the boot file: "
        f"{bios} for a BIOS, {uefi} for UEFI (Secure Boot off)."
    )
    return 0


def _boot(args: argparse.Namespace) -> int:
    if not args.iso.is_file():
        raise BuildError(f"{args.iso}: no such file. Build it first: xentui livecd build --output {args.iso}")
    argv = Machine(args.iso, args.memory, args.cpu, args.ssh_port, args.accel).argv(monitor_keys=True)
    if shutil.which(argv[0]) is None:
        raise BuildError(f"{argv[0]} is not installed. As root: apt-get install qemu-system-x86")
    print("Booting in QEMU; Ctrl-A X ends it. Emulated, the way to the login takes some minutes.", flush=True)
    os.execvp(argv[0], argv)  # noqa: S606 - this process becomes QEMU
