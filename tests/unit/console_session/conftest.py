"""A console whose client is a small program of ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_console import Console


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    made = Console(tmp_path)
    yield made
    made.session.detach()
