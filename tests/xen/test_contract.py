"""The contract suite, as `make test` runs it on the demo, on the real thing: from outside, by ssh."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys

import pytest
from livemachine import COMMAND_DEADLINE, REPOSITORY, Dom0

#: Seconds for what every landing runs; for the whole suite, dozens of emulated creates, saves and shutdowns.
LANDING_DEADLINE, WHOLE_DEADLINE = 600, 2700
#: What every landing runs of each file, as pytest's -k wants it; all of the file for nothing.
LANDING = {
    "test_inventory.py": "",
    "test_console.py": "",
    "test_shared_console.py": "test_both",
    "test_xl.py": (
        "test_start or test_pause or test_what_runs_cannot or test_shutdown or test_reboot or test_rename"
        " or test_vcpus or test_reading or test_dom0"
    ),
}


@pytest.mark.parametrize("part", LANDING)
def test_the_contract_holds_on_a_real_xen(dom0: Dom0, part: str) -> None:
    contract(dom0, f"tests/contract/{part}", "-k", LANDING[part], deadline=LANDING_DEADLINE)


@pytest.mark.extra
@pytest.mark.parametrize("part", ["test_xl.py", "test_libvirt.py", "test_shared_console.py"])
def test_the_whole_contract_holds_on_a_real_xen(dom0: Dom0, part: str) -> None:
    contract(dom0, f"tests/contract/{part}", deadline=WHOLE_DEADLINE)


def contract(dom0: Dom0, *words: str, deadline: float) -> None:
    """Run a part of the suite against the machine; what it said stands in the failure, also if it came to no end."""
    dom0.wait("two guests", lambda: len(dom0.running()) == 3, deadline=2 * COMMAND_DEADLINE)
    environment = {
        **os.environ,
        "XENTUI_CONTRACT_HOST": dom0.target,
        "XENTUI_CONTRACT_SSH_OPTIONS": shlex.join(dom0.options),
        "XENTUI_CONTRACT_LIBVIRT": dom0.libvirt_uri,
    }
    argv = [sys.executable, "-m", "pytest", "-v", "--durations=10", *words]
    try:
        done = subprocess.run(
            argv, cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=deadline, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        said = error.output.decode(errors="replace") if isinstance(error.output, bytes) else error.output
        pytest.fail(f"{words}: no end within {deadline:g} s\n{said}")
    print(done.stdout)
    assert done.returncode == 0, done.stdout
