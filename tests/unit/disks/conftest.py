"""Where disk images are made."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from disk_images import MIB, apply, image

from xentui.disks.operations import Add, Label
from xentui.disks.sizes import Size

_MEMORY = Path("/dev/shm")


@pytest.fixture
def ram() -> Iterator[Path]:
    """A folder in memory where there is one: there, images of 16 TiB may be, and fsync costs nothing."""
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture
def disk(ram: Path) -> Path:
    """An image of 200 MiB with a GPT and two partitions."""
    path = image(ram / "disk.img", 200 * MIB)
    apply(path, [Label("gpt"), Add(size=Size.parse("20MiB")), Add(size=Size.parse("30MiB"))])
    return path
