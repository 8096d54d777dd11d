"""The demo's xenconsoled writes what its guests print, as one that was told to."""

from __future__ import annotations

from pathlib import Path

from xentui.demo.console import Console


def test_all_that_a_guest_prints_is_in_its_log_bounded(tmp_path: Path) -> None:
    log = tmp_path / "guest-a.log"
    console = Console(lambda _data: None, log)
    console.write(b"\x1b[31mred\r\n")
    console.write(b"more")
    assert log.read_bytes() == b"\x1b[31mred\r\nmore"
    for _ in range(100):
        console.write(b"x" * 100_000)
    assert log.stat().st_size <= (4 << 20) + 100_000


def test_a_log_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    console = Console(lambda _data: None, tmp_path / "no folder" / "log")
    console.write(b"text")
    assert bytes(console.buffer) == b"text"
