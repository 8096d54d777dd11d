"""What walkthroughs leave behind: the dom0 before and after, compared."""

from __future__ import annotations

from xentui.domains.domain import State
from xentui.walkthroughs.world import UnknownError, World

#: Where guests, their disks and what belongs to them stand. What is mounted in one of them is not looked into.
FOLDERS = (
    "/etc/xen", "/srv", "/srv/xen", "/var/lib/xen/save", "/var/lib/libvirt/images", "/mnt",
    "/etc/systemd/network", "/etc/network",
)  # fmt: skip
#: Files up to this size (KiB) are compared by what is in them.
_SMALL_KIB = 1024

Trace = dict[str, str]


def take(world: World) -> Trace:
    """Everything that is watched, each with what is to be the same afterwards. Blocks. Raises UnknownError."""
    world.look_again()
    found: Trace = {}
    for row in world.domains():
        if row.state is State.DYING:
            continue  # what Xen still takes apart of a domain that has ended
        found[f"domain {row.name}"] = row.state.said
    found |= _files(world)
    for line in world.run(["findmnt", "-rno", "TARGET,SOURCE"]).stdout.splitlines():
        found[f"mount {line}"] = "mounted"
    if not world.host.is_demo:
        found |= _devices(world)
    return found


def _files(world: World) -> Trace:
    found: Trace = {}
    listed = world.run(["find", *FOLDERS, "-xdev", "-printf", "%p\\t%y %s %l\\n"]).stdout
    for line in listed.splitlines():
        path, _, about = line.partition("\t")
        if path in FOLDERS:
            continue  # that there is such a place now is no trace; what is left in it would be
        # The size of a folder is its file system's own affair.
        found[f"file {path}"] = "folder" if about.startswith("d") else about
    sums = world.run(
        ["find", *FOLDERS, "-xdev", "-type", "f", "-size", f"-{_SMALL_KIB}k", "-exec", "sha256sum", "{}", "+"]
    ).stdout
    for line in sums.splitlines():
        digest, _, path = line.partition("  ")
        found[f"contents of {path}"] = digest
    return found


def _devices(world: World) -> Trace:
    """Volumes, loops and maps; interfaces; what libvirt keeps. Each as far as its tool is there."""
    found: Trace = {}
    for kind, argv in (
        ("device", ["lsblk", "-rno", "PATH,TYPE,SIZE"]),
        ("volume", ["lvs", "--readonly", "--noheadings", "-o", "lv_full_name,lv_size"]),
        ("libvirt domain", ["virsh", "-c", "xen:///system", "list", "--all", "--name"]),
    ):
        try:
            lines = world.run(argv).stdout.splitlines()
        except UnknownError:
            continue
        found |= {f"{kind} {line.strip()}": "there" for line in lines if line.strip()}
    return found


def differences(before: Trace, after: Trace) -> list[str]:
    """What is not as it was, a line each."""
    found = []
    for key in sorted(before.keys() | after.keys()):
        was, now = before.get(key), after.get(key)
        if was == now:
            continue
        if was is None:
            found.append(f"{key}: left behind ({now})")
        else:
            found.append(f"{key}: {'is gone' if now is None else f'was {was}, is {now}'}")
    return found
