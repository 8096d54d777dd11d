"""What was made for a guest, so that exactly this can be taken away again.

A manifest is a JSON file, ``/var/lib/xentui/guests/NAME.json``: ``{"format": 1, "name", "source", "config",
"complete", "made": [{"kind", "path"}], "notes", "wish"}``. A thing is written down before it is made: of a guest whose
making was killed half-way, all of it is known. Kinds: file, folder, volume (path of its device), link.
"""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field

from xentui.guests.errors import GuestError
from xentui.guests.files import exists, write_file
from xentui.guests.options import Wish
from xentui.guests.volumes import remove_volume
from xentui.host import Host, HostError
from xentui.subprocesses import CommandError

FOLDER = "/var/lib/xentui/guests"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Made:
    """A thing that was made for a guest; `path` is the host's."""

    kind: str  # file, folder, volume, link
    path: str

    def __str__(self) -> str:
        return f"{self.kind} {self.path}"


@dataclass(slots=True)
class Manifest:
    """What was made for the guest `name`, in the order of its making."""

    name: str
    source: str = ""
    config: str = ""
    complete: bool = False
    made: list[Made] = field(default_factory=list)
    notes: str = ""
    #: What was asked for when it was made, by the options' names.
    wish: Wish = field(default_factory=dict)

    @property
    def path(self) -> str:
        return path_of(self.name)

    def save(self, host: Host) -> None:
        """Write it, whole or not at all. Raises GuestError."""
        values = {
            "format": FORMAT,
            "name": self.name,
            "source": self.source,
            "config": self.config,
            "complete": self.complete,
            "made": [{"kind": made.kind, "path": made.path} for made in self.made],
            "notes": self.notes,
            "wish": dict(self.wish),
        }
        write_file(host, self.path, json.dumps(values, indent=1) + "\n", mode=0o600)


def path_of(name: str) -> str:
    """Where the manifest of a guest stands."""
    return f"{FOLDER}/{name}.json"


def load(host: Host, name: str) -> Manifest | None:
    """The manifest of a guest; None if it has none. Raises GuestError when it cannot be read."""
    path = path_of(name)
    if "/" in name:
        return None
    try:
        if not host.path(path).exists():
            return None
        values = json.loads(host.read(path))
        if values["format"] != FORMAT:
            raise GuestError(f"{path}: is of format {values['format']}; this xentui knows {FORMAT} only")
        made = [Made(str(item["kind"]), str(item["path"])) for item in values["made"]]
        return Manifest(
            str(values["name"]), str(values["source"]), str(values["config"]), bool(values["complete"]), made,
            str(values.get("notes", "")), dict(values.get("wish", {})),
        )  # fmt: skip
    except (HostError, OSError) as error:
        raise GuestError(f"{path}: cannot be read: {error}") from error
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, GuestError):
            raise
        raise GuestError(f"{path}: is no manifest of xentui's ({error})") from error


def present(host: Host, made: Sequence[Made]) -> list[Made]:
    """Those of the things that are there. Of a volume only LVM knows: one that is not active has no device."""
    return [item for item in made if item.kind == "volume" or exists(host, item.path)]


def remove(host: Host, item: Made) -> None:
    """Take a thing away; one that is gone already is no fault. Raises GuestError."""
    path = host.path(item.path)
    try:
        if item.kind == "volume":
            remove_volume(host, item.path)
        elif item.kind == "folder":
            if path.is_dir() and not path.is_symlink():
                _remove_folder(host, item.path)
        elif path.is_symlink() or path.exists():
            if item.kind == "file" and not stat.S_ISREG(path.lstat().st_mode):
                raise GuestError(f"{item.path}: is no file any more; it was left alone")
            path.unlink()
    except OSError as error:
        raise GuestError(f"{item.path}: cannot be removed: {error.strerror}") from error


def _remove_folder(host: Host, folder: str) -> None:
    """Never into another file system: a tool that was killed may have left one mounted there."""
    if host.is_demo:
        shutil.rmtree(host.path(folder))
        return
    try:
        argv = ["rm", "-rf", "--one-file-system", "--", str(host.path(folder))]
        host.run(argv, deadline=600, record=False)
    except CommandError as error:
        raise GuestError(f"{folder}: cannot be removed: {error.headline}", error.details) from error
