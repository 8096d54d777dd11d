"""What the host's own tools and /proc say about its block devices, each with a deadline; each may be missing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from xentui.host import Host, HostError
from xentui.subprocesses import CommandError, ProgramMissingError

Json = dict[str, Any]

#: Seconds for each tool. A disk that does not answer must not hold up the rest for longer.
DEADLINE = 15.0

#: A physical volume, in blkid's words.
LVM_MEMBER = "LVM2_member"
#: lsblk(8)'s columns. Asking for all of them (-O) takes twice the time.
_COLUMNS = (
    "NAME,KNAME,PATH,TYPE,MAJ:MIN,SIZE,RO,RM,LOG-SEC,PHY-SEC,MODEL,SERIAL,TRAN,FSTYPE,LABEL,UUID,"
    "PTTYPE,PARTTYPE,PARTTYPENAME,PARTLABEL,PARTUUID,PARTFLAGS,START"
)
_LSBLK = ("lsblk", "-J", "-b", "-o", _COLUMNS)
_LSBLK_ALL = ("lsblk", "-J", "-b", "-O")  # of a release that lacks one of them
_LOSETUP = ("losetup", "-J", "-l", "-O", "NAME,BACK-FILE,BACK-INO,BACK-MAJ:MIN,OFFSET,RO")
_LVM = ("lvm", "fullreport", "--units", "b", "--nosuffix", "--reportformat", "json")


@dataclass(slots=True)
class Sources:
    """All that was read. `problems` and `blind` as in `xentui.disks.device.Disks`."""

    lsblk: list[Json] = field(default_factory=list)
    loops: list[Json] = field(default_factory=list)
    lvm: list[Json] = field(default_factory=list)
    lvm_known: bool = True
    lvm_whole: bool = True  # it did not complain of groups that it could not read
    mounts: str = ""
    swaps: str = ""
    mdstat: str = ""
    problems: list[str] = field(default_factory=list)
    blind: list[str] = field(default_factory=list)

    def cannot_tell(self, sentence: str) -> None:
        """A source is missing without which nobody can say what is in use."""
        self.problems.append(sentence)
        self.blind.append(sentence)


def read_sources(host: Host) -> Sources:
    """Ask everything, side by side. Never raises."""
    sources = Sources()
    with ThreadPoolExecutor(max_workers=3, thread_name_prefix="disks") as pool:
        for done in [pool.submit(part, host, sources) for part in (_read_lsblk, _read_losetup, _read_proc)]:
            done.result()
    nodes = list(walk(sources.lsblk))
    if any(node.get("fstype") == LVM_MEMBER or node.get("type") == "lvm" for node in nodes):
        read_lvm(host, sources)
    if any(str(node.get("type")).startswith(("raid", "md")) for node in nodes) or any(
        node.get("fstype") == "linux_raid_member" for node in nodes
    ):
        sources.mdstat = _proc(host, "/proc/mdstat") or ""
    return sources


def walk(nodes: Sequence[Json]) -> Iterator[Json]:
    """lsblk's nodes, each before its children."""
    for node in nodes:
        yield node
        yield from walk(node.get("children") or ())


def _read_lsblk(host: Host, sources: Sources) -> None:
    try:
        done = host.run(_LSBLK, deadline=DEADLINE, record=False, check=False)
        if not done.ok and "column" in done.stderr:
            done = host.run(_LSBLK_ALL, deadline=DEADLINE, record=False, check=False)
        # It ends with 32 or 64 when a device vanished while it looked; what it printed holds.
        sources.lsblk = json.loads(done.stdout)["blockdevices"] if done.stdout.strip() else []
        if not sources.lsblk and not done.ok:
            sources.cannot_tell(f"lsblk tells of no disks: {done.stderr.strip() or f'exit status {done.status}'}")
    except (CommandError, HostError) as error:
        sources.cannot_tell(f"The disks cannot be listed: {error}")
    except (ValueError, KeyError, TypeError):
        sources.cannot_tell("lsblk printed something else than its JSON.")


def _read_losetup(host: Host, sources: Sources) -> None:
    def take(text: str) -> None:
        sources.loops = json.loads(text)["loopdevices"] if text.strip() else []

    wrong = _read_json(host, _LOSETUP, take, "which files the loop devices hold")
    if wrong is not None:
        sources.cannot_tell(wrong)


def read_lvm(host: Host, sources: Sources) -> None:
    """Ask LVM, which looks at all disks for that: only where there is something of it."""

    def take(text: str) -> None:
        sources.lvm = json.loads(text)["report"]

    # The kernel's own view of active volumes is in lsblk's: without this one all physical volumes count as used.
    wrong = _read_json(host, _LVM, take, "the volume groups")
    if wrong is not None:
        sources.problems.append(wrong)
        sources.lvm_known, sources.lvm_whole = bool(sources.lvm), False


def _read_json(host: Host, argv: Sequence[str], take: Callable[[str], None], what: str) -> str | None:
    """Why it could not be read, or None."""
    program = argv[0]
    try:
        done = host.run(argv, deadline=DEADLINE, record=False, check=False)
        take(done.stdout)
        if not done.ok:  # LVM tells of what it could read, and of the rest that it could not
            raise CommandError(done)
    except ProgramMissingError:
        package = {"lvm": "lvm2"}.get(program, "mount")
        return f"There is no {program} here to tell {what}: apt install {package}"
    except (CommandError, HostError) as error:
        return f"It cannot be told {what}: {error}"
    except (ValueError, KeyError, TypeError):
        return f"{program} printed something else than its JSON."
    return None


def _read_proc(host: Host, sources: Sources) -> None:
    mounts, swaps = _proc(host, "/proc/self/mountinfo"), _proc(host, "/proc/swaps")
    if not mounts:
        sources.cannot_tell("What is mounted cannot be read: /proc/self/mountinfo does not say.")
    if swaps is None:
        sources.cannot_tell("What is swap space cannot be read: /proc/swaps does not say.")
    sources.mounts, sources.swaps = mounts or "", swaps or ""


def _proc(host: Host, path: str) -> str | None:
    try:
        return host.read(path).decode("utf-8", "surrogateescape")
    except (HostError, OSError):
        return None
