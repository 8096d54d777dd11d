"""A class: what learners leave in its folder, and what their leader sees."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from xentui.cli import main
from xentui.host import Host, HostError
from xentui.walkthroughs.classroom import class_folder, learners, share
from xentui.walkthroughs.progress import Progress


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "class"
    place.mkdir()
    monkeypatch.setenv("XENTUI_CLASS", str(place))
    return place


def progress(user: str, **more: object) -> Progress:
    values = {"title": "First steps", "steps": 5, "at": "pause-it", "number": 3, "since": time.time() - 130, **more}
    return Progress("first-steps", "demo", user, **values)  # type: ignore[arg-type]


def test_a_row_for_each_learner(folder: Path) -> None:
    share(
        progress(
            "ada", failed={"step": "pause-it", "sentence": "It is not paused.", "when": 1.0}, hints={"pause-it": 2}
        )
    )
    share(progress("bob 10.0.0.5", failed={"step": "an-earlier-one", "sentence": "Old.", "when": 1.0}))
    share(progress("cy", finished=True, left=True, skipped={"x": 1.0}))
    ada, bob, cy = learners(Host())
    assert (ada.name, ada.walkthrough, ada.step, ada.steps, ada.hints) == ("ada", "First steps", 3, 5, 2)
    assert ada.failed == "It is not paused." and 130 <= ada.on_step < 200 and not ada.finished
    assert (bob.name, bob.failed) == ("bob 10.0.0.5", "")
    assert (cy.finished, cy.left, cy.skipped) == (True, True, 1)
    share(progress("ada", number=4))
    assert [one.step for one in learners(Host())] == [4, 3, 3]
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o640}


def test_no_class_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XENTUI_CLASS", str(tmp_path / "none"))
    share(progress("ada"))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(HostError, match="there is no class on"):
        learners(Host())


def test_what_else_lies_there_is_no_learner(folder: Path) -> None:
    share(progress("ada"))
    (folder / "deep.json").write_text("[" * 60000)
    (folder / "number.json").write_text("3")
    (folder / "odd.json").write_text(json.dumps({"id": "a", "host": "b", "user": 7, "failed": "x", "hints": {"": "y"}}))
    (folder / "big.json").write_bytes(b"x" * (1 << 20))
    (folder / "bytes.json").write_bytes(b"\xff\x00")
    os.mkfifo(folder / "pipe.json")
    (folder / "dir.json").mkdir()
    (folder / "gone.json").symlink_to("/no/such/file")
    (folder / "elsewhere.json").symlink_to("/etc/passwd")
    (folder / "note.txt").write_text("{}")
    assert [one.name for one in learners(Host())] == ["ada", "somebody"]


def test_a_name_makes_no_path(folder: Path) -> None:
    share(progress("../../evil/\x1b[31m"))
    [file] = folder.iterdir()
    assert file.name.startswith("_.._evil__")


def test_the_verb(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    share(progress("ada\x1b[31m", failed={"step": "pause-it", "sentence": "No.", "when": 1.0}))
    assert main(["--demo", "walkthrough", "class"]) == 0
    assert capsys.readouterr().out.split() == ["ada\\x1b[31m", "First", "steps", "3/5", "2", "min", "No."]
    assert main(["--demo", "walkthrough", "class", "--json"]) == 0
    assert [one["step"] for one in json.loads(capsys.readouterr().out)] == [3]
    assert main(["--demo", "walkthrough", "class", "--folder", "/no/such"]) == 1
    assert class_folder() == str(folder)
