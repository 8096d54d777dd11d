"""What checks can state, and what answers can do to them: nothing but be answers."""

from __future__ import annotations

import shlex
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xentui.host import Host
from xentui.walkthroughs.checking import Result, State, wait
from xentui.walkthroughs.facts.fact import compare, mib
from xentui.walkthroughs.facts.verbs import FORMS, FactError, in_words, read_fact
from xentui.walkthroughs.variables import KINDS, complaint, expand, expand_pattern, expand_shell, used
from xentui.walkthroughs.walkthrough import Check
from xentui.walkthroughs.world import UnknownError, World

EVIL = ['"; rm -rf /"', "; rm -rf /", "$(reboot)", "`id`", "a b", "a\nb", "-rf", "'", "../x", "{guest}", "", "*", "~",
        "a;b", "\x1b[31m", "x" * 5000, "٣", "a|b", "/etc/../root"]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("answer", EVIL)
def test_no_kind_takes_what_means_something_to_a_shell(kind: str, answer: str) -> None:
    assert complaint(kind, answer) is not None


@pytest.mark.parametrize(
    ("kind", "answer"),
    [("name", "server02"), ("name", "vm-1.2_a+b"), ("path", "/srv/xen/a.img"), ("device", "/dev/mapper/vg-lv"),
     ("device", "/dev/disk/by-id/wwn-0x5000"), ("size", "512MiB"), ("number", "0"), ("host", "root@xen1.example.org")],
)  # fmt: skip
def test_what_a_kind_takes(kind: str, answer: str) -> None:
    assert complaint(kind, answer) is None


def test_every_kinds_sample_is_one() -> None:
    assert [name for name, kind in KINDS.items() if complaint(name, kind.sample)] == []


@given(st.text())
def test_an_answer_is_one_word_of_a_command(answer: str) -> None:
    values = {"x": answer}
    if "\0" not in answer:
        assert shlex.split(expand_shell("echo {x} end", values)) == ["echo", answer, "end"]


@given(st.text(alphabet="abc.+*?()[]{}|^$\\/", min_size=1, max_size=12))
def test_an_answer_in_a_pattern_means_itself(answer: str) -> None:
    pattern = expand_pattern("^{x}$", {"x": answer})
    done = subprocess.run(["grep", "-Eq", "-e", pattern], input=answer, text=True, check=False, timeout=10)
    assert done.returncode == 0, pattern


def test_only_our_own_braces_are_variables() -> None:
    text = "${guest} {a,b} {Guest} x{guest} \\{guest} {guest} { print }"
    assert used(text) == ["guest"]
    assert expand(text, {"guest": "G"}) == "${guest} {a,b} {Guest} x{guest} {guest} G { print }"
    assert expand("{other}", {"guest": "G"}) == "{other}"


SAMPLES = [
    "domain a is running", "domain a type pvh", "domain a memory >= 1GiB", "domain a vcpus = 2",
    "domain a disk xvda present",
    "domain a bridge xenbr0", "memory free >= 192", "libvirt a is shut-off", "console a shows /login: /",
    "console a waits at /\\$ $/", "xenstore /local/domain/0/name exists", "xenstore /x matches /a b/", "file /a exists",
    "folder /a absent", "link /a exists", "file /a is empty", "file /a contains /x y/", "file /a size >= 10MiB",
    "link /a to ../b.cfg", "mounted /mnt", "mounted /mnt from /dev/sda1", "not mounted /mnt", "device /dev/sdb is idle",
    "device /dev/sdb exists", "partition /dev/sdb 1 type lvm", "partition /dev/sdb 1 absent", "label /dev/sdb is gpt",
    "filesystem /dev/sdb1 is ext4", "filesystem /dev/sdb1 named ROOT", "pv /dev/sdb1 exists", "vg HyperVG01 exists",
    "lv HyperVG01/root exists", "lv HyperVG01/root size >= 10GiB", "unchanged /dev/sdb", "port localhost:22 open",
    "bridge xenbr0 exists", "bridge xenbr0 has vif1.0", "unit ssh active", "program xl exists",
    "package xen-utils installed",
    "sh: test 1 -lt 2",
]  # fmt: skip


def test_every_form_is_understood() -> None:
    heard = {_form(text) for text in SAMPLES}
    assert [in_words(form) for form in FORMS if form not in heard] == []


def _form(text: str) -> object:
    read_fact(text, {})
    return next(form for form in FORMS if form.pattern.fullmatch(text))


def test_two_facts_about_one_thing_have_one_subject() -> None:
    running, absent = read_fact("domain a is running", {}), read_fact("domain a is absent", {})
    assert running.subject == absent.subject != read_fact("domain b is absent", {}).subject


@pytest.mark.parametrize(
    "text", ["", "domain", "domain a", "domain a b is running", "file a exists", "sh:", "lv a exists"]
)
def test_what_states_no_fact(text: str) -> None:
    with pytest.raises(FactError):
        read_fact(text, {})


def test_sizes() -> None:
    assert [mib(size) for size in ("192", "512MiB", "2GiB", "1024KiB", "1TiB")] == [192, 512, 2048, 1, 1048576]
    assert compare(2, ">=", 2) and compare(2.2, "=", 2) and not compare(2.2, ">", 2) and compare(3, ">", 2)
    assert compare(1, "<", 2) and compare(2, "<=", 2) and not compare(2.1, "<", 2)


# On this machine's own files: no Xen is needed for that.


@pytest.fixture
def world() -> Iterator[World]:
    yield World(Host())


def holds(world: World, text: str, **values: str) -> bool:
    return read_fact(text, values).test(world).holds


