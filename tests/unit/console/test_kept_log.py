"""Logs that are kept of consoles: bounded, rotated, one keeper each; and what a pane shows of them."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

from xentui.console import kept_log
from xentui.console.emulator import Emulator
from xentui.console.kept_log import KeptLog, LogError, history_of, log_file, log_folder
from xentui.host import Host, SshHost

NOW = time.mktime((2026, 11, 23, 3, 12, 44, 0, 0, -1))
STAMP = "2026-11-23 03:12:44"


class DemoLike(Host):
    is_demo = True

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def path(self, path: str) -> Path:
        return self._folder / path.lstrip("/")


@pytest.fixture
def host(tmp_path: Path) -> DemoLike:
    return DemoLike(tmp_path)


def test_lines_with_their_times(tmp_path: Path) -> None:
    log = KeptLog(tmp_path / "logs", "server01", 1 << 20)
    log.feed(b"\x1b[1mKernel panic\x1b[m - not sync", NOW)
    log.feed(b"ing\r\n\r\nlogin: ", NOW + 60)
    log.note("server01 has gone\x1b", NOW + 61)
    log.close()
    assert log.path.read_text().splitlines() == [
        f"{STAMP} Kernel panic - not syncing",
        "2026-11-23 03:13:44",
        "2026-11-23 03:13:44 login:",
        "2026-11-23 03:13:45 -- server01 has gone\\x1b --",
    ]
    assert stat.S_IMODE(log.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(log.path.parent.stat().st_mode) == 0o700


def test_a_line_that_waits_is_written_and_again_when_it_is_whole(tmp_path: Path) -> None:
    log = KeptLog(tmp_path, "server01", 1 << 20)
    log.feed(b"Oops: ", NOW)
    log.rest(NOW + 1)
    assert log.path.read_text() == ""
    for _ in range(3):
        log.rest(NOW + 10)
    assert log.path.read_text() == f"{STAMP} Oops:\n"
    log.feed(b"0000\r\nnext\r\n", NOW + 20)
    assert log.path.read_text().splitlines()[1] == f"{STAMP} Oops: 0000"
    log.feed(b"whole", NOW + 30)
    log.rest(NOW + 40)
    log.feed(b"\r\n", NOW + 50)
    assert log.path.read_text().count("whole") == 1
    log.close()


def test_the_log_is_bounded_and_its_newest_lines_stay(tmp_path: Path) -> None:
    log = KeptLog(tmp_path, "server01", 64 * 1024)
    for number in range(10_000):
        log.feed(b"line %d of many\r\n" % number, NOW)
    log.close()
    assert log.lines == 10_000
    parts = sorted(tmp_path.iterdir())
    assert [part.name for part in parts] == ["server01.log", *(f"server01.log.{n}" for n in (1, 2, 3))]
    assert sum(part.stat().st_size for part in parts) <= 64 * 1024
    text = "".join(part.read_text() for part in [*reversed(parts[1:]), parts[0]])
    kept = [int(line.split()[3]) for line in text.splitlines()]
    assert kept == list(range(kept[0], 10_000)), "in order, and none is missing"


def test_a_log_goes_on_where_it_ended(tmp_path: Path) -> None:
    for word in (b"first\r\n", b"second\r\n"):
        log = KeptLog(tmp_path, "server01", 1 << 20)
        log.feed(word, NOW)
        log.close()
    assert [line[20:] for line in log.path.read_text().splitlines()] == ["first", "second"]


def test_one_keeps_a_log(tmp_path: Path) -> None:
    log = KeptLog(tmp_path, "server01", 4096)
    with pytest.raises(LogError, match="another xentui keeps this log"):
        KeptLog(tmp_path, "server01", 4096)
    for _ in range(1000):
        log.feed(b"until it is rotated\r\n", NOW)
    with pytest.raises(LogError, match="another xentui keeps this log"):
        KeptLog(tmp_path, "server01", 4096)
    log.close()
    KeptLog(tmp_path, "server01", 4096).close()


def test_what_cannot_be_written_is_counted_and_said(tmp_path: Path) -> None:
    log = KeptLog(tmp_path, "server01", 1 << 20)
    good = os.dup(log._fd)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, log._fd)
    log.feed(b"one\r\ntwo\r\n", NOW)
    assert (log.lines, log.lost) == (0, 2)
    assert "No space left" in log.problem
    os.dup2(good, log._fd)
    log.feed(b"three\r\n", NOW)
    assert (log.lines, log.problem) == (1, "")
    log.close()
    os.close(good)
    os.close(full)


def test_nobody_can_have_it_written_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "passwd").write_text("x")
    (tmp_path / "server01.log").symlink_to(tmp_path / "passwd")
    with pytest.raises(LogError, match="symbolic links"):
        KeptLog(tmp_path, "server01", 4096)
    assert log_file(tmp_path, "../../etc/passwd").parent == tmp_path
    assert len({log_file(tmp_path, name) for name in ("a/b", "a_b", "a%2Fb", "x" * 300, "x" * 301)}) == 5


def test_where_logs_go(host: DemoLike, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert log_folder(host) == tmp_path / "var/log/xentui"
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert log_folder(Host()) == Path("/var/log/xentui")
    assert str(log_folder(SshHost("root@dom0"))).endswith("xentui/consoles/dom0")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "xentui/consoles" in str(log_folder(Host()))


def test_a_pane_shows_the_end_of_it_labelled(host: DemoLike) -> None:
    assert history_of(host, "server01") == (b"", False)
    log = KeptLog(log_folder(host), "server01", 64 * 1024)
    for number in range(3000):
        log.feed(b"line %d\r\n" % number, NOW)
    log.feed("häßlich \u202e[bold]\r\n".encode(), NOW)
    history = history_of(host, "server01")
    assert history.live
    log.close()
    assert not history_of(host, "server01").live
    emulator = Emulator(80, 24)
    emulator.feed(history.data)
    kept = [emulator.scrollback_text(index) for index in range(emulator.scrollback_size)]
    assert kept[0].startswith("-- kept by xentui console --log, 2026-11-23 03:12:44 to ")
    assert kept[-3:] == [
        f"{STAMP} line 2999",
        f"{STAMP} häßlich \\u202e[bold]",
        "-- the end of what was kept; the console follows --",
    ]
    assert 1000 < len(kept) <= kept_log.SHOWN_LINES + 2
    assert not "".join(emulator.display()).strip()


def test_a_log_of_anything_can_be_shown(host: DemoLike) -> None:
    folder = log_folder(host)
    folder.mkdir(parents=True)
    (folder / "server01.log").write_bytes(b"\x1b]0;x\x07\xff\n" + b"y" * 2_000_000)
    history = history_of(host, "server01")
    assert len(history.data) < 3 * kept_log.SHOWN_BYTES
    (folder / "server01.log").write_bytes(b"\x1b]52;c;AAAA\x07\xff\nno end")
    assert b"\x1b]" not in history_of(host, "server01").data
