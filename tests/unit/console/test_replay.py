"""A recording in, the last screen out; a bad one gives a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xentui.console.replay import RecordingError, replay, replay_json


def asciicast(path: Path, *lines: object, header: object = None) -> Path:
    first = header if header is not None else {"version": 2, "width": 30, "height": 4}
    path.write_text("".join(json.dumps(line) + "\n" for line in (first, *lines)))
    return path


def test_raw_bytes(tmp_path: Path) -> None:
    path = tmp_path / "raw"
    path.write_bytes(b"".join(b"line %d\r\n" % number for number in range(100)) + b"\x1b]0;guest\x07login: ")
    shown = replay_json(replay(path, None))
    assert shown["rows"] == [f"line {number}" for number in range(77, 100)] + ["login:"]
    assert shown["cursor"] == [23, 7]
    assert shown["title"] == "guest"
    assert shown["scrollback"] == 77
    assert len(replay_json(replay(path, (40, 10)))["rows"]) == 10


def test_asciicast(tmp_path: Path) -> None:
    path = asciicast(tmp_path / "cast", [0.1, "o", "caf\u00e9 "], [0.2, "i", "typed"], [0.3, "o", "\u001b[1mbold"])
    emulator = replay(path, None)
    assert (emulator.columns, emulator.rows) == (30, 4)
    assert replay_json(emulator)["rows"] == ["café bold", "", "", ""]


def test_an_asciicast_resizes_unless_a_size_is_asked_for(tmp_path: Path) -> None:
    path = asciicast(tmp_path / "cast", [0.1, "o", "x"], [0.2, "r", "50x7"])
    assert (replay(path).columns, replay(path).rows) == (50, 7)
    assert (replay(path, (20, 3)).columns, replay(path, (20, 3)).rows) == (20, 3)


def test_a_recording_cut_short_by_a_crash(tmp_path: Path) -> None:
    path = asciicast(tmp_path / "cast", [0.1, "o", "kept"])
    with path.open("a") as file:
        file.write('[0.2, "o", "lo')
    assert replay(path).display()[0].startswith("kept ")


def test_text_that_looks_like_json_is_text(tmp_path: Path) -> None:
    path = tmp_path / "raw"
    path.write_bytes(b'{"some": "json"}\r\n')
    assert replay(path).display()[0].rstrip() == '{"some": "json"}'


@pytest.mark.parametrize(
    ("lines", "header", "says"),
    [
        ([], {"version": 3}, "version 3"),
        ([], {"version": 2, "width": "x", "height": 24}, "whole numbers"),
        ([], {"version": 2, "width": 10**9, "height": 24}, "1000000000x24"),
        ([{"no": "event"}, [1, "o", "x"]], None, "line 2: not an event"),
        ([[1, "o", "x"], 5, [1, "o", "x"]], None, "line 3: not an event"),
        ([[1, "r", "wide"]], None, "80x24"),
        ([[1, "r", "0x24"]], None, "0x24"),
    ],
)
def test_a_bad_recording_gives_a_sentence(tmp_path: Path, lines: list[object], header: object, says: str) -> None:
    path = asciicast(tmp_path / "cast", *lines, header=header)
    with pytest.raises(RecordingError, match=says):
        replay(path)


def test_no_file_no_size(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        replay(tmp_path / "absent")
    with pytest.raises(RecordingError, match="80x24"):
        replay(tmp_path / "absent", (0, 24))
