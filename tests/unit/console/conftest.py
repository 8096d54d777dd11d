"""What the tests of the emulator share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from xentui.console.emulator import Emulator

Show = Callable[..., Emulator]


@pytest.fixture
def show() -> Show:
    """A small terminal that was fed something."""

    def make(data: str | bytes, columns: int = 10, rows: int = 4, **options: object) -> Emulator:
        emulator = Emulator(columns, rows, **options)  # type: ignore[arg-type]
        emulator.feed(data if isinstance(data, bytes) else data.encode())
        return emulator

    return make
