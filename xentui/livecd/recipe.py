"""What a Live CD is to be made of."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

SUITES = ("trixie",)


def default_cache() -> Path:
    """Where parts are kept between builds (XDG base directories)."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "xentui" / "livecd"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to build. `test_key` is a public ssh key line; `mode` is one of mmdebstrap(1)'s."""

    output: Path
    cache: Path
    suite: str = "trixie"
    mirror: str | None = None
    guests: bool = True
    hvm: bool = False
    test_key: str | None = None
    mode: str = "auto"
    fresh: bool = False