def test_files(world: World, tmp_path: Path) -> None:
    folder = tmp_path
    (folder / "a").write_text("name = 'x.y'\nsecond line\n")
    (folder / "empty").touch()
    (folder / "link").symlink_to("a")
    facts = {
        f"file {folder}/a exists": True, f"file {folder}/a absent": False, f"file {folder}/b absent": True,
        f"folder {folder} exists": True, f"folder {folder}/a exists": False, f"link {folder}/link exists": True,
        f"file {folder}/empty is empty": True, f"file {folder}/a is empty": False,
        f"file {folder}/a contains /^second +line$/": True, f"file {folder}/a lacks /third/": True,
        f"file {folder}/b contains /a/": False, f"link {folder}/link to a": True, f"link {folder}/link to b": False,
        f"file {folder}/a size < 1": True, f"not mounted {folder}": True, f"mounted {folder}": False,
        "mounted /proc": True,
        "program sh exists": True, "program no-such-program absent": True, "device /dev/null exists": False,
        f"filesystem {folder}/b is ext4": False, f"filesystem {folder}/b is none": False,
        "label /dev/no-such is gpt": False,
        f"sh: test -f {folder}/a": True, f"sh: cd {folder} && ls | grep -q nothing": False,
    }  # fmt: skip
    assert {text: holds(world, text) for text in facts} == facts
    assert holds(world, f"file {folder}/a contains /{{x}}/", x="x.y")
    assert not holds(world, f"file {folder}/a contains /{{x}}/", x="s.cond")


def test_what_cannot_be_seen_is_not_denied(world: World) -> None:
    for text in ("unchanged /dev/null", "xenstore /a exists", "file / contains /x/", "partition /dev/no-such 1 exists"):
        try:
            verdict = read_fact(text, {}).test(world)
        except UnknownError as error:
            assert str(error)
        else:
            assert not verdict.holds and verdict.seen


def test_a_look_that_hangs_is_ended(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xentui.walkthroughs.world.LOOK_SECONDS", 0.2)
    with pytest.raises(UnknownError, match=r"no answer within 0\.2 s"):
        read_fact("sh: sleep 1000", {}).test(world)


def test_on_a_slow_machine_a_look_gets_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xentui.walkthroughs.world.LOOK_SECONDS", 0.0001)
    with pytest.raises(UnknownError, match="no answer"):
        read_fact("sh: true", {}).test(World(Host()))
    assert holds(World(Host(), patience=1e6), "sh: true")


def test_asked_again_a_look_that_was_too_slow_gets_more_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xentui.walkthroughs.world.LOOK_SECONDS", 0.01)
    for seconds in ("0.01", "0.02", "0.04"):
        with pytest.raises(UnknownError, match=f"no answer within {seconds} s"):
            holds(world, "sh: sleep 1000")


def test_what_failed_is_said_before_the_longest_wait_is_over(world: World) -> None:
    quick, slow = Check("sh: false", "It is not.", 1, seconds=0.1), Check("sh: false", "Wait.", 2, seconds=3600)
    enough = threading.Event()
    watchdog = threading.Timer(60, enough.set)
    watchdog.start()
    try:
        assert [result.state for result in wait(world, [quick, slow], {}, cancel=enough)] == [State.FAILS] * 2
    finally:
        watchdog.cancel()
    assert not enough.is_set()


class SlowDom0:
    """A dom0 where a look takes 8 s; `seen` says for each second what becomes of the checks. It is its own clock."""

    def __init__(self, checks: list[Check], seen: Callable[[float], list[State]]) -> None:
        self.checks, self.seen, self.now, self.pauses = checks, seen, 0.0, list[float]()

    def wait(self, seconds: float) -> bool:
        self.pauses.append(seconds)
        self.now += seconds
        return False

    def look(self, *_: object) -> list[Result]:
        self.now += 8.0
        fact = read_fact("sh: true", {})
        return [
            Result(check, fact, state, "", "") for check, state in zip(self.checks, self.seen(self.now), strict=True)
        ]

    def states(self, world: World, monkeypatch: pytest.MonkeyPatch) -> list[State]:
        monkeypatch.setattr("xentui.walkthroughs.checking.time", SimpleNamespace(monotonic=lambda: self.now))
        monkeypatch.setattr("xentui.walkthroughs.checking.look", self.look)
        return [result.state for result in wait(world, self.checks, {}, cancel=self)]  # type: ignore[arg-type]


def test_a_slow_dom0_is_looked_at_half_the_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    dom0 = SlowDom0([Check("sh: true", "", 1, seconds=60)], lambda _: [State.FAILS])
    assert dom0.states(world, monkeypatch) == [State.FAILS]
    assert dom0.pauses == [8.0, 8.0, 8.0, 4.0]  # and once more when its time is up


def test_what_held_is_not_given_up_for_one_look(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    short, long = Check("sh: true", "", 1, seconds=20), Check("sh: true", "", 2, seconds=300)

    def seen(now: float) -> list[State]:
        first = State.UNKNOWN if 100 < now < 110 else State.HOLDS
        return [first, State.HOLDS if now > 200 else State.FAILS]

    dom0 = SlowDom0([short, long], seen)
    assert dom0.states(world, monkeypatch) == [State.HOLDS] * 2 and dom0.now < 220
    # What ended meanwhile is said after its own time; and no two can keep it waiting for ever.
    dom0 = SlowDom0([short, long], lambda now: [State.HOLDS if now < 100 else State.FAILS, State.FAILS])
    assert dom0.states(world, monkeypatch) == [State.FAILS] * 2 and 100 < dom0.now < 140
    dom0 = SlowDom0([short, long], lambda now: [State.HOLDS, State.FAILS][:: 1 if now % 20 < 10 else -1])
    dom0.states(world, monkeypatch)
    assert 300 <= dom0.now < 320
