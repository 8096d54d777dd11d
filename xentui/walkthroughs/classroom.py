"""A class: learners leave their progress in a folder, and who leads it reads that folder.

There are no accounts: the folder is there or not, and its group says who may write and read in it. To begin a
class::

    install -d -m 2775 -g staff /var/lib/xentui/class

XENTUI_CLASS names another folder. A learner's file is written whole; it is named after who and where they are.
"""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

from xentui.domains.side_by_side import HostWatch, Reading
from xentui.host import Host, HostError
from xentui.subprocesses import CommandError
from xentui.walkthroughs.progress import Progress, export, parse_progress, write_whole

#: Where a class meets, unless XENTUI_CLASS says otherwise.
FOLDER = "/var/lib/xentui/class"
#: Bytes of a learner's file that are read at most.
_LONGEST = 64 << 10
#: The group reads it, and nobody else.
_MODE = 0o640


@dataclass(frozen=True, slots=True)
class Learner:
    """A row of the leader's screen. Times in seconds."""

    name: str
    host: str
    walkthrough: str
    step: int
    steps: int
    on_step: float
    seen: float  # since anything was heard
    finished: bool
    left: bool
    skipped: int
    hints: int  # in the step that is open
    failed: str  # the sentence of the last check that failed in it, or ""


def class_folder() -> str:
    """Where the class meets, whether or not there is one."""
    return os.environ.get("XENTUI_CLASS") or FOLDER


def in_class() -> bool:
    """Whether there is a class here that we may write to."""
    return os.path.isdir(class_folder()) and os.access(class_folder(), os.W_OK)  # noqa: PTH112


def share(progress: Progress) -> None:
    """Let the class's leader see it, if there is a class. Raises OSError."""
    if in_class():
        name = re.sub(r"[^A-Za-z0-9._@-]", "_", f"{progress.user}@{os.uname().nodename}")[:120].lstrip(".") or "_"
        write_whole(Path(class_folder()) / f"{name}.json", export([progress])[0], _MODE)


def learners(host: Host, folder: str | None = None) -> list[Learner]:
    """Who is in the class of a dom0, by name. Blocks. Raises HostError if there is no class."""
    folder = folder or class_folder()
    files = [file for file in host.scan(folder) if file.path.endswith(".json")]
    if not files and not _is_folder(host, folder):
        raise HostError(f"there is no class on {host.name}: to begin one, install -d -m 2775 -g GROUP {folder}")
    found = []
    for file in files:
        try:
            progress = parse_progress(host.read(file.path, _LONGEST))
        except HostError:
            continue  # it was just replaced, or is not for us
        if progress is not None:
            found.append(_learner(progress, file.mtime))
    return sorted(found, key=lambda learner: (learner.name, learner.host))


class ClassWatch(HostWatch):
    """Reads the class of another host again and again; `reading` says only whether it could be read."""

    learners: tuple[Learner, ...] = ()

    def _follow(self, host: Host) -> None:
        while not self._over.is_set():
            try:
                self.learners = tuple(learners(host))
            except (HostError, CommandError) as error:
                self.learners = ()
                raise HostError(str(error)) from error
            self._tell(Reading(self.asked.name))
            self._over.wait(self.every)


def _is_folder(host: Host, folder: str) -> bool:
    if not host.is_remote:
        return host.path(folder).is_dir()
    return host.run(["test", "-d", folder], deadline=10, record=False, check=False).ok


def _learner(progress: Progress, mtime: float) -> Learner:
    now = time.time()
    failed = progress.failed if progress.failed.get("step") == progress.at else {}
    return Learner(
        name=progress.user or "somebody",
        host=progress.host,
        walkthrough=progress.title or progress.id,
        step=progress.number,
        steps=progress.steps,
        on_step=max(0.0, now - progress.since) if progress.since else 0.0,
        seen=max(0.0, now - mtime),
        finished=progress.finished,
        left=progress.left,
        skipped=len(progress.skipped),
        hints=progress.hints.get(progress.at, 0) if isinstance(progress.hints.get(progress.at, 0), int) else 0,
        failed=str(failed.get("sentence", "")),
    )


def duration(seconds: float) -> str:
    """How long, in a few characters."""
    minutes = int(seconds) // 60
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h"
