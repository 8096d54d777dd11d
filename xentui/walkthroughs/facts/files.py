"""Facts about files and mounts, in the file system that the user's shell sees."""

from __future__ import annotations

import shlex

from xentui.walkthroughs.facts.fact import Fact, Form, Verdict, Words, compare, mib
from xentui.walkthroughs.world import UnknownError, World


def _exists(text: str, words: Words) -> Fact:
    kind, path, wanted = words.get("kind", "file"), words["path"], words["state"]
    flag = {"file": "-f", "folder": "-d", "link": "-L"}[kind]

    def test(world: World) -> Verdict:
        there = world.ok("test", flag, path)
        if wanted == "empty":
            return Verdict(
                there and not world.ok("test", "-s", path), "it is not empty" if there else "it is not there"
            )
        seen = "it is there" if there else f"there is no {kind} {path}"
        return Verdict(there is (wanted == "exists"), seen)

    return Fact(text, ("file", path), f"ls -ld {shlex.quote(path)}", test)


def _contains(text: str, words: Words) -> Fact:
    path, pattern, wanted = words["path"], words["pattern"][1:-1], words["how"] == "contains"

    def test(world: World) -> Verdict:
        if not world.ok("test", "-f", path):
            return Verdict(False, f"there is no file {path}")
        done = world.run(["grep", "-Eq", "-e", pattern, "--", path])
        if done.status not in (0, 1):
            raise UnknownError(f"grep: {done.stderr.strip()}")
        seen = "no line of it matches" if done.status else "a line of it matches"
        return Verdict(done.ok is wanted, seen)

    return Fact(text, ("file", path, pattern), f"grep -E {shlex.quote(pattern)} {shlex.quote(path)}", test)


def _size(text: str, words: Words) -> Fact:
    path = words["path"]

    def test(world: World) -> Verdict:
        if not world.ok("test", "-e", path):
            return Verdict(False, f"there is no {path}")
        size = int(world.text("stat", "-Lc", "%s", "--", path)) / (1 << 20)
        return Verdict(compare(size, words["op"], mib(words["size"])), f"it has {size:.1f} MiB")

    return Fact(text, ("file", path, "size"), f"ls -l {shlex.quote(path)}", test)


def _leads(text: str, words: Words) -> Fact:
    path, target = words["path"], words["target"]

    def test(world: World) -> Verdict:
        if not world.ok("test", "-L", path):
            return Verdict(False, f"there is no link {path}")
        leads = world.text("readlink", "--", path).rstrip("\n")
        return Verdict(leads == target, f"it leads to {leads}")

    return Fact(text, ("file", path), f"ls -l {shlex.quote(path)}", test)


def _mounted(text: str, words: Words) -> Fact:
    path, source, wanted = words["path"], words.get("device"), not text.startswith("not ")

    def test(world: World) -> Verdict:
        done = world.run(["findmnt", "-rno", "SOURCE", "--mountpoint", path])
        if done.status not in (0, 1):
            raise UnknownError(f"findmnt: {done.stderr.strip()}")
        found = done.stdout.split()
        if source is not None:
            return Verdict(source in found, f"mounted there: {', '.join(found) or 'nothing'}")
        return Verdict(done.ok is wanted, f"mounted there: {', '.join(found) or 'nothing'}")

    return Fact(text, ("mount", path), f"findmnt {shlex.quote(path)}", test)


FORMS = (
    Form("<kind:file|folder|link> <path> <state:exists|absent>", "", _exists),
    Form("file <path> is <state:empty>", "", _exists),
    Form("file <path> <how:contains|lacks> <pattern>", "a line of it, as grep -E finds it", _contains),
    Form("file <path> size <op> <size>", "", _size),
    Form("link <path> to <target=rest>", "where a symbolic link leads", _leads),
    Form("mounted <path>", "a file system is mounted there", _mounted),
    Form("mounted <path> from <device>", "", _mounted),
    Form("not mounted <path>", "", _mounted),
)  # fmt: skip
