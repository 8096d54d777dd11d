"""The command line, over a running demo dom0."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from xentui.cli import main
from xentui.demo.host import DemoHost

KEYS = [
    "name", "id", "uuid", "state", "type", "vcpus", "memory_mib", "max_memory_mib", "cpu_percent", "cpu_seconds",
    "managed_by", "config_file", "autostart", "stale_seconds",
]  # fmt: skip


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch) -> Iterator[DemoHost]:
    """A demo that every call of `main` joins, as a learner's shell does."""
    monkeypatch.setenv("XENTUI_DEMO_SPEED", "50")
    host = DemoHost()
    host.open()
    monkeypatch.setenv("XENTUI_DEMO_DIR", str(host.layout.directory))
    yield host
    host.close()


def states(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    capsys.readouterr()
    assert main(["--demo", "list", "--json"]) == 0
    return {domain["name"]: domain["state"] for domain in json.loads(capsys.readouterr().out)}


def test_list_json_has_the_fixed_keys(demo: DemoHost, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--demo", "list", "--json"]) == 0
    domains = json.loads(capsys.readouterr().out)
    assert all(list(domain) == KEYS for domain in domains)
    by_name = {domain["name"]: domain for domain in domains}
    assert by_name["Domain-0"]["id"] == 0
    assert by_name["server01"]["managed_by"] == ["xl", "file"]
    assert by_name["server02"]["state"] == "off"
    assert by_name["server02"]["config_file"] == "/etc/xen/server02.cfg"


def test_list_and_info_say_that_it_is_a_demo(demo: DemoHost, capsys: pytest.CaptureFixture[str]) -> None:
    for verb in ("list", "info"):
        assert main(["--demo", verb]) == 0
        assert "demo" in capsys.readouterr().err
    assert main(["--demo", "info", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["xen_version"].endswith("-demo")


def test_a_guests_day(demo: DemoHost, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--demo", "start", "server02", "client02"]) == 0
    assert main(["--demo", "pause", "client02"]) == 0
    assert states(capsys)["client02"] == "paused"
    assert main(["--demo", "unpause", "client02"]) == 0
    assert main(["--demo", "shutdown", "--wait", "client02"]) == 0
    assert states(capsys)["client02"] == "off"
    file = tmp_path / "it's saved"
    assert main(["--demo", "save", "server02", str(file)]) == 0
    assert states(capsys)["server02"] == "saved"
    assert main(["--demo", "restore", str(file)]) == 0
    assert states(capsys)["server02"] in ("running", "blocked")
    assert main(["--demo", "save", "server02", "/var/lib/xen/save/server02"]) == 0
    assert main(["--demo", "restore", "server02"]) == 0
    assert states(capsys)["server02"] in ("running", "blocked")
    assert main(["--demo", "destroy", "--yes", "server02"]) == 0
    assert states(capsys)["server02"] == "off"
    assert main(["--demo", "restore", str(file)]) == 1
    assert "The guest has run since" in capsys.readouterr().err
    assert main(["--demo", "restore", str(file), "--again"]) == 0
    assert states(capsys)["server02"] in ("running", "blocked")


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["start", "nobody"], 1, "there is no domain 'nobody'"),
        (["start", "server01"], 1, "already"),
        (["pause", "Domain-0"], 1, "this machine itself"),
        (["start", "/etc/xen/missing.cfg"], 1, "missing.cfg"),
        (["save", "server01", "/no/such/folder/file"], 1, "server01"),
        (["restore", "/etc/passwd"], 1, "/etc/passwd"),
        (["restore", "server01"], 1, "not saved"),
        (["restore", "nobody"], 1, "nobody"),
        (["unpause", "server01"], 1, "not paused"),
        (["console", "Domain-0"], 1, "no console"),
    ],
)
def test_what_does_not_work_says_why(
    demo: DemoHost, capsys: pytest.CaptureFixture[str], words: list[str], status: int, said: str
) -> None:
    assert main(["--demo", *words]) == status
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    "words",
    [
        ["--demo", "--host", "other", "list"],
        ["--demo", "--read-only", "start", "server02"],
        ["--demo", "destroy", "server01"],  # stdin is no terminal and nobody said --yes
        ["replay", "--size", "80", "x"],
    ],
)
def test_wrong_usage_is_status_2(demo: DemoHost, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert main(words) == 2
    assert capsys.readouterr().err.startswith("xentui: ")
    assert states(capsys)["server01"] in ("running", "blocked")


def test_destroy_asks_and_no_is_the_default(
    demo: DemoHost, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    for answer, gone in (("", False), ("n", False), ("server01", False), ("y", True)):
        monkeypatch.setattr("builtins.input", lambda prompt, answer=answer: answer)
        assert main(["--demo", "destroy", "server01"]) == (0 if gone else 1)
        assert (states(capsys)["server01"] == "off") is gone


def test_unknown_verbs_and_options_are_wrong_usage() -> None:
    for words in (["frobnicate"], ["--no-such-option"], ["list", "extra"]):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 2


def test_without_standard_streams_it_is_said_too(tmp_path: Path) -> None:
    command = f"exec 3>{tmp_path}/said; exec {sys.executable} -m xentui.cli --demo 2>&3 3>&- <&- >&-"
    done = subprocess.run(["sh", "-c", command], check=False, timeout=180)
    assert (done.returncode, (tmp_path / "said").read_text().count("\n")) == (2, 1)


@pytest.mark.parametrize("term", ["dumb", "xterm"])
def test_without_a_terminal_there_is_no_screen(term: str) -> None:
    done = subprocess.run(
        check=False,
        args=[sys.executable, "-m", "xentui.cli", "--demo"],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "TERM": term},
        timeout=180,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    done = subprocess.run(
        check=True,
        args=f"{sys.executable} -m xentui.cli --demo info | head -1",
        shell=True,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.stdout.startswith("host")
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
