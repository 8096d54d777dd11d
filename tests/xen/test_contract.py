"""The contract suite, as `make test` runs it on the demo, on the real thing: from outside, by ssh."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys

from livemachine import COMMAND_DEADLINE, REPOSITORY, Dom0

#: Seconds for the whole suite: some dozens of real creates, saves and shutdowns, emulated.
SUITE_DEADLINE = 900


def test_the_contract_holds_on_a_real_xen(dom0: Dom0) -> None:
    dom0.wait("two guests", lambda: len(dom0.running()) == 3, deadline=2 * COMMAND_DEADLINE)
    environment = {
        **os.environ,
        "XENTUI_CONTRACT_HOST": dom0.target,
        "XENTUI_CONTRACT_SSH_OPTIONS": shlex.join(dom0.options),
        "XENTUI_CONTRACT_LIBVIRT": dom0.libvirt_uri,
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--durations=10", "tests/contract"],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SUITE_DEADLINE,
        check=False,
    )
    print(done.stdout)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
