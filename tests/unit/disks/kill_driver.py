"""Carries out plans in children that are killed: a program of its own, so that it forks with one thread.

Reads a line of JSON for each: the image, the plan's file, and either `event` (the child kills itself at its n-th
write, sync or start of a program, `cut` bytes of a write done), or `after` (it is killed after that many seconds).
Answers with a line: how the child ended, and how many events it had.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from xentui.disks.applying import carry_out
from xentui.disks.device import Disks
from xentui.disks.planfile import read_plan
from xentui.disks.target import read_target
from xentui.host import Host
from xentui.subprocesses import Runner

PAGE = 4096


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def count_events(job: dict[str, Any], report: int) -> None:
    """Let every event be counted, and be the last one if it is the one asked for."""
    seen = 0

    def event() -> bool:
        nonlocal seen
        seen += 1
        os.write(report, b".")
        return seen == job.get("event")

    pwrite, fsync, run = os.pwrite, os.fsync, Runner.run

    def cut_pwrite(handle: int, data: bytes, offset: int) -> int:
        if event():
            # Within a page no signal divides a write.
            cut = min(job["cut"] // PAGE * PAGE, len(data)) if len(data) > PAGE else 0
            pwrite(handle, data[:cut], offset)
            die()
        return pwrite(handle, data, offset)

    def last_fsync(handle: int) -> None:
        if event():
            die()
        fsync(handle)

    def last_run(*args: Any, **more: Any) -> Any:
        if event():
            die()
        done = run(*args, **more)
        if event():
            die()
        return done

    patched: dict[str, Callable[..., Any]] = {"pwrite": cut_pwrite, "fsync": last_fsync}
    for name, function in patched.items():
        setattr(os, name, function)
    Runner.run = last_run  # type: ignore[method-assign]


def child(job: dict[str, Any], report: int) -> None:
    plan = read_plan(Path(job["plan"]))
    target = read_target(job["image"])
    count_events(job, report)
    outcome = carry_out(Host(), target, plan.operations, confirm=target.name, read_disks=Disks)
    if outcome.status != "done":
        print(outcome, file=sys.stderr, flush=True)
        os._exit(3)
    os._exit(0)


def main() -> None:
    for line in sys.stdin:
        job = json.loads(line)
        read_end, write_end = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                child(job, write_end)
            finally:
                os._exit(4)
        os.close(write_end)
        if "after" in job:
            select.select([], [], [], job["after"])
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        events = 0
        while part := os.read(read_end, 65536):
            events += len(part)
        os.close(read_end)
        print(json.dumps({"status": os.waitstatus_to_exitcode(status), "events": events}), flush=True)


main()
