"""xentui in a real terminal, for the tests that sit before it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
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
