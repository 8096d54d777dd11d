"""The Live CD's memory for changes: told before it is full, once at each mark."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from xentui.livecd.room import Room


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How many percent are used, as the kernel tells it."""
    now = {"percent": 0}
    monkeypatch.setattr(
        os, "statvfs", lambda _path: SimpleNamespace(f_bavail=1000 - now["percent"] * 10, f_blocks=1000)
    )
    return now


def test_it_is_told_once_at_each_mark_while_it_fills(used: dict[str, int]) -> None:
    room, told = Room(), []
    for percent in (5, 79, 80, 85, 91, 92, 95, 100, 40, 81):
        used["percent"] = percent
        if said := room.scarce():
            told.append((percent, said))
    assert [percent for percent, _ in told] == [80, 91, 95, 81]
    assert "memory for changes is 91% full" in told[1][1]
    assert all(len(said) <= 78 for _, said in told), "it has to fit into the status line of 80 columns"


def test_elsewhere_there_is_nothing_to_tell(tmp_path: Path) -> None:
    assert Room(tmp_path / "none").scarce() is None
