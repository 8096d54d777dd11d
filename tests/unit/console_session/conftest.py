"""A console whose client is a small program of ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_console import DEADLINE, Console

from xentui.console import client


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    made = Console(tmp_path)
    yield made
    made.session.detach()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that leaves when it is asked to is given the time for it, however loaded the machine is."""
    for name in ("FLUSH_SECONDS", "ESCAPE_SECONDS", "TERM_SECONDS"):
        monkeypatch.setattr(client, name, DEADLINE)
