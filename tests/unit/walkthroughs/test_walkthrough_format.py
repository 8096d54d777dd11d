"""Reading walkthroughs: what they hold, and that whatever is wrong is named with its line."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xentui.walkthroughs.lint import lint
from xentui.walkthroughs.parse import LONGEST, load, parse
from xentui.walkthroughs.walkthrough import Kind, Paragraph, Problem, WalkthroughError

Lint = Callable[[str], list[Problem]]


def test_what_a_file_holds(small: str) -> None:
    walkthrough = parse(small, "small.md").walkthrough
    assert (walkthrough.id, walkthrough.title, walkthrough.needs) == ("small", "A small one", ("xl",))
    assert [(ask.name, ask.kind, ask.default) for ask in walkthrough.asks] == [("guest", "name", "server02")]
    [step] = walkthrough.steps
    assert (step.id, step.title, step.line) == ("start-it", "Start it", 10)
    text, run = step.parts
    assert isinstance(text, Paragraph)
    assert [(span.text, span.style) for span in text.spans] == [("Give the ", ""), ("whole", "strong"), (" path.", "")]
    assert step.solution == (run,)
    [check] = step.checks
    assert (check.fact, check.sentence, check.line) == ("domain {guest} is running", "It does not run.", 18)
    assert step.of_kind(Kind.UNDO)[0].text == "xl destroy {guest}"


def test_nothing_is_wrong_with_it(small: str, problems: Lint) -> None:
    assert problems(small) == []


def test_a_check_waits_holds_still_and_may_have_bars(small: str) -> None:
    checks = "domain a is absent in 90s | Wait.\nstill sh: true | true | It must."
    text = small.replace("domain {guest} is running | It does not run.", checks)
    first, second = parse(text).walkthrough.steps[0].checks
    assert (first.fact, first.seconds, first.still) == ("domain a is absent", 90.0, False)
    assert (second.fact, second.sentence, second.still) == ("sh: true | true", "It must.", True)


def test_danger_names_the_object(small: str, problems: Lint) -> None:
    text = small.replace("## Start it", "## Wipe it  {danger: erases {guest}} {id: wipe}")
    step = parse(text).walkthrough.steps[0]
    assert step.danger is not None
    assert (step.id, step.title, step.danger.text, step.danger.thing) == (
        "wipe",
        "Wipe it",
        "erases {guest}",
        "{guest}",
    )
    assert "must name the one object" in str(problems(small.replace("## Start it", "## Wipe  {danger: erases it}"))[0])


WRONG = [
    ("format: 1", "format: 2", 2, "a newer xentui reads it"),
    ("format: 1", "format: one", 2, "is no number"),
    ("format: 1\n", "", 1, "the head needs a line   format:"),
    ("id: small", "id: Sm all", 3, "small letters"),
    ("title: A small one", "tilte: A small one", 4, "did you mean 'title'?"),
    ("title: A small one", "title: A\ntitle: B", 5, "was said before, on line 4"),
    ("needs: xl", "needs: xl unicorns", 5, "'unicorns' is unknown"),
    ("ask: guest", "ask: guest unicorn", 6, "unknown kind of variable 'unicorn'"),
    ("= server02", "= -rf", 6, "the default of guest"),
    ("ask: guest = server02", "ask: guest size = 10", 6, "a size like 512MiB"),
    ("## Start it\n", "", 13, "run stands before the first step"),
    ("```run", "```rnu", 14, "unknown fence ```rnu"),
    ("```run", "```", 14, "a fence must say what it is"),
    ("```run", "```run now", 14, "'now': a run fence takes console=GUEST and within=90s"),
    ("```run", "```run within=9999999s", 14, "within=9999999s"),
    ("```hint", "```hint console=x", 20, "a hint fence takes nothing"),
    (" | It does not run.", "", 18, "a check must have its sentence"),
    (" | It does not run.", " | ", 18, "a check must have its sentence"),
    ("domain {guest} is running", "domian {guest} is running", 18, "did you mean 'domain'?"),
    ("domain {guest} is running", "domain {guest} is runing", 18, "is not a way to state a fact"),
    ("domain {guest} is running", "domain {gest} is running", 18, "{gest} is no variable"),
    ("domain {guest} is running", "console {guest} shows /a(/", 18, "is no pattern of grep -E"),
    ("domain {guest} is running", "still domain {guest} is running", 18, "done before it began"),
    ("domain {guest} is running", "unchanged /dev/sda", 18, "write   still unchanged"),
    ("Look at `xl list`.", "", 20, "an empty hint"),
    ("xl destroy {guest}", "xl destroy '{guest}", 24, "bash cannot read this"),
    ("```undo\nxl destroy {guest}\n```\n", "", 10, "needs an undo"),
    ("```run\nxl create /etc/xen/{guest}.cfg\n```\n", "", 10, "needs a run or a solve"),
    ("Some words.", "[Go](nowhere.md)", 8, "there is no such walkthrough"),
    ("Some words.", "[Go](#nowhere)", 8, "leads to no step"),
    ("Some words.", "[Go](../../etc/passwd)", 8, "leads nowhere"),
    ("Some words.", "    xl list", 8, "indented text is code"),
    ("Some words.", "- a\n\n  ```run\n  xl list\n  ```", 10, "a fence inside a list"),
    ("xl destroy {guest}\n```\n", "xl destroy {guest}\n", 23, "has no end"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "says"), WRONG)
def test_what_is_wrong_is_named_with_its_line(
    small: str, problems: Lint, old: str, new: str, line: int, says: str
) -> None:
    assert old in small
    found = problems(small.replace(old, new, 1))
    assert any(problem.line == line and says in problem.message for problem in found), found


def test_a_variable_that_is_never_used(small: str, problems: Lint) -> None:
    found = problems(small.replace("needs: xl", 'ask: extra = x "What?"'))
    assert [(problem.line, problem.message) for problem in found] == [
        (5, "the variable extra is asked for and never used")
    ]


def test_two_steps_of_one_name(small: str, problems: Lint) -> None:
    step = small[small.index("## Start it") :]
    assert ["a second step has the id 'start-it'" in problem.message for problem in problems(small + "\n" + step)] == [
        True
    ]


def test_good_links(small: str, problems: Lint) -> None:
    text = small.replace("Some words.", "[a](other.md) [b](#start-it) [c](https://xenproject.org)")
    assert problems(text) == []


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\x7fELF\x00\x01\x02", "holds control characters"),
        (b"---\nformat: 1\n\xff\xfe", "3: is not UTF-8"),
        (b"x" * (10 << 20), f"is longer than {LONGEST >> 10} KiB"),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, data: bytes, says: str) -> None:
    file = tmp_path / "x.md"
    file.write_bytes(data)
    with pytest.raises(WalkthroughError, match=says.replace("(", r"\(")):
        load(file)


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    for name, says in (("pipe.md", "no regular file"), (".", "no regular file"), ("gone.md", "No such file")):
        with pytest.raises(WalkthroughError, match=says):
            load(tmp_path / name)


def test_a_truncated_file_is_named_wherever_it_ends(small: str, problems: Lint) -> None:
    for end in range(len(small)):
        parse(small[:end], "x.md")
    assert any("has no end" in problem.message for problem in problems(small[: small.index("xl destroy")]))
    assert any("the head has no end" in problem.message for problem in problems("---\nformat: 1\n"))
    assert problems("")[0].line == 1


@given(st.text(alphabet=st.sampled_from("`#-{}|:/\n ab~*[]()<>!\\1.\t"), max_size=300))
def test_whatever_a_file_holds_it_is_read(text: str) -> None:
    parsed = parse("---\nformat: 1\nid: a\ntitle: b\n---\n" + text, "x.md")
    assert all(problem.line >= 1 for problem in parsed.problems)


def test_what_is_shipped_has_nothing_wrong() -> None:
    from xentui.walkthroughs.shelves import catalogue, shelves

    shipped = {id: entry for id, entry in catalogue().items() if entry.path.parent == shelves()[0]}
    assert {"tour", "first-steps", "writing-walkthroughs"} <= shipped.keys()
    paths = {id: entry.path for id, entry in shipped.items()}
    found = [p for entry in shipped.values() for p in (lint(entry.parsed, paths) if entry.parsed else entry.problems)]
    assert found == []
    assert all(entry.path.stem == id for id, entry in shipped.items())
