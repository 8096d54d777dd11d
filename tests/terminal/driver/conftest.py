"""The terminals that the driver is tried on."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable
from functools import lru_cache

import pytest

from xentui.screens.terminal.capabilities import Capabilities

_READ = (
    "import dataclasses, json, sys; from xentui.screens.terminal.capabilities import read_terminfo;"
    "print(json.dumps(dataclasses.asdict(read_terminfo(sys.argv[1], 1))))"
)


@lru_cache
def read_in_a_process_of_its_own(term: str) -> Capabilities:
    """Curses reads one terminfo entry per process."""
    done = subprocess.run([sys.executable, "-c", _READ, term], capture_output=True, text=True, check=True, timeout=180)
    return Capabilities(**json.loads(done.stdout))


@pytest.fixture(scope="session")
def terminfo() -> Callable[..., Capabilities]:
    """terminfo("vt220", utf8=…) is what the entry says, with changes."""

    def read(term: str, **changes: object) -> Capabilities:
        return dataclasses.replace(read_in_a_process_of_its_own(term), **changes)

    return read
