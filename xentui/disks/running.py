"""Doing one step: programs, loop devices over a part of an image, copying data, making an image."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

from xentui.disks.commands import Command, Place
from xentui.disks.steps import Step
from xentui.host import Host
from xentui.subprocesses import CommandError, printable

_CHUNK = 4 << 20
_BLKFLSBUF = 0x1261  # linux/fs.h


class StepError(Exception):
    """A step did not work. One sentence."""


def run_commands(host: Host, step: Step, cancel: threading.Event | None = None) -> None:
    """Run a step's commands, with the loop device that they need. Raises StepError."""
    if step.loop is None:
        for each in step.commands:
            _run(host, each, cancel)
        return
    device = _loop(host, step.loop)
    try:
        for each in step.commands:
            _run(host, each.on(device), cancel)
    finally:
        with contextlib.suppress(StepError):
            _run(host, Command(("losetup", "--detach", device)), None)


def _loop(host: Host, place: Place) -> str:
    size, offset = str(place.size), str(place.offset)
    sector = ("--sector-size", str(place.sector_size)) if place.sector_size != 512 else ()
    argv = ("losetup", "--find", "--show", "--offset", offset, "--sizelimit", size, *sector, place.path)
    return _run(host, Command(argv), None).strip()


def _run(host: Host, command: Command, cancel: threading.Event | None) -> str:
    try:
        done = host.run(command.argv, deadline=command.deadline, check=False, text_in=command.text_in, cancel=cancel)
    except CommandError as error:
        raise StepError(error.headline) from error
    if done.status not in command.good:
        raise StepError(_headline(command.argv[0], done.status, f"{done.stderr}\n{done.stdout}"))
    return done.stdout


def _headline(program: str, status: int | None, said: str) -> str:
    """What a program complained of: the last line, for the first ones tend to be its version."""
    lines = [printable(line.strip()) for line in said.splitlines() if line.strip()]
    words = ("error", "fail", "cannot", "can't", "not ")
    wrong = [line for line in lines if any(word in line.lower() for word in words)]
    return f"{program}: {(wrong or lines or ['it said nothing'])[-1]} (exit status {status})"


def copy_data(
    handle: int,
    source: int,
    destination: int,
    size: int,
    told: Callable[[float], None],
    cancel: threading.Event | None = None,
) -> None:
    """Copy bytes on one device between places that do not overlap, and onto the disk. Raises StepError, OSError."""
    if source < destination + size and destination < source + size:
        raise StepError("the old and the new place overlap")
    if stat.S_ISBLK(os.fstat(handle).st_mode):
        # What a step before changed through the partition's own device is on the disk, but not in what the kernel
        # keeps in memory of the whole disk: that has to go.
        fcntl.ioctl(handle, _BLKFLSBUF)
    for done in range(0, size, _CHUNK):
        if cancel is not None and cancel.is_set():
            raise StepError("it was cancelled; the data is still in its old place")
        data = os.pread(handle, min(_CHUNK, size - done), source + done)
        if len(data) != min(_CHUNK, size - done):
            raise StepError(f"the data cannot be read at byte {source + done}")
        at = 0
        while at < len(data):
            at += os.pwrite(handle, data[at:], destination + done + at)
        told(min(done + _CHUNK, size) / size)
    os.fsync(handle)


def make_image(path: str, size: int) -> None:
    """A sparse file that was not there before, for its owner only. Raises StepError."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StepError(f"{path}: cannot be made: {error.strerror}") from error
    try:
        os.ftruncate(handle, size)
    except OSError as error:
        Path(path).unlink()
        raise StepError(f"{path}: cannot be so large: {error.strerror}") from error
    finally:
        os.close(handle)
