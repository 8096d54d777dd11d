"""The lean driver shows what the stock driver shows, cell for cell, colours included."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("colours", ["standard", "256", "truecolor"])
def test_lean_equals_stock(colours: str) -> None:
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("driver_twins.py")), colours],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["frames"] > 50
    assert found["different"] == []
    assert found["lean_bytes"] * 5 < found["stock_bytes"]


def test_lean_equals_stock_over_the_screens_of_xentui() -> None:
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("driver_screens.py"))],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["frames"] > 40
    assert found["different"] == []
