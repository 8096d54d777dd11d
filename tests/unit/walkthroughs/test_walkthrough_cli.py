"""`xentui walkthrough ...` as it is called: what it prints, and its exit status."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from xentui.cli import main
from xentui.demo.host import DemoHost

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def walk(demo_host: DemoHost, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> Callable[..., tuple[int, str]]:
    """Call the verb over the fixture's demo, with these lines as what is typed; gives status and output."""
    monkeypatch.setenv("XENTUI_DEMO_DIR", str(demo_host.layout.directory))
    monkeypatch.setattr("xentui.walkthroughs.parse.CHECK_SECONDS", 1.0)

    def call(*words: str, typed: str = "") -> tuple[int, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        status = main(["--demo", "walkthrough", *words])
        return status, capsys.readouterr().out

    return call


def test_list_and_show(capsys: Captured) -> None:
    assert main(["walkthrough", "list"]) == 0
    assert "first-steps" in capsys.readouterr().out
    assert main(["walkthrough", "list", "--json"]) == 0
    listed = {one["id"]: one for one in json.loads(capsys.readouterr().out)}
    assert (listed["first-steps"]["section"], listed["first-steps"]["steps"]) == ("2.1", 5)
    assert main(["walkthrough", "show", "first-steps"]) == 0
    shown = capsys.readouterr().out
    assert "2. Start a guest" in shown and "    xl create /etc/xen/server02.cfg" in shown
    assert "done when: domain server02 is running" in shown
    assert main(["walkthrough", "show", "first-steps", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["steps"][1]["id"] == "start-a-guest"
    assert main(["walkthrough", "verbs"]) == 0
    assert "domain NAME is running|paused" in capsys.readouterr().out


def test_a_name_that_is_none(capsys: Captured) -> None:
    assert main(["walkthrough", "show", "frist-steps"]) == 1
    assert "did you mean first-steps?" in capsys.readouterr().err
    assert main(["walkthrough", "run", "/no/such.md"]) == 1
    assert capsys.readouterr().err == "xentui: /no/such.md:1: No such file or directory\n"


def test_lint(tmp_path: Path, capsys: Captured, small: str) -> None:
    file = tmp_path / "small.md"
    file.write_text(small)
    assert main(["walkthrough", "lint", str(file)]) == 0
    assert main(["walkthrough", "lint"]) == 0
    file.write_text(small.replace("running", "runing").replace("```hint", "```hnit"))
    capsys.readouterr()
    assert main(["walkthrough", "lint", str(file)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.startswith(f"{file}:{number}: ") for line, number in zip(lines, (18, 20), strict=True)] == [True, True]
    assert main(["walkthrough", "lint", "--json", str(file)]) == 1
    assert [one["line"] for one in json.loads(capsys.readouterr().out)] == [18, 20]
    assert main(["--demo", "walkthrough", "test", str(file)]) == 1, "what lint finds is not tested"


def test_two_files_of_one_id_in_one_folder(tmp_path: Path, capsys: Captured, small: str) -> None:
    one, two = tmp_path / "one.md", tmp_path / "two.md"
    for file in (one, two):
        file.write_text(small)
    assert main(["walkthrough", "lint", str(one), str(two)]) == 1
    assert capsys.readouterr().out == f"{two}:3: the id 'small' is that of one.md, too\n"


def test_the_test(walk: Callable[..., tuple[int, str]], tmp_path: Path, small: str) -> None:
    file = tmp_path / "small.md"
    file.write_text(small)
    status, said = walk("test", str(file), "--set", "guest=client02")
    assert status == 0 and said.endswith("  passed\n")
    status, said = walk("test", str(file), "--json", "--set", "guest=client02")
    assert status == 0 and json.loads(said)[0]["steps"][0]["undone"] == "ok"
    for answer in ('guest="; rm -rf /"', "guest=", "guest"):
        assert walk("test", str(file), "--set", answer)[0] == 1
    file.write_text(small.replace("xl create /etc/xen/{guest}.cfg", "true within=1s"))
    assert walk("test", str(file))[0] == 1


def test_a_walk_line_by_line(walk: Callable[..., tuple[int, str]], demo_host: DemoHost) -> None:
    typed = ['"; rm -rf /"', "server02", "", "", "h", "h", "d", "", "d", "u", "x", "q"]
    status, said = walk("run", "first-steps", typed="\n".join(typed) + "\n")
    assert status == 1, "it is not at its end"
    expected = ["This must be a name of letters", "Not yet: server02 does not run.", "The path must be whole", "Done."]
    for words in (*expected, "3. Pause it", "Undone.", "do it for me"):
        assert words in said, said
    status, said = walk("progress")
    assert said.split() == ["first-steps", "demo", "step", "3", "of", "5"]
    status, said = walk("run", "first-steps", typed="r\nq\n")
    assert status == 0 and "You go on at step 3" in said and "That was the last step." in said
    assert json.loads(walk("progress", "--json")[1])[0]["finished"] is True
    status, said = walk("run", "first-steps", typed="clean\nq\n")
    assert "You stand at the first step again." in said
    assert "server02" not in demo_host.run(["xl", "list"], deadline=180).stdout


def test_what_needs_a_real_dom0_is_only_read_on_the_demo(
    walk: Callable[..., tuple[int, str]], tmp_path: Path, small: str
) -> None:
    """A shell of the demo has this machine's own disks."""
    file, made = tmp_path / "small.md", tmp_path / "made"
    text = small.replace("needs: xl", "needs: real xl").replace("xl create", f"touch {made}; xl create")
    file.write_text(text.replace("xl destroy", f"touch {made}; xl destroy"))
    _status, said = walk("run", str(file), typed="\nd\nu\nclean\nr\nq\n")
    assert "Not run: it needs a real dom0; in the demo it is only to read." in said
    assert not made.exists()


def test_the_end_of_the_input_ends_the_walk(walk: Callable[..., tuple[int, str]]) -> None:
    assert walk("run", "first-steps", typed="")[0] == 1
    assert walk("run", "first-steps", "--set", "guest=server02", "--again", typed="s\n")[0] == 1


def test_a_dangerous_step_line_by_line(
    walk: Callable[..., tuple[int, str]], demo_host: DemoHost, tmp_path: Path, small: str
) -> None:
    file = tmp_path / "small.md"
    file.write_text(small.replace("## Start it", "## Start it  {danger: starts {guest}}"))
    status, said = walk("run", str(file), "--set", "guest=server02", typed="r\nd\nyes\nq\n")
    assert status == 1 and "it is never done by itself" in said and "To do it, type server02" in said
    assert "server02" not in demo_host.run(["xl", "list"], deadline=180).stdout
    status, said = walk("run", str(file), typed="d\nserver02\nq\n")
    assert status == 0 and "Done." in said
