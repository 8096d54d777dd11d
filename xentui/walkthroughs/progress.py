"""How far somebody has come: one small JSON file for each walkthrough and dom0, written whole or not at all.

It is a memory, not the truth: what counts is the state of the dom0 (see `lesson`).
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
import time
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from xentui.console.sharing.people import user_name
from xentui.host import Host

#: Bytes of a file that are read at most; ours are some hundred.
_LONGEST = 256 << 10


@dataclass
class Progress:
    """Step ids and epoch seconds. `at` is the step that is open, since `since`."""

    id: str
    host: str
    user: str = ""
    title: str = ""
    steps: int = 0
    at: str = ""
    number: int = 0
    since: float = 0.0
    saved: float = 0.0
    finished: bool = False
    left: bool = False
    answers: dict[str, str] = field(default_factory=dict)
    done: dict[str, float] = field(default_factory=dict)
    skipped: dict[str, float] = field(default_factory=dict)
    hints: dict[str, int] = field(default_factory=dict)
    baselines: dict[str, str] = field(default_factory=dict)
    #: The last check that failed: its step, its sentence, and when.
    failed: dict[str, Any] = field(default_factory=dict)


def progress_folder() -> Path:
    """Where it is kept: ``$XDG_STATE_HOME/xentui/walkthroughs``."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "xentui" / "walkthroughs"


def host_name(host: Host) -> str:
    """What tells one dom0 from another; every demo is the same one."""
    return "demo" if host.is_demo else host.name


def _file(id: str, host: str) -> Path:
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", host)[:80].lstrip(".") or "_"
    return progress_folder() / f"{id}@{safe}.json"


def load_progress(id: str, host: str) -> Progress:
    """What is known; a new one if nothing is, or if the file is damaged."""
    return read_progress(_file(id, host)) or Progress(id, host)


def read_progress(file: Path) -> Progress | None:
    """The progress in a file; None if it holds none."""
    try:
        with file.open("rb") as opened:
            return parse_progress(opened.read(_LONGEST))
    except OSError:
        return None


def parse_progress(data: bytes) -> Progress | None:
    """The progress in a file's bytes, whatever else may be in them; None if it is none."""
    try:
        values = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, dict):
        return None
    read: dict[str, Any] = {}
    example = Progress("", "")
    for name in (entry.name for entry in fields(Progress)):
        value, like = values.get(name), getattr(example, name)
        if type(value) is type(like) or (isinstance(like, float) and type(value) is int):
            read[name] = value
    return Progress(**read) if read.get("id") and read.get("host") else None


def save_progress(progress: Progress) -> None:
    """Keep it. Raises OSError."""
    progress.saved = time.time()
    progress.user = _user()
    write_whole(_file(progress.id, progress.host), export([progress])[0])


def write_whole(file: Path, values: dict[str, Any], mode: int = 0o600) -> None:
    """Write JSON so that whoever reads sees the old file or the new one. Raises OSError."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as opened:
            json.dump(values, opened, indent=1)
            opened.flush()
            os.fchmod(opened.fileno(), mode)
            os.fsync(opened.fileno())
        os.replace(name, file)  # noqa: PTH105
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)  # noqa: PTH108
        raise


def forget_progress(progress: Progress) -> None:
    """Begin anew the next time. Raises OSError."""
    _file(progress.id, progress.host).unlink(missing_ok=True)


def all_progress(folder: Path | None = None) -> list[Progress]:
    """Every progress in a folder, the newest first."""
    found = [read_progress(file) for file in (folder or progress_folder()).glob("*.json")]
    return sorted((one for one in found if one is not None), key=lambda one: -one.saved)


def export(many: list[Progress]) -> list[dict[str, Any]]:
    """As JSON."""
    return [asdict(progress) for progress in many]


def _user() -> str:
    """Who sits there: behind sudo, the one who called it; over ssh, also from where."""
    name = os.environ.get("SUDO_USER") or os.environ.get("USER") or user_name(os.getuid())
    where = os.environ.get("SSH_CONNECTION", "").split(" ")[0]
    return f"{name} {where}".strip()
