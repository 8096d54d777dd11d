"""Plans carried out on images, and what is left of them."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

from xentui.disks.applying import REFUSED, Outcome, carry_out
from xentui.disks.device import Disks
from xentui.disks.operations import Operation
from xentui.disks.target import read_target
from xentui.host import Host


def do(path: Path, *plan: Operation, confirm: str | None = None, disks: Disks | None = None, **more: object) -> Outcome:
    target = read_target(str(path))
    outcome = carry_out(
        Host(), target, plan, confirm=confirm or path.name, read_disks=lambda: disks or Disks(), **more  # type: ignore[arg-type]
    )  # fmt: skip
    return outcome


def fingerprint(path: Path) -> str:
    """Names what a file holds; quick for sparse ones."""
    found, at = hashlib.sha256(), 0
    with path.open("rb") as file:
        while True:
            try:
                at = os.lseek(file.fileno(), at, os.SEEK_DATA)
            except OSError:  # nothing but a hole behind
                return f"{found.hexdigest()} {path.stat().st_size}"
            end = os.lseek(file.fileno(), at, os.SEEK_HOLE)
            while at < end:
                block = os.pread(file.fileno(), 4096, at)
                found.update(at.to_bytes(8, "little") + block if any(block) else b"")
                at += 4096


def blkid(path: Path, offset: int) -> dict[str, str]:
    done = subprocess.run(
        ["blkid", "-p", "-o", "export", "-O", str(offset), path], capture_output=True, text=True, check=False
    )
    return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)


def refused(path: Path, outcome: Outcome, before: str, *words: str) -> None:
    assert outcome.status == REFUSED, outcome
    assert not outcome.done and outcome.backup is None
    assert fingerprint(path) == before
    for word in words:
        assert word in outcome.message
