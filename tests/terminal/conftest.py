"""xentui in a real terminal, for the tests that sit before it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest
from programs import DEADLINE, put_an_end_to
from real_screen import RealScreen

from xentui.demo.host import DemoHost


@pytest.fixture
def start(demo_host: DemoHost, tmp_path: Path) -> Iterator[Callable[..., RealScreen]]:
    """Open xentui with these words, and these lines in its settings."""
    opened: list[RealScreen] = []

    def open_screen(*words: str, settings: str = "refresh = 0.5", term: str = "xterm-256color") -> RealScreen:
        file = Path(os.environ["XDG_CONFIG_HOME"]) / "xentui" / "settings.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(settings + "\n")
        opened.append(RealScreen(demo_host, tmp_path, *words, term=term))
        opened[-1].see("Domain-0", "guests up")
        return opened[-1]

    yield open_screen
    for screen in opened:
        screen.close()


@pytest.fixture
def program(demo_host: DemoHost) -> Iterator[Callable[..., Any]]:
    """Start a program in the demo's dom0, on a terminal of its own."""
    started: list[Any] = []

    def start(*argv: str) -> Any:
        child = pexpect.spawn(
            argv[0], [*argv[1:]], env=dict(demo_host.environment()),
            encoding="utf-8", timeout=DEADLINE, dimensions=(24, 80),
        )  # fmt: skip
        child.delaybeforesend = None
        started.append(child)
        return child

    yield start
    for child in started:
        put_an_end_to(child)
