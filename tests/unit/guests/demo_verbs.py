"""The command line over the demo dom0 that XENTUI_DEMO_DIR names."""

from __future__ import annotations

import pytest

from xentui.cli import main


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """The exit status, and what was said on either stream."""
    capsys.readouterr()
    try:
        status = main(["--demo", *words])
    except SystemExit as end:
        status = int(end.code or 0)
    said = capsys.readouterr()
    return status, said.out, said.err
