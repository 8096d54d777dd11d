"""A lesson on the demo dom0: what is done is what is so, and what a later step ended stays done."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from xentui.console.sharing.people import user_name
from xentui.demo.host import DemoHost
from xentui.domains.toolstack import ToolstackHungError
from xentui.walkthroughs.checking import State, look
from xentui.walkthroughs.lesson import Lesson, Mark
from xentui.walkthroughs.parse import parse
from xentui.walkthroughs.progress import Progress, all_progress, load_progress, progress_folder, save_progress
from xentui.walkthroughs.shelves import find
from xentui.walkthroughs.walkthrough import Check
from xentui.walkthroughs.world import World

Open = Callable[[], Lesson]


@pytest.fixture
def steps(demo_host: DemoHost) -> Open:
    """The shipped first steps, opened over the demo as it is now."""

    def opened() -> Lesson:
        entry = find("first-steps")
        assert entry.parsed is not None
        lesson = Lesson(demo_host, entry.parsed.walkthrough)
        for ask in lesson.questions():
            lesson.answer(ask.name, ask.default)
        lesson.open()
        return lesson

    return opened


def do(host: DemoHost, *words: str) -> None:
    host.run(["xl", *words], deadline=180)


def test_it_begins_at_the_first_step_and_reading_is_done_by_going_on(steps: Open) -> None:
    lesson = steps()
    assert lesson.index == 0
    lesson.next()
    assert (lesson.index, lesson.mark(lesson.walkthrough.steps[0])) == (1, Mark.DONE)
    assert not lesson.look()
    assert lesson.first_failure is not None
    assert lesson.first_failure.sentence == "server02 does not run. Did xl create print an error?"
    assert lesson.first_failure.look == "xl list"


def test_a_step_is_done_whoever_did_it(steps: Open, demo_host: DemoHost) -> None:
    lesson = steps()
    lesson.next()
    do(demo_host, "create", "/etc/xen/server02.cfg")
    assert lesson.look()
    assert lesson.mark(lesson.step) is Mark.DONE


def test_it_goes_on_where_the_dom0_stands(steps: Open, demo_host: DemoHost) -> None:
    lesson = steps()
    lesson.next()
    do(demo_host, "create", "/etc/xen/server02.cfg")
    assert lesson.check()
    lesson.next()
    do(demo_host, "pause", "server02")
    assert lesson.check()
    lesson.next()
    lesson.save()
    again = steps()
    assert again.index == 3  # the pause ended "is running", and the step before stays done
    do(demo_host, "unpause", "server02")
    assert steps().index == 2, "somebody let it go on, and that step was not recorded: pause it again"
    do(demo_host, "destroy", "server02")
    assert steps().index == 1, "it is gone: start it again"


def test_a_later_step_that_happens_to_hold_is_not_done(steps: Open, demo_host: DemoHost) -> None:
    lesson = steps()
    lesson.next()
    do(demo_host, "create", "/etc/xen/server02.cfg")
    lesson.check()
    lesson.save()
    again = steps()
    assert again.index == 2
    assert [again.mark(step) for step in again.walkthrough.steps] == [Mark.DONE, Mark.DONE, *[Mark.OPEN] * 3]


def test_skipping_is_remembered_and_said(steps: Open) -> None:
    lesson = steps()
    lesson.next()
    lesson.skip()
    lesson.save()
    again = steps()
    assert again.index == 2
    assert again.mark(again.walkthrough.steps[1]) is Mark.SKIPPED


def test_hints_come_one_at_a_time_and_end_with_the_answer(steps: Open) -> None:
    lesson = steps()
    lesson.next()
    said = []
    for _ in range(4):
        hint = lesson.next_hint()
        assert hint is not None
        said.append(" ".join(paragraph.text for paragraph in hint.paragraphs))
    assert "xl create /etc/xen/server02.cfg" not in said[0]
    assert said[2] == said[3] == "The answer: xl create /etc/xen/server02.cfg"
    assert len(lesson.shown_hints()) == 3


def test_a_dom0_that_answers_no_more_takes_nothing_back(
    steps: Open, demo_host: DemoHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson = steps()
    lesson.next()
    do(demo_host, "create", "/etc/xen/server02.cfg")
    assert lesson.check()
    lesson.next()
    lesson.save()
    monkeypatch.setattr("xentui.domains.xl.READ_DEADLINE", 0.5)
    demo_host.control("hang", "on")
    try:
        assert not lesson.look()
        assert lesson.first_failure is not None
        assert lesson.first_failure.state == "unknown"
        assert "no answer within 0.5 s" in lesson.first_failure.seen
        assert lesson.progress.failed == {}
        assert steps().index == 2, "what was done is not doubted because nobody can look"
    finally:
        demo_host.control("hang", "off")
    assert steps().index == 2


def test_a_changed_file_asks_again_for_what_no_longer_fits(demo_host: DemoHost, small: str) -> None:
    walkthrough = parse(small).walkthrough
    lesson = Lesson(demo_host, walkthrough)
    lesson.answer("guest", "server02")
    lesson.save()
    assert Lesson(demo_host, walkthrough).questions() == []
    changed = parse(small.replace("ask: guest =", "ask: guest size =").replace("= server02", "= 1GiB")).walkthrough
    assert [ask.name for ask in Lesson(demo_host, changed).questions()] == ["guest"]


def test_xl_that_hangs_is_waited_for_once(demo_host: DemoHost, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def no_answer() -> None:
        asked.append(1)
        raise ToolstackHungError("xl list gave no answer")

    world = World(demo_host)
    monkeypatch.setattr(world.xl, "list", no_answer)
    checks = [Check(f"domain a{number} is running", "No.", 1) for number in range(20)]
    assert {result.state for result in look(world, checks, {})} == {State.UNKNOWN}
    assert len(asked) == 1


def test_a_machine_that_was_started_anew_has_counted_from_zero(
    demo_host: DemoHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xentui.walkthroughs.facts.disks.sectors_written", lambda *_: "120")
    check = [Check("unchanged /dev/sdx", "It was written to.", 1, still=True)]

    def state(before: dict[str, str]) -> State:
        return look(World(demo_host, None, before), check, {})[0].state

    assert state({"/dev/sdx": "120"}) is State.HOLDS
    assert state({"/dev/sdx": "119"}) is State.FAILS
    assert state({"/dev/sdx": "5000"}) is state({}) is State.UNKNOWN


# What is kept.


def test_progress_is_kept_whole(demo_host: DemoHost) -> None:
    progress = Progress("a", "demo", answers={"x": "y"}, done={"one": 1.0})
    save_progress(progress)
    [file] = progress_folder().iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert load_progress("a", "demo") == progress
    assert [one.id for one in all_progress()] == ["a"]
    assert load_progress("a", "elsewhere").done == {}


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({"USER": "ada"}, "ada"),
        ({"USER": "root", "SUDO_USER": "ada", "SSH_CONNECTION": "10.0.0.5 1 10.0.0.1 22"}, "ada 10.0.0.5"),
        ({}, user_name(os.getuid())),  # a shell that no login has begun
    ],
)
def test_a_class_knows_who_sits_there(environment: dict[str, str], name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("USER", "SUDO_USER", "SSH_CONNECTION"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    save_progress(Progress("a", "demo"))
    assert load_progress("a", "demo").user == name


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "{", '{"id": 3}', '{"id": "a", "host": "demo", "done": [], "answers": "x", "at": 7}']
)
def test_a_damaged_file_is_a_new_beginning(text: str) -> None:
    progress_folder().mkdir(parents=True)
    (progress_folder() / "a@demo.json").write_text(text)
    progress = load_progress("a", "demo")
    assert (progress.done, progress.answers, progress.at) == ({}, {}, "")


def test_a_host_of_any_name_has_a_file_of_its_own(tmp_path: Path) -> None:
    for host in ("../../x", "xen+ssh://root@h/", ".", "a/b", "x" * 300):
        save_progress(Progress("a", host))
    files = list(progress_folder().iterdir())
    assert len(files) == 5
    assert {json.loads(file.read_text())["host"] for file in files} == {
        "../../x",
        "xen+ssh://root@h/",
        ".",
        "a/b",
        "x" * 300,
    }
