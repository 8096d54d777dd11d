"""Facts about domains: Xen's own, libvirt's, their consoles, and what xenstore says."""

from __future__ import annotations

import shlex

from xentui.domains.domain import State
from xentui.walkthroughs.facts.fact import Fact, Form, Verdict, Words, compare, mib
from xentui.walkthroughs.world import UnknownError, World

_STATES = {
    "running": (State.RUNNING, State.BLOCKED),
    "paused": (State.PAUSED,),
    "crashed": (State.CRASHED,),
    "shutdown": (State.SHUTDOWN,),
}


def _is(text: str, words: Words) -> Fact:
    name, wanted = words["name"], words["state"]

    def test(world: World) -> Verdict:
        row = world.domain(name)
        if row is None:
            return Verdict(wanted == "absent", f"xl list does not know {name}")
        if wanted == "present":
            return Verdict(True)
        seen = f"{name} is {row.state.said}"
        return Verdict(wanted != "absent" and row.state in _STATES[wanted], seen)

    return Fact(text, ("domain", name), "xl list", test)


def _type(text: str, words: Words) -> Fact:
    name, wanted = words["name"], words["type"]

    def test(world: World) -> Verdict:
        details = world.details(name)
        if details is None:
            return Verdict(False, f"xl list does not know {name}")
        return Verdict(details.type == wanted, f"{name} is of type {details.type}")

    return Fact(text, ("domain", name, "type"), f"xl list -l {shlex.quote(name)}", test)


def _amount(text: str, words: Words) -> Fact:
    name, what = words["name"], words["what"]

    def test(world: World) -> Verdict:
        row = world.domain(name)
        if row is None:
            return Verdict(False, f"xl list does not know {name}")
        has = row.memory_mib if what == "memory" else row.vcpus
        return Verdict(compare(has, words["op"], mib(words["size"])), f"{name} has {what} {has}")

    return Fact(text, ("domain", name, what), "xl list" if what == "memory" else "xl vcpu-list", test)


def _disk(text: str, words: Words) -> Fact:
    name, vdev, absent = words["name"], words["vdev"], words["state"] == "absent"

    def test(world: World) -> Verdict:
        details = world.details(name)
        if details is None:
            return Verdict(False, f"xl list does not know {name}")
        disks = [disk.vdev for disk in details.disks]
        return Verdict((vdev in disks) is not absent, f"{name} has the disks {', '.join(disks) or '(none)'}")

    return Fact(text, ("domain", name, "disk", vdev), f"xl block-list {shlex.quote(name)}", test)


def _bridge(text: str, words: Words) -> Fact:
    name, bridge = words["name"], words["bridge"]

    def test(world: World) -> Verdict:
        details = world.details(name)
        if details is None:
            return Verdict(False, f"xl list does not know {name}")
        bridges = [str(interface.bridge) for interface in details.interfaces]
        return Verdict(bridge in bridges, f"{name} is on {', '.join(bridges) or 'no bridge'}")

    return Fact(text, ("domain", name, "bridge"), f"xl network-list {shlex.quote(name)}", test)


def _free(text: str, words: Words) -> Fact:
    def test(world: World) -> Verdict:
        free = world.info("free_memory")
        return Verdict(compare(float(free), words["op"], mib(words["size"])), f"{free} MiB are free")

    return Fact(text, ("memory",), "xl info free_memory", test)


def _libvirt(text: str, words: Words) -> Fact:
    name, wanted = words["name"], words["state"]
    uri = ["-c", "xen:///system"]

    def test(world: World) -> Verdict:
        chosen = ["-c", world.host.libvirt_uri] if world.host.libvirt_uri else uri
        names = world.text("virsh", *chosen, "list", "--all", "--name").split()
        if name not in names or wanted in ("defined", "absent"):
            there = "knows" if name in names else "does not know"
            return Verdict((name in names) is (wanted != "absent"), f"libvirt {there} {name}")
        state = world.text("virsh", *chosen, "domstate", "--", name).strip()
        return Verdict(state == wanted.replace("-", " "), f"libvirt says that {name} is {state}")

    return Fact(text, ("libvirt", name), f"virsh {' '.join(uri)} list --all", test)


def _console(text: str, words: Words) -> Fact:
    name, pattern, at_end = words["name"], words["pattern"][1:-1], "how" not in words

    def test(world: World) -> Verdict:
        if world.consoles is None:
            raise UnknownError("nobody looks at consoles here")
        if world.domain(name) is None:
            return Verdict(False, f"xl list does not know {name}")
        lines = [line.rstrip() for line in world.consoles.screen(name)]
        last = next((line for line in reversed(lines) if line), "")
        lines = [last] if at_end else lines
        return Verdict(
            world.matches(pattern, "\n".join(lines)), f"its last line is {last!r}" if last else "it is empty"
        )

    return Fact(text, ("console", name), f"xl console {shlex.quote(name)}", test)


def _xenstore(text: str, words: Words) -> Fact:
    path, pattern = words["path"], words.get("pattern")

    def test(world: World) -> Verdict:
        done = world.run(["xenstore-read", path])
        if not done.ok and "ouldn't read path" not in done.stderr:
            raise UnknownError(f"xenstore-read: {done.stderr.strip() or 'it failed'}")
        if pattern is None:
            return Verdict(done.ok is (words["state"] == "exists"), "it is there" if done.ok else "it is not there")
        if not done.ok:
            return Verdict(False, "it is not there")
        return Verdict(world.matches(pattern[1:-1], done.stdout), f"it is {done.stdout.strip()!r}")

    return Fact(text, ("xenstore", path), f"xenstore-read {shlex.quote(path)}", test)


FORMS = (
    Form("domain <name> is <state:running|paused|crashed|shutdown|present|absent>",
         "what xl list says; a guest that waits for work is running, too", _is),
    Form("domain <name> type <type:pv|pvh|hvm>", "", _type),
    Form("domain <name> <what:memory|vcpus> <op> <size>", "memory in MiB, or with a unit: 512MiB, 1GiB", _amount),
    Form("domain <name> disk <vdev=name> <state:present|absent>", "its disks by the guest's names: xvda", _disk),
    Form("domain <name> bridge <bridge=name>", "one of its interfaces is on that bridge", _bridge),
    Form("memory free <op> <size>", "what Xen can still give to guests", _free),
    Form("libvirt <name> is <state:running|shut-off|paused|defined|absent>", "what virsh says", _libvirt),
    Form("console <name> <how:shows> <pattern>", "a line on its screen; nothing is typed", _console),
    Form("console <name> waits at <pattern>", "the last line on its screen: a prompt", _console),
    Form("xenstore <path> <state:exists|absent>", "", _xenstore),
    Form("xenstore <path> matches <pattern>", "", _xenstore),
)  # fmt: skip
