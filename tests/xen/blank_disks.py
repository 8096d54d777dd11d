"""Blank disks for the machines that the tests boot."""

from __future__ import annotations

import os
from pathlib import Path

from livemachine import FOLDER


def blank_disk(name: str) -> Path:
    """A new image of 6 GiB, sparse: a machine's /dev/vda, the next one its /dev/vdb."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    disk = FOLDER / f"{name}.img"
    disk.unlink(missing_ok=True)
    disk.touch()
    os.truncate(disk, 6 << 30)
    return disk
