"""The lean driver shows what the stock driver shows, cell for cell, colours included."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("colours", ["standard", "256", "truecolor"])
def test_lean_equals_stock(colours: str) -> None:
    found = compared("driver_twins.py", colours)
    assert found["frames"] > 50
    assert found["lean_bytes"] * 5 < found["stock_bytes"]


def test_lean_equals_stock_on_the_walk_through_xentui() -> None:
    found = compared("driver_screens.py", "256")
    assert found["frames"] > 150


def compared(program: str, colours: str) -> dict[str, int]:
    """What one of the comparing programs found; nothing different."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name(program)), colours],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    assert found["different"] == []
    return found
